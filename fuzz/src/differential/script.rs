//! What a client and a server's application do, from a seed.

use crate::Choices;
use core::fmt;
use synema_core::wire::tcp::Flags;

/// Steps after the handshake.
const STEPS: u32 = 16;

/// A client's segments and a server's calls, in their order.
#[derive(Clone, Debug)]
pub struct Script {
    /// Where it comes from.
    pub seed: u64,
    /// One for each round.
    pub steps: Vec<Step>,
}

/// What happens in one round.
#[derive(Clone, Debug)]
pub enum Step {
    /// The client puts a segment on the wire.
    Segment(Plan),
    /// The server's application calls.
    Act(Act),
    /// Nothing: time passes.
    Pause,
}

/// What an application does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Writes so many bytes.
    Write(usize),
    /// Reads all there is.
    Read,
    /// Says that it will write no more.
    Shutdown,
    /// Wants no more of it.
    Close,
}

/// A segment, its numbers counted from where both sides are.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Control bits.
    pub flags: Flags,
    /// Counted from the client's initial number.
    pub seq: i32,
    /// Bytes of data.
    pub len: u32,
    /// Counted from the end of all that the server has sent.
    pub ack: i32,
    /// As it stands in the header.
    pub window: u16,
    /// Urgent pointer.
    pub urgent: u16,
    /// MSS option.
    pub mss: Option<u16>,
    /// Window scale option.
    pub scale: Option<u8>,
    /// SACK-permitted option.
    pub sack_permitted: bool,
    /// Blocks, counted as `ack` is.
    pub sack: Vec<(i32, i32)>,
    /// The timestamp, off the client's clock by so many ms; and what it echoes.
    pub timestamp: Option<(i32, Echo)>,
}

/// Which of the server's timestamps is echoed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Echo {
    /// The latest.
    Latest,
    /// One that it never sent.
    Never,
}

impl Plan {
    fn ack(seq: i32) -> Self {
        Self {
            flags: Flags::ACK,
            seq,
            len: 0,
            ack: 0,
            window: 60_000,
            urgent: 0,
            mss: None,
            scale: None,
            sack_permitted: false,
            sack: Vec::new(),
            timestamp: None,
        }
    }
}

/// What the generator knows of the client.
struct Writer {
    choices: Choices<'static>,
    /// What the client sends next, if all is in order.
    next: i32,
    timestamps: bool,
    sack: bool,
    /// One past the client's FIN.
    finished: bool,
}

impl Script {
    /// The script of a seed.
    pub fn new(seed: u64) -> Self {
        let mut writer = Writer {
            choices: Choices::seeded(seed),
            next: 1,
            timestamps: false,
            sack: false,
            finished: false,
        };
        let mut steps = Vec::new();
        writer.open(&mut steps);
        for _ in 0..STEPS {
            writer.step(&mut steps);
        }
        Self { seed, steps }
    }
}

impl Writer {
    fn once_in(&mut self, times: u32) -> bool {
        self.choices.once_in(times)
    }

