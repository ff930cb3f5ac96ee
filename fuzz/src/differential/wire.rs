//! The client's end of the wire: plans become frames, and answers become text.

use super::script::{Echo, Plan, Step};
use core::fmt::Write;
use core::net::Ipv4Addr;
use synema_core::wire::tcp::{Header, Options, Segment, Timestamps};
use synema_core::wire::{EtherType, MacAddr, Port, Protocol, SeqNum, SeqRange, ethernet, ipv4};

/// The client's initial sequence number.
const ISS: SeqNum = SeqNum(0x4000_0000);
/// The client's timestamps begin here.
const CLOCK: u32 = 1_000_000;

/// What a line begins with whose segment was sent before.
pub(super) const REPEATED: char = '~';

/// Who is where.
#[derive(Clone, Copy, Debug)]
pub struct Ends {
    /// The client's addresses.
    pub client: (MacAddr, Ipv4Addr, Port),
    /// The server's.
    pub server: (MacAddr, Ipv4Addr, Port),
}

/// One script's client.
#[derive(Debug)]
pub struct Client {
    ends: Ends,
    /// The server's initial sequence number.
    irs: Option<SeqNum>,
    /// One past the last number that the server sent.
    seen: SeqNum,
    /// The server's latest timestamp.
    heard: u32,
}

impl Client {
    /// A client that has heard nothing yet.
    pub fn new(ends: Ends) -> Self {
        Self {
            ends,
            irs: None,
            seen: SeqNum(0),
            heard: 0,
        }
    }

    /// The frame of a plan, `clock_ms` after the script began.
    pub fn frame(&self, plan: &Plan, clock_ms: u32) -> Vec<u8> {
        let (_, us, ours) = self.ends.client;
        let (_, them, theirs) = self.ends.server;
        let near = |base: SeqNum, off: i32| SeqNum(base.0.wrapping_add_signed(off));
        let mut options = Options {
            mss: plan.mss,
            window_scale: plan.scale,
            sack_permitted: plan.sack_permitted,
            ..Options::NONE
        };
        options.timestamps = plan.timestamp.map(|(off, echo)| Timestamps {
            value: CLOCK.wrapping_add(clock_ms).wrapping_add_signed(off),
            echo: match echo {
                Echo::Latest => self.heard,
                Echo::Never => self.heard ^ 0x4000_0000,
            },
        });
        for (from, to) in &plan.sack {
            options.sack.push(SeqRange {
                start: near(self.seen, *from),
                end: near(self.seen, *to),
            });
        }
        let header = Header {
            src_port: ours,
            dst_port: theirs,
            seq: near(ISS, plan.seq),
            ack: if plan.flags.ack() {
                near(self.seen, plan.ack)
            } else {
                SeqNum(0)
            },
            flags: plan.flags,
            window: plan.window,
            urgent_pointer: plan.urgent,
            options,
        };
        let first = plan.seq.wrapping_add(i32::from(plan.flags.syn()));
        let data: Vec<u8> = (0..plan.len).map(|n| content(first, n)).collect();
        let mut frame = Vec::new();
        ethernet::Header {
            destination: self.ends.server.0,
            source: self.ends.client.0,
            ether_type: EtherType::IPV4,
        }
        .emit(&mut frame);
        let len = header.header_len() + data.len();
        ipv4::Header::new(us, them, Protocol::TCP).emit(len, &mut frame);
        header.emit(us, them, &[&data], &mut frame);
        frame
    }

    /// What the server answered to `step`, as text; what it only repeats begins with a tilde.
    pub fn hear(&mut self, segment: &Segment<'_>, step: &Step) -> String {
        let (flags, options) = (segment.flags(), segment.options());
        let end = segment.seq() + segment.seq_len();
        let is_syn = matches!(step, Step::Segment(plan) if plan.flags.syn());
        if flags.syn() && !flags.rst() && (self.irs.is_none() || is_syn) {
            // Of the first connection, or of the next one between the same ends.
            (self.irs, self.seen) = (Some(segment.seq()), segment.seq());
        }
        if let Some(timestamps) = options.timestamps {
            self.heard = timestamps.value;
        }
        // Sent again because time passed; or a probe, which is a bare ACK before what was sent.
        let is_syn = |step: &Step| matches!(step, Step::Segment(plan) if plan.flags.syn());
        let again =
            segment.seq_len() > 0 && !end.after(self.seen) && !(flags.syn() && is_syn(step));
        let probe = segment.seq_len() == 0 && segment.seq().before(self.seen);
        if (again || probe) && !flags.rst() {
            return format!("{REPEATED}{}", self.describe(segment));
        }
        if !flags.rst() {
            self.seen = self.seen.later(end);
        }
        self.describe(segment)
    }

    fn describe(&self, segment: &Segment<'_>) -> String {
        let (flags, options) = (segment.flags(), segment.options());
        let number = |seq: SeqNum, base: SeqNum| seq.signed_distance(base);
        let seq = self.irs.map_or_else(
            || segment.seq().0.to_string(),
            |irs| number(segment.seq(), irs).to_string(),
        );
        let mut text = format!("> {flags} {seq}");
        // Writing to a string does not fail.
        let mut put = |args: core::fmt::Arguments<'_>| text.write_fmt(args).expect("a string");
        if !segment.payload().is_empty() {
            put(format_args!(" len {}", segment.payload().len()));
        }
        if flags.ack() {
            put(format_args!(" ack {}", number(segment.ack(), ISS)));
        }
        if segment.window() == 0 && !flags.rst() {
            put(format_args!(" win 0"));
        }
        if let Some(mss) = options.mss {
            put(format_args!(" mss {mss}"));
        }
        if options.sack_permitted {
            put(format_args!(" sackok"));
        }
        if let Some(timestamps) = options.timestamps {
            let echo = match timestamps.echo {
                0 => 0,
                echo => i64::from(echo) - i64::from(CLOCK),
            };
            put(format_args!(" ecr {echo}"));
        }
        if options.window_scale.is_some() {
            put(format_args!(" ws"));
        }
        // Blocks on a RST are for nobody.
        for block in options.sack.iter().filter(|_| !flags.rst()) {
            let (from, to) = (number(block.start, ISS), number(block.end, ISS));
            put(format_args!(" sack {from}-{to}"));
        }
        text
    }
}

/// Byte `n` of a segment that begins at `first`: the same wherever a segment begins.
fn content(first: i32, n: u32) -> u8 {
    (first.wrapping_add_unsigned(n).wrapping_mul(31) >> 2) as u8
}
