//! Timers, and how long a silent peer is waited for.

use crate::time::Duration;
use serde::{Deserialize, Serialize};

/// Timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Timing {
    /// RTO before the first measurement (RFC 6298 §2.1).
    pub initial_rto: Duration,
    /// Shortest RTO (RFC 6298 §2.4), or with `min_rto_is_variance` the least
    /// that is added to the round-trip time.
    pub min_rto: Duration,
    /// Longest RTO (RFC 6298 §2.5).
    pub max_rto: Duration,
    /// RTO = SRTT + max(min_rto, 4·RTTVAR), as Linux does.
    pub min_rto_is_variance: bool,
    /// How often a SYN is sent again before it is given up.
    pub syn_retries: u8,
    /// How often other segments are sent again before the connection is given
    /// up (RFC 9293 §3.8.3, R2).
    pub retries: u8,
    /// Added to the short timers of loss recovery (reordering, tail loss probe):
    /// a clock that ticks cannot do better.
    pub timer_slack: Duration,
    /// Maximum segment lifetime: TIME-WAIT lasts twice as long.
    pub msl: Duration,
    /// The user timeout (RFC 9293 §3.9.1.1, RFC 5482): the connection is given up
    /// when what was written has made no progress for so long, be it for want of
    /// ACKs or of a window. It is not announced to the peer.
    pub user_timeout: Option<Duration>,
    /// Whether a silent peer is asked if it is still there (RFC 9293 §3.8.4).
    pub keep_alive: Option<KeepAlive>,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            // RFC 6298 §2.1: one second until a round trip has been measured.
            initial_rto: Duration::from_secs(1),
            // RFC 6298 §2.4: rounded up to one second.
            min_rto: Duration::from_secs(1),
            // RFC 6298 §2.5: at least sixty seconds.
            max_rto: Duration::from_secs(60),
            min_rto_is_variance: false,
            // RFC 9293 §3.8.3: R2 for a SYN at least three minutes: 1+2+4+...+60+60 s.
            syn_retries: 7,
            retries: 15,
            timer_slack: Duration::ZERO,
            // RFC 9293 §3.4.2: two minutes, an engineering choice of its time.
            msl: Duration::from_secs(120),
            user_timeout: None,
            // RFC 9293 §3.8.4 MUST-25: off by default.
            keep_alive: None,
        }
    }
}

/// When and how often a silent peer is asked whether it is still there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeepAlive {
    /// How long nothing has come before the first probe.
    pub idle: Duration,
    /// Between one probe and the next.
    pub interval: Duration,
    /// So many without an answer end the connection.
    pub count: u8,
}

/// RFC 9293 §3.8.4 MUST-28: two hours at least, unless somebody chose otherwise.
/// The rest is Linux's.
impl Default for KeepAlive {
    fn default() -> Self {
        Self {
            idle: Duration::from_secs(2 * 3600),
            interval: Duration::from_secs(75),
            count: 9,
        }
    }
}
