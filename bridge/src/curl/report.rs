//! What is said on standard error while a fetch runs, and the head that `--include` prints.

use crate::say;
use std::fmt::Write as _;
use synema_core::app::http::ResponseHead;
use synema_core::app::session::{ClaimEvent, FetchEvent, SessionEvent};
use synema_core::time::{Duration, Instant};
use synema_core::trace::{ClaimStep, Event, Record};

/// How often the progress line is written anew.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(250);

/// Tells a person how it goes.
#[derive(Debug)]
pub(super) struct Report {
    verbose: bool,
    include: bool,
    progress: bool,
    received: u64,
    expected: Option<u64>,
    last_progress: Instant,
}

impl Report {
    /// Tells everything when `verbose`; shows a progress line when standard error is a
    /// terminal that the body does not go to.
    pub(super) fn new(verbose: bool, include: bool, body_on_terminal: bool) -> Self {
        Self {
            verbose,
            include,
            progress: !verbose && !body_on_terminal && say::is_terminal(),
            received: 0,
            expected: None,
            last_progress: Instant::ZERO,
        }
    }

    /// An event of the session. The answer goes in front of the body.
    pub(super) fn event(&mut self, event: &SessionEvent) -> Option<Vec<u8>> {
        match event {
            SessionEvent::Claim(ClaimEvent::Granted { addr, rfc_timings }) => {
                let how = match rfc_timings {
                    true => "as RFC 5227 wants it",
                    false => "with the lab's short timings, which are not RFC 5227's",
                };
                self.say(&format!("{addr} is ours, {how}"));
            }
            SessionEvent::Claim(_) => {}
            SessionEvent::Fetch { event, .. } => return self.fetch_event(event),
        }
        None
    }

    fn fetch_event(&mut self, event: &FetchEvent) -> Option<Vec<u8>> {
        match event {
            FetchEvent::Resolving { name } => self.say(&format!("asking for {name}")),
            FetchEvent::Resolved { name, addrs } => {
                let addrs: Vec<String> = addrs.iter().map(ToString::to_string).collect();
                self.say(&format!("{name} is {}", addrs.join(", ")));
            }
            FetchEvent::Connecting { remote, .. } => self.say(&format!("connecting to {remote}")),
            FetchEvent::Connected { remote, .. } => self.say(&format!("connected to {remote}")),
            FetchEvent::Redirected { status, to } => {
                self.say(&format!("{status}: going on to {to}"));
            }
            FetchEvent::Head(head) => return self.head(head),
            FetchEvent::Body(bytes) => self.received += bytes.len() as u64,
            FetchEvent::Done { body_len, .. } => self.say(&format!("{body_len} bytes of body")),
            FetchEvent::Failed(_) => {}
        }
        None
    }

    /// A record of the trace: claims are told step by step.
    pub(super) fn record(&self, record: &Record) {
        if !self.verbose {
            return;
        }
        if let Event::Claim { addr, step } = &record.event {
            let words = match step {
                ClaimStep::Probe { number, of } => format!("probe {number} of {of} for {addr}"),
                ClaimStep::Announce { number, of } => {
                    format!("announcement {number} of {of} of {addr}")
                }
                ClaimStep::Defended { against, .. } => {
                    format!("{against} speaks for {addr}: defending it once")
                }
                _ => return,
            };
            self.say(&words);
        }
    }

    /// Frames that the bridge did not let out.
    pub(super) fn refused(&self, why: &str) {
        self.say(&format!("a frame was not sent: {why}"));
    }

    /// The progress line, if it is time.
    pub(super) fn tick(&mut self, now: Instant) {
        if !self.progress || self.received == 0 || now.since(self.last_progress) < PROGRESS_INTERVAL
        {
            return;
        }
        self.last_progress = now;
        let of = self
            .expected
            .map_or_else(String::new, |expected| format!(" of {expected}"));
        say::passing(format_args!("\r{}{of} bytes", self.received));
    }

    /// The progress line is left behind; frames that we never saw are owned up to.
    pub(super) fn end(&self, dropped_by_kernel: u64) {
        if self.progress && self.last_progress != Instant::ZERO {
            say::line("");
        }
        if dropped_by_kernel > 0 {
            say::line(format_args!(
                "synema: the kernel dropped {dropped_by_kernel} frames before we saw them"
            ));
        }
    }

    fn head(&mut self, head: &ResponseHead) -> Option<Vec<u8>> {
        self.expected = head.body_len;
        if self.verbose {
            for line in String::from_utf8_lossy(&head_text(head)).lines() {
                say::line(format_args!("< {}", printable(line)));
            }
        }
        self.include.then(|| head_text(head))
    }

    fn say(&self, words: &str) {
        if self.verbose {
            say::line(format_args!("* {}", printable(words)));
        }
    }
}

/// The head as it came.
fn head_text(head: &ResponseHead) -> Vec<u8> {
    let ResponseHead {
        minor_version,
        status,
        reason,
        ..
    } = head;
    let mut text = format!("HTTP/1.{minor_version} {status} {reason}\r\n").into_bytes();
    for header in &head.headers {
        text.extend_from_slice(header.name.as_bytes());
        text.extend_from_slice(b": ");
        text.extend_from_slice(&header.value);
        text.extend_from_slice(b"\r\n");
    }
    text.extend_from_slice(b"\r\n");
    text
}

/// A server's words may not steer the terminal.
pub(crate) fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c.is_control() {
            true => write!(out, "{}", c.escape_default()).expect("a String takes what is written"),
            false => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_cannot_steer_the_terminal() {
        assert_eq!(printable("a\u{1b}[2Jb\r"), "a\\u{1b}[2Jb\\r");
    }
}
