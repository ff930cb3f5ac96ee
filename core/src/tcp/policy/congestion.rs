//! Which congestion control, and how its window grows and starts over.

use serde::{Deserialize, Serialize};

/// Which congestion control.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CongestionKind {
    /// None: only the peer's window limits.
    None,
    /// RFC 5681 with RFC 6582.
    NewReno,
    /// RFC 9438.
    Cubic,
    /// BBR, version 1, as in Linux: by measured bandwidth and round trip. It wants `pacing`.
    Bbr,
}

/// How the congestion window grows and starts over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WindowPolicy {
    /// What ends slow start before a loss does.
    pub slow_start: SlowStartKind,
    /// What a silence of more than an RTO means.
    pub idle: IdleRestart,
    /// Whose CUBIC.
    pub cubic: CubicStyle,
    /// Segments go out in even steps, not in bursts.
    pub pacing: bool,
}

impl WindowPolicy {
    /// RFC 5681 and no more.
    pub fn standard() -> Self {
        Self {
            slow_start: SlowStartKind::Standard,
            pacing: false,
            ..Self::default()
        }
    }
}

impl Default for WindowPolicy {
    fn default() -> Self {
        Self {
            slow_start: SlowStartKind::HystartPlus,
            idle: IdleRestart::InitialWindow,
            cubic: CubicStyle::Rfc,
            pacing: true,
        }
    }
}

/// What ends slow start before a loss does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SlowStartKind {
    /// Nothing (RFC 5681).
    Standard,
    /// ACK trains and delay, as in Linux.
    Hystart,
    /// Delay, with a careful phase (HyStart++, RFC 9406).
    HystartPlus,
}

/// What becomes of cwnd when nothing was sent for longer than an RTO.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum IdleRestart {
    /// It stays.
    Never,
    /// It falls to the initial window (RFC 5681 §4.1).
    InitialWindow,
    /// It is halved for each RTO, not below the initial window (RFC 2861, Linux).
    Decay,
}

/// Where CUBICs differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CubicStyle {
    /// RFC 9438.
    Rfc,
    /// Linux: ssthresh from cwnd in whole segments, a target computed 32 times a
    /// second, 5 % growth in each window before a first loss.
    Linux,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standard_has_nothing_that_rfc_5681_has_not() {
        let standard = WindowPolicy::standard();
        assert_eq!(standard.slow_start, SlowStartKind::Standard);
        assert!(!standard.pacing && WindowPolicy::default().pacing);
    }
}
