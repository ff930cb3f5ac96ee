//! The path's MTU: what a router says of it, what silence says of it, and when
//! to try again for more.
//!
//! ```text
//!             ICMP "fragmentation needed"
//!   link MTU ---------------------------> lower --------------> less than 552:
//!      ^      full segments vanish          |    the same        still 552, but
//!      |      again and again (a black      |                    routers may cut
//!      |      hole)                         |                       |
//!      '------- ten minutes later ----------'-----------------------'
//! ```
//!
//! RFC 1191; RFC 5927 §7 on what to believe; black holes, where the ICMP never
//! comes, are found by timeouts alone, as RFC 4821 §7.7 allows.

use super::connection::{Connection, Identity};
use super::context::Context;
use super::options::mss_for_mtu;
use super::policy::Recovery;
use super::state;
use super::timeout::R1;
use crate::time::{Duration, Instant};
use crate::trace::{DropReason, Event, Observer};

/// RFC 1191 §7.1: MTUs that links have, to be tried in turn when the router
/// did not say which fits.
const PLATEAUS: [u16; 9] = [32_000, 17_914, 8_166, 4_352, 2_002, 1_492, 1_006, 508, 296];

/// No smaller packets are made, whatever a message says: forged ones would make us
/// send tiny segments for ever (RFC 5927 §7; Linux has this number). Over a path that
/// takes less they go without DF, for routers to cut.
const LEAST_PACKET: u16 = 552;

/// RFC 1191 §3: every link takes as much.
const LEAST_MTU: u16 = 68;

/// What is tried in turn when full-sized segments vanish: first what RFC 4821
/// §7.2 would begin with, 1024 bytes of data.
const BLACK_HOLE_STEPS: [u16; 2] = [1_064, LEAST_PACKET];

/// RFC 1191 §6.3: after so long the path may be another one.
const RETRY_AFTER: Duration = Duration::from_secs(600);

/// What is known of the path.
#[derive(Clone, Copy, Debug)]
pub(super) struct Path {
    /// The largest IPv4 packet that it takes, as far as is known, bytes.
    pub(super) mtu: u16,
    /// When that was found to be less than the link's.
    lowered_at: Option<Instant>,
}

impl Path {
    /// What is known at birth: perhaps another connection has learnt it.
    pub(super) fn known(now: Instant, id: &Identity) -> Self {
        let is_narrow = id.path_mtu < id.mtu;
        Self {
            mtu: id.path_mtu.min(id.mtu),
            lowered_at: is_narrow.then_some(now),
        }
    }
}

impl Connection {
    /// RFC 1191: a router says that the path takes packets of `mtu` bytes only.
    pub(super) fn on_path_mtu<O: Observer>(&mut self, mtu: u16, cx: &mut Context<'_, O>) {
        let current = self.path.mtu.min(self.snd.send_mss + 40);
        let told = if mtu == 0 {
            // RFC 1191 §5: a router from before.
            let next = PLATEAUS.into_iter().find(|plateau| *plateau < current);
            next.unwrap_or(LEAST_MTU)
        } else {
            mtu.max(LEAST_MTU)
        };
        // RFC 1191 §6.2: never raised by such a message.
        if told >= current || !state::is_synchronized(self.state) {
            return cx.dropped(DropReason::IcmpNotOurs);
        }
        self.lower_path_mtu(told, cx);
    }

    /// The largest packet that we make for this path: what it takes, but not less
    /// than what makes sense on our own link.
    fn packet_len(&self) -> u16 {
        self.path.mtu.max(LEAST_PACKET.min(self.id.mtu))
    }

    /// What its segments may hold for the path's sake (`SendMSS`), bytes.
    pub(super) fn path_mss(&self) -> u16 {
        self.agreed.peer_mss.min(mss_for_mtu(self.packet_len()))
    }

    /// Whether routers may cut our packets: the path takes less than we make.
    pub(super) fn may_be_cut(&self) -> bool {
        self.path.mtu < self.packet_len()
    }

    /// The retransmission timer runs out once more. If it is a full-sized segment
    /// that does not get through, the path may take smaller ones only.
    pub(super) fn suspect_black_hole<O: Observer>(&mut self, cx: &mut Context<'_, O>) {
        if !self.policy.send.black_hole_detection || self.snd.timeouts + 1 < R1 {
            return;
        }
        let Some(mtu) = BLACK_HOLE_STEPS
            .into_iter()
            .find(|step| *step < self.path.mtu)
        else {
            return;
        };
        let smaller = self.full_payload_for(mtu);
        let too_large = self
            .snd
            .queue
            .head()
            .is_some_and(|head| head.range.len() > smaller);
        if too_large {
            self.lower_path_mtu(mtu, cx);
        }
    }

    /// New data is about to go out: ten minutes after the MTU was lowered the path
    /// may be another one, and larger segments are tried.
    pub(super) fn try_larger_segments<O: Observer>(&mut self, cx: &mut Context<'_, O>) {
        let Some(lowered_at) = self.path.lowered_at else {
            return;
        };
        if cx.now.since(lowered_at) < RETRY_AFTER || self.snd.unsent_len() <= self.snd.mss() {
            return;
        }
        self.path = Path {
            mtu: self.id.mtu,
            lowered_at: None,
        };
        self.set_send_mss(self.path_mss());
        self.tell_path_mtu(cx);
    }

    fn lower_path_mtu<O: Observer>(&mut self, mtu: u16, cx: &mut Context<'_, O>) {
        self.path = Path {
            mtu,
            lowered_at: Some(cx.now),
        };
        let (send_mss, fits) = (self.path_mss(), self.full_payload_for(mtu));
        let resend = self.policy.recovery != Recovery::None;
        self.snd.on_path_mtu(send_mss, resend.then_some(fits));
        self.tell_path_mtu(cx);
        self.tell_congestion(cx);
    }

    /// What a full segment would carry if the path took `mtu` bytes.
    fn full_payload_for(&self, mtu: u16) -> u32 {
        u32::from(mss_for_mtu(mtu).saturating_sub(self.snd.fixed_options_len))
    }

    fn tell_path_mtu<O: Observer>(&self, cx: &mut Context<'_, O>) {
        let (conn, by, mtu) = (cx.conn, cx.by, self.path.mtu);
        cx.emit(&Event::PathMtu { conn, mtu, by });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::ConnId;
    use crate::wire::SeqNum;

    #[test]
    fn what_another_connection_has_learnt_is_not_believed_for_ever() {
        let known = |path_mtu| {
            let id = Identity {
                conn: ConnId(1),
                local: "10.0.0.1:80".parse().unwrap(),
                remote: "10.0.0.2:5000".parse().unwrap(),
                iss: SeqNum(0),
                timestamp_offset: 0,
                mtu: 1500,
                path_mtu,
            };
            let path = Path::known(Instant::ZERO, &id);
            (path.mtu, path.lowered_at)
        };
        assert_eq!(known(1400), (1400, Some(Instant::ZERO)));
        assert_eq!(known(1500), (1500, None));
        assert_eq!(known(9000), (1500, None));
    }
}
