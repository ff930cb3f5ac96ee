//! Somebody on the wire: lets frames through, and changes, drops, repeats, reorders and forges them.

use std::collections::VecDeque;

use crate::Choices;
use crate::repair::{IP, repair};

/// After Ethernet and IPv4 without options.
const TCP: usize = IP + 20;
/// Where TCP's fields are, counted from its first byte.
const SEQ: usize = 4;
const ACK: usize = 8;
const FLAGS: usize = 13;
const WINDOW: usize = 14;
const URGENT: usize = 18;
const OPTIONS: usize = 20;
/// What waits in one direction.
const MAX_WAITING: usize = 64;

/// The wire, in both directions.
#[derive(Debug)]
pub(crate) struct Mangler {
    /// In so many of a hundred frames something is done.
    percent: u32,
    waiting: [VecDeque<Vec<u8>>; 2],
}

impl Mangler {
    /// `hardness` from 0, where almost all is let through.
    pub(crate) fn new(hardness: u32) -> Self {
        Self {
            percent: [2, 5, 10, 20, 40][hardness as usize % 5],
            waiting: [VecDeque::new(), VecDeque::new()],
        }
    }

    /// A frame comes from this side.
    pub(crate) fn take(&mut self, from: usize, frame: &[u8], choices: &mut Choices<'_>) {
        if choices.below(100) < 100 - self.percent
            || frame.len() < TCP + OPTIONS
            || frame[IP + 9] != 6
        {
            return self.put(from, frame.to_vec());
        }
        match choices.below(10) {
            0 | 1 => {}
            2 => {
                self.put(from, frame.to_vec());
                self.put(from, frame.to_vec());
            }
            3 => self.waiting[from].push_front(frame.to_vec()),
            4 => {
                let forged = changed(frame, choices);
                self.put(from, forged);
                self.put(from, frame.to_vec());
            }
            5 => {
                let len = choices.below(frame.len() as u32) as usize;
                self.put(from, frame[..len].to_vec());
            }
            6 => {
                let error = icmp_error(frame, choices);
                self.put(1 - from, error);
                self.put(from, frame.to_vec());
            }
            _ => {
                let changed = changed(frame, choices);
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
}

/// A number near another: equal, a little off, half a window off, or anywhere.
fn near(number: u32, choices: &mut Choices<'_>) -> u32 {
    match choices.below(4) {
        0 => number.wrapping_add(choices.below(5)).wrapping_sub(2),
        1 => number
            .wrapping_add(choices.below(6_000))
            .wrapping_sub(3_000),
        2 => number
            .wrapping_add(choices.below(200_000))
            .wrapping_sub(100_000),
        _ => choices.any(),
    }
}

/// One to three fields are others; the checksums are right again.
fn changed(frame: &[u8], choices: &mut Choices<'_>) -> Vec<u8> {
    let mut frame = frame.to_vec();
    for _ in 0..=choices.below(3) {
        change_one(&mut frame[TCP..], choices);
    }
    if choices.below(16) == 0 {
        // The code point of ECN, or anything else in the traffic class.
        frame[IP + 1] = choices.below(256) as u8;
    }
    repair(&mut frame);
    frame
}

fn change_one(segment: &mut [u8], choices: &mut Choices<'_>) {
    let header_len = usize::from(segment[12] >> 4) * 4;
    match choices.below(8) {
        0 => change_number(segment, SEQ, choices),
        1 => change_number(segment, ACK, choices),
        2 => segment[FLAGS] ^= 1 << choices.below(8),
        3 => segment[FLAGS] = choices.below(256) as u8,
        4 => {
            let window = [0, 1, 100, 0xffff][choices.below(4) as usize];
            segment[WINDOW..WINDOW + 2].copy_from_slice(&u16::to_be_bytes(window));
        }
        5 => segment[URGENT + 1] = choices.below(256) as u8,
        6 if (OPTIONS + 1..=segment.len()).contains(&header_len) => {
            let at = OPTIONS + choices.below((header_len - OPTIONS) as u32) as usize;
            segment[at] = choices.below(256) as u8;
        }
        _ => segment[12] = (5 + choices.below(11) as u8) << 4,
    }
}

fn change_number(segment: &mut [u8], at: usize, choices: &mut Choices<'_>) {
    let bytes = segment[at..at + 4].try_into().expect("four bytes");
    let number = near(u32::from_be_bytes(bytes), choices);
    segment[at..at + 4].copy_from_slice(&number.to_be_bytes());
}

/// A router says that this frame did not get through.
fn icmp_error(frame: &[u8], choices: &mut Choices<'_>) -> Vec<u8> {
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
    let kind = [3, 3, 3, 11, 12, 4][choices.below(6) as usize];
    let mtu = [0, 68, 576, 1400, 9000][choices.below(5) as usize];
    error.extend_from_slice(&[kind, choices.below(16) as u8, 0, 0, 0, 0]);
    error.extend_from_slice(&u16::to_be_bytes(mtu));
    error.extend_from_slice(quote);
    repair(&mut error);
    error
}
