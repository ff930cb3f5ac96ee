//! One stack of our own on one wire: the clock, the guard, the socket and the tape between them.
//!
//! ```text
//!   raw socket ── recv_batch ──► hear ──► guard ──► the stack      (curl's session, a server)
//!              ◄── send ◄── guard ◄── outbox ◄── collect ◄── its frames
//!                              both ways past the tape
//! ```

use crate::curl::tape::Tape;
use crate::egress::Outgoing;
use crate::gate::{Guard, Heard};
use crate::io::{Admit, Batch, PacketIo, RawSocket, now_ns};
use crate::serve::{Ground, refusal};
use std::io;
use std::net::Ipv4Addr;
use std::time::Duration;
use synema_core::app::session::{ClaimCommand, ClaimTimings};
use synema_core::time::Instant;
use synema_core::trace::{FrameId, Record};
use synema_relay::Refusal;
use tokio::time::timeout;

/// How long the interface's queue may be full before frames are dropped.
const SEND_PATIENCE: Duration = Duration::from_millis(100);
/// Long enough to mean "nothing is due".
const IDLE: Duration = Duration::from_secs(3600);

/// Nanoseconds since 1970 that never go back: the stack's clock, and within the clock's
/// own adjustments also the kernel's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    origin_ns: u64,
    origin: tokio::time::Instant,
}

impl Clock {
    fn start() -> Self {
        Self {
            origin_ns: now_ns(),
            origin: tokio::time::Instant::now(),
        }
    }

    pub(crate) fn now(self) -> Instant {
        Instant::from_nanos(self.origin_ns) + self.origin.elapsed()
    }

    /// When to wake for `due`; late if nothing is.
    pub(crate) fn when(self, due: Option<Instant>) -> tokio::time::Instant {
        match due {
            Some(at) => self.origin + at.since(Instant::from_nanos(self.origin_ns)).min(IDLE * 24),
            None => tokio::time::Instant::now() + IDLE,
        }
    }
}

/// A stack's place on a wire.
pub(crate) struct Station {
    pub(crate) ground: Ground,
    pub(crate) clock: Clock,
    guard: Guard,
    wire: PacketIo,
    tape: Option<Tape>,
    received: u64,
    outbox: Vec<(FrameId, Vec<u8>)>,
    spare: Vec<Vec<u8>>,
}

impl Station {
    /// Everything in its place; nothing is sent yet.
    ///
    /// # Errors
    /// When the runtime does not take the socket.
    pub(crate) fn new(ground: Ground, socket: RawSocket, tape: Option<Tape>) -> io::Result<Self> {
        Ok(Self {
            guard: ground.guard(),
            ground,
            wire: PacketIo::new(socket)?,
            tape,
            clock: Clock::start(),
            received: 0,
            outbox: Vec::new(),
            spare: Vec::new(),
        })
    }

    /// Lets the guard watch over a claim to `ip`, and the kernel let in what is for it. What
    /// the stack is to be told.
    ///
    /// # Errors
    /// When the socket takes no filter.
    pub(crate) fn claim(
        &mut self,
        ip: Ipv4Addr,
        timings: ClaimTimings,
    ) -> io::Result<ClaimCommand> {
        self.guard.claim(self.clock.now(), ip);
        self.wire.socket().admit(&Admit::Addresses(vec![ip]))?;
        let rules = &self.ground.rules;
        Ok(ClaimCommand {
            addr: ip,
            prefix_len: rules.subnet.prefix_len,
            gateway: rules.gateway,
            dns: self.ground.dns.clone(),
            timings,
        })
    }

    /// Waits for frames.
    ///
    /// # Errors
    /// When the wire failed.
    pub(crate) async fn recv_batch(&mut self, batch: &mut Batch) -> io::Result<()> {
        self.wire.recv_batch(batch).await.map(drop)
    }

    /// A batch of frames has come: notes what the kernel dropped before them.
    pub(crate) fn begin_batch(&mut self) {
        let dropped = self.dropped_by_kernel();
        if let Some(tape) = &mut self.tape {
            tape.kernel_dropped(dropped);
        }
    }

    /// What the guard makes of a frame that came, and its name if it is for the stack.
    pub(crate) fn hear(
        &mut self,
        now: Instant,
        time_ns: u64,
        bytes: &[u8],
    ) -> Option<(FrameId, Heard)> {
        let (heard, concerns) = self.guard.incoming(now, bytes);
        if !concerns {
            return None;
        }
        let id = FrameId::received(self.received);
        self.received += 1;
        if let Some(tape) = &mut self.tape {
            tape.received(id, time_ns, bytes);
        }
        Some((id, heard))
    }

    /// Takes the frames that the stack has to send.
    pub(crate) fn collect(&mut self, mut poll: impl FnMut(&mut Vec<u8>) -> Option<FrameId>) {
        loop {
            let mut frame = self.spare.pop().unwrap_or_default();
            match poll(&mut frame) {
                Some(id) => self.outbox.push((id, frame)),
                None => {
                    self.spare.push(frame);
                    return;
                }
            }
        }
    }

    /// Sends what the guard lets out; what it does not is told and kept on the tape.
    pub(crate) async fn send(&mut self, mut refused: impl FnMut(&str)) {
        if self.outbox.is_empty() {
            return;
        }
        let now = self.clock.now();
        let outbox = std::mem::take(&mut self.outbox);
        let mut outcomes: Vec<Result<Option<u64>, Refusal>> = Vec::with_capacity(outbox.len());
        let mut admitted: Vec<(usize, Outgoing)> = Vec::with_capacity(outbox.len());
        let mut frames: Vec<&[u8]> = Vec::with_capacity(outbox.len());
        for (_, frame) in &outbox {
            let verdict = self.guard.outgoing(now, frame);
            if let Ok(outgoing) = verdict {
                admitted.push((outcomes.len(), outgoing));
                frames.push(frame);
            }
            outcomes.push(verdict.map(|_| None));
        }
        let sending = self.wire.send_batch(&frames, |place, outcome| {
            outcomes[admitted[place].0] = outcome.map(Some).map_err(|error| refusal(&error));
        });
        // What has no receipt when patience ends met a full queue.
        let _ = timeout(SEND_PATIENCE, sending).await;
        let sent_at = self.clock.now();
        for (at, outgoing) in admitted {
            if let Ok(Some(_)) = outcomes[at] {
                self.guard.sent(sent_at, outgoing);
            }
        }
        for ((id, frame), outcome) in outbox.into_iter().zip(outcomes) {
            let outcome = outcome.and_then(|sent| sent.ok_or(Refusal::QueueFull));
            if let Err(why) = outcome {
                refused(why.words());
            }
            if let Some(tape) = &mut self.tape {
                let at = outcome.unwrap_or_else(|_| now_ns());
                tape.sent(id, at, &frame, outcome.map(drop));
            }
            self.spare.push(frame);
        }
    }

    /// The trace said something.
    pub(crate) fn record(&mut self, record: Record) {
        if let Some(tape) = &mut self.tape {
            tape.record(record);
        }
    }

    /// Frames that the kernel dropped before we saw them.
    pub(crate) fn dropped_by_kernel(&self) -> u64 {
        self.wire.socket().counters().dropped_by_kernel
    }

    /// What was kept.
    pub(crate) fn into_tape(self) -> Option<Tape> {
        self.tape
    }
}
