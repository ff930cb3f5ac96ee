#![forbid(unsafe_code)]
//! A TCP/ARP stack without I/O.
//!
//! Frames, time and calls go in; frames, events and a trace of *why* come out.
//! Nothing here reads a clock, a random number, a socket or a file.
//!
//! ```text
//!   frames ─► wire ─► link (ARP cache, address claim)
//!                └──► ip (routing, reassembly, UDP) ─► tcp (connections) ─► app (DNS, HTTP)
//!                                                                            │
//!   frames ◄─ wire ◄─ link ◄─ ip ◄─ tcp ◄────────────────────────────────────┘
//!
//!   stack: all of these as one value, fed and drained
//!   trace: what each of them did, and why
//! ```

pub mod app;
pub mod ip;
pub mod link;
pub mod random;
pub mod stack;
pub mod tcp;
pub mod time;
pub mod trace;
pub mod wire;
