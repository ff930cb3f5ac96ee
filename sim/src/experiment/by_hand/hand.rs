//! The reader's card: it sends what it is given, keeps what comes, and answers ARP by
//! itself.

use super::super::scene::{PAGE, PAGE_MAC, SERVER, SERVER_MAC};
use crate::node::{Node, Port};
use std::collections::VecDeque;
use synema_core::time::Instant;
use synema_core::trace::FrameId;
use synema_core::wire::tcp::Header;
use synema_core::wire::{EtherType, MacAddr, Protocol, SeqNum, arp, ethernet, ipv4};

/// What is asked for, in the first bytes that are sent; letters follow.
const REQUEST: &[u8] =
    b"GET /four HTTP/1.1\r\nHost: www.lab.test\r\nUser-Agent: you\r\nAccept: */*\r\n\r\n";

/// A machine without a stack.
#[derive(Debug)]
pub(super) struct Hand {
    iss: SeqNum,
    out: VecDeque<Vec<u8>>,
    sent: u64,
    heard: Vec<Vec<u8>>,
}

impl Hand {
    pub(super) fn new(iss: SeqNum) -> Self {
        Self {
            iss,
            out: VecDeque::new(),
            sent: 0,
            heard: Vec::new(),
        }
    }

    /// The frames that came.
    pub(super) fn heard(&self) -> &[Vec<u8>] {
        &self.heard
    }

    /// Puts a segment with so many bytes on the wire.
    pub(super) fn send(&mut self, (header, len): (Header, u32)) {
        let first = header.seq.signed_distance(self.iss + 1);
        let payload: Vec<u8> = (0..len)
            .map(|at| byte_at(i64::from(first) + i64::from(at)))
            .collect();
        let mut segment = Vec::new();
        header.emit(PAGE, SERVER, &[&payload], &mut segment);
        let mut frame = frame(SERVER_MAC, EtherType::IPV4);
        ipv4::Header::new(PAGE, SERVER, Protocol::TCP).emit(segment.len(), &mut frame);
        frame.extend_from_slice(&segment);
        self.out.push_back(frame);
    }

    /// RFC 826: whoever asks for its address gets an answer.
    fn answer(&mut self, bytes: &[u8]) {
        let Ok(heard) = ethernet::Frame::parse(bytes) else {
            return;
        };
        if heard.ether_type() != EtherType::ARP {
            return;
        }
        let Ok(question) = arp::Packet::parse(heard.payload()) else {
            return;
        };
        if question.operation != arp::Operation::Request || question.target_ip != PAGE {
            return;
        }
        let mut frame = frame(question.sender_mac, EtherType::ARP);
        arp::Packet {
            operation: arp::Operation::Reply,
            sender_mac: PAGE_MAC,
            sender_ip: PAGE,
            target_mac: question.sender_mac,
            target_ip: question.sender_ip,
        }
        .emit(&mut frame);
        self.out.push_back(frame);
    }
}

/// The byte at a place of all that is ever sent.
fn byte_at(place: i64) -> u8 {
    let asked = usize::try_from(place).ok().and_then(|at| REQUEST.get(at));
    let letter = u8::try_from(place.rem_euclid(26)).unwrap_or(0);
    asked.copied().unwrap_or(b'a' + letter)
}

fn frame(to: MacAddr, ether_type: EtherType) -> Vec<u8> {
    let mut frame = Vec::new();
    ethernet::Header {
        destination: to,
        source: PAGE_MAC,
        ether_type,
    }
    .emit(&mut frame);
    frame
}

impl Node for Hand {
    fn on_frame(&mut self, _now: Instant, _port: Port, _frame: FrameId, bytes: &[u8]) {
        self.heard.push(bytes.to_vec());
        self.answer(bytes);
    }

    fn on_timeout(&mut self, _now: Instant) {}

    fn poll_transmit(&mut self, _now: Instant, frame: &mut Vec<u8>) -> Option<(Port, FrameId)> {
        *frame = self.out.pop_front()?;
        let id = FrameId::sent(self.sent);
        self.sent += 1;
        Some((0, id))
    }

    fn poll_timeout(&self) -> Option<Instant> {
        None
    }
}
