//! RST: when one is sent, when one is believed, and the limit on challenges.
//!
//! ```text
//!   RST's number    outside the window     drop it
//!                   in it, not RCV.NXT     challenge ACK: a true peer answers
//!                                          with a RST that is exact
//!                   exactly RCV.NXT        reset
//! ```
//!
//! RFC 5961 §3.2.

use super::segment::Segment;
use crate::time::{Duration, Instant};
use crate::wire::tcp::{Flags, Header, Options};
use crate::wire::{Port, SeqNum};

/// Challenge ACKs in one [`LIMIT_PERIOD`] (RFC 5961 §7 gives these numbers).
const LIMIT: u8 = 10;
const LIMIT_PERIOD: Duration = Duration::from_secs(5);

/// The answer to a segment that belongs to no connection (RFC 9293 §3.10.7.1);
/// `local_port` is the port that it was sent to. A RST is never answered.
pub fn reset_for(segment: &Segment<'_>, local_port: Port, remote_port: Port) -> Option<Header> {
    if segment.flags.rst() {
        return None;
    }
    Some(if segment.flags.ack() {
        reset_header(local_port, remote_port, segment.ack, None)
    } else {
        let ack = Some(segment.seq_end());
        reset_header(local_port, remote_port, SeqNum(0), ack)
    })
}

/// A RST's header.
pub(super) fn reset_header(
    src_port: Port,
    dst_port: Port,
    seq: SeqNum,
    ack: Option<SeqNum>,
) -> Header {
    Header {
        src_port,
        dst_port,
        seq,
        ack: ack.unwrap_or_default(),
        flags: match ack {
            Some(_) => Flags::RST | Flags::ACK,
            None => Flags::RST,
        },
        window: 0,
        urgent_pointer: 0,
        options: Options::NONE,
    }
}

/// How often this connection may still answer what smells of forgery.
#[derive(Clone, Debug, Default)]
pub(super) struct ChallengeLimit {
    began: Instant,
    sent: u8,
    /// The host's limit is reached.
    forbidden: bool,
    /// Since it was asked last.
    spent: u32,
}

impl ChallengeLimit {
    /// Whether one more may be sent now; if so it is counted.
    pub(super) fn allow(&mut self, now: Instant) -> bool {
        if now.since(self.began) >= LIMIT_PERIOD {
            self.began = now;
            self.sent = 0;
        }
        if self.forbidden || self.sent >= LIMIT {
            return false;
        }
        self.sent += 1;
        self.spent += 1;
        true
    }

    /// What the host's limit says.
    pub(super) fn permit(&mut self, permitted: bool) {
        self.forbidden = !permitted;
    }

    pub(super) fn take_spent(&mut self) -> u32 {
        core::mem::take(&mut self.spent)
    }
}

/// How often all connections of a host together may challenge in one second.
/// Who can count how many are left learns whether somebody else's guess was
/// right (CVE-2016-5696): hence the number is another each second, and only the
/// host knows it.
#[derive(Clone, Debug, Default)]
pub struct HostChallengeLimit {
    began: Instant,
    left: u32,
}

impl HostChallengeLimit {
    /// Challenges in a second, on average.
    const MEAN: u32 = 1000;
    const PERIOD: Duration = Duration::from_secs(1);

    /// Whether one more may be sent now. `random` is asked for a number when a new
    /// second begins.
    pub fn is_open(&mut self, now: Instant, random: impl FnOnce() -> u32) -> bool {
        if self.began == Instant::ZERO || now.since(self.began) >= Self::PERIOD {
            self.began = now;
            self.left = Self::MEAN / 2 + random() % Self::MEAN;
        }
        self.left > 0
    }

    /// So many were sent.
    pub fn spend(&mut self, sent: u32) {
        self.left = self.left.saturating_sub(sent);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stray_segment_is_answered_as_rfc_9293_says() {
        let mut stray = Segment {
            seq: SeqNum(100),
            ack: SeqNum(700),
            flags: Flags::SYN,
            window: 0,
            urgent_pointer: 0,
            options: Options::NONE,
            payload: b"xyz",
        };
        let reset = |stray: &Segment<'_>| reset_for(stray, Port(80), Port(4000));
        let answer = reset(&stray).unwrap();
        assert_eq!((answer.seq, answer.ack), (SeqNum(0), SeqNum(104)));
        assert_eq!(answer.flags, Flags::RST | Flags::ACK);
        stray.flags = Flags::ACK;
        let answer = reset(&stray).unwrap();
        assert_eq!((answer.seq, answer.flags), (SeqNum(700), Flags::RST));
        assert_eq!((answer.src_port, answer.dst_port), (Port(80), Port(4000)));
        stray.flags = Flags::RST;
        assert_eq!(reset(&stray), None);
    }

    #[test]
    fn ten_challenges_in_five_seconds() {
        let mut limit = ChallengeLimit::default();
        let at = Instant::from_millis(7_000);
        assert_eq!((0..50).filter(|_| limit.allow(at)).count(), 10);
        assert!(limit.allow(at + LIMIT_PERIOD));
    }

    #[test]
    fn the_hosts_limit_is_another_number_each_second() {
        let mut limit = HostChallengeLimit::default();
        let mut sent_in = |at: Instant, random: u32| {
            (0..5000)
                .filter(|_| {
                    let open = limit.is_open(at, || random);
                    limit.spend(u32::from(open));
                    open
                })
                .count()
        };
        assert_eq!(sent_in(Instant::from_millis(1), 7), 507);
        assert_eq!(sent_in(Instant::from_millis(900), 8), 0);
        assert_eq!(sent_in(Instant::from_millis(1001), 999), 1499);
    }

    #[test]
    fn a_closed_host_forbids_challenges() {
        let mut limit = ChallengeLimit::default();
        limit.permit(false);
        assert!(!limit.allow(Instant::ZERO));
        limit.permit(true);
        assert!(limit.allow(Instant::ZERO));
        assert_eq!((limit.take_spent(), limit.take_spent()), (1, 0));
    }
}
