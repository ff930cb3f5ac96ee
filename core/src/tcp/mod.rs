//! TCP (RFC 9293): connections as values that are fed and drained.
//!
//! ```text
//!   segment, time, call                    event, segment, deadline
//!        |                                          ^
//!        v                                          |
//!   connection.rs   the value and its face ---------+
//!     calls.rs        what the application asks for
//!     arrival.rs      SEGMENT ARRIVES (§3.10.7)     transmit.rs   what goes out next
//!     handshake.rs    its first states              state.rs      the RFC's diagram
//!     text.rs         its data and FIN              lifecycle.rs  entering a state
//!     timeout.rs      timers, ICMP errors               liveness.rs   is the peer still there
//!                                                       path.rs       its MTU
//!        |                                          |
//!        v                                          v
//!   receiver.rs     RCV.NXT, what came         sender.rs      SND.UNA, SND.NXT, SND.WND
//!     assembler.rs    what came early            recovery.rs    what an ACK tells
//!     ack.rs          when to acknowledge        rack.rs, tlp.rs  judged by time
//!                                                judge.rs       by SACK, by duplicates
//!     sack.rs         what SACK reports          undo.rs        nothing was lost
//!     ring.rs         the bytes                  retransmit.rs, scoreboard.rs
//!     receiver/promise.rs, tuning.rs  RCV.WND                   what is outstanding
//!                                                rtt.rs         RFC 6298
//!                                                congestion/, prr.rs, usage.rs, pacing.rs
//!                                                               how much at once
//!                                                next.rs        what may go out
//!                                                send_buffer.rs, ring.rs, writes.rs, burst.rs
//!   time_wait.rs    what is left of it in TIME-WAIT      cookie.rs   a handshake without memory
//!   policy.rs       how it behaves, on purpose
//!   held.rs         our link takes nothing
//!   info.rs         what can be said of it at a glance   limits.rs   what kept it from sending
//!   options.rs, window.rs, reset.rs, timers.rs, context.rs
//! ```
//!
//! The sequence spaces (RFC 9293 §3.3.1):
//!
//! ```text
//!   send        1         2          3          4
//!          ----------|----------|----------|----------
//!                 SND.UNA    SND.NXT    SND.UNA + SND.WND
//!
//!   1  acknowledged               3  may be sent
//!   2  sent, unacknowledged       4  not yet allowed
//!
//!   receive         1          2          3
//!               ----------|----------|----------
//!                      RCV.NXT    RCV.NXT + RCV.WND
//!
//!   1  received and acknowledged  2  may come   3  not yet allowed
//! ```
//!
//! One call changes the state once; then [`Connection::poll_transmit`],
//! [`Connection::poll_event`] and [`Connection::poll_timeout`] are drained.
//! A segment is never answered from within the call that brings it, so that
//! what comes together is answered together.

mod ack;
mod arrival;
mod assembler;
mod burst;
mod calls;
mod congestion;
pub mod connection;
mod context;
mod cookie;
mod ecn;
mod handshake;
mod held;
pub mod info;
mod judge;
mod lifecycle;
pub mod limits;
mod liveness;
mod next;
mod options;
mod pacing;
mod path;
pub mod policy;
mod prr;
mod rack;
mod receiver;
mod recovery;
pub mod reset;
mod retransmit;
mod ring;
mod rtt;
mod sack;
mod scoreboard;
pub mod segment;
mod send_buffer;
mod sender;
mod state;
mod text;
pub mod time_wait;
mod timeout;
mod timers;
mod tlp;
mod transmit;
mod tuning;
mod undo;
mod usage;
mod window;
mod writes;

pub use connection::{Connection, ConnectionEvent, IcmpError, Identity, IpFields};
pub use cookie::cookie_syn_ack;
pub use info::Info;
pub use policy::Policy;
pub use reset::{HostChallengeLimit, reset_for};
pub use segment::{Outgoing, Segment};
pub use time_wait::TimeWait;
pub use writes::Write;
