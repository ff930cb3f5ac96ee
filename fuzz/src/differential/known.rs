//! The differences between Linux and our stack that there are for a reason.

use super::ROUND;
use super::script::{Act, Plan, Step};
use synema_core::wire::tcp::Flags;

/// A difference that there is for a reason.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// What it is called.
    pub name: &'static str,
    /// Why it is there.
    pub why: &'static str,
    /// Whether the two are in the same state after it.
    pub goes_on: bool,
    /// Whether a round shows it.
    pub(super) shows: fn(&Round<'_>) -> bool,
}

/// One round, as both answered it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Round<'a> {
    /// All steps until then, this round's last.
    pub(super) steps: &'a [Step],
    pub(super) kernel: &'a [&'a str],
    pub(super) ours: &'a [&'a str],
    /// What the kernel answered in the rounds before.
    pub(super) before: &'a [Vec<String>],
    /// Whether either has sent anything twice.
    pub(super) repeated: bool,
    /// Whether they have echoed different timestamps before.
    pub(super) echo_differed: bool,
}

/// The name of the difference that others come from.
pub(super) const ECHO: &str = "echo of a duplicate";

/// All that are known; the first that a round shows is its name.
pub const KNOWN: &[Known] = &[
    Known {
        name: "limited",
        why: "Linux answers what is unacceptable once in 500 ms for each connection; RFC 5961 §7 \
              leaves the limit open, and ours counts several such answers",
        goes_on: true,
        shows: |round| round.is_limited(),
    },
    Known {
        name: ECHO,
        why: "Linux echoes the timestamp of a duplicate that ends at RCV.NXT, and of an ACK that \
              is too old; RFC 7323 §5.3 R2 rejects what is unacceptable before R3 takes its \
              timestamp",
        goes_on: true,
        shows: |round| round.differs_but_for("ecr", 2),
    },
    Known {
        name: "PAWS after it",
        why: "what Linux echoes of a duplicate it also holds against later segments (RFC 7323 \
              §5.3 R1)",
        goes_on: false,
        shows: |round| {
            let answers = |lines: &[&str]| matches!(lines, [line] if is_bare_ack(line) || line.starts_with("> RST"));
            round.echo_differed && answers(round.kernel) && answers(round.ours)
        },
    },
    Known {
        name: "blocks beside a FIN",
        why: "Linux acknowledges a FIN before it forgets what came early, keeps an early FIN that \
              lies before held data, and tells of no duplicate in TIME-WAIT; after a FIN there is \
              nothing early (RFC 9293 §3.10.7.4), and RFC 2883 knows no state without D-SACK",
        goes_on: true,
        shows: |round| {
            let fin = |step: &Step| plan_of(step).is_some_and(|plan| plan.flags.fin());
            let lines = round.before.iter().flatten();
            let ours = |line: &String| line.contains("> FIN");
            (round.steps.iter().any(fin) || lines.into_iter().any(ours))
                && round.differs_but_for("sack", usize::MAX)
        },
    },
    Known {
        name: "blocks forgotten",
        why: "Linux remembers four blocks; ours every one that there is room for",
        goes_on: true,
        shows: |round| match (round.kernel, round.ours) {
            ([kernel], [ours]) => ours.strip_prefix(kernel).is_some_and(is_blocks),
            _ => false,
        },
    },
    Known {
        name: "duplicate among what is early",
        why: "Linux does not always tell of a duplicate within what it has joined; RFC 2883 §4 does",
        goes_on: true,
        shows: |round| match (round.kernel, round.ours) {
            ([kernel], [ours]) => kernel.contains(" sack ") && without(ours, "sack", 2) == *kernel,
            _ => false,
        },
    },
    Known {
        name: "duplicate with an ACK of nothing",
        why: "Linux looks at the ACK of a duplicate that ends at RCV.NXT, and answers that alone; \
              its number is looked at first (RFC 9293 §3.10.7.4)",
        goes_on: true,
        shows: |round| {
            let future = |plan: &Plan| plan.len > 0 && plan.ack > 0;
            round.segment().is_some_and(future) && round.differs_but_for("sack", usize::MAX)
        },
    },
    Known {
        name: "SYN in SYN-RECEIVED",
        why: "Linux resets a handshake for a SYN that does not belong to it (RFC 9293 §3.10.7.4 \
              goes back to LISTEN); ours challenges it as RFC 5961 §4.2 does later, so that \
              nobody who guesses the window can undo a handshake",
        goes_on: false,
        shows: |round| {
            let syn = round.segment().is_some_and(|plan| plan.flags.syn());
            syn && round.in_handshake()
        },
    },
    Known {
        name: "ACK in SYN-RECEIVED",
        why: "Linux resets for a wrong ACK in a handshake before it looks at the number (RFC 9293 \
              §3.5.2); ours takes §3.10.7.4's order, and answers a wrong number with an ACK",
        goes_on: true,
        shows: |round| round.in_handshake() && round.kernel_resets() && round.we_acknowledge(),
    },
    Known {
        name: "echo in SYN-RECEIVED",
        why: "Linux (6.14 and later) completes a handshake only with the echo of a SYN-ACK's \
              timestamp; RFC 7323 §4.3 lets the peer echo that of a later ACK as well",
        goes_on: false,
        shows: |round| {
            let timestamps = round
                .last_plan()
                .is_some_and(|plan| plan.timestamp.is_some());
            let waits = |line: &&str| {
                *line == "nobody"
                    || line.starts_with("> RST")
                    || acknowledged(line) == round.handshake_number()
            };
            timestamps
                && round.in_handshake()
                && round.before.iter().flatten().any(|line| is_bare_ack(line))
                && (round.kernel.iter().all(waits)
                    || round.ours.iter().any(|line| line.starts_with("> RST")))
        },
    },
    Known {
        name: "no ACK bit",
        why: "Linux discards what has neither ACK, RST nor SYN before it looks at the number, \
              which RFC 9293 §3.10.7.4 looks at first",
        goes_on: true,
        shows: |round| {
            let control = Flags::ACK | Flags::RST | Flags::SYN;
            let has_none = |plan: &Plan| !plan.flags.intersects(control);
            round.segment().is_some_and(has_none)
                && round.kernel.is_empty()
                && round.we_acknowledge()
        },
    },
    Known {
        name: "RST with the FIN's number",
        why: "after a FIN, Linux takes a RST one before RCV.NXT as exact, for macOS sends such; \
              RFC 5961 §3.2 does not",
        goes_on: false,
        shows: |round| round.has_reset_at_fin(),
    },
    Known {
        name: "RST that ends at RCV.NXT",
        why: "Linux takes a segment whose end is RCV.NXT for one in the window, and challenges a \
              RST with such data; RFC 9293 §3.10.7.4 drops it without a word",
        goes_on: true,
        shows: |round| {
            let reset = |plan: &Plan| plan.flags.rst() && plan.len > 0;
            let challenged = matches!(round.kernel, [line] if is_bare_ack(line));
            round.segment().is_some_and(reset) && challenged && round.ours.is_empty()
        },
    },
    Known {
        name: "only numbers are kept",
        why: "of a closed connection whose FIN is acknowledged, and in TIME-WAIT, Linux keeps only \
              numbers: it does not look at the rest of the segment that says so, nor at ACKs, and \
              believes any RST in the window (RFC 1337)",
        goes_on: false,
        shows: |round| {
            let ends = |step: &Step| {
                let fin = plan_of(step).is_some_and(|plan| plan.flags.fin());
                fin || matches!(step, Step::Act(Act::Close))
            };
            let mut lines = round.before.iter().flatten();
            lines.any(|line| line.starts_with("> FIN"))
                && round.steps.iter().any(ends)
                && (are_bare_acks(round.kernel) || round.kernel_resets())
                && are_bare_acks(round.ours)
        },
    },
    Known {
        name: "older kernels",
        why: "before 6.7, Linux took any ACK within a window of SND.UNA, also of what was never \
              sent; before 6.14 it answered a pure ACK with an old timestamp that was overtaken",
        goes_on: true,
        shows: |round| {
            let old_ack = |plan: &Plan| plan.len == 0 && plan.ack < 0;
            let old_time = |plan: &Plan| plan.timestamp.is_some_and(|(off, _)| off < 0);
            let is = |test: fn(&Plan) -> bool| round.segment().is_some_and(test);
            is(old_ack) && round.kernel.is_empty() && round.we_acknowledge()
                || is(old_time) && are_bare_acks(round.kernel) && round.ours.is_empty()
        },
    },
    Known {
        name: "text across a FIN",
        why: "text, or another FIN, that goes on where the peer has finished: RFC 9293 §3.10.7.4 \
              ignores it; Linux resets the connection, or believes it when the FIN came early",
        goes_on: false,
        shows: |round| {
            let is_fin = |step: &Step| plan_of(step).is_some_and(|plan| plan.flags.fin());
            let again = round.steps.iter().filter(|step| is_fin(step)).count() > 1;
            let text = again || round.segment().is_some_and(|plan| plan.len > 0);
            let both = are_bare_acks(round.kernel) && are_bare_acks(round.ours);
            let resets = |line: &&str| line.starts_with("> RST");
            let held = |lines: &'_ [&str]| {
                let line = lines.iter().find(|line| line.starts_with('>'));
                line.and_then(|line| line.split_once(" sack "))
                    .map(|(_, blocks)| blocks.to_owned())
            };
            round.steps.iter().any(is_fin)
                && (text && (round.kernel_resets() || both)
                    || crosses_a_fin(round.steps) && round.kernel.iter().any(resets)
                    || held(round.kernel) != held(round.ours))
        },
    },
    Known {
        name: "header prediction",
        why: "Linux's fast path takes in-order data whose ACK is too old; RFC 5961 §5.2 drops it",
        goes_on: false,
        shows: |round| {
            let old = |plan: &Plan| plan.len > 0 && plan.ack < 0;
            round.segment().is_some_and(old)
                && are_bare_acks(round.kernel)
                && are_bare_acks(round.ours)
        },
    },
    Known {
        name: "window taken back",
        why: "Linux does not believe that a window has shrunk when nothing else is new; RFC 9293 \
              §3.10.7.4 takes it (SND.WL1 = SEG.SEQ and SND.WL2 =< SEG.ACK)",
        goes_on: false,
        shows: |round| {
            let small = |step: &Step| matches!(step, Step::Segment(plan) if plan.window < 1_000);
            round.steps.iter().any(small) && round.differs_in_data()
        },
    },
    Known {
        name: "SYN-ACK sent twice",
        why: "RFC 5681 §3.1 begins with one segment when a SYN-ACK had to be sent again; Linux \
              forgives one",
        goes_on: false,
        shows: |round| {
            let lines = round.before.iter().flatten();
            let twice = lines.filter(|line| line.contains("> SYN,ACK")).count() > 1;
            twice && round.differs_in_data()
        },
    },
    Known {
        name: "timers",
        why: "what is not acknowledged brings timeouts and tail probes; how much new may go out \
              with them depends on when exactly, which is not compared",
        goes_on: false,
        shows: |round| {
            let recent = &round.before[round.before.len().saturating_sub(10)..];
            let sent = recent.iter().flatten().any(|line| is_data(line));
            (round.repeated || sent) && round.differs_in_data()
        },
    },
];

