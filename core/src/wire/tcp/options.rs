//! TCP's options.
//!
//! ```text
//!  kind  len
//!   0     -   end of the list            RFC 9293
//!   1     -   no operation               RFC 9293
//!   2     4   maximum segment size       RFC 9293
//!   3     3   window scale               RFC 7323
//!   4     2   SACK permitted             RFC 2018
//!   5  2+8n   SACK: n blocks             RFC 2018
//!   8    10   timestamps                 RFC 7323
//! ```
//!
//! What is sent is laid out as Linux lays it out, so that a peer (or somebody
//! who guesses systems from packets) sees nothing unusual:
//!
//! ```text
//!  SYN:  MSS | SACK-permitted, TS     | NOP, WSCALE      (20 bytes)
//!        MSS | NOP, NOP, SACK-perm.   | NOP, WSCALE      (without TS)
//!  data: NOP, NOP, TS                                    (12 bytes)
//!  hole: NOP, NOP, TS | NOP, NOP, SACK                   (16 + 8n, n <= 3)
//!        NOP, NOP, SACK                                  (4 + 8n, n <= 4)
//! ```

use serde::{Deserialize, Serialize};

use super::{LayerKind, Problem, SeqNum, be16, len_u32};
use crate::wire::SeqRange;

/// Bytes of options that a header can hold.
pub const MAX_OPTIONS_LEN: usize = 40;

const END: u8 = 0;
const NOP: u8 = 1;
const MSS: u8 = 2;
const WINDOW_SCALE: u8 = 3;
const SACK_PERMITTED: u8 = 4;
const SACK: u8 = 5;
const TIMESTAMPS: u8 = 8;

/// The timestamps option (RFC 7323 §3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Timestamps {
    /// TSval: the sender's clock.
    pub value: u32,
    /// TSecr: the last value that it had from the other end; zero without ACK.
    pub echo: u32,
}

/// At most four blocks of octets that arrived: no more fit into a header (RFC 2018 §3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SackBlocks {
    blocks: [Option<SeqRange>; 4],
}

impl SackBlocks {
    /// None.
    pub const NONE: Self = Self { blocks: [None; 4] };

    /// Appends a block; a fifth is ignored.
    pub fn push(&mut self, block: SeqRange) {
        if let Some(slot) = self.blocks.iter_mut().find(|slot| slot.is_none()) {
            *slot = Some(block);
        }
    }

    /// The blocks in the order of the option.
    pub fn iter(&self) -> impl Iterator<Item = SeqRange> + '_ {
        self.blocks.iter().map_while(|block| *block)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.blocks[0].is_none()
    }
}

impl FromIterator<SeqRange> for SackBlocks {
    /// The first four.
    fn from_iter<I: IntoIterator<Item = SeqRange>>(iter: I) -> Self {
        let mut blocks = Self::NONE;
        for block in iter.into_iter().take(blocks.blocks.len()) {
            blocks.push(block);
        }
        blocks
    }
}

/// An option as it stands in a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TcpOption<'a> {
    /// The list ends here; what follows in the header is padding.
    EndOfList,
    /// Padding between options.
    NoOperation,
    /// The largest segment that the sender can receive, in bytes of payload.
    MaxSegmentSize(u16),
    /// The sender's windows are to be shifted left by so many bits.
    WindowScale(u8),
    /// The sender can make use of SACK.
    SackPermitted,
    /// What arrived out of order.
    Sack(SackBlocks),
    /// The sender's clock, and ours as it saw it last.
    Timestamps(Timestamps),
    /// Any other kind.
    Other {
        /// Its number.
        kind: u8,
        /// What follows kind and length.
        data: &'a [u8],
    },
}

/// Options one by one. After a malformed one there is nothing more, for nobody
/// knows where the next begins.
#[derive(Clone, Debug)]
pub struct OptionIter<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> OptionIter<'a> {
    /// Reads the bytes between the fixed header and the payload.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Where the next option begins, in bytes from the first.
    pub fn offset(&self) -> usize {
        self.at
    }
}

impl<'a> Iterator for OptionIter<'a> {
    type Item = Result<TcpOption<'a>, Problem>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.bytes.get(self.at..)?;
        let &kind = rest.first()?;
        let (option, len) = match kind {
            END => (Some(TcpOption::EndOfList), rest.len()),
            NOP => (Some(TcpOption::NoOperation), 1),
            _ => {
                let len = usize::from(*rest.get(1).unwrap_or(&0));
                (
                    rest.get(2..len).and_then(|data| read_option(kind, data)),
                    len,
                )
            }
        };
        if option.is_none() {
            let offset = len_u32(self.at);
            self.at = self.bytes.len();
            return Some(Err(Problem::BadOption {
                layer: LayerKind::Tcp,
                kind,
                offset,
            }));
        }
        self.at += len;
        option.map(Ok)
    }
}

/// An option with a length; `None` when the length does not fit the kind.
fn read_option(kind: u8, data: &[u8]) -> Option<TcpOption<'_>> {
    Some(match (kind, data) {
        (MSS, &[a, b]) => TcpOption::MaxSegmentSize(be16(a, b)),
        (WINDOW_SCALE, &[shift]) => TcpOption::WindowScale(shift),
        (SACK_PERMITTED, &[]) => TcpOption::SackPermitted,
        (SACK, data) if !data.is_empty() && data.len().is_multiple_of(8) => {
            TcpOption::Sack(data.chunks_exact(8).filter_map(read_block).collect())
        }
        (TIMESTAMPS, &[a, b, c, d, e, f, g, h]) => TcpOption::Timestamps(Timestamps {
            value: u32::from_be_bytes([a, b, c, d]),
            echo: u32::from_be_bytes([e, f, g, h]),
        }),
        (MSS | WINDOW_SCALE | SACK_PERMITTED | SACK | TIMESTAMPS, _) => return None,
        (kind, data) => TcpOption::Other { kind, data },
    })
}

