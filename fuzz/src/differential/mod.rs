//! The same script for two TCPs, ours and another, and whether the same comes back.
//!
//! ```text
//!              ┌─► Ours (virtual time, policy `linux`) ──► answers ─┐
//!   Script ────┤                                                    ├─► compare: alike, a
//!   (a seed)   └─► the kernel, in the lab ───────────────► answers ─┘   known difference, or not
//! ```
//!
//! A script is what a client puts on the wire, segment by segment and often wrongly, and what the
//! application on the server does meanwhile. One step is taken in each [`ROUND`]; what comes back in
//! it is told as text, with sequence numbers and timestamps counted from where they began. Not told:
//! when within the round, how large a window is that is not closed, and what is repeated because
//! time passed.

mod compare;
mod known;
mod ours;
mod script;
mod wire;

pub use compare::{Verdict, compare};
pub use known::{KNOWN, Known};
pub use ours::play;
pub use script::{Act, Echo, Plan, Script, Step};
pub use wire::{Client, Ends};

use synema_core::time::Duration;

/// The time of one step: longer than a delayed ACK takes.
pub const ROUND: Duration = Duration::from_millis(70);

/// What came back in each round of a script.
pub type Answers = Vec<Vec<String>>;

/// What a reader tells: how much, which bytes, and whether there will be more.
pub fn told_read(data: &[u8], finished: bool) -> String {
    // Any hash will do that tells the order of bytes (FNV-1a).
    let hash = data.iter().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
    });
    let end = if finished { ", the end" } else { "" };
    format!("read {} bytes ({hash:08x}){end}", data.len())
}
