//! How losses are noticed, and what is done about them.

use serde::{Deserialize, Serialize};

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
