//! A handshake that nothing is kept of: the SYN-ACK as it would be, and the
//! connection made from the ACK that comes back (RFC 4987 §3.6).
//!
//! ```text
//!   our timestamp    ... | ECN  | SACK  | window scale |      low 6 bits, as in Linux
//!                          1 bit  1 bit   4 bits (15: none)
//! ```
//!
//! The stack makes the number; what the SYN offered besides travels in our
//! timestamp, which the peer sends back. Without timestamps it is not agreed on,
//! and so not promised in the SYN-ACK either.

use super::connection::{Connection, Identity};
use super::options::Agreed;
use super::policy::Policy;
use super::segment::Segment;
use crate::time::Instant;
use crate::trace::{FrameId, Observer};
use crate::wire::tcp::{Flags, Header, Options, Timestamps};
use std::sync::Arc;

/// The bits of a timestamp that hold options.
const BITS: u32 = 6;
const MASK: u32 = (1 << BITS) - 1;
const SACK: u32 = 1 << 4;
const ECN: u32 = 1 << 5;
const SCALE_MASK: u32 = 0xf;
/// No window scale was offered.
const NO_SCALE: u32 = 0xf;

/// The SYN-ACK that answers `syn`, if that is a plain SYN. Nothing is kept of it:
/// `id.iss` is the cookie.
pub fn cookie_syn_ack(
    now: Instant,
    id: Identity,
    policy: &Arc<Policy>,
    syn: &Segment<'_>,
) -> Option<Header> {
    // A connection for this moment, which nobody watches.
    let (policy, frame) = (Arc::clone(policy), FrameId::received(0));
    let mut connection = Connection::accept(now, id, policy, syn, frame, &mut ())?;
    let mut header = connection
        .poll_transmit(now, FrameId::sent(0), &mut ())?
        .header;
    let (agreed, ecn) = (connection.agreed, connection.ecn.agreed);
    if let Some(timestamps) = &mut header.options.timestamps {
        let clock = timestamps.value.wrapping_sub(id.timestamp_offset);
        timestamps.value = hide(clock, &agreed, ecn).wrapping_add(id.timestamp_offset);
    } else {
        header.options.window_scale = None;
        header.options.sack_permitted = false;
        header.flags = Flags::SYN | Flags::ACK;
    }
    Some(header)
}

/// The latest time of the timestamp clock, not after `clock`, whose low bits are
/// what was agreed on.
fn hide(clock: u32, agreed: &Agreed, ecn: bool) -> u32 {
    let scale = if agreed.window_scale {
        u32::from(agreed.snd_scale.shift())
    } else {
        NO_SCALE
    };
    let bits = scale | if agreed.sack { SACK } else { 0 } | if ecn { ECN } else { 0 };
    clock.wrapping_sub(clock.wrapping_sub(bits) & MASK)
}

/// The flags and options of the SYN, as far as the cookie and its timestamp remember.
fn recall(mss: u16, timestamps: Option<Timestamps>, offset: u32) -> (Flags, Options) {
    let mut flags = Flags::SYN;
    let mut options = Options {
        mss: Some(mss),
        timestamps,
        ..Options::NONE
    };
    if let Some(timestamps) = timestamps {
        let bits = timestamps.echo.wrapping_sub(offset) & MASK;
        let scale = bits & SCALE_MASK;
        options.window_scale = (scale != NO_SCALE).then_some(scale as u8);
        options.sack_permitted = bits & SACK != 0;
        if bits & ECN != 0 {
            flags |= Flags::ECE | Flags::CWR;
        }
    }
    (flags, options)
}

impl Connection {
    /// Passive open from an ACK whose number is a cookie of ours: `id.iss`, which
    /// remembers `mss`. The handshake is complete with it. `None` if the segment
    /// cannot be the third of a handshake.
    pub fn from_cookie<O: Observer>(
        now: Instant,
        id: Identity,
        policy: Arc<Policy>,
        mss: u16,
        ack: &Segment<'_>,
        frame: FrameId,
        trace: &mut O,
    ) -> Option<Self> {
        let (flags, options) = recall(mss, ack.options.timestamps, id.timestamp_offset);
        let syn = Segment {
            seq: ack.seq - 1,
            flags,
            options,
            payload: &[],
            ..*ack
        };
        let mut connection = Self::accept(now, id, policy, &syn, frame, trace)?;
        // The SYN-ACK went out long ago: when, nobody knows.
        connection.syn_due = None;
        connection.snd.snd_nxt = id.iss + 1;
        let rcv_nxt = connection.rcv.rcv_nxt;
        connection.rcv.promise_window(rcv_nxt, true);
        connection.rcv.on_ack_sent(rcv_nxt);
        connection.on_segment(now, ack, frame, trace);
        Some(connection)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tcp::window::WindowScale;
    use crate::wire::SeqNum;

    #[test]
    fn a_timestamp_remembers_what_was_agreed_on_and_is_never_ahead() {
        for clock in [0, 1, 63, 64, 1_000_003, u32::MAX] {
            let offers = [
                (None, false, true),
                (Some(0), true, false),
                (Some(14), false, true),
            ];
            for (scale, sack, ecn) in offers {
                let agreed = Agreed {
                    window_scale: scale.is_some(),
                    snd_scale: WindowScale::new(scale.unwrap_or(0)),
                    sack,
                    ..Agreed::default()
                };
                let value = hide(clock, &agreed, ecn);
                assert!(clock.wrapping_sub(value) <= MASK, "{clock} {value}");
                let echoed = Timestamps {
                    value: 7,
                    echo: value.wrapping_add(99),
                };
                let (flags, options) = recall(1_460, Some(echoed), 99);
                assert_eq!(options.window_scale, scale);
                assert_eq!(options.sack_permitted, sack);
                assert_eq!(flags.contains(Flags::ECE | Flags::CWR), ecn);
            }
        }
        let (flags, plain) = recall(536, None, 99);
        assert_eq!(flags, Flags::SYN);
        assert_eq!((plain.window_scale, plain.sack_permitted), (None, false));
    }

    fn third(payload: &[u8]) -> Connection {
        let id = Identity {
            conn: crate::trace::ConnId(1),
            local: "10.0.0.1:80".parse().unwrap(),
            remote: "10.0.0.2:5000".parse().unwrap(),
            iss: SeqNum(70),
            timestamp_offset: 0,
            mtu: 1500,
            path_mtu: 1500,
        };
        let ack = Segment {
            seq: SeqNum(1001),
            ack: SeqNum(71),
            flags: Flags::ACK,
            window: 1000,
            urgent_pointer: 0,
            options: Options {
                timestamps: Some(Timestamps {
                    value: 7,
                    echo: 1000,
                }),
                ..Options::NONE
            },
            payload,
        };
        let (now, policy) = (Instant::from_millis(1000), Arc::new(Policy::rfc()));
        let frame = FrameId::received(1);
        Connection::from_cookie(now, id, policy, 1460, &ack, frame, &mut ()).unwrap()
    }

    #[test]
    fn the_third_segment_opens_what_it_remembers_and_its_data_comes_once() {
        let mut connection = third(b"hello");
        let mut buf = [0; 100];
        let now = Instant::from_millis(1000);
        assert_eq!(connection.recv(now, &mut buf, &mut ()), 5);
        assert_eq!(&buf[..5], b"hello");
        let info = connection.info(now);
        assert!(info.timestamps);
        assert_eq!(info.srtt, None, "when the SYN-ACK went out, nobody knows");
    }
}
