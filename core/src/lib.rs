#![forbid(unsafe_code)]
//! A TCP/ARP stack without I/O.

pub mod app;
pub mod tcp;
pub mod time;
pub mod trace;
pub mod wire;