/// `net.ipv4.tcp_invalid_ratelimit`, ms.
const LINUX_LIMIT_MS: u128 = 500;

impl<'a> Round<'a> {
    /// Whether the kernel is silent where we send a bare ACK, having sent one not long ago.
    fn is_limited(&self) -> bool {
        let rounds = (LINUX_LIMIT_MS / ROUND.as_millis()) as usize + 1;
        let recent = &self.before[self.before.len().saturating_sub(rounds)..];
        let sent = recent.iter().flatten().any(|line| is_bare_ack(line));
        self.kernel.is_empty() && self.we_acknowledge() && sent
    }

    /// Whether the lines are the same without this word and what follows it.
    fn differs_but_for(&self, word: &str, words: usize) -> bool {
        let same = |(kernel, ours): (&&str, &&str)| {
            without(kernel, word, words) == without(ours, word, words)
        };
        self.kernel.len() == self.ours.len() && self.kernel.iter().zip(self.ours).all(same)
    }

    /// Whether one sends data or a FIN that the other does not send yet.
    fn differs_in_data(&self) -> bool {
        let others = |lines: &'a [&'a str]| -> Vec<&'a str> {
            let lines = lines.iter().copied();
            lines
                .filter(|line| !is_data(line) && !is_bare_ack(line))
                .collect()
        };
        others(self.kernel) == others(self.ours)
            && self
                .kernel
                .iter()
                .chain(self.ours)
                .any(|line| is_data(line))
    }

    fn segment(&self) -> Option<&'a Plan> {
        self.steps.last().and_then(plan_of)
    }

    fn last_plan(&self) -> Option<&'a Plan> {
        self.steps.iter().rev().find_map(plan_of)
    }

    fn kernel_resets(&self) -> bool {
        matches!(self.kernel, [line] if line.starts_with("> RST"))
    }

    fn we_acknowledge(&self) -> bool {
        matches!(self.ours, [line] if is_bare_ack(line))
    }

    /// Whether the kernel has acknowledged nothing since its last SYN-ACK.
    fn in_handshake(&self) -> bool {
        self.handshake_number().is_some()
    }

    /// What it acknowledged with that one, if so.
    fn handshake_number(&self) -> Option<i64> {
        let lines: Vec<&String> = self.before.iter().flatten().collect();
        let at = lines.iter().rposition(|line| line.contains("> SYN,ACK"))?;
        let number = acknowledged(lines[at])?;
        let mut later = lines[at..].iter().filter(|line| line.contains("> "));
        let waits = |line: &&String| {
            line.starts_with("> RST") || !is_data(line) && acknowledged(line) == Some(number)
        };
        later.all(waits).then_some(number)
    }

    /// Whether a RST came with the number before the one that the kernel expected.
    fn has_reset_at_fin(&self) -> bool {
        let is_one = |(index, step): (usize, &Step)| {
            let lines = self.before[..index.min(self.before.len())].iter().flatten();
            let expected = lines.rev().find_map(|line| acknowledged(line));
            plan_of(step)
                .is_some_and(|plan| plan.flags.rst() && expected == Some(i64::from(plan.seq) + 1))
        };
        self.steps.iter().enumerate().any(is_one)
    }
}