fn read_block(bytes: &[u8]) -> Option<SeqRange> {
    let &[a, b, c, d, e, f, g, h] = bytes.first_chunk::<8>()?;
    Some(SeqRange {
        start: SeqNum(u32::from_be_bytes([a, b, c, d])),
        end: SeqNum(u32::from_be_bytes([e, f, g, h])),
    })
}

/// The options that this stack knows, each at most once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Options {
    /// Maximum segment size in bytes; in a SYN only.
    pub mss: Option<u16>,
    /// Window scale as a shift; in a SYN only. Above 14 counts as 14 (RFC 7323 §2.3), which is the reader's business.
    pub window_scale: Option<u8>,
    /// In a SYN only.
    pub sack_permitted: bool,
    /// Blocks that arrived out of order.
    pub sack: SackBlocks,
    /// Clocks.
    pub timestamps: Option<Timestamps>,
}

impl Options {
    /// No options.
    pub const NONE: Self = Self {
        mss: None,
        window_scale: None,
        sack_permitted: false,
        sack: SackBlocks::NONE,
        timestamps: None,
    };

    /// The options in the bytes between the fixed header and the payload.
    pub(super) fn read(bytes: &[u8]) -> Self {
        // Nearly every segment of a connection carries just this.
        if let [NOP, NOP, TIMESTAMPS, 10, clocks @ ..] = bytes
            && let &[a, b, c, d, e, f, g, h] = clocks
        {
            return Self {
                timestamps: Some(Timestamps {
                    value: u32::from_be_bytes([a, b, c, d]),
                    echo: u32::from_be_bytes([e, f, g, h]),
                }),
                ..Self::NONE
            };
        }
        Self::collect(OptionIter::new(bytes))
    }

    /// Gathers what is known; of several of one kind the last counts, as in Linux.
    /// Reading ends at the first malformed one.
    pub fn collect(options: OptionIter<'_>) -> Self {
        let mut found = Self::NONE;
        for option in options.map_while(Result::ok) {
            match option {
                TcpOption::MaxSegmentSize(mss) => found.mss = Some(mss),
                TcpOption::WindowScale(shift) => found.window_scale = Some(shift),
                TcpOption::SackPermitted => found.sack_permitted = true,
                TcpOption::Sack(blocks) => found.sack = blocks,
                TcpOption::Timestamps(timestamps) => found.timestamps = Some(timestamps),
                TcpOption::EndOfList | TcpOption::NoOperation | TcpOption::Other { .. } => {}
            }
        }
        found
    }

    /// How many SACK blocks fit beside the other options of a segment without SYN.
    pub fn sack_room(timestamps: bool) -> usize {
        // RFC 2018 §3: three with timestamps, four without.
        if timestamps { 3 } else { 4 }
    }

    /// Bytes that [`Options::emit`] appends: a multiple of four, at most 40.
    pub fn emitted_len(&self, syn: bool) -> usize {
        let mut len = 0;
        if syn {
            len += if self.mss.is_some() { 4 } else { 0 };
            len += if self.window_scale.is_some() { 4 } else { 0 };
            // SACK-permitted stands in the two bytes before the timestamps.
            len += if self.sack_permitted && self.timestamps.is_none() {
                4
            } else {
                0
            };
        }
        len += if self.timestamps.is_some() { 12 } else { 0 };
        let blocks = self.emitted_blocks(syn);
        len + if blocks == 0 { 0 } else { 4 + 8 * blocks }
    }

    /// Appends the options in Linux's order and with its padding. MSS, window scale
    /// and SACK-permitted go out only with a SYN, SACK blocks only without.
    pub fn emit(&self, syn: bool, out: &mut Vec<u8>) {
        if let (true, Some(mss)) = (syn, self.mss) {
            let [a, b] = mss.to_be_bytes();
            out.extend_from_slice(&[MSS, 4, a, b]);
        }
        let sack_permitted = syn && self.sack_permitted;
        if sack_permitted && self.timestamps.is_none() {
            out.extend_from_slice(&[NOP, NOP, SACK_PERMITTED, 2]);
        }
        if let Some(Timestamps { value, echo }) = self.timestamps {
            out.extend_from_slice(if sack_permitted {
                &[SACK_PERMITTED, 2]
            } else {
                &[NOP, NOP]
            });
            out.extend_from_slice(&[TIMESTAMPS, 10]);
            out.extend_from_slice(&value.to_be_bytes());
            out.extend_from_slice(&echo.to_be_bytes());
        }
        if let (true, Some(shift)) = (syn, self.window_scale) {
            out.extend_from_slice(&[NOP, WINDOW_SCALE, 3, shift]);
        }
        self.emit_sack(syn, out);
    }

    fn emit_sack(&self, syn: bool, out: &mut Vec<u8>) {
        let count = self.emitted_blocks(syn);
        if count == 0 {
            return;
        }
        let len = u8::try_from(2 + 8 * count).expect("at most four blocks, 34 bytes");
        out.extend_from_slice(&[NOP, NOP, SACK, len]);
        for block in self.sack.iter().take(count) {
            out.extend_from_slice(&block.start.0.to_be_bytes());
            out.extend_from_slice(&block.end.0.to_be_bytes());
        }
    }

    fn emitted_blocks(&self, syn: bool) -> usize {
        if syn {
            0
        } else {
            self.sack
                .len()
                .min(Self::sack_room(self.timestamps.is_some()))
        }
    }
}
