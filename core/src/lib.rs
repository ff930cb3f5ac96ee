#![forbid(unsafe_code)]
//! A TCP/ARP stack without I/O.

pub mod time;