fn plan_of(step: &Step) -> Option<&Plan> {
    match step {
        Step::Segment(plan) => Some(plan),
        _ => None,
    }
}

/// Whether a byte of text came with the number that a FIN had: whichever of the two is
/// believed, what follows is judged by it.
fn crosses_a_fin(steps: &[Step]) -> bool {
    let end = |plan: &Plan| i64::from(plan.seq) + i64::from(plan.len);
    let plans = || steps.iter().filter_map(plan_of);
    let fins = plans().filter(|plan| plan.flags.fin()).map(end);
    let covers = |fin: i64| plans().any(|plan| i64::from(plan.seq) <= fin && fin < end(plan));
    fins.into_iter().any(covers)
}

/// Whether this end of a line tells of blocks alone.
fn is_blocks(end: &str) -> bool {
    end.starts_with(" sack ")
}

/// What a line acknowledges.
fn acknowledged(line: &str) -> Option<i64> {
    number_after(line, " ack ")
}

fn number_after(line: &str, word: &str) -> Option<i64> {
    let (_, rest) = line.split_once(word)?;
    rest.split(' ').next()?.parse().ok()
}

fn is_data(line: &str) -> bool {
    line.starts_with('>') && (line.contains(" len ") || line.starts_with("> FIN"))
}

/// Nothing but ACKs without data, if anything.
fn are_bare_acks(lines: &[&str]) -> bool {
    lines.iter().all(|line| is_bare_ack(line))
}

fn is_bare_ack(line: &str) -> bool {
    line.starts_with("> ACK ") && !line.contains(" len ")
}

/// A line without the first such word, and as many words in all.
fn without(line: &str, word: &str, count: usize) -> String {
    let mut words: Vec<&str> = line.split(' ').collect();
    if let Some(at) = words.iter().position(|known| *known == word) {
        words.drain(at..words.len().min(at.saturating_add(count)));
    }
    words.join(" ")
}
