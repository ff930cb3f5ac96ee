#![forbid(unsafe_code)]
//! (room being furnished)
