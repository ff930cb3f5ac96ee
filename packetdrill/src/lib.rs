//! Lets packetdrill run its scripts against our stack, in virtual time.
//!
//! packetdrill loads this library (`--so_filename`) and calls what
//! [`interface`] hands it in place of system calls, the wire and the clock. The
//! same library, preloaded, stands in for three functions of libc that
//! packetdrill calls past that interface ([`preload`]).
//!
//! ```text
//!   packetdrill                         this library
//!   ┌──────────────────┐
//!   │ main thread      │─ socket, send ──► calls, sockopt, readiness ─┐
//!   │                  │─ netdev_send ──┐                             ▼
//!   │                  │◄ netdev_receive┼► host: clock, Stack, fds ◄─ link
//!   │                  │─ usleep, time ─┘         ▲
//!   │ syscall thread   │─ a call that blocks ─────┘ sleeps until the host changes
//!   └──────────────────┘
//! ```
//!
//! Time stands still unless packetdrill asks for it, sleeps, or waits for a packet;
//! then it goes from one deadline of the stack to the next.

mod calls;
mod entry;
mod errno;
mod host;
mod info;
mod interface;
mod link;
mod memory;
mod message;
mod preload;
mod readiness;
mod settings;
mod socket;
mod sockopt;