    fn one_of<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.choices.below(values.len() as u32) as usize]
    }

    /// SYN, and what follows it: a handshake that mostly succeeds.
    fn open(&mut self, steps: &mut Vec<Step>) {
        let mut syn = Plan {
            flags: Flags::SYN,
            seq: 0,
            window: self.one_of(&[65_535, 60_000, 1_000, 0]),
            mss: self.one_of(&[Some(1460), Some(1460), Some(536), None]),
            scale: self.one_of(&[None, Some(0), Some(7), Some(7), Some(14), Some(15)]),
            sack_permitted: self.once_in(2),
            ..Plan::ack(0)
        };
        self.timestamps = self.once_in(2);
        self.sack = syn.sack_permitted;
        if self.timestamps {
            syn.timestamp = Some((0, Echo::Latest));
        }
        if self.once_in(12) {
            syn.flags |= self.one_of(&[Flags::FIN, Flags::URG, Flags::PSH, Flags::RST]);
        }
        if self.once_in(12) {
            syn.len = 10;
        }
        steps.push(Step::Segment(syn.clone()));
        if self.once_in(8) {
            steps.push(self.instead_of_ack(&syn));
        }
        let mut ack = self.plain();
        if self.once_in(6) {
            ack.len = 100;
            ack.flags |= Flags::PSH;
            self.next += 100;
        }
        steps.push(Step::Segment(ack));
    }

    /// Something that is not the third segment of a handshake.
    fn instead_of_ack(&mut self, syn: &Plan) -> Step {
        let mut plan = self.plain();
        match self.choices.below(7) {
            0 => return Step::Segment(syn.clone()),
            1 => {
                plan = syn.clone();
                plan.seq = 1_000;
            }
            2 => plan.ack = self.one_of(&[-1, 1, 1_000]),
            3 => plan.flags = Flags::RST,
            4 => plan.flags = Flags::RST | Flags::ACK,
            5 => plan.seq = 1 << 28,
            _ => plan.flags = Flags::ACK | Flags::SYN,
        }
        Step::Segment(plan)
    }

    /// A bare ACK of all, as it should be.
    fn plain(&mut self) -> Plan {
        Plan {
            timestamp: self.timestamps.then_some((0, Echo::Latest)),
            ..Plan::ack(self.next)
        }
    }

    fn step(&mut self, steps: &mut Vec<Step>) {
        let choice = self.choices.below(40);
        let plan = match choice {
            0..=7 => self.in_order(),
            8..=11 => self.out_of_order(),
            12..=14 => self.old_or_overlapping(),
            15 => self.beyond_the_window(),
            16..=18 => self.odd_ack(),
            19 | 20 => self.selective_ack(),
            21 => self.reset(),
            22 | 23 => self.fin(),
            24 => self.urgent(),
            25 | 26 => self.odd_timestamp(),
            27 => self.window(),
            28 => self.late_syn(),
            29 => self.odd_flags(),
            30 | 31 => {
                steps.extend((0..8).map(|_| Step::Pause));
                return;
            }
            32..=34 => {
                let len = self.one_of(&[1, 100, 500, 1_460, 3_000]);
                steps.push(Step::Act(Act::Write(len)));
                self.plain()
            }
            35..=37 => return steps.push(Step::Act(Act::Read)),
            38 => {
                let act = self.one_of(&[Act::Shutdown, Act::Close]);
                return steps.push(Step::Act(act));
            }
            _ => self.plain(),
        };
        steps.push(Step::Segment(plan));
    }

    fn in_order(&mut self) -> Plan {
        let len = self.one_of(&[1, 10, 100, 500, 1_000]);
        let mut plan = Plan {
            flags: Flags::ACK | Flags::PSH,
            len,
            ..self.plain()
        };
        if self.once_in(4) {
            plan.flags = Flags::ACK;
        }
        self.next += if self.finished { 0 } else { len as i32 };
        plan
    }

    fn out_of_order(&mut self) -> Plan {
        let gap = self.one_of(&[1, 100, 500, 1_000, 3_000]);
        let len = self.one_of(&[1, 100, 500]);
        let mut plan = self.plain();
        (plan.seq, plan.len) = (self.next + gap, len);
        if self.once_in(8) {
            plan.flags |= Flags::FIN;
        }
        plan
    }

    fn old_or_overlapping(&mut self) -> Plan {
        let back = self.one_of(&[1, 10, 100, 600]);
        let len = self.one_of(&[1, 50, 100, 700]);
        let mut plan = self.plain();
        (plan.seq, plan.len) = (self.next - back, len);
        self.next = self.next.max(plan.seq + len as i32);
        plan
    }

    fn beyond_the_window(&mut self) -> Plan {
        let off = self.one_of(&[1 << 28, -(1 << 28), 1 << 30]);
        let len = self.one_of(&[0, 1, 100]);
        let mut plan = self.plain();
        (plan.seq, plan.len) = (self.next.wrapping_add(off), len);
        plan
    }

    fn odd_ack(&mut self) -> Plan {
        let mut plan = self.plain();
        plan.ack = self.one_of(&[-1, -100, -1_000, 1, 1_000, 1 << 28, -(1 << 28)]);
        if self.once_in(3) {
            plan.len = 10;
        }
        if self.once_in(8) {
            plan.flags = Flags::NONE;
        }
        plan
    }

    fn selective_ack(&mut self) -> Plan {
        let mut plan = self.plain();
        plan.ack = -self.one_of(&[500, 1_460, 3_000]);
        let from = self.one_of(&[-400, -100, 100, -5_000]);
        plan.sack.push((from, from + self.one_of(&[100, 50, -50])));
        plan
    }

    fn reset(&mut self) -> Plan {
        let mut plan = self.plain();
        plan.flags = self.one_of(&[Flags::RST, Flags::RST | Flags::ACK]);
        plan.seq = self
            .next
            .wrapping_add(self.one_of(&[0, 1, 100, -1, -100, 1 << 28]));
        plan
    }

    fn fin(&mut self) -> Plan {
        let mut plan = self.plain();
        plan.flags |= Flags::FIN;
        plan.len = self.one_of(&[0, 0, 100]);
        if !self.finished {
            self.next += plan.len as i32 + 1;
            self.finished = true;
        }
        plan
    }

    fn urgent(&mut self) -> Plan {
        let mut plan = self.in_order();
        plan.flags |= Flags::URG;
        plan.urgent = self.one_of(&[0, 1, 5, 2_000]);
        plan
    }

    fn odd_timestamp(&mut self) -> Plan {
        let mut plan = self.plain();
        let off = self.one_of(&[-100_000, -1, 100_000, i32::MIN]);
        let echo = self.one_of(&[Echo::Latest, Echo::Never]);
        plan.timestamp = if self.once_in(3) {
            None
        } else {
            Some((off, echo))
        };
        plan.len = self.one_of(&[0, 10]);
        plan
    }

    fn window(&mut self) -> Plan {
        let mut plan = self.plain();
        plan.window = self.one_of(&[0, 1, 500, 60_000]);
        plan
    }

    fn late_syn(&mut self) -> Plan {
        let mut plan = self.plain();
        plan.flags = self.one_of(&[Flags::SYN, Flags::SYN | Flags::ACK]);
        plan.seq = self.one_of(&[0, self.next, self.next + 100, 1 << 28]);
        plan
    }

    fn odd_flags(&mut self) -> Plan {
        let mut plan = self.plain();
        plan.flags = Flags::from_bits(self.choices.below(64) as u16);
        plan.len = self.one_of(&[0, 10]);
        plan
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plan = match self {
            Self::Act(act) => return write!(f, "{act:?}"),
            Self::Pause => return f.write_str("(pause)"),
            Self::Segment(plan) => plan,
        };
        write!(f, "< {} {}", plan.flags, plan.seq)?;
        if plan.len > 0 {
            write!(f, " len {}", plan.len)?;
        }
        write!(f, " ack {:+} win {}", plan.ack, plan.window)?;
        if plan.urgent > 0 {
            write!(f, " urg {}", plan.urgent)?;
        }
        if let Some(mss) = plan.mss {
            write!(f, " mss {mss}")?;
        }
        if plan.sack_permitted {
            f.write_str(" sackok")?;
        }
        if let Some((off, echo)) = plan.timestamp {
            write!(f, " ts {off:+} {echo:?}")?;
        }
        if let Some(scale) = plan.scale {
            write!(f, " ws {scale}")?;
        }
        for (from, to) in &plan.sack {
            write!(f, " sack {from:+}..{to:+}")?;
        }
        Ok(())
    }
}
