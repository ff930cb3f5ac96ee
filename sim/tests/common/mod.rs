//! What the tests of whole fetches share.

#![allow(dead_code)] // each test program uses its part

use std::collections::VecDeque;
use synema_core::app::session::{ClaimEvent, FetchError, FetchOptions};
use synema_core::tcp::Policy;
use synema_core::time::{Duration, Instant};
use synema_core::trace::FrameId;
use synema_sim::lab::{PAGE, default_zone};
use synema_sim::{Conditions, Fetched, HttpServer, Lab, NameServer, Node, Page, Port};

pub(crate) const URL: &str = "http://www.lab.test/page";

/// `len` bytes that are different everywhere.
pub(crate) fn body(len: usize) -> Vec<u8> {
    (0..len as u64)
        .map(|i| (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8)
        .collect()
}

pub(crate) fn ten_ms() -> Conditions {
    Conditions::delay(Duration::from_millis(10))
}

/// A lab whose page has its address, with these pages on its server.
pub(crate) fn lab_with_pages(seed: u64, way: Conditions, pages: &[(&str, Page)]) -> Lab {
    claimed(Lab::new(seed, way, server(pages)))
}

pub(crate) fn lab_with_zone(seed: u64, zone: NameServer, pages: &[(&str, Page)]) -> Lab {
    claimed(Lab::with_names(seed, ten_ms(), server(pages), zone))
}

pub(crate) fn zone() -> NameServer {
    default_zone()
}

pub(crate) fn server(pages: &[(&str, Page)]) -> HttpServer {
    let add =
        |server: HttpServer, (path, page): &(&str, Page)| server.with_page(path, page.clone());
    pages.iter().fold(HttpServer::new(Policy::rfc()), add)
}

fn claimed(mut lab: Lab) -> Lab {
    let granted = ClaimEvent::Granted {
        addr: PAGE,
        rfc_timings: false,
    };
    assert_eq!(lab.claim(), Some(granted));
    lab
}

/// Fetches `/page` over a way.
pub(crate) fn fetch_page(seed: u64, way: Conditions, page: Page) -> (Lab, Fetched) {
    let mut lab = lab_with_pages(seed, way, &[("/page", page)]);
    let fetched = lab.fetch(1, URL, FetchOptions::default());
    (lab, fetched)
}

/// What a fetch failed with.
pub(crate) fn failure(fetched: &Fetched) -> FetchError {
    match &fetched.end {
        Some((_, Err(error))) => error.clone(),
        other => panic!("it did not fail: {other:?}, {} bytes", fetched.body.len()),
    }
}

/// A machine that says what it was told to say, when it was told to.
#[derive(Default)]
pub(crate) struct Shouter {
    pub(crate) frames: VecDeque<(Duration, Vec<u8>)>,
    /// What it heard.
    pub(crate) heard: Vec<Vec<u8>>,
    start: Instant,
    sent: u64,
}

impl Shouter {
    pub(crate) fn start(&mut self, now: Instant) {
        self.start = now;
    }

    fn next_at(&self) -> Option<Instant> {
        self.frames.front().map(|(after, _)| self.start + *after)
    }
}

impl Node for Shouter {
    fn on_frame(&mut self, _now: Instant, _port: Port, _frame: FrameId, bytes: &[u8]) {
        self.heard.push(bytes.to_vec());
    }

    fn on_timeout(&mut self, _now: Instant) {}

    fn poll_transmit(&mut self, now: Instant, frame: &mut Vec<u8>) -> Option<(Port, FrameId)> {
        self.next_at().filter(|at| *at <= now)?;
        let (_, bytes) = self.frames.pop_front()?;
        *frame = bytes;
        self.sent += 1;
        Some((0, FrameId::sent(self.sent)))
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.next_at()
    }
}
