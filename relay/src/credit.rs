//! Credits: how much the bridge may send before the page has caught up.
//!
//! Browsers read WebSockets eagerly, whatever the page does: without credits, frames
//! would pile up in the page's memory. Both sides count the bytes of whole `Frames`
//! messages since the socket was opened; a grant is the *total* so far, so that a
//! grant said twice does no harm. Control messages and receipts need no credit.

use crate::control::ToBridge;

/// The page's side: grants a window of bytes, anew as it works through them.
#[derive(Clone, Debug)]
pub struct Granter {
    window: u64,
    consumed: u64,
    granted: u64,
}

impl Granter {
    /// Keeps at most `window` bytes of frames under way. More than what the bridge
    /// can send in a round trip of the page: 4 MiB serves 1 Gbit/s and 30 ms. Not less than
    /// two messages ([`MAX_MESSAGE`](crate::MAX_MESSAGE)), or the longest could wait forever.
    pub fn new(window: u64) -> Self {
        Self {
            window,
            consumed: 0,
            granted: 0,
        }
    }

    /// What to send when the socket has opened.
    pub fn first(&mut self) -> ToBridge {
        self.granted = self.window;
        ToBridge::Credit {
            total_bytes: self.granted,
        }
    }

    /// A `Frames` message of `len` bytes was worked through: what to send, if it is time.
    pub fn consumed(&mut self, len: usize) -> Option<ToBridge> {
        self.consumed = self.consumed.saturating_add(len as u64);
        let due = self.consumed.saturating_add(self.window);
        if due.saturating_sub(self.granted) < self.window / 2 {
            return None;
        }
        self.granted = due;
        Some(ToBridge::Credit { total_bytes: due })
    }
}

/// The bridge's side: what it may still send.
#[derive(Clone, Copy, Debug, Default)]
pub struct Allowance {
    granted: u64,
    used: u64,
}

impl Allowance {
    /// The page granted `total_bytes` since the socket was opened. Grants never shrink.
    pub fn grant(&mut self, total_bytes: u64) {
        self.granted = self.granted.max(total_bytes);
    }

    /// The bytes of `Frames` messages that may still be sent.
    pub fn left(&self) -> u64 {
        self.granted.saturating_sub(self.used)
    }

    /// A `Frames` message of `len` bytes is sent, if the credit covers it.
    #[must_use]
    pub fn spend(&mut self, len: usize) -> bool {
        let covered = len as u64 <= self.left();
        if covered {
            self.used += len as u64;
        }
        covered
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nothing_may_be_sent_before_the_first_grant() {
        let mut allowance = Allowance::default();
        assert!(!allowance.spend(1));
        allowance.grant(10);
        allowance.grant(5);
        assert_eq!(allowance.left(), 10);
        assert!(allowance.spend(10));
        assert!(!allowance.spend(1));
    }

    proptest! {
        /// Whatever the sizes: never more than the window under way, and never stuck.
        #[test]
        fn the_window_holds_and_never_starves(
            sizes in prop::collection::vec(1..500_usize, 1..200)
        ) {
            let window = 1_000;
            let mut page = Granter::new(window);
            let mut bridge = Allowance::default();
            let ToBridge::Credit { total_bytes } = page.first() else { unreachable!() };
            bridge.grant(total_bytes);
            let mut under_way = std::collections::VecDeque::new();
            for size in sizes {
                while !bridge.spend(size) {
                    let done = under_way.pop_front();
                    prop_assert!(done.is_some(), "no credit left and nothing under way");
                    if let Some(ToBridge::Credit { total_bytes }) = page.consumed(done.unwrap_or(0)) {
                        bridge.grant(total_bytes);
                    }
                }
                under_way.push_back(size);
                prop_assert!(under_way.iter().sum::<usize>() as u64 <= window);
            }
        }
    }
}
