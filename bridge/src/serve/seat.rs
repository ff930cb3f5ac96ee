//! One page's place at the wire: its claim, its counters, and its socket if it has one.
//!
//! A seat outlives its socket for a while, so that a page whose connection broke can sit
//! down again with its claim, its gate and its frame numbers as they were.

use super::ground::Ground;
use crate::gate::{Guard, Heard};
use bytes::Bytes;
use std::convert::Infallible;
use synema_core::time::Instant;
use synema_core::trace::FrameId;
use synema_relay::frames::{Full, record_len};
use synema_relay::{
    Allowance, ClaimState, FramesEncoder, ReceiptsEncoder, SessionId, Stats, ToPage, encode_hello,
    encode_to_page,
};
use tokio::sync::{mpsc, oneshot};

/// Where messages for a page go. Both queues are bounded: control messages and receipts
/// must arrive (a page that does not take them is cut off), frames may be dropped.
#[derive(Debug)]
pub(super) struct Outbox {
    /// Hello, control and receipts.
    pub(super) control: mpsc::Sender<Bytes>,
    /// Frames.
    pub(super) frames: mpsc::Sender<Bytes>,
    /// Dropped with the rest: tells the socket to end, even while its writer is stuck.
    #[expect(dead_code, reason = "it is there to be dropped")]
    pub(super) held: oneshot::Sender<Infallible>,
}

/// A page's socket, as the hub knows it.
#[derive(Debug)]
struct Link {
    conn: u64,
    outbox: Outbox,
    allowance: Allowance,
}

/// One page's place at the wire.
#[derive(Debug)]
pub(super) struct Seat {
    pub(super) id: SessionId,
    pub(super) guard: Guard,
    link: Option<Link>,
    /// None while the page is here, and until the hub has noticed that it is not.
    away_since: Option<Instant>,
    stats: Stats,
    kernel_drops_before: u64,
    told_stats: Stats,
    told_claim: ClaimState,
    next_frame: u64,
    pending: FramesEncoder,
    receipts: ReceiptsEncoder,
}

impl Seat {
    pub(super) fn new(id: SessionId, guard: Guard, kernel_drops: u64) -> Self {
        Self {
            id,
            guard,
            link: None,
            away_since: None,
            stats: Stats::default(),
            kernel_drops_before: kernel_drops,
            told_stats: Stats::default(),
            told_claim: ClaimState::Nothing,
            next_frame: 0,
            pending: FramesEncoder::new(),
            receipts: ReceiptsEncoder::new(),
        }
    }

    /// The page has come, on the socket `conn`: it is told where it stands.
    pub(super) fn sit(
        &mut self,
        now: Instant,
        ground: &Ground,
        conn: u64,
        outbox: Outbox,
        resumed: bool,
    ) {
        self.away_since = None;
        self.link = Some(Link {
            conn,
            outbox,
            allowance: Allowance::default(),
        });
        self.told_claim = self.guard.claim_state(now);
        let hello = ground.hello(self.id, resumed, self.told_claim.clone());
        self.post(encode_hello(&hello).into());
    }

    /// The socket is gone; the seat is kept for a while.
    pub(super) fn stand_up(&mut self, now: Instant) {
        self.link = None;
        self.away_since = Some(now);
    }

    /// Begins the wait for a page that was cut off.
    pub(super) fn notice_absence(&mut self, now: Instant) {
        if self.link.is_none() {
            self.away_since.get_or_insert(now);
        }
    }

    /// Which socket the page has now.
    pub(super) fn conn(&self) -> Option<u64> {
        self.link.as_ref().map(|link| link.conn)
    }

    /// Since when the page has had no socket.
    pub(super) fn away_since(&self) -> Option<Instant> {
        self.away_since
    }

    /// The page has room for frames.
    pub(super) fn grant(&mut self, total_bytes: u64) {
        if let Some(link) = &mut self.link {
            link.allowance.grant(total_bytes);
        }
    }

    /// A frame came from the wire. It is handed on if it concerns the claim.
    pub(super) fn incoming(&mut self, now: Instant, time_ns: u64, frame: &[u8]) -> Heard {
        let (heard, concerns) = match self.link {
            Some(_) => self.guard.incoming(now, frame),
            None => self.guard.incoming_undefended(now, frame),
        };
        if concerns {
            self.stats.received += 1;
            let id = FrameId::received(self.next_frame);
            self.next_frame += 1;
            self.deliver(id, time_ns, frame);
        }
        heard
    }

    /// Sends what has been gathered, at once.
    pub(super) fn flush(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        let count = u64::from(self.pending.frames());
        let message = Bytes::copy_from_slice(self.pending.as_bytes());
        self.pending.clear();
        let delivered = self.link.as_mut().is_some_and(|link| {
            // A place in the queue first: credit is spent only on what is really sent.
            link.outbox.frames.try_reserve().is_ok_and(|place| {
                let covered = link.allowance.spend(message.len());
                if covered {
                    place.send(message);
                }
                covered
            })
        });
        match delivered {
            true => self.stats.delivered += count,
            false => self.stats.dropped_by_queue += count,
        }
    }

    /// Notes what became of a frame of the page; [`post_receipts`](Self::post_receipts) tells.
    pub(super) fn receipt(&mut self, receipt: synema_relay::Receipt) {
        match receipt.outcome {
            Ok(()) => self.stats.sent += 1,
            Err(_) => self.stats.refused += 1,
        }
        self.receipts.push(receipt);
        if self.receipts.is_full() {
            self.post_receipts();
        }
    }

    pub(super) fn post_receipts(&mut self) {
        if !self.receipts.is_empty() {
            let message = Bytes::copy_from_slice(self.receipts.as_bytes());
            self.receipts.clear();
            self.post(message);
        }
    }

    /// Tells the page how its claim stands, if that has changed.
    pub(super) fn tell_claim(&mut self, now: Instant) {
        let state = self.guard.claim_state(now);
        if state != self.told_claim {
            self.told_claim = state.clone();
            self.tell(&ToPage::Claim(state));
        }
    }

    /// Tells the page the counters, if they have changed.
    pub(super) fn tell_stats(&mut self, kernel_drops: u64) {
        self.stats.dropped_by_kernel = kernel_drops.saturating_sub(self.kernel_drops_before);
        if self.stats != self.told_stats {
            self.told_stats = self.stats;
            self.tell(&ToPage::Stats(self.stats));
        }
    }

    pub(super) fn tell(&mut self, message: &ToPage) {
        self.post(encode_to_page(message).into());
    }

    /// A page that does not take what must arrive is cut off: the socket's writer ends
    /// when its queues are dropped.
    fn post(&mut self, message: Bytes) {
        if let Some(link) = &self.link
            && link.outbox.control.try_send(message).is_err()
        {
            self.link = None;
        }
    }

    fn deliver(&mut self, id: FrameId, time_ns: u64, frame: &[u8]) {
        let Some(link) = &self.link else {
            self.stats.dropped_while_away += 1;
            return;
        };
        let with_it = self.pending.as_bytes().len() + record_len(frame);
        if with_it as u64 > link.allowance.left() {
            self.stats.dropped_by_queue += 1;
            return;
        }
        if self.pending.push(id, time_ns, frame) == Err(Full::Message) {
            self.flush();
            if self.pending.push(id, time_ns, frame).is_err() {
                self.stats.dropped_by_queue += 1;
            }
        }
    }
}
