//! The hub: the one task that touches the wire. It seats pages, guards what they send, and
//! hands them what they hear.
//!
//! ```text
//!    page's socket ──Command──> ┌───────┐ ──outgoing──> Guard ──> wire ──> receipt
//!    (page.rs)                  │  Hub  │
//!    page's socket <──Outbox─── │ seats │ <──incoming── Guard <── wire
//!                               └───────┘
//! ```
//!
//! Frames from the wire go to every seat whose claim they concern: one seat today
//! ([`MAX_SEATS`]), a table already.

mod pages;

use super::ground::Ground;
use super::seat::{Outbox, Seat};
use super::wire::Wire;
use crate::egress::Budget;
use crate::gate::Heard;
use crate::io::Batch;
use crate::say;
use bytes::Bytes;
use std::future::Future;
use std::io;
use std::time::Duration;
use synema_core::time::Instant;
use synema_core::trace::FrameId;
use synema_relay::{ClaimState, ErrorCode, PageHello, Receipt, Refusal, ToBridge, ToPage};
use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep_until;

/// How many pages may have an address at the same time.
const MAX_SEATS: usize = 1;
/// How long a seat is kept for a page whose socket died.
pub const GRACE: Duration = Duration::from_secs(60);
/// How often the counters are told, while they change.
const STATS_INTERVAL: Duration = Duration::from_secs(1);
/// How long the interface's queue may be full before frames are refused.
const SEND_PATIENCE: Duration = Duration::from_millis(100);
/// Batches that are read in a row before something else is done: more than a ring holds.
const MAX_CATCH_UP: usize = 512;
/// Messages of all pages that wait for the hub.
const COMMANDS: usize = 64;

/// What a page's socket asks of the hub.
#[derive(Debug)]
pub(super) enum Command {
    /// A page has said hello.
    Attach {
        hello: PageHello,
        outbox: Outbox,
        reply: oneshot::Sender<Result<u64, ToPage>>,
    },
    /// A control message of the page on this socket.
    Control { conn: u64, message: ToBridge },
    /// A checked message of frames.
    Frames { conn: u64, message: Bytes },
    /// The page on this socket did something wrong: tell it, and close.
    Fail { conn: u64, error: ToPage },
    /// The socket is gone.
    Detach { conn: u64 },
}

/// The sockets' end of the hub.
#[derive(Clone, Debug)]
pub struct HubHandle {
    commands: mpsc::Sender<Command>,
}

impl HubHandle {
    /// Asks; false when the hub has ended.
    pub(super) async fn ask(&self, command: Command) -> bool {
        self.commands.send(command).await.is_ok()
    }
}

/// Why the hub ended without being asked to.
#[derive(Debug)]
pub struct WireLost(pub io::Error);

/// The hub. [`run`](Self::run) it on a task.
#[derive(Debug)]
pub struct Hub<W> {
    wire: W,
    ground: Ground,
    grace: Duration,
    seats: Vec<Seat>,
    commands: mpsc::Receiver<Command>,
    next_conn: u64,
    /// What the pages so far have left of the rate limit.
    budget: Option<Budget>,
    started: tokio::time::Instant,
    next_stats: Instant,
}

impl<W: Wire> Hub<W> {
    /// A hub on this wire and ground, and the handle for sockets.
    pub fn new(wire: W, ground: Ground, grace: Duration) -> (Self, HubHandle) {
        let (sender, commands) = mpsc::channel(COMMANDS);
        let hub = Self {
            wire,
            ground,
            grace,
            seats: Vec::new(),
            commands,
            next_conn: 1,
            budget: None,
            started: tokio::time::Instant::now(),
            next_stats: Instant::ZERO,
        };
        (hub, HubHandle { commands: sender })
    }

    /// Serves until `shutdown` is done, and then says goodbye.
    ///
    /// # Errors
    /// When the wire is gone for good.
    pub async fn run(mut self, shutdown: impl Future<Output = ()>) -> Result<(), WireLost> {
        let mut shutdown = std::pin::pin!(shutdown);
        let mut batch = Batch::new();
        loop {
            let deadline = self.started + self.next_deadline().since(Instant::ZERO);
            tokio::select! {
                received = self.wire.recv_batch(&mut batch) => {
                    match received {
                        Ok(_) => self.hear(&batch),
                        Err(error) => self.wire_failed(error)?,
                    }
                    batch.clear();
                }
                Some(command) = self.commands.recv() => {
                    if matches!(command, Command::Frames { .. }) {
                        self.catch_up(&mut batch)?;
                    }
                    self.obey(command).await;
                }
                () = sleep_until(deadline) => {}
                () = &mut shutdown => break,
            }
            if self.is_gate_due() {
                self.catch_up(&mut batch)?;
            }
            self.settle();
        }
        for seat in &mut self.seats {
            seat.tell(&ToPage::Bye);
        }
        Ok(())
    }

    fn now(&self) -> Instant {
        Instant::ZERO + self.started.elapsed()
    }

    /// Hears what has arrived already: before a gate opens, and before a page's frames go out,
    /// an objection must not lie unread.
    fn catch_up(&mut self, batch: &mut Batch) -> Result<(), WireLost> {
        for _ in 0..MAX_CATCH_UP {
            batch.clear();
            match self.wire.try_recv_batch(batch) {
                Ok(_) => self.hear(batch),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => {
                    self.wire_failed(error)?;
                    break;
                }
            }
        }
        batch.clear();
        Ok(())
    }

    fn is_gate_due(&self) -> bool {
        let now = self.now();
        let mut dues = self
            .seats
            .iter()
            .filter_map(|seat| seat.guard.poll_timeout());
        dues.any(|due| due <= now)
    }

