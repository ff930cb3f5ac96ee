//! What the application asks of a connection: SEND, RECEIVE, CLOSE, ABORT (RFC 9293
//! §3.10.2 to §3.10.5), and to behave otherwise from now on.

use super::connection::Connection;
use super::policy::Policy;
use super::sender::Fin;
use super::state::Step;
use super::writes::Write;
use crate::time::Instant;
use crate::trace::{CloseReason, Observer, ResetReason, TcpState, TimerKind, Trigger};

impl Connection {
    /// Queues bytes to be sent; answers how many there was room for (zero also
    /// after [`shutdown`](Self::shutdown) and when the connection is over).
    pub fn send<O: Observer>(&mut self, now: Instant, data: &[u8], trace: &mut O) -> usize {
        self.send_with(now, data, Write::default(), trace)
    }

    /// The same, with what the application says of this write. With a limit on what
    /// is unsent ([`SendPolicy::unsent_limit`](super::policy::SendPolicy)), write
    /// again after [`poll_transmit`](Self::poll_transmit) until nothing is taken.
    pub fn send_with<O: Observer>(
        &mut self,
        now: Instant,
        data: &[u8],
        write: Write,
        trace: &mut O,
    ) -> usize {
        if !self.may_write() {
            return 0;
        }
        let room = self.snd.write_room(&self.policy).min(data.len());
        let taken = self.snd.buffer.append(&data[..room]);
        self.writer_waits |= taken < data.len();
        if taken > 0 {
            let is_whole = taken == data.len();
            let write = Write {
                more_follows: write.more_follows,
                ends_record: write.ends_record && is_whole,
            };
            self.snd.on_written(taken as u32, write, &self.policy);
        }
        let mut cx = self.context(now, Trigger::Application, trace);
        self.rearm(&mut cx);
        taken
    }

    /// Sends what waits for company without it, whatever the policy says (what is
    /// written later waits again).
    pub fn push<O: Observer>(&mut self, now: Instant, trace: &mut O) {
        self.snd.writes.push(self.snd.buffer.end());
        let mut cx = self.context(now, Trigger::Application, trace);
        self.rearm(&mut cx);
    }

    /// Takes received bytes; answers how many.
    pub fn recv<O: Observer>(&mut self, now: Instant, buf: &mut [u8], trace: &mut O) -> usize {
        let mut taken = 0;
        // Twice, for the ring may wrap once.
        for _ in 0..2 {
            let front = self.rcv.front();
            let n = front.len().min(buf.len() - taken);
            buf[taken..taken + n].copy_from_slice(&front[..n]);
            self.rcv.consume(n);
            taken += n;
        }
        self.after_read(now, taken, trace);
        taken
    }

    /// Shows the first received bytes in place (all, or up to where the ring
    /// wraps); `take` answers how many of them it has taken.
    pub fn recv_with<O: Observer>(
        &mut self,
        now: Instant,
        trace: &mut O,
        take: impl FnOnce(&[u8]) -> usize,
    ) -> usize {
        let front = self.rcv.front();
        let taken = take(front).min(front.len());
        self.rcv.consume(taken);
        self.after_read(now, taken, trace);
        taken
    }

    /// Closes our direction: a FIN follows what is queued. Reading goes on
    /// (RFC 9293 §3.6, a half close).
    pub fn shutdown<O: Observer>(&mut self, now: Instant, trace: &mut O) {
        if self.snd.fin != Fin::Open {
            return;
        }
        let mut cx = self.context(now, Trigger::Application, trace);
        self.snd.fin = Fin::Queued;
        // RFC 9293 §3.10.4: "In any case, enter FIN-WAIT-1". Before ESTABLISHED it
        // is queued; from CLOSE-WAIT the step is taken when the FIN goes out.
        if self.state == TcpState::Established {
            self.step(Step::Close, &mut cx);
        }
        self.rearm(&mut cx);
    }

    /// Closes both directions: a FIN follows what is queued, and what the peer
    /// still sends is answered with RST (RFC 9293 §3.6.1).
    pub fn close<O: Observer>(&mut self, now: Instant, trace: &mut O) {
        let mut cx = self.context(now, Trigger::Application, trace);
        self.reader_gone = true;
        match self.state {
            // RFC 9293 §3.10.4, SYN-SENT: "Delete the TCB".
            TcpState::SynSent => self.end(CloseReason::Aborted, &mut cx),
            // All was said and acknowledged.
            TcpState::TimeWait | TcpState::Closed => {}
            // RFC 9293 §3.6.1: unread data means that something is lost: say so.
            _ if self.rcv.readable_len() > 0 => {
                self.reset_with(ResetReason::DataAfterClose, &mut cx);
                self.end(CloseReason::Aborted, &mut cx);
            }
            TcpState::FinWait2 => self.bound_fin_wait_2(&mut cx),
            _ => self.shutdown(now, trace),
        }
    }

    /// Ends the connection at once: what is queued is let go, and the peer gets a
    /// RST (RFC 9293 §3.10.5). A close that must not linger (`SO_LINGER` with zero
    /// seconds) is this.
    pub fn abort<O: Observer>(&mut self, now: Instant, trace: &mut O) {
        let mut cx = self.context(now, Trigger::Application, trace);
        // In the other states both directions are closed, or the peer knows of
        // nothing: "respond to the ABORT call and delete the TCB".
        let peer_waits = matches!(
            self.state,
            TcpState::SynReceived
                | TcpState::Established
                | TcpState::FinWait1
                | TcpState::FinWait2
                | TcpState::CloseWait
        );
        if peer_waits {
            self.reset_with(ResetReason::Aborted, &mut cx);
        }
        // RFC 9293 §3.10.5: in TIME-WAIT all was said and done before.
        let reason = match self.state {
            TcpState::TimeWait => CloseReason::Finished,
            _ => CloseReason::Aborted,
        };
        self.end(reason, &mut cx);
    }

    /// How it behaves from now on. What the SYNs agreed on stays agreed, and
    /// what was promised stays promised.
    pub fn set_policy<O: Observer>(&mut self, now: Instant, policy: &Policy, trace: &mut O) {
        if !self.snd.cc.is(policy.congestion) {
            self.snd.cc = super::congestion::Congestion::new(policy, self.snd.mss());
        }
        self.rcv.set_policy(&policy.receive);
        self.snd.buffer.set_limit(policy.send.buffer_len);
        let keep_alive = self.policy.timing.keep_alive;
        let user_timeout = self.policy.timing.user_timeout;
        self.policy = policy.into();
        let mut cx = self.context(now, Trigger::Application, trace);
        // Patience of another length is counted from now on.
        if user_timeout != policy.timing.user_timeout {
            self.timers.stop(TimerKind::User, &mut cx);
        }
        if keep_alive != policy.timing.keep_alive {
            self.timers.stop(TimerKind::KeepAlive, &mut cx);
        }
        self.rearm(&mut cx);
    }
}
