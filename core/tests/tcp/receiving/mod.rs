//! Receiving: order, gaps, windows, and when it is acknowledged.

mod acceptance;
mod acks;
mod gaps;
mod timestamps;
mod window;
