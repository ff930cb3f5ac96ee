//! Segments that a machine sends past its own stack, which knows nothing of them.
//!
//! ```text
//!   sequence space:  ISS  1 .. 930  931 . . . . . 2000 .. 2099
//!                         sent      RCV.NXT there      the stray one
//! ```

use serde::{Deserialize, Serialize};
use synema_core::trace::FrameId;
use synema_core::wire::tcp::Options;
use synema_core::wire::{Protocol, SeqNum, ethernet, ipv4, tcp};

/// Frames of this kind are counted from here, far from those of the stack.
const FIRST_ID: u64 = 1 << 40;

/// A segment with data that belongs to a connection and to nothing that was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stray {
    /// The number of its first byte, counted from the SYN, which is 0.
    pub at: u32,
    /// Bytes of data.
    pub len: u16,
}

/// What a forger must have seen of a connection: who speaks to whom, and its numbers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Forger {
    iss: Option<SeqNum>,
    /// The last frame of the connection that went out.
    last: Vec<u8>,
    made: u64,
}

impl Forger {
    /// The stack sends a frame.
    pub(crate) fn on_sent(&mut self, frame: &[u8]) {
        let Some((_, _, segment)) = parse(frame) else {
            return;
        };
        if segment.flags().syn() {
            self.iss = Some(segment.seq());
        }
        self.last.clear();
        self.last.extend_from_slice(frame);
    }

    /// Writes a stray segment into `out`, like the last one that went out in all but
    /// number and data; `None` before the stack has sent a SYN.
    pub(crate) fn forge(&mut self, stray: Stray, out: &mut Vec<u8>) -> Option<FrameId> {
        let iss = self.iss?;
        let (link, packet, segment) = parse(&self.last)?;
        let data = vec![b'?'; usize::from(stray.len)];
        let header = tcp::Header {
            src_port: segment.src_port(),
            dst_port: segment.dst_port(),
            seq: iss + stray.at,
            ack: segment.ack(),
            flags: tcp::Flags::ACK | tcp::Flags::PSH,
            window: segment.window(),
            urgent_pointer: 0,
            options: Options {
                timestamps: segment.options().timestamps,
                ..Options::NONE
            },
        };
        let (src, dst) = (packet.source(), packet.destination());
        let mut bytes = Vec::new();
        header.emit(src, dst, &[&data], &mut bytes);
        out.clear();
        ethernet::Header {
            destination: link.destination(),
            source: link.source(),
            ether_type: link.ether_type(),
        }
        .emit(out);
        ipv4::Header::new(src, dst, Protocol::TCP).emit(bytes.len(), out);
        out.extend_from_slice(&bytes);
        self.made += 1;
        Some(FrameId::sent(FIRST_ID + self.made))
    }
}

fn parse(frame: &[u8]) -> Option<(ethernet::Frame<'_>, ipv4::Packet<'_>, tcp::Segment<'_>)> {
    let link = ethernet::Frame::parse(frame).ok()?;
    let packet = ipv4::Packet::parse(link.payload()).ok()?;
    if packet.protocol() != Protocol::TCP {
        return None;
    }
    let segment = tcp::Segment::parse(packet.payload()).ok()?;
    Some((link, packet, segment))
}
