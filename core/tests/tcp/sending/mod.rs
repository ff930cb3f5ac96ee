//! Sending: segments, windows, Nagle, probes.

mod segments;
mod window;
