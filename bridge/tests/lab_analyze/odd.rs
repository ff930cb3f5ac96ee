//! Odd conversations by chance: everything that tshark has a name for, and what lies between.

use core::net::Ipv4Addr;
use synema_core::time::Instant;
use synema_core::trace::FrameId;
use synema_core::wire::tcp::{Flags, Header, Options, SackBlocks};
use synema_core::wire::{EtherType, MacAddr, Port, Protocol, SeqNum, SeqRange, ethernet, ipv4};
use synema_diagram::capture::{Capture, Direction, Frame, Interface};

const IPS: [Ipv4Addr; 2] = [Ipv4Addr::new(192, 0, 2, 1), Ipv4Addr::new(192, 0, 2, 80)];
const MACS: [MacAddr; 2] = [MacAddr([2, 0, 0, 0, 0, 1]), MacAddr([2, 0, 0, 0, 0, 80])];
const SYN_ACK: Flags = Flags::SYN.with(Flags::ACK);
const FIN_ACK: Flags = Flags::FIN.with(Flags::ACK);
const RST_ACK: Flags = Flags::RST.with(Flags::ACK);

/// SplitMix64: the same conversations for the same seed.
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, limit: u32) -> u32 {
        (self.next() % u64::from(limit.max(1))) as u32
    }

    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u32) as usize]
    }

    pub(crate) fn in_hundred(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }
}

/// One end, in the numbers of the wire.
#[derive(Clone, Copy)]
struct End {
    iss: SeqNum,
    /// One past the highest number that it sent.
    next: SeqNum,
    /// What it acknowledges of the other's.
    ack: SeqNum,
    window: u16,
    shift: Option<u8>,
}

struct Conversation<'a> {
    chance: &'a mut Chance,
    ends: [End; 2],
    ports: [u16; 2],
    now_us: &'a mut u64,
    capture: &'a mut Capture,
}

/// A capture of `conversations` odd conversations, one after the other, some on the ports of another.
pub(crate) fn capture(seed: u64, conversations: u32) -> Capture {
    let mut chance = Chance(seed);
    let mut capture = Capture::default();
    capture.add_interface(Interface::ethernet("odd0", None));
    let mut now_us = 1_700_000_000_000_000;
    for number in 0..conversations {
        // Some on the ports of others; those whose beginning is not seen on their own.
        let seen = chance.in_hundred(85);
        let port = if seen {
            40_000 + chance.below(6) as u16
        } else {
            50_000 + number as u16
        };
        let end = |chance: &mut Chance| {
            // Now and then the numbers wrap.
            let any = chance.next() as u32;
            let iss = SeqNum(chance.of(&[any, u32::MAX - 3_000 - any % 1_000]));
            End {
                iss,
                next: iss,
                ack: SeqNum(0),
                window: chance.of(&[512, 2_920, 8_192, 65_535]),
                shift: chance.of(&[None, Some(0), Some(2), Some(7)]),
            }
        };
        let ends = [end(&mut chance), end(&mut chance)];
        let mut conversation = Conversation {
            ends,
            ports: [port, 80],
            now_us: &mut now_us,
            capture: &mut capture,
            chance: &mut chance,
        };
        conversation.run(seen);
    }
    capture
}

