//! A transfer from one host to another through memory, in one thread and with time that is only told.

use crate::host::{Call, Host, Setting};
use std::collections::VecDeque;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::{Duration, Instant};

/// What a network of memory takes from end to end and back.
const ROUND: Duration = Duration::from_micros(50);
/// The application writes in pieces of so many bytes.
const PIECE_LEN: usize = 64 << 10;
/// Longer is what carries data: Ethernet, IPv4 and TCP headers with all options are 14 + 20 + 60 bytes.
const HEADERS_LEN: usize = 94;

/// Frames on their way. Buffers are used again, so that nothing is allocated once it flows.
#[derive(Default)]
pub(crate) struct Pipe {
    frames: VecDeque<Vec<u8>>,
    spare: Vec<Vec<u8>>,
    data_frames: u64,
}

impl Pipe {
    /// A buffer for a frame, with an old one in it; to be given to [`Pipe::push`] or back.
    pub(crate) fn buffer(&mut self) -> Vec<u8> {
        self.spare.pop().unwrap_or_default()
    }

    /// A frame is on its way.
    pub(crate) fn push(&mut self, frame: Vec<u8>) {
        self.data_frames += u64::from(frame.len() > HEADERS_LEN);
        self.frames.push_back(frame);
    }

    /// The next frame to arrive, to be given [back](Pipe::give_back) when it was read.
    pub(crate) fn pop(&mut self) -> Option<Vec<u8>> {
        self.frames.pop_front()
    }

    /// A buffer is not needed any more.
    pub(crate) fn give_back(&mut self, frame: Vec<u8>) {
        self.spare.push(frame);
    }
}

/// What a transfer took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measured {
    /// How long, by the clock on the wall.
    pub(crate) took: Duration,
    /// How many bytes of the application's.
    pub(crate) len: usize,
    /// How many frames with data carried them.
    pub(crate) data_frames: u64,
}

impl Measured {
    /// Both ends' time for one segment with data, the ACKs for it included.
    pub(crate) fn per_data_segment_ns(self) -> f64 {
        self.took.as_secs_f64() * 1e9 / self.data_frames as f64
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let gbits = self.len as f64 * 8.0 / self.took.as_secs_f64() / 1e9;
        let per_segment = self.per_data_segment_ns();
        write!(
            f,
            "{per_segment:>8.0} ns a data segment, both ends ({gbits:.1} Gbit/s)"
        )
    }
}

/// The two hosts, the one that connects first.
pub(crate) fn settings(buffer_len: usize) -> [Setting; 2] {
    const PORT: u16 = 5001;
    let address = |number| Ipv4Addr::new(192, 0, 2, number);
    let setting = |number, call| Setting {
        mac: [0x02, 0, 0, 0, 0, number],
        address: address(number),
        gateway: None,
        call,
        buffer_len,
    };
    let to = SocketAddrV4::new(address(2), PORT);
    [setting(1, Call::To(to)), setting(2, Call::From(PORT))]
}

/// Sends `len` bytes from one host to another, each with send and receive buffers of `buffer_len`.
///
/// # Panics
/// When other bytes arrive, or nothing does for long.
pub(crate) fn transfer<C: Host, S: Host>(len: usize, buffer_len: usize) -> Measured {
    let [client, server] = settings(buffer_len);
    let (mut client, mut server) = (C::new(&client), S::new(&server));
    let piece: Vec<u8> = (0..PIECE_LEN).map(|at| (at % 251) as u8).collect();
    let (mut there, mut back) = (Pipe::default(), Pipe::default());
    let (mut now, mut idle_rounds) = (Duration::ZERO, 0);
    let (mut written, mut read) = (0, 0);
    let begun = Instant::now();
    while read < len {
        while written < len {
            let rest = &piece[written % PIECE_LEN..];
            let rest = &rest[..rest.len().min(len - written)];
            let taken = client.write(now, rest);
            written += taken;
            if taken < rest.len() {
                break;
            }
        }
        client.run(now, &mut back, &mut there);
        server.run(now, &mut there, &mut back);
        let before = read;
        while server.read(now, &mut |bytes| {
            // One byte of each view tells whether it is in its place; all of them would cost
            // more than the transfer.
            assert_eq!(bytes[0], piece[read % PIECE_LEN], "another byte");
            read += bytes.len();
        }) > 0
        {}
        idle_rounds = if read == before { idle_rounds + 1 } else { 0 };
        assert!(
            idle_rounds < 1_000_000,
            "{read} bytes of {len}, and nothing more"
        );
        now += ROUND;
    }
    Measured {
        took: begun.elapsed(),
        len,
        data_frames: there.data_frames,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ours::Ours;
    use crate::theirs::Theirs;

    const LEN: usize = 3_000_000;
    const BUFFER_LEN: usize = 256 << 10;

    /// Full segments, with timestamps or without.
    fn check<C: Host, S: Host>(payload_len: usize) {
        let measured = transfer::<C, S>(LEN, BUFFER_LEN);
        let least = LEN.div_ceil(payload_len) as u64;
        assert!(
            (least..least + least / 50).contains(&measured.data_frames),
            "{measured:?}"
        );
    }

    #[test]
    fn both_stacks_move_what_they_are_given_in_full_segments() {
        check::<Ours, Ours>(1448);
        check::<Theirs, Theirs>(1460);
    }

    #[test]
    fn they_also_talk_to_each_other() {
        check::<Ours, Theirs>(1460);
        check::<Theirs, Ours>(1460);
    }
}
