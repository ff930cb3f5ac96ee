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
//! A worker says that it is ready when it listens; nothing is posted to it before.
//!
//! The parts that decide are plain values, tested natively: [`page::state`] (one State, one
//! Action, one reduce), [`page::scroll`], [`stack::engine`], [`document::live`]. Around each
//! lies a thin shell that speaks to the browser.

pub mod broken;
pub mod clock;
pub mod document;
pub mod page;
pub mod post;
pub mod protocol;
pub mod stack;
pub mod words;
