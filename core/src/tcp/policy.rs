//! How a connection behaves, on purpose and within one place.

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

/// How data is received and acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReceivePolicy {
    /// Receive buffer at most, and so the largest window, bytes.
    pub buffer_len: u32,
    /// The largest window at the start, bytes. It grows towards `buffer_len`
    /// while the application keeps up; if it is not less, nothing grows.
    pub initial_window: u32,
    /// The window always says `buffer_len`, however much is unread.
    pub fixed_window: bool,
    /// When data is acknowledged.
    pub ack: AckStrategy,
    /// Whether what comes early is kept.
    pub out_of_order: OutOfOrderPolicy,
    /// How many segments at the start are acknowledged one by one.
    pub quick_acks: u16,
    /// Whether quick ACKs begin anew after a silence or duplicates, end when both
    /// sides talk in turns, and follow when all was read (as in Linux).
    pub adaptive_acks: bool,
    /// Time spent on each data segment before it is acknowledged. With more
    /// than zero, segments are taken one after the other, each with its ACK.
    pub think: Duration,
    /// Whether duplicates are reported (D-SACK, RFC 2883).
    pub dsack: bool,
}

/// When received data is acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AckStrategy {
    /// Every `segments` full-sized segments, or after `delay` at the latest
    /// (RFC 9293 §3.8.6.3).
    Delayed {
        /// How many full-sized segments for one ACK; RFC 9293: at most two.
        segments: u16,
        /// How long an ACK may be held back; RFC 9293: less than 0.5 s.
        delay: Duration,
    },
    /// Each segment has its own ACK at once, never joined with another.
    EverySegment,
    /// Data is never acknowledged.
    Never,
}

/// What becomes of data that comes before its turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OutOfOrderPolicy {
    /// Kept and acknowledged selectively.
    Keep,
    /// Thrown away, and a duplicate ACK is sent.
    Drop,
    /// Any segment that does not start exactly at RCV.NXT is thrown away
    /// without a word, its ACK field unread.
    DropSilently,
}

/// How data is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SendPolicy {
    /// Send buffer, bytes.
    pub buffer_len: u32,
    /// Whether small segments wait for company (RFC 9293 §3.7.4).
    pub nagle: Nagle,
    /// Largest payload of a segment, bytes, if smaller than what the peer and
    /// the path take.
    pub max_payload: Option<u16>,
    /// What a zero-window probe looks like.
    pub window_probe: WindowProbe,
    /// How many routers a packet may pass (RFC 9293 §3.9.2).
    pub ttl: u8,
    /// The Differentiated Services code point, 0 to 63 (RFC 9293 §3.9.1.6).
    pub dscp: u8,
    /// Whether full-sized segments that vanish again and again make segments
    /// smaller (RFC 4821 §7.7), for the ICMP error that should say so may vanish too.
    pub black_hole_detection: bool,
    /// Which segments bear a PSH bit.
    pub push: PushMarks,
    /// With [`PushMarks::EachWrite`], the fewest segments that make a full burst.
    pub min_burst: u16,
    /// Writes are taken only while fewer bytes than these are unsent
    /// (`TCP_NOTSENT_LOWAT`).
    pub unsent_limit: Option<u32>,
}

/// Which segments bear a PSH bit (RFC 9293 §3.9.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PushMarks {
    /// Those that empty the send buffer.
    BufferEnd,
    /// Those with the end of a write, and the last of each burst, as in Linux.
    EachWrite,
}

/// When less than a full segment waits for more data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Nagle {
    /// Never (`TCP_NODELAY`).
    Off,
    /// While anything is outstanding (RFC 9293 §3.7.4).
    Classic,
    /// While a small segment is outstanding (Minshall's variant, as in Linux).
    Minshall,
    /// Always, until the persist timer runs out (`TCP_CORK`).
    Cork,
}

/// What is sent into a closed window (RFC 9293 §3.8.6.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WindowProbe {
    /// The next byte of data, as the RFC wants.
    NextByte,
    /// Nothing, but with an old sequence number, as Linux does.
    OldSequence,
}

/// What is done about lost segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Recovery {
    /// Nothing is ever sent twice.
    None,
    /// The retransmission timer alone (RFC 6298).
    TimeoutOnly,
    /// Fast retransmit and NewReno (RFC 5681, RFC 6582).
    NewReno,
    /// Selective acknowledgments as well, where the peer sends them (RFC 6675).
    Sack,
    /// Losses judged by time, where the peer sends SACK (RFC 8985); else as
    /// [`NewReno`](Self::NewReno).
    Rack,
}

/// The parts of loss recovery, each with its own switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LossPolicy {
    /// Probe for a lost tail (TLP, RFC 8985 §7); needs SACK.
    pub tail_loss_probe: bool,
    /// Proportional rate reduction (RFC 6937); else cwnd falls at once.
    pub proportional_rate: bool,
    /// New data on the first duplicate ACKs (RFC 3042).
    pub limited_transmit: bool,
    /// Find needless timeouts (F-RTO, RFC 5682).
    pub forward_rto: bool,
    /// Take a reduction back when D-SACK tells that nothing was lost (RFC 3708).
    pub undo_by_dsack: bool,
    /// The same by timestamps (Eifel, RFC 3522 and RFC 4015).
    pub undo_by_timestamps: bool,
    /// A segment whose parts are acknowledged one after the other is taken for one
    /// that was overtaken, so that losses are judged more patiently: Linux counts so.
    pub patient_after_partial_acks: bool,
}

/// Which congestion control.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CongestionKind {
    /// None: only the peer's window limits.
    None,
    /// RFC 5681 with RFC 6582.
    NewReno,
    /// RFC 9438.
    Cubic,
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

/// What one may leave out of TCP and still (almost) get a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Quirks {
    /// Our FIN takes no sequence number: all that follows is one too low.
    pub fin_not_counted: bool,
    /// A FIN that rides on data is not seen.
    pub overlook_fin_on_data: bool,
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

impl Default for ReceivePolicy {
    fn default() -> Self {
        Self {
            buffer_len: 4 << 20,
            initial_window: 65_535,
            fixed_window: false,
            ack: AckStrategy::Delayed {
                segments: 2,
                delay: Duration::from_millis(40),
            },
            out_of_order: OutOfOrderPolicy::Keep,
            quick_acks: 8,
            adaptive_acks: false,
            think: Duration::ZERO,
            dsack: true,
        }
    }
}

impl Default for SendPolicy {
    fn default() -> Self {
        Self {
            buffer_len: 1 << 20,
            nagle: Nagle::Classic,
            max_payload: None,
            window_probe: WindowProbe::NextByte,
            ttl: 64,
            dscp: 0,
            black_hole_detection: true,
            push: PushMarks::BufferEnd,
            min_burst: 2,
            unsent_limit: None,
        }
    }
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

impl Default for LossPolicy {
    fn default() -> Self {
        Self {
            tail_loss_probe: true,
            proportional_rate: true,
            limited_transmit: true,
            forward_rto: true,
            undo_by_dsack: true,
            undo_by_timestamps: true,
            patient_after_partial_acks: false,
        }
    }
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
