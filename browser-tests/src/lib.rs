#![forbid(unsafe_code)]
//! Driving a real Chromium by WebDriver, for the tests of the page and for the pure crates' tests in wasm.
//!
//! ```text
//!   test -> Browser -> chromedriver (free port) -> chromium (fresh profile)
//!        -> Child   -> synema lab               -> the page
//! ```
//!
//! Everything that is started here ends with the test, also when the test is killed.

pub mod browser;
pub mod child;
pub mod host;
pub mod ladder;
pub mod page;
