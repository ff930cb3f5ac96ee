//! How a connection behaves, on purpose and within one place.

mod congestion;
mod loss;
mod receive;
mod send;
mod timing;

pub use congestion::{CongestionKind, CubicStyle, IdleRestart, SlowStartKind, WindowPolicy};
pub use loss::{LossPolicy, Recovery};
pub use receive::{AckStrategy, OutOfOrderPolicy, ReceivePolicy};
pub use send::{Nagle, PushMarks, SendPolicy, WindowProbe};
pub use timing::{KeepAlive, Timing};

use crate::time::Duration;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How a connection behaves. [`Policy::rfc`] is the default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Policy {
    /// What our SYN offers.
    pub offer: Offer,
    /// Explicit congestion notification.
    pub ecn: EcnPolicy,
    /// Receiving.
    pub receive: ReceivePolicy,
    /// Sending.
    pub send: SendPolicy,
    /// How loss is noticed.
    pub recovery: Recovery,
    /// What else is done about it.
    pub loss: LossPolicy,
    /// Which congestion control.
    pub congestion: CongestionKind,
    /// How its window grows and starts over.
    pub window: WindowPolicy,
    /// Retransmission and other timers.
    pub timing: Timing,
    /// What teeceepee left out.
    pub quirks: Quirks,
}

/// The options that our SYN or SYN-ACK offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Offer {
    /// Maximum segment size (RFC 9293 §3.7.1).
    pub mss: bool,
    /// No larger one is announced, and no larger segment sent (`TCP_MAXSEG`), bytes.
    pub mss_limit: Option<u16>,
    /// Window scale (RFC 7323 §2).
    pub window_scale: bool,
    /// Selective acknowledgments (RFC 2018).
    pub sack: bool,
    /// Timestamps (RFC 7323 §3).
    pub timestamps: bool,
}

/// Whether routers may mark our packets instead of dropping them (RFC 3168).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum EcnPolicy {
    /// Never.
    #[default]
    Off,
    /// If the peer asks for it.
    Accept,
    /// Our SYN asks for it, too.
    Request,
}

/// What one may leave out of TCP and still (almost) get a page, and how it once was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Quirks {
    /// Our FIN takes no sequence number: all that follows is one too low.
    pub fin_not_counted: bool,
    /// A FIN that rides on data is not seen.
    pub overlook_fin_on_data: bool,
    /// A RST anywhere in the window is believed, as RFC 793 had it before RFC 5961.
    pub believe_resets_in_window: bool,
}

impl Policy {
    /// As the RFCs recommend.
    pub fn rfc() -> Self {
        Self {
            offer: Offer::default(),
            ecn: EcnPolicy::Off,
            receive: ReceivePolicy::default(),
            send: SendPolicy::default(),
            recovery: Recovery::Rack,
            loss: LossPolicy::default(),
            congestion: CongestionKind::Cubic,
            window: WindowPolicy::default(),
            timing: Timing::default(),
            quirks: Quirks::default(),
        }
    }

    /// As Linux behaves with its default settings.
    pub fn linux() -> Self {
        let mut policy = Self::rfc();
        // tcp_rmem's maximum on a host with enough memory: the window scale is 8.
        policy.receive.buffer_len = 15 << 20;
        policy.receive.quick_acks = 16;
        policy.receive.adaptive_acks = true;
        policy.send.nagle = Nagle::Minshall;
        policy.send.window_probe = WindowProbe::OldSequence;
        policy.send.black_hole_detection = false;
        policy.send.push = PushMarks::EachWrite;
        policy.loss.patient_after_partial_acks = true;
        policy.timing.min_rto = Duration::from_millis(200);
        policy.timing.min_rto_is_variance = true;
        policy.timing.max_rto = Duration::from_secs(120);
        policy.ecn = EcnPolicy::Accept;
        policy.window = WindowPolicy {
            slow_start: SlowStartKind::Hystart,
            idle: IdleRestart::Decay,
            cubic: CubicStyle::Linux,
            pacing: false,
        };
        // Two ticks of its usual clock.
        policy.timing.timer_slack = Duration::from_millis(2);
        policy.timing.syn_retries = 6;
        policy.timing.msl = Duration::from_secs(30);
        policy
    }

    /// As the Python stack of the article did it in 2014: no options, nothing
    /// kept that comes early, nothing sent twice, and a FIN that is not counted.
    pub fn teeceepee_2014() -> Self {
        Self {
            offer: Offer {
                mss: false,
                mss_limit: None,
                window_scale: false,
                sack: false,
                timestamps: false,
            },
            ecn: EcnPolicy::Off,
            receive: ReceivePolicy {
                buffer_len: 8192,
                initial_window: 8192,
                fixed_window: true,
                ack: AckStrategy::EverySegment,
                out_of_order: OutOfOrderPolicy::DropSilently,
                quick_acks: 0,
                adaptive_acks: false,
                think: Duration::ZERO,
                dsack: false,
            },
            send: SendPolicy {
                nagle: Nagle::Off,
                ..SendPolicy::default()
            },
            recovery: Recovery::None,
            loss: LossPolicy::default(),
            congestion: CongestionKind::None,
            window: WindowPolicy::standard(),
            timing: Timing {
                // It knew no TIME-WAIT.
                msl: Duration::ZERO,
                ..Timing::default()
            },
            quirks: Quirks {
                fin_not_counted: true,
                overlook_fin_on_data: true,
                believe_resets_in_window: false,
            },
        }
    }
}

/// Many connections may share one.
impl From<&Policy> for Arc<Policy> {
    fn from(policy: &Policy) -> Self {
        Self::new(policy.clone())
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self::rfc()
    }
}

impl Default for Offer {
    fn default() -> Self {
        Self {
            mss: true,
            mss_limit: None,
            window_scale: true,
            sack: true,
            timestamps: true,
        }
    }
}
