//! Somebody on the wire: lets frames through, and changes, drops, repeats, reorders and forges them.

use std::collections::VecDeque;
use synema_core::random::Random;

/// Ethernet, IPv4 without options.
const IP: usize = 14;
const TCP: usize = IP + 20;
/// Where TCP's fields are, counted from its first byte.
const SEQ: usize = 4;
const ACK: usize = 8;
const FLAGS: usize = 13;
const WINDOW: usize = 14;
const CHECKSUM: usize = 16;
const URGENT: usize = 18;
const OPTIONS: usize = 20;
/// What waits in one direction.
const MAX_WAITING: usize = 64;

/// The wire, in both directions.
pub(crate) struct Mangler {
    random: Random,
    /// In so many of a hundred frames something is done.
    percent: u32,
    waiting: [VecDeque<Vec<u8>>; 2],
}

impl Mangler {
    /// `hardness` from 0, where almost all is let through.
    pub(crate) fn new(seed: u64, hardness: u32) -> Self {
        Self {
            random: Random::new(seed),
            percent: [2, 5, 10, 20, 40][hardness as usize % 5],
            waiting: [VecDeque::new(), VecDeque::new()],
        }
    }

    /// A frame comes from this side.
    pub(crate) fn take(&mut self, from: usize, frame: &[u8]) {
        if self.below(100) >= self.percent || frame.len() < TCP + OPTIONS || frame[IP + 9] != 6 {
            return self.put(from, frame.to_vec());
        }
        match self.below(10) {
            0 | 1 => {}
            2 => {
                self.put(from, frame.to_vec());
                self.put(from, frame.to_vec());
            }
            3 => self.waiting[from].push_front(frame.to_vec()),
            4 => {
                let forged = self.changed(frame);
                self.put(from, forged);
                self.put(from, frame.to_vec());
            }
            5 => {
                let len = self.below(frame.len() as u32) as usize;
                self.put(from, frame[..len].to_vec());
            }
            6 => {
                let error = self.icmp_error(frame);
                self.put(1 - from, error);
                self.put(from, frame.to_vec());
            }
            _ => {
                let changed = self.changed(frame);
                self.put(from, changed);
            }
        }
    }

    /// The next frame that arrives at the other side.
    pub(crate) fn next(&mut self, from: usize) -> Option<Vec<u8>> {
        self.waiting[from].pop_front()
    }

    fn put(&mut self, from: usize, frame: Vec<u8>) {
        if self.waiting[from].len() < MAX_WAITING {
            self.waiting[from].push_back(frame);
        }
    }

    fn below(&mut self, limit: u32) -> u32 {
        self.random.next_u32() % limit.max(1)
    }

    /// A number near another: equal, a little off, half a window off, or anywhere.
    fn near(&mut self, number: u32) -> u32 {
        match self.below(4) {
            0 => number.wrapping_add(self.below(5)).wrapping_sub(2),
            1 => number.wrapping_add(self.below(6_000)).wrapping_sub(3_000),
            2 => number
                .wrapping_add(self.below(200_000))
                .wrapping_sub(100_000),
            _ => self.random.next_u32(),
        }
    }

    /// One to three fields are others; the checksums are right again.
    fn changed(&mut self, frame: &[u8]) -> Vec<u8> {
        let mut frame = frame.to_vec();
        for _ in 0..=self.below(3) {
            self.change_one(&mut frame[TCP..]);
        }
        if self.below(16) == 0 {
            // The code point of ECN, or anything else in the traffic class.
            frame[IP + 1] = self.below(256) as u8;
        }
        repair(&mut frame);
        frame
    }

    fn change_one(&mut self, segment: &mut [u8]) {
        let header_len = usize::from(segment[12] >> 4) * 4;
        match self.below(8) {
            0 => self.change_number(segment, SEQ),
            1 => self.change_number(segment, ACK),
            2 => segment[FLAGS] ^= 1 << self.below(8),
            3 => segment[FLAGS] = self.below(256) as u8,
            4 => {
                let window = [0, 1, 100, 0xffff][self.below(4) as usize];
                segment[WINDOW..WINDOW + 2].copy_from_slice(&u16::to_be_bytes(window));
            }
            5 => segment[URGENT + 1] = self.below(256) as u8,
            6 if (OPTIONS + 1..=segment.len()).contains(&header_len) => {
                let at = OPTIONS + self.below((header_len - OPTIONS) as u32) as usize;
                segment[at] = self.below(256) as u8;
            }
            _ => segment[12] = (5 + self.below(11) as u8) << 4,
        }
    }

    fn change_number(&mut self, segment: &mut [u8], at: usize) {
        let bytes = segment[at..at + 4].try_into().expect("four bytes");
        let number = self.near(u32::from_be_bytes(bytes));
        segment[at..at + 4].copy_from_slice(&number.to_be_bytes());
    }

    /// A router says that this frame did not get through.
    fn icmp_error(&mut self, frame: &[u8]) -> Vec<u8> {
        let mut error = Vec::with_capacity(TCP + 36);
        error.extend_from_slice(&frame[6..12]);
        error.extend_from_slice(&frame[..6]);
        error.extend_from_slice(&frame[12..14]);
        let quote = &frame[IP..TCP + 8];
        let len = u16::try_from(20 + 8 + quote.len()).expect("56 bytes");
        error.extend_from_slice(&[0x45, 0]);
        error.extend_from_slice(&len.to_be_bytes());
        error.extend_from_slice(&[0, 0, 0, 0, 64, 1, 0, 0]);
        error.extend_from_slice(&frame[IP + 16..IP + 20]);
        error.extend_from_slice(&frame[IP + 12..IP + 16]);
        let kind = [3, 3, 3, 11, 12, 4][self.below(6) as usize];
        let mtu = [0, 68, 576, 1400, 9000][self.below(5) as usize];
        error.extend_from_slice(&[kind, self.below(16) as u8, 0, 0, 0, 0]);
        error.extend_from_slice(&u16::to_be_bytes(mtu));
        error.extend_from_slice(quote);
        let icmp = checksum(&[&error[TCP..]]);
        error[TCP + 2..TCP + 4].copy_from_slice(&icmp.to_be_bytes());
        repair_ip(&mut error);
        error
    }
}

fn repair(frame: &mut [u8]) {
    frame[TCP + CHECKSUM..TCP + CHECKSUM + 2].fill(0);
    let len = u16::try_from(frame.len() - TCP).expect("a frame");
    let pseudo = [&[0, 6][..], &len.to_be_bytes()].concat();
    let sum = checksum(&[&frame[IP + 12..IP + 20], &pseudo, &frame[TCP..]]);
    frame[TCP + CHECKSUM..TCP + CHECKSUM + 2].copy_from_slice(&sum.to_be_bytes());
    repair_ip(frame);
}

fn repair_ip(frame: &mut [u8]) {
    frame[IP + 10..IP + 12].fill(0);
    let sum = checksum(&[&frame[IP..TCP]]);
    frame[IP + 10..IP + 12].copy_from_slice(&sum.to_be_bytes());
}

/// RFC 1071, written once more on purpose: a tester does not ask the tested. All parts but the last
/// are of even length.
fn checksum(parts: &[&[u8]]) -> u16 {
    let mut sum = 0_u32;
    for pair in parts.iter().flat_map(|part| part.chunks(2)) {
        sum += u32::from(pair[0]) << 8 | pair.get(1).copied().map_or(0, u32::from);
    }
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}
