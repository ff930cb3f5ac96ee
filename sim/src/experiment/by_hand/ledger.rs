//! What a right stack would know at the reader's end: RFC 9293 §3.3.1.
//!
//! ```text
//!   sent:   una ......... next            what was acknowledged, what comes next
//!   came:   .... wanted ... furthest      in order up to here, and anything beyond
//! ```

use super::super::scene::SERVER_PORT;
use super::Segment;
use crate::conditions::tcp_segment;
use synema_core::wire::tcp::{Header, Options};
use synema_core::wire::{Port, SeqNum};

/// The port that the reader calls from.
const PORT: Port = Port(49_152);

/// The numbers of a connection at the reader's end, each counted from its end's first one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ledger {
    /// The number that the reader's SYN has on the wire.
    pub iss: SeqNum,
    /// The number that the server's SYN has, once it came.
    pub irs: Option<SeqNum>,
    /// What is to be sent next.
    pub next: i64,
    /// All before it was acknowledged.
    pub una: i64,
    /// The byte that is wanted next.
    pub wanted: i64,
    /// One past the last that the server is known to have sent.
    pub furthest: i64,
    /// The last that the reader acknowledged.
    pub acknowledged: i64,
    /// Whether the reader has sent a SYN.
    pub has_called: bool,
    /// The number of the reader's FIN.
    pub own_fin: Option<i64>,
    /// The number of the server's FIN.
    pub their_fin: Option<i64>,
    /// How many bytes the server has room for.
    pub their_window: u32,
    /// The largest segment that the server takes, bytes of data.
    pub their_mss: u32,
    /// Whether either end has cut the connection.
    pub is_cut: bool,
    /// What came early: first number and one past the last.
    early: Vec<(i64, i64)>,
}

impl Ledger {
    pub(super) fn new(iss: SeqNum) -> Self {
        Self {
            iss,
            irs: None,
            next: 0,
            una: 0,
            wanted: 0,
            furthest: 0,
            acknowledged: 0,
            has_called: false,
            own_fin: None,
            their_fin: None,
            their_window: 0,
            // RFC 9293 §3.7.1: without an option.
            their_mss: 536,
            is_cut: false,
            early: Vec::new(),
        }
    }

    /// Whether both SYNs are known here.
    pub fn is_open(&self) -> bool {
        self.has_called && self.irs.is_some() && !self.is_cut
    }

    /// A segment's header with the numbers that it has on the wire, and its length.
    pub(super) fn raw(&self, segment: &Segment) -> (Header, u32) {
        let from = |base: SeqNum, number: i64| base + number as u32;
        let header = Header {
            src_port: PORT,
            dst_port: SERVER_PORT,
            seq: from(self.iss, segment.seq),
            ack: from(self.irs.unwrap_or(SeqNum(0)), segment.ack),
            flags: segment.flags,
            window: segment.window,
            urgent_pointer: 0,
            options: Options {
                mss: segment.mss.filter(|_| segment.flags.syn()),
                ..Options::NONE
            },
        };
        (header, segment.len)
    }

    /// Takes what the reader sends.
    pub(super) fn send(&mut self, segment: &Segment) {
        let flags = segment.flags;
        if flags.rst() {
            self.is_cut |= segment.seq == self.next;
            return;
        }
        self.has_called |= flags.syn();
        // What leaves a hole before it moves nothing.
        let end = segment.end();
        // RFC 9293 §3.10.7.4: of what lies before the window not even the ACK is read.
        let is_read = segment.seq <= self.next && end >= self.next;
        if segment.seq <= self.next && end > self.next {
            self.next = end;
            if flags.fin() {
                self.own_fin.get_or_insert(end - 1);
            }
        }
        if is_read && flags.ack() && segment.ack <= self.furthest {
            self.acknowledged = self.acknowledged.max(segment.ack);
        }
    }

    /// Takes a frame that came.
    pub(super) fn came(&mut self, frame: &[u8]) {
        let Some(segment) = tcp_segment(frame) else {
            return;
        };
        let flags = segment.flags();
        if flags.rst() {
            self.is_cut = true;
            return;
        }
        if flags.syn() {
            self.irs.get_or_insert(segment.seq());
            self.their_mss = segment.options().mss.map_or(536, u32::from);
        }
        let Some(irs) = self.irs else { return };
        let seq = i64::from(segment.seq().signed_distance(irs));
        let end = seq + i64::from(segment.seq_len());
        self.furthest = self.furthest.max(end);
        if flags.fin() {
            self.their_fin = Some(end - 1);
        }
        self.early.push((seq, end));
        self.early.sort_unstable();
        for (from, to) in &self.early {
            if *from <= self.wanted {
                self.wanted = self.wanted.max(*to);
            }
        }
        if flags.ack() {
            let acked = i64::from(segment.ack().signed_distance(self.iss));
            self.una = self.una.max(acked);
            self.their_window = u32::from(segment.window());
        }
    }
}

impl Segment {
    /// One past its last number; SYN and FIN take one each.
    pub(super) fn end(&self) -> i64 {
        let controls = i64::from(self.flags.syn()) + i64::from(self.flags.fin());
        self.seq + i64::from(self.len) + controls
    }
}
