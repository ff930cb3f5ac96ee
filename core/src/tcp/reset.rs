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

/// How often this connection may still answer what smells of forgery. The limit
/// is each connection's own: one for all of them can be measured from outside
/// (CVE-2016-5696).
#[derive(Clone, Debug, Default)]
pub(super) struct ChallengeLimit {
    began: Instant,
    sent: u8,
}

impl ChallengeLimit {
    /// Whether one more may be sent now; if so it is counted.
    pub(super) fn allow(&mut self, now: Instant) -> bool {
        if now.since(self.began) >= LIMIT_PERIOD {
            self.began = now;
            self.sent = 0;
        }
        if self.sent >= LIMIT {
            return false;
        }
        self.sent += 1;
        true
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
}
