#![forbid(unsafe_code)]
//! A network of stacks in virtual time.
//!
//! ```text
//!   Node --frame--> Wire(Conditions) --later, or never--> Node
//!     ^                   |
//!     |                   v
//!   timeout           Passage: who sent it and when, who got it and when,
//!                     or where it died and why
//! ```
//!
//! Nothing here reads a clock: time jumps from one thing that happens to the
//! next. The same nodes, conditions and seed give the same run to the byte,
//! natively and in wasm.

pub mod client;
pub mod conditions;
pub mod experiment;
mod forge;
pub mod host;
pub mod http_server;
pub mod lab;
pub mod name_server;
pub mod network;
pub mod node;
pub mod router;
mod switch;
pub mod vantage;

pub use client::{Client, Fetched};
pub use conditions::{Bursts, Chosen, Conditions, Fate, Forbidden, LossReason, Wire};
pub use forge::Stray;
pub use host::{App, Host};
pub use http_server::{AfterPage, HttpServer, Page};
pub use lab::Lab;
pub use name_server::{Entry, NameServer};
pub use network::{LanId, Network, Passage, PassageEnd};
pub use node::{Node, NodeId, NodeRef, Port};
pub use router::Router;
pub use vantage::{Sighting, sightings};
