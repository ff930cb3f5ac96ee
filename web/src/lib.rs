#![forbid(unsafe_code)]
//! The page and its two workers.
//!
//! ```text
//!   page  (Yew, draws)            src/bin/page.rs      -> page.js, page_bg.wasm
//!    |  \
//!    |   `- Worker "stack"        src/bin/stack.rs     the TCP/ARP stack and its WebSocket
//!    |        |  MessagePort
//!    `----- Worker "document"     src/bin/document.rs  capture, analysis, layout
//! ```
//!
//! Each is a wasm binary of its own, started as a module by one line of JavaScript in `www/`.
//! A worker says [`workers::HELLO`] when it listens; nothing is posted to it before.

pub mod page;
pub mod workers;