    /// What is due after every step: claims that opened, counters, seats kept in vain.
    fn settle(&mut self) {
        let now = self.now();
        for seat in &mut self.seats {
            seat.tell_claim(now);
            seat.notice_absence(now);
        }
        if now >= self.next_stats {
            let kernel_drops = self.lost_below();
            for seat in &mut self.seats {
                seat.tell_stats(kernel_drops);
            }
            self.look_at_host(now);
            self.next_stats = now + STATS_INTERVAL;
        }
        let grace = self.grace;
        let before = self.seats.len();
        self.seats
            .retain(|seat| seat.away_since().is_none_or(|since| now < since + grace));
        if self.seats.len() != before {
            self.forget();
        }
    }

    /// What the host takes for itself is not ours any more. Its own announcements do not
    /// reach our socket, so it is asked.
    fn look_at_host(&mut self, now: Instant) {
        let Some(host_addrs) = self
            .ground
            .host_addrs_now
            .filter(|_| !self.seats.is_empty())
        else {
            return;
        };
        let addrs = host_addrs();
        let host = self.ground.interface_mac;
        for at in (0..self.seats.len()).rev() {
            let guard = &mut self.seats[at].guard;
            if let Heard::Lost(_) = guard.host_has(addrs.clone(), host) {
                self.end_lost(at, now);
            }
        }
    }

    fn next_deadline(&self) -> Instant {
        let of_seats = self.seats.iter().flat_map(|seat| {
            let forgotten = seat.away_since().map(|since| since + self.grace);
            [seat.guard.poll_timeout(), forgotten]
        });
        let stats = (!self.seats.is_empty()).then_some(self.next_stats);
        of_seats
            .chain([stats])
            .flatten()
            .min()
            .unwrap_or(self.now() + Duration::from_secs(3600))
    }

    /// Frames from the wire.
    fn hear(&mut self, batch: &Batch) {
        let now = self.now();
        for frame in batch.iter() {
            for at in 0..self.seats.len() {
                let seat = &mut self.seats[at];
                if let Heard::Lost(_) = seat.incoming(now, frame.timestamp_ns, frame.bytes) {
                    self.end_lost(at, now);
                    // The table has moved; the other seats hear of it with the next frame.
                    break;
                }
            }
        }
        for seat in &mut self.seats {
            seat.flush();
        }
    }

    /// RFC 5227 §2.4: the address is given up at once. The seat goes, and with it every
    /// way to send.
    fn end_lost(&mut self, at: usize, now: Instant) {
        let mut seat = self.seats.remove(at);
        seat.flush();
        seat.tell_claim(now);
        let ClaimState::Conflict { addr, by, .. } = seat.guard.claim_state(now) else {
            unreachable!("the gate said Lost, and keeps saying so")
        };
        seat.tell(&error(
            ErrorCode::Conflict,
            format!("{addr} was taken by {by}, who insists on it: this session has ended"),
            "choose another address and claim it",
        ));
        self.forget();
    }

    /// A down interface may come up again; one that is gone does not.
    fn wire_failed(&mut self, failure: io::Error) -> Result<(), WireLost> {
        let interface = &self.ground.interface;
        let (code, cause, next_step) = match failure.raw_os_error() {
            Some(libc::ENETDOWN) => (
                ErrorCode::InterfaceDown,
                format!("the interface {interface} went down"),
                format!(
                    "bring it up (sudo ip link set {interface} up), and claim the address anew"
                ),
            ),
            Some(libc::ENXIO | libc::ENODEV) => (
                ErrorCode::InterfaceDown,
                format!("the interface {interface} is gone"),
                "start synema again when it is back".to_owned(),
            ),
            _ => (
                ErrorCode::WireFailed,
                format!("the wire at {interface} failed: {failure}"),
                "start synema again".to_owned(),
            ),
        };
        say::line(format_args!("synema: {cause}\n  next: {next_step}"));
        for mut seat in std::mem::take(&mut self.seats) {
            seat.tell(&error(code, &cause, &next_step));
        }
        match failure.raw_os_error() {
            Some(libc::ENETDOWN) => {
                self.forget();
                Ok(())
            }
            _ => Err(WireLost(failure)),
        }
    }

    /// Frames lost before anybody could look at them: the ring was full, or they were of a kind
    /// that cannot be made whole.
    fn lost_below(&self) -> u64 {
        let counters = self.wire.counters();
        counters.dropped_by_kernel.saturating_add(counters.unusable)
    }
}

/// `Ok(None)` was admitted and then not taken by the interface in time.
fn into_receipt(id: FrameId, outcome: Result<Option<u64>, Refusal>, refused_at: u64) -> Receipt {
    let outcome = outcome.and_then(|sent| sent.ok_or(Refusal::QueueFull));
    Receipt {
        id,
        time_ns: *outcome.as_ref().unwrap_or(&refused_at),
        outcome: outcome.map(drop),
    }
}

pub(crate) fn refusal(error: &io::Error) -> Refusal {
    match error.raw_os_error() {
        Some(libc::EMSGSIZE) => Refusal::TooLong,
        Some(libc::ENETDOWN | libc::ENXIO | libc::ENODEV) => Refusal::InterfaceDown,
        Some(libc::ENOBUFS | libc::EAGAIN) => Refusal::QueueFull,
        _ => Refusal::SystemRefused,
    }
}

/// An error as the page is told it.
pub(super) fn error(
    code: ErrorCode,
    cause: impl Into<String>,
    next_step: impl Into<String>,
) -> ToPage {
    ToPage::Error {
        code,
        cause: cause.into(),
        next_step: next_step.into(),
    }
}

#[cfg(test)]
mod tests;
