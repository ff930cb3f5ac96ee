//! What the hub does for pages: it seats them, hears their claims, and sends their frames.

use super::super::seat::{Outbox, Seat};
use super::super::wire::Wire;
use super::{Command, Hub, MAX_SEATS, SEND_PATIENCE, error, into_receipt, refusal};
use crate::io::now_ns;
use crate::say;
use std::io;
use std::net::Ipv4Addr;
use synema_core::time::Instant;
use synema_relay::{ClaimState, ErrorCode, Frames, PageHello, SessionId, ToBridge, ToPage};
use tokio::time::timeout;

impl<W: Wire> Hub<W> {
    pub(super) async fn obey(&mut self, command: Command) {
        let now = self.now();
        match command {
            Command::Attach {
                hello,
                outbox,
                reply,
            } => {
                let answer = self.attach(now, &hello, outbox);
                // A socket that died meanwhile reads no answer, and detaches.
                let _ = reply.send(answer);
            }
            Command::Control { conn, message } => self.control(now, conn, message),
            Command::Frames { conn, message } => self.send(conn, &message).await,
            Command::Fail { conn, error } => {
                if let Some(seat) = self.seat_of(conn) {
                    seat.tell(&error);
                    seat.stand_up(now);
                }
            }
            Command::Detach { conn } => {
                if let Some(seat) = self.seat_of(conn) {
                    seat.stand_up(now);
                }
            }
        }
    }

    fn attach(&mut self, now: Instant, hello: &PageHello, outbox: Outbox) -> Result<u64, ToPage> {
        let conn = self.next_conn;
        self.next_conn += 1;
        if let Some(id) = hello.session
            && let Some(seat) = self.seats.iter_mut().find(|seat| seat.id == id)
        {
            // The old socket, if it is still there, is of the same page: the new one counts.
            seat.sit(now, &self.ground, conn, outbox, true);
            return Ok(conn);
        }
        // Pages whose socket died make way for one that is here.
        self.seats.retain(|seat| seat.conn().is_some());
        if self.seats.len() >= MAX_SEATS {
            if !hello.take_over {
                return Err(error(
                    ErrorCode::Busy,
                    "another page is using this bridge",
                    "close the other page, or take the bridge over from it",
                ));
            }
            let mut old = self.seats.remove(0);
            old.tell(&error(
                ErrorCode::TakenOver,
                "another page took this bridge over",
                "use the other page, or take the bridge back",
            ));
        }
        let mut id = [0; 16];
        getrandom::fill(&mut id).map_err(|why| {
            error(
                ErrorCode::WireFailed,
                format!("the system gives no random numbers: {why}"),
                "start synema again",
            )
        })?;
        let mut guard = self.ground.guard();
        if let Some(budget) = &self.budget {
            guard = guard.with_budget(budget.clone());
        }
        let mut seat = Seat::new(SessionId(id), guard, self.lost_below());
        seat.sit(now, &self.ground, conn, outbox, false);
        self.seats.push(seat);
        self.forget();
        Ok(conn)
    }

    fn control(&mut self, now: Instant, conn: u64, message: ToBridge) {
        if matches!(message, ToBridge::Claim { .. }) {
            self.look_at_host(now);
        }
        let Some(seat) = self.seat_of(conn) else {
            return;
        };
        match message {
            ToBridge::Credit { total_bytes } => seat.grant(total_bytes),
            ToBridge::Claim { addr } => {
                let state = seat.guard.claim(now, addr);
                if matches!(state, ClaimState::Refused { .. }) {
                    seat.tell(&ToPage::Claim(state));
                }
                // The filter first: an answer to the first probe must not be missed.
                if let Err(failure) = self.admit() {
                    self.deafened(conn, &failure);
                }
            }
            ToBridge::Release => {
                seat.guard.release();
                self.forget();
            }
            ToBridge::Bye => {
                self.seats.retain(|seat| seat.conn() != Some(conn));
                self.forget();
            }
        }
    }

    /// Frames of a page: each is sent or refused, and told so in one message of receipts.
    async fn send(&mut self, conn: u64, message: &[u8]) {
        let now = self.now();
        let Some(at) = self.seats.iter().position(|seat| seat.conn() == Some(conn)) else {
            return;
        };
        let Ok(frames) = Frames::new(message) else {
            return;
        };
        let seat = &mut self.seats[at];
        let mut receipts = Vec::new();
        let mut admitted = Vec::new();
        let mut bytes = Vec::new();
        for frame in frames {
            let outcome = seat.guard.outgoing(now, frame.bytes);
            if let Ok(outgoing) = outcome {
                admitted.push((receipts.len(), outgoing));
                bytes.push(frame.bytes);
            }
            receipts.push((frame.id, outcome.map(|_| None)));
        }
        let sending = self.wire.send_batch(&bytes, |place, outcome| {
            let (at, _) = admitted[place];
            receipts[at].1 = outcome.map(Some).map_err(|error| refusal(&error));
        });
        // What has no receipt when patience ends met a full queue.
        let _ = timeout(SEND_PATIENCE, sending).await;
        let sent_at = self.now();
        let seat = &mut self.seats[at];
        self.budget = Some(seat.guard.budget().clone());
        for (at, outgoing) in admitted {
            if let (_, Ok(Some(_))) = receipts[at] {
                seat.guard.sent(sent_at, outgoing);
            }
        }
        let refused_at = now_ns();
        for (id, outcome) in receipts {
            seat.receipt(into_receipt(id, outcome, refused_at));
        }
        seat.post_receipts();
    }

    pub(super) fn seat_of(&mut self, conn: u64) -> Option<&mut Seat> {
        self.seats.iter_mut().find(|seat| seat.conn() == Some(conn))
    }

    /// A claim whose answers would not be heard must not stand.
    pub(super) fn deafened(&mut self, conn: u64, failure: &io::Error) {
        let interface = self.ground.interface.clone();
        if let Some(seat) = self.seat_of(conn) {
            seat.guard.release();
            seat.tell(&error(
                ErrorCode::WireFailed,
                format!("the socket's filter at {interface} could not be set: {failure}"),
                "claim the address again; if that does not help, start synema again",
            ));
        }
    }

    /// Sets the kernel's filter to the addresses under claim. If an address that was given up
    /// stays in it, that costs time only: the guard looks at every frame. A new one that does
    /// not get in would not be heard of.
    pub(super) fn admit(&self) -> io::Result<()> {
        let addresses: Vec<Ipv4Addr> = self
            .seats
            .iter()
            .filter_map(|seat| seat.guard.address())
            .collect();
        self.wire.admit(&addresses).inspect_err(|error| {
            say::line(format_args!(
                "synema: the socket's filter could not be set: {error}"
            ));
        })
    }

    /// Takes addresses out of the filter that nobody claims any more.
    pub(super) fn forget(&self) {
        // What stays in it is looked at by the guard.
        let _ = self.admit();
    }
}
