//! What can be said of a connection at a glance: for whoever shows it, or asks for
//! it as `TCP_INFO` does.

use super::congestion::CongestionControl;
use super::connection::Connection;
use super::limits::Limited;
use super::recovery::Phase;
use crate::time::{Duration, Instant};
use crate::trace::TcpState;

/// What a connection is doing about loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repair {
    /// Nothing is missing.
    Open,
    /// Duplicate ACKs or SACK blocks came, not enough to call it a loss.
    Disorder,
    /// A loss is being repaired.
    Recovery,
    /// The retransmission timer ran out, and what was outstanding is sent again.
    Loss,
}

/// A connection at one moment. Lengths are bytes unless they say segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Info {
    /// Its state.
    pub state: TcpState,
    /// What it is doing about loss.
    pub repair: Repair,
    /// Both SYNs carried timestamps.
    pub timestamps: bool,
    /// Both SYNs permitted SACK.
    pub sack: bool,
    /// The shifts of the peer's windows and of ours, if both SYNs had one.
    pub window_scales: Option<(u8, u8)>,
    /// What a full segment of ours carries, options taken off.
    pub send_mss: u32,
    /// The MSS that our SYN announces.
    pub announced_mss: u16,
    /// Largest IPv4 packet of the way out.
    pub path_mtu: u16,
    /// The congestion window.
    pub cwnd: u64,
    /// The slow-start threshold; `None` while there is none.
    pub ssthresh: Option<u64>,
    /// The peer's window.
    pub peer_window: u32,
    /// Our window.
    pub own_window: u32,
    /// Segments sent and not acknowledged.
    pub outstanding_segments: u32,
    /// Of those, segments that SACK told of.
    pub sacked_segments: u32,
    /// Of those, segments taken for lost.
    pub lost_segments: u32,
    /// Of those, segments sent again and not acknowledged since.
    pub resent_segments: u32,
    /// Written and not acknowledged.
    pub unacknowledged_len: u32,
    /// How often a segment of ours was overtaken by others, and over how many
    /// bytes at most.
    pub overtaken: u32,
    /// See [`overtaken`](Self::overtaken).
    pub overtaken_by: u32,
    /// Written and not yet sent.
    pub unsent_len: u32,
    /// Smoothed round-trip time, once there is one.
    pub srtt: Option<Duration>,
    /// Its variation.
    pub rttvar: Duration,
    /// How long the retransmission timer runs.
    pub rto: Duration,
    /// Timeouts in a row.
    pub timeouts: u32,
    /// Window probes in a row that nobody answered.
    pub unanswered_probes: u32,
    /// How long it was limited in sending, and by what.
    pub limited: Limited,
    /// How long ago data came last, or the handshake was done.
    pub since_last_data: Duration,
}

impl Connection {
    /// What can be said of it now.
    pub fn info(&self, now: Instant) -> Info {
        let (snd, rcv) = (&self.snd, &self.rcv);
        let counts = snd.queue.counts();
        let ssthresh = snd.cc.ssthresh();
        let scales = (self.agreed.snd_scale.shift(), self.agreed.rcv_scale.shift());
        Info {
            state: self.state,
            repair: match snd.phase {
                Phase::Open if snd.dup_acks > 0 || counts.sacked > 0 => Repair::Disorder,
                Phase::Open => Repair::Open,
                Phase::FastRecovery => Repair::Recovery,
                Phase::AfterTimeout => Repair::Loss,
            },
            timestamps: self.agreed.timestamps,
            sack: self.agreed.sack,
            window_scales: self.agreed.window_scale.then_some(scales),
            send_mss: snd.mss(),
            announced_mss: super::options::own_mss(self.policy.offer, self.id.mtu),
            path_mtu: self.path.mtu,
            cwnd: snd.cc.cwnd(),
            ssthresh: (ssthresh != u64::MAX).then_some(ssthresh),
            peer_window: snd.snd_wnd.0,
            own_window: rcv.rcv_wnd().0,
            outstanding_segments: counts.segments,
            sacked_segments: counts.sacked,
            lost_segments: counts.lost,
            resent_segments: counts.resent,
            unacknowledged_len: snd.buffer.len(),
            overtaken: snd.rack.overtaken,
            overtaken_by: snd.rack.overtaken_by,
            unsent_len: snd.unsent_len(),
            srtt: snd.rtt.srtt(),
            rttvar: snd.rtt.rttvar(),
            rto: snd.rtt.rto(&self.policy.timing),
            timeouts: snd.timeouts,
            unanswered_probes: snd.probing.unanswered,
            limited: self.limits.up_to(now),
            since_last_data: now.since(self.last_data_at),
        }
    }
}
