//! What people want from a connection: names resolved, pages fetched, runs recorded.
//!
//! ```text
//!   Command                                        SessionEvent
//!      |                                                ^
//!      v                                                |
//!   session::Session --- one fetch after the other, or side by side
//!      |        |    \
//!      |      http    dns          bytes in, values out: they know no stack
//!      v        |      |
//!   stack <- connection, datagrams
//! ```
//!
//! [`recording`] keeps a run so that it can be had again to the byte.
//!
//! [`dns`] and [`http`] never touch the stack: they are fed bytes and time and
//! answer with what to send, so that each is tested by itself. [`session`] is
//! the one place that joins them to it, and the one thing that both the program
//! and the page drive. [`server`] is the other direction: others call, and are
//! served.

pub mod dns;
pub mod http;
pub mod recording;
pub mod server;
pub mod session;