impl Conversation<'_> {
    fn run(&mut self, seen: bool) {
        if seen {
            self.opening();
        } else {
            for who in 0..2 {
                self.ends[who].ack = self.ends[1 - who].next;
            }
        }
        for _ in 0..5 + self.chance.below(25) {
            let who = self.chance.below(2) as usize;
            match self.chance.below(17) {
                0..=3 => self.data(who),
                4 | 5 => self.acknowledges(who),
                6 => self.loss_and_duplicates(who),
                7 => self.sent_again(who),
                8 => self.keep_alive(who),
                9 => self.closed_window(who),
                10 => self.fills_the_window(who),
                11 => self.unseen(who),
                12 => self.window_update(who),
                13 => self.overtaken(who),
                14 => self.anything(who),
                15 if self.chance.in_hundred(30) => self.control(who),
                // Without an ACK, and the end of it: tshark would take the field for a number.
                15 if self.chance.in_hundred(20) => {
                    let seq = self.ends[who].next;
                    return self.emit(who, Flags::RST, seq, 0, Options::NONE);
                }
                _ => self.duplicate_ack(who),
            }
        }
        self.closing();
    }

    fn wait(&mut self) {
        let us = self
            .chance
            .of(&[20, 400, 2_500, 12_000, 25_000, 90_000, 400_000]);
        *self.now_us += u64::from(1 + self.chance.below(us));
    }

    fn emit(&mut self, who: usize, flags: Flags, seq: SeqNum, len: u32, options: Options) {
        let end = self.ends[who];
        let header = Header {
            src_port: Port(self.ports[who]),
            dst_port: Port(self.ports[1 - who]),
            seq,
            ack: if flags.ack() { end.ack } else { SeqNum(0) },
            flags,
            window: end.window,
            urgent_pointer: 0,
            options,
        };
        let payload = vec![b'.'; len as usize];
        let mut upper = Vec::new();
        header.emit(IPS[who], IPS[1 - who], &[&payload], &mut upper);
        let mut bytes = Vec::new();
        ethernet::Header {
            destination: MACS[1 - who],
            source: MACS[who],
            ether_type: EtherType::IPV4,
        }
        .emit(&mut bytes);
        ipv4::Header::new(IPS[who], IPS[1 - who], Protocol::TCP).emit(upper.len(), &mut bytes);
        bytes.extend_from_slice(&upper);
        let id = FrameId::received(self.capture.frames().len() as u64 + 1);
        let at = Instant::from_micros(*self.now_us);
        self.capture
            .push(Frame::new(id, at, Direction::Unknown, &bytes));
        self.wait();
    }

    /// A segment at the end of what was sent.
    fn sends(&mut self, who: usize, flags: Flags, len: u32) {
        let seq = self.ends[who].next;
        self.emit(who, flags, seq, len, Options::NONE);
        let taken = len + u32::from(flags.syn()) + u32::from(flags.fin());
        self.ends[who].next = seq + taken;
    }

    fn opening(&mut self) {
        let offers = |end: End| Options {
            mss: Some(1_460),
            window_scale: end.shift,
            sack_permitted: true,
            ..Options::NONE
        };
        let [client, server] = self.ends;
        for _ in 0..1 + u32::from(self.chance.in_hundred(10)) {
            self.emit(0, Flags::SYN, client.iss, 0, offers(client));
        }
        self.ends[0].next = client.iss + 1;
        self.ends[1].ack = self.ends[0].next;
        for _ in 0..1 + u32::from(self.chance.in_hundred(10)) {
            self.emit(1, SYN_ACK, server.iss, 0, offers(server));
        }
        self.ends[1].next = server.iss + 1;
        self.ends[0].ack = self.ends[1].next;
        if self.chance.in_hundred(90) {
            self.sends(0, Flags::ACK, 0);
        }
    }

    fn closing(&mut self) {
        match self.chance.below(4) {
            0 => {}
            1 => self.sends(0, RST_ACK, 0),
            _ => {
                for who in 0..2 {
                    self.sends(who, FIN_ACK, 0);
                    self.ends[1 - who].ack = self.ends[who].next;
                    self.sends(1 - who, Flags::ACK, 0);
                }
            }
        }
        *self.now_us += 1_000_000;
    }

    fn len(&mut self) -> u32 {
        self.chance.of(&[1, 2, 100, 536, 1_460])
    }

    fn data(&mut self, who: usize) {
        for _ in 0..1 + self.chance.below(3) {
            let len = self.len();
            let flags = self.chance.of(&[Flags::ACK, Flags::PSH.with(Flags::ACK)]);
            self.sends(who, flags, len);
            if self.chance.in_hundred(3) {
                self.sends(who, FIN_ACK, len);
            }
        }
    }

    fn acknowledges(&mut self, who: usize) {
        let sent = self.ends[1 - who].next;
        // All, or all but a little, or more than there was.
        let less = self.chance.of(&[0, 0, 0, 1, 100, 1_460]);
        self.ends[who].ack = sent - less;
        if self.chance.in_hundred(5) {
            self.ends[who].ack = sent + 1_460;
        }
        self.sends(who, Flags::ACK, 0);
    }

    fn duplicate_ack(&mut self, who: usize) {
        for _ in 0..1 + self.chance.below(4) {
            self.sends(who, Flags::ACK, 0);
        }
    }

    /// One goes missing; SACK and duplicates tell so; it comes again.
    fn loss_and_duplicates(&mut self, who: usize) {
        let missing = SeqRange {
            start: self.ends[who].next,
            end: self.ends[who].next + 1_000,
        };
        self.ends[1 - who].ack = missing.start;
        if self.chance.in_hundred(50) {
            self.sends(who, Flags::ACK, 1_000);
        } else {
            self.ends[who].next = missing.end;
        }
        let start = self.ends[who].next;
        for _ in 0..2 + self.chance.below(3) {
            self.sends(who, Flags::ACK, 1_000);
            let block = SeqRange {
                start,
                end: self.ends[who].next,
            };
            let mut options = Options::NONE;
            if self.chance.in_hundred(60) {
                options.sack = SackBlocks::NONE;
                options.sack.push(block);
            }
            let seq = self.ends[1 - who].next;
            self.emit(1 - who, Flags::ACK, seq, 0, options);
        }
        self.emit(who, Flags::ACK, missing.start, 1_000, Options::NONE);
        if self.chance.in_hundred(80) {
            self.ends[1 - who].ack = self.ends[who].next;
            self.sends(1 - who, Flags::ACK, 0);
        }
    }

    fn sent_again(&mut self, who: usize) {
        let len = self.len();
        let back = self.chance.of(&[len, len + 1, 1_460, 3_000]);
        self.wait();
        let seq = self.ends[who].next - back;
        self.emit(who, Flags::ACK, seq, len, Options::NONE);
    }

    fn keep_alive(&mut self, who: usize) {
        let seq = self.ends[who].next - 1;
        let len = self.chance.below(2);
        self.emit(who, Flags::ACK, seq, len, Options::NONE);
        if self.chance.in_hundred(80) {
            self.sends(1 - who, Flags::ACK, 0);
        }
    }

    fn closed_window(&mut self, who: usize) {
        let open = self.ends[who].window;
        self.ends[who].ack = self.ends[1 - who].next;
        self.ends[who].window = 0;
        self.sends(who, Flags::ACK, 0);
        for _ in 0..self.chance.below(3) {
            // The probe's byte is not taken.
            let seq = self.ends[1 - who].next;
            self.emit(1 - who, Flags::ACK, seq, 1, Options::NONE);
            if self.chance.in_hundred(80) {
                self.sends(who, Flags::ACK, 0);
            }
        }
        self.ends[who].window = open;
        if self.chance.in_hundred(70) {
            self.sends(who, Flags::ACK, 0);
        }
    }

    fn window_update(&mut self, who: usize) {
        self.ends[who].window = self.chance.of(&[512, 2_920, 8_192, 65_535, 100]);
        self.sends(who, Flags::ACK, 0);
    }

    fn fills_the_window(&mut self, who: usize) {
        let peer = self.ends[1 - who];
        let scaled = self.ends[who].shift.is_some() && peer.shift.is_some();
        let shift = if scaled { peer.shift.unwrap_or(0) } else { 0 };
        let edge = peer.ack + (u32::from(peer.window) << shift);
        let sent = self.ends[who].next;
        if !edge.after(sent) || edge.distance(sent) > 200_000 {
            return;
        }
        // Mostly unseen: what matters is where the last one ends.
        let last = edge.distance(sent).min(1_460);
        self.ends[who].next = edge - last;
        self.sends(who, Flags::ACK, last);
    }

    fn unseen(&mut self, who: usize) {
        let len = self.len();
        self.ends[who].next += len;
        if self.chance.in_hundred(50) {
            self.ends[1 - who].ack = self.ends[who].next;
            self.sends(1 - who, Flags::ACK, 0);
        } else {
            self.data(who);
        }
    }

    fn overtaken(&mut self, who: usize) {
        let (first, second) = (self.len(), self.len());
        let start = self.ends[who].next;
        self.emit(who, Flags::ACK, start + first, second, Options::NONE);
        self.emit(who, Flags::ACK, start, first, Options::NONE);
        self.ends[who].next = start + (first + second);
    }

    fn control(&mut self, who: usize) {
        let flags = self.chance.of(&[SYN_ACK, FIN_ACK, RST_ACK]);
        let end = self.ends[who];
        let seq = self
            .chance
            .of(&[end.next, end.iss, end.next - 1, end.next + 100]);
        self.emit(who, flags, seq, 0, Options::NONE);
        if flags == FIN_ACK && seq == end.next {
            self.ends[who].next = seq + 1;
        }
    }

    fn anything(&mut self, who: usize) {
        let back = self.chance.below(4_000);
        let seq = self.ends[who].next + self.chance.below(2_000) - back;
        let len = self.len() * self.chance.below(2);
        let was = self.ends[who];
        self.ends[who].ack = was.ack + self.chance.below(3_000) - self.chance.below(1_500);
        self.ends[who].window = self.chance.of(&[0, was.window, 1_000]);
        self.emit(who, Flags::ACK, seq, len, Options::NONE);
        if self.chance.in_hundred(50) {
            self.ends[who] = was;
        }
        let end = seq + len;
        if end.after(self.ends[who].next) {
            self.ends[who].next = end;
        }
    }
}
