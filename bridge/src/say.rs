//! Standard error: what is said to the person at the terminal, without ever waiting for them.
//!
//! Whoever closes it, fills its disk or stops reading it (`2>&1 | less`, Ctrl-S) stops neither the
//! stack nor the way out: what finds no room is left out, and owned up to when there is room again.

use std::fmt::Display;
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// POSIX's least PIPE_BUF is smaller; Linux's is this: so much goes into a pipe that has room at all.
const PIECE: usize = 4096;
/// How long the last words wait for a reader.
const LAST_PATIENCE: Duration = Duration::from_secs(1);

static LEFT_OUT: AtomicU64 = AtomicU64::new(0);

/// Says a line, if there is room for it now.
pub fn line(text: impl Display) {
    let left_out = LEFT_OUT.load(Ordering::Relaxed);
    if left_out > 0 {
        let gap = format!("synema: {left_out} lines were left out here: nobody read them\n");
        if !put(&gap, Duration::ZERO) {
            LEFT_OUT.fetch_add(1, Ordering::Relaxed);
            return;
        }
        LEFT_OUT.fetch_sub(left_out, Ordering::Relaxed);
    }
    if !put(&format!("{text}\n"), Duration::ZERO) {
        LEFT_OUT.fetch_add(1, Ordering::Relaxed);
    }
}

/// Says something that is to be overwritten: no line, and no loss when there is no room.
pub fn passing(text: impl Display) {
    put(&text.to_string(), Duration::ZERO);
}

/// Says why the program ends. It waits a moment for a reader, for nothing else is left to do.
pub fn last(text: impl Display) {
    put(&format!("{text}\n"), LAST_PATIENCE);
}

/// Whether a person reads along.
pub fn is_terminal() -> bool {
    io::stderr().is_terminal()
}

fn put(text: &str, patience: Duration) -> bool {
    let mut out = io::stderr().lock();
    text.as_bytes()
        .chunks(PIECE)
        .all(|piece| has_room(patience) && out.write_all(piece).is_ok())
}

/// Whether a piece can be written without waiting, after so much patience. What is closed has
/// room: writing to it fails at once.
#[cfg(target_os = "linux")]
fn has_room(patience: Duration) -> bool {
    use rustix::event::{PollFd, PollFlags, poll};
    let stderr = io::stderr();
    let mut asked = [PollFd::new(&stderr, PollFlags::OUT)];
    let Ok(patience) = patience.try_into() else {
        return false;
    };
    rustix::io::retry_on_intr(|| poll(&mut asked, Some(&patience))).is_ok_and(|ready| ready > 0)
}

#[cfg(not(target_os = "linux"))]
fn has_room(_patience: Duration) -> bool {
    true
}
