//! A story: a timed script of segments and calls, and the log of what came of it.
//!
//! ```text
//!   0    connect                        time in ms (or +ms), then a call
//!   20   < S. 0 ack 1 mss 1460 ws 7     or a segment of the peer:
//!   +5   < P. 1:1001 ack 1 win 500        flags, numbers, ack, win, options
//!   300  wait                           timers run until then
//! ```
//!
//! Sequence numbers count from the two initial ones, and timestamps are the
//! virtual time in ms. The log repeats each line of the script; indented below
//! it stands what the connection did, and what it sent with its cause. Run the
//! tests with `UPDATE_EXPECT=1` to write the logs anew, then read the difference.

use expect_test::Expect;
use std::fmt::Write as _;
use synema_core::tcp::policy::KeepAlive;
use synema_core::tcp::{Connection, ConnectionEvent, IcmpError, Identity, Policy, Segment, Write};
use synema_core::time::{Duration, Instant};
use synema_core::trace::{CloseReason, ConnId, Event, FrameId, Record, RecoveryStep, Trigger};
use synema_core::wire::tcp::{Flags, Options, Timestamps};
use synema_core::wire::{SeqNum, SeqRange};

/// Letters of flags, as tcpdump writes them.
const FLAGS: [(char, Flags); 8] = [
    ('S', Flags::SYN),
    ('F', Flags::FIN),
    ('R', Flags::RST),
    ('P', Flags::PSH),
    ('.', Flags::ACK),
    ('U', Flags::URG),
    ('E', Flags::ECE),
    ('W', Flags::CWR),
];

/// How a story begins, and what its log shows.
pub(crate) struct Story {
    policy: Policy,
    iss: SeqNum,
    irs: SeqNum,
    mtu: u16,
    show_cwnd: bool,
    show_rtt: bool,
    show_timers: bool,
}

impl Story {
    pub(crate) fn new(policy: Policy) -> Self {
        Self {
            policy,
            iss: SeqNum(1_000_000),
            irs: SeqNum(5_000_000),
            mtu: 1500,
            show_cwnd: false,
            show_rtt: false,
            show_timers: false,
        }
    }

    /// Other initial sequence numbers.
    pub(crate) fn numbers(mut self, iss: u32, irs: u32) -> Self {
        (self.iss, self.irs) = (SeqNum(iss), SeqNum(irs));
        self
    }

    /// A link that takes packets of so many bytes.
    pub(crate) fn mtu(mut self, mtu: u16) -> Self {
        self.mtu = mtu;
        self
    }

    /// The log shows cwnd and ssthresh.
    pub(crate) fn show_cwnd(mut self) -> Self {
        self.show_cwnd = true;
        self
    }

    /// The log shows round-trip times.
    pub(crate) fn show_rtt(mut self) -> Self {
        self.show_rtt = true;
        self
    }

    /// The log shows timers being set and stopped.
    pub(crate) fn show_timers(mut self) -> Self {
        self.show_timers = true;
        self
    }

    fn begin(self) -> Run {
        Run {
            story: self,
            connection: None,
            now: Instant::ZERO,
            trace: Vec::new(),
            frames: (0, 0),
            log: String::new(),
            written: 0,
            read: 0,
            link_is_full: false,
        }
    }

    /// Runs the script and compares the log.
    pub(crate) fn check(self, script: &str, expect: &Expect) {
        expect.assert_eq(&self.log(script));
    }

    /// Runs the script; its log.
    pub(crate) fn log(self, script: &str) -> String {
        let mut run = self.begin();
        for line in lines(script) {
            run.line(line);
        }
        run.log
    }
}

/// What every story of an established connection begins with: our SYN at 0, the
/// answer at 20 ms, with all options.
pub(crate) const OPEN: &str = "
    0   connect
    20  < S. 0 ack 1 win 65535 mss 1460 sackok ts 100 ecr 0 ws 7
";

/// The same without any option but the MSS.
pub(crate) const OPEN_PLAIN: &str = "
    0   connect
    20  < S. 0 ack 1 win 65535 mss 1000
";

fn lines(script: &str) -> impl Iterator<Item = &str> {
    script
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
}

/// Runs a story after [`OPEN`].
pub(crate) fn check(script: &str, expect: &Expect) {
    Story::new(Policy::rfc()).check(&format!("{OPEN}{script}"), expect);
}

/// Byte `n` of every stream, counted from the SYN.
pub(crate) fn pattern(n: u64) -> u8 {
    (n.wrapping_mul(0x9e37_79b9) >> 11) as u8
}

struct Run {
    story: Story,
    connection: Option<Connection>,
    now: Instant,
    trace: Vec<Record>,
    frames: (u64, u64),
    log: String,
    written: u64,
    read: u64,
    /// Nothing is polled.
    link_is_full: bool,
}

impl Run {
    fn line(&mut self, line: &str) {
        let (time, command) = line
            .split_once(char::is_whitespace)
            .expect("a time and a call");
        let time_ms = |text: &str| text.parse::<u64>().expect("a time in ms");
        let at = match time.strip_prefix('+') {
            Some(after) => Instant::from_nanos(self.now.as_nanos() + time_ms(after) * 1_000_000),
            None => Instant::from_millis(time_ms(time)),
        };
        assert!(at >= self.now, "time goes back: {line}");
        self.run_timers(at);
        self.now = at;
        let command = command.trim();
        writeln!(self.log, "{:<6} {command}", self.now.as_millis()).unwrap();
        self.command(command);
        self.drain();
    }

    fn command(&mut self, command: &str) {
        let words: Vec<&str> = command.split_whitespace().collect();
        let number = |at: usize| words.get(at).and_then(|w| w.parse::<u64>().ok());
        if words[0] == "<" {
            return self.segment(&words[1..]);
        }
        if words[0] == "connect" {
            let id = self.identity();
            let connection = Connection::connect(self.now, id, &self.story.policy, &mut self.trace);
            self.connection = Some(connection);
            return;
        }
        let (now, trace) = (self.now, &mut self.trace);
        let Some(connection) = self.connection.as_mut() else {
            assert_eq!(command, "listen");
            return;
        };
        match words[0] {
            "wait" => {}
            "send" => {
                let len = number(1).expect("how many bytes");
                let from = self.written + 1;
                let data: Vec<u8> = (from..from + len).map(pattern).collect();
                let write = Write {
                    more_follows: words.contains(&"more"),
                    ends_record: words.contains(&"record"),
                };
                let taken = connection.send_with(now, &data, write, trace);
                self.written += taken as u64;
                if taken as u64 != len {
                    self.note(&format!("took {taken} bytes"));
                }
            }
            "recv" => {
                let mut buf = vec![0; number(1).map_or(1 << 24, |n| n as usize)];
                let taken = connection.recv(now, &mut buf, trace);
                let from = self.read + 1;
                self.read += taken as u64;
                let good = (from..).zip(&buf[..taken]).all(|(n, b)| *b == pattern(n));
                let verdict = if good { "" } else { ", WRONG BYTES" };
                self.note(&format!("read {taken} bytes{verdict}"));
            }
            "urgent" => {
                let len = connection.urgent_len();
                self.note(&format!("{len} bytes to the end of what is urgent"));
            }
            "push" => connection.push(now, trace),
            "info" => {
                let info = connection.info(now);
                let counts = [
                    info.outstanding_segments,
                    info.sacked_segments,
                    info.lost_segments,
                    info.resent_segments,
                ];
                let ([out, sacked, lost, again], repair) = (counts, info.repair);
                let ssthresh = info.ssthresh;
                self.note(&format!(
                    "{repair:?}: {out} out, {sacked} sacked, {lost} lost, {again} again, ssthresh {ssthresh:?}"
                ));
            }
            "limits" => {
                let limited = connection.info(now).limited;
                let ms = |time: Duration| time.as_millis();
                self.note(&format!(
                    "busy {} ms, {} by the peer's window, {} by the send buffer",
                    ms(limited.busy),
                    ms(limited.by_peer_window),
                    ms(limited.by_send_buffer)
                ));
            }
            "room" => {
                let (len, writable) = (connection.writable_len(), connection.is_writable());
                self.note(&format!("room for {len} bytes, writable: {writable}"));
            }
            "challenges" => {
                let spent = connection.take_challenges();
                self.note(&format!("{spent} challenges since"));
            }
            "keep-alive" => {
                let idle = Duration::from_secs(number(1).expect("seconds"));
                let mut policy = self.story.policy.clone();
                let keep_alive = policy.timing.keep_alive.unwrap_or_default();
                policy.timing.keep_alive = Some(KeepAlive { idle, ..keep_alive });
                connection.set_policy(now, &policy, trace);
            }
            "address-lost" => connection.fail(now, CloseReason::AddressLost, trace),
            "hints" => {
                let (error, mtu) = (connection.soft_error(), connection.narrow_path());
                self.note(&format!("soft error {error:?}, narrow path {mtu:?}"));
            }
            "link" => {
                self.link_is_full = words[1] == "full";
                connection.set_link_full(now, self.link_is_full, trace);
            }
            "shutdown" => connection.shutdown(now, trace),
            "close" => connection.close(now, trace),
            "abort" => connection.abort(now, trace),
            "policy" => {
                let policy = match words[1] {
                    "rfc" => Policy::rfc(),
                    "linux" => Policy::linux(),
                    "teeceepee" => Policy::teeceepee_2014(),
                    other => panic!("unknown policy {other}"),
                };
                connection.set_policy(now, &policy, trace);
            }
            "icmp" => {
                let error = match words[1] {
                    "unreachable" => IcmpError::Unreachable {
                        code: number(2).expect("a code") as u8,
                    },
                    "too-big" => IcmpError::FragmentationNeeded {
                        mtu: number(2).expect("an MTU") as u16,
                    },
                    "time-exceeded" => IcmpError::TimeExceeded,
                    "parameter-problem" => IcmpError::ParameterProblem,
                    other => panic!("unknown ICMP error {other}"),
                };
                let seq = words.last().and_then(|n| n.parse::<u32>().ok());
                let seq = self.story.iss + seq.expect("seq n");
                let frame = FrameId::received(self.frames.0);
                self.frames.0 += 1;
                connection.on_icmp_error(now, error, seq, frame, trace);
            }
            other => panic!("unknown call {other}"),
        }
    }

    fn segment(&mut self, words: &[&str]) {
        let frame = FrameId::received(self.frames.0);
        self.frames.0 += 1;
        let (payload, header) = self.parse(words);
        let segment = Segment {
            payload: &payload,
            ..header
        };
        let (now, trace) = (self.now, &mut self.trace);
        if let Some(connection) = self.connection.as_mut() {
            if words.contains(&"ce") {
                return connection.on_marked_segment(now, &segment, frame, trace);
            }
            return connection.on_segment(now, &segment, frame, trace);
        }
        let policy = self.story.policy.clone();
        let id = self.identity();
        let born = Connection::accept(now, id, &policy, &segment, frame, &mut self.trace);
        self.connection = born;
        if self.connection.is_none() {
            self.note("not accepted");
        }
    }

    fn parse(&self, words: &[&str]) -> (Vec<u8>, Segment<'static>) {
        let mut flags = Flags::NONE;
        for letter in words[0].chars().filter(|letter| *letter != '-') {
            let (_, flag) = FLAGS.iter().find(|(known, _)| *known == letter).unwrap();
            flags |= *flag;
        }
        // Numbers before the beginning are written with a minus.
        let offset = |text: &str| text.parse::<i64>().expect("a number") as u32;
        let (from, to) = words[1].split_once(':').unwrap_or((words[1], words[1]));
        let (from, to) = (offset(from), offset(to));
        let mut options = Options::NONE;
        let (mut ack, mut window, mut urgent_pointer) = (SeqNum(0), 65_535, 0);
        let mut rest = words[2..].iter().copied();
        while let Some(word) = rest.next() {
            let mut next = || rest.next().expect("a value");
            match word {
                "ack" => ack = self.story.iss + offset(next()),
                "win" => window = next().parse().unwrap(),
                "urg" => urgent_pointer = next().parse().unwrap(),
                "mss" => options.mss = Some(next().parse().unwrap()),
                "ws" => options.window_scale = Some(next().parse().unwrap()),
                "ce" => {}
                "sackok" => options.sack_permitted = true,
                "ts" => {
                    let value = next().parse().unwrap();
                    options.timestamps = Some(Timestamps { value, echo: 0 });
                }
                "ecr" => {
                    let echo = next().parse().unwrap();
                    options.timestamps.as_mut().unwrap().echo = echo;
                }
                "sack" => {
                    for block in next().split(',') {
                        let (left, right) = block.split_once('-').expect("left-right");
                        options.sack.push(SeqRange {
                            start: self.story.iss + offset(left),
                            end: self.story.iss + offset(right),
                        });
                    }
                }
                other => panic!("unknown word {other}"),
            }
        }
        let len = to.wrapping_sub(from);
        // The SYN takes the first number.
        let first = from.wrapping_add(flags.syn().into());
        let payload = (0..len)
            .map(|i| pattern(first.wrapping_add(i).into()))
            .collect();
        let header = Segment {
            seq: self.story.irs + from,
            ack,
            flags,
            window,
            urgent_pointer,
            options,
            payload: &[],
        };
        (payload, header)
    }

    fn run_timers(&mut self, until: Instant) {
        while let Some(connection) = self.connection.as_mut() {
            let Some(at) = connection.poll_timeout().filter(|at| *at <= until) else {
                return;
            };
            self.now = self.now.max(at);
            connection.on_timeout(self.now, &mut self.trace);
            self.drain();
        }
    }

    /// Polls until it asks to wait.
    fn drain(&mut self) {
        self.tell_trace();
        for n in 0.. {
            if self.link_is_full {
                break;
            }
            assert!(n < 10_000, "endless transmission:\n{}", self.log);
            let frame = FrameId::sent(self.frames.1);
            let Some(connection) = self.connection.as_mut() else {
                return;
            };
            let Some(out) = connection.poll_transmit(self.now, frame, &mut self.trace) else {
                break;
            };
            let data = out.payload.concat();
            let from = out.header.seq.distance(self.story.iss);
            let good = (u64::from(from)..)
                .zip(&data)
                .all(|(n, byte)| *byte == pattern(n));
            assert!(good, "sent other bytes than were written");
            let (header, cause) = (out.header, out.cause);
            let capable = if out.ecn_capable { " ect" } else { "" };
            let again = match out.retransmissions {
                0 => String::new(),
                n => format!(" (again: {n})"),
            };
            let text = format!(
                "> {}{capable}  {:?}{again}",
                self.describe(&header, data.len()),
                cause
            );
            self.frames.1 += 1;
            self.note(&text);
            self.tell_trace();
        }
        self.tell_trace();
        while let Some(event) = self.connection.as_mut().and_then(Connection::poll_event) {
            match event {
                ConnectionEvent::Readable => {}
                other => self.note(&format!("* {other:?}")),
            }
        }
    }

    fn describe(&self, header: &synema_core::wire::tcp::Header, len: usize) -> String {
        let mut text: String = FLAGS
            .iter()
            .filter(|(_, flag)| header.flags.contains(*flag))
            .map(|(letter, _)| *letter)
            .collect();
        let seq = header.seq.distance(self.story.iss) as i32;
        write!(text, " {seq}").unwrap();
        if len > 0 {
            write!(text, ":{}", seq + len as i32).unwrap();
        }
        if header.flags.ack() {
            let ack = header.ack.distance(self.story.irs) as i32;
            write!(text, " ack {ack}").unwrap();
        }
        write!(text, " win {}", header.window).unwrap();
        let options = &header.options;
        if let Some(mss) = options.mss {
            write!(text, " mss {mss}").unwrap();
        }
        if options.sack_permitted {
            text.push_str(" sackok");
        }
        if let Some(ts) = options.timestamps {
            write!(text, " ts {} ecr {}", ts.value, ts.echo).unwrap();
        }
        if let Some(shift) = options.window_scale {
            write!(text, " ws {shift}").unwrap();
        }
        let mut word = " sack ";
        for block in options.sack.iter() {
            let (left, right) = (block.start, block.end);
            let irs = self.story.irs;
            write!(text, "{word}{}-{}", left.distance(irs), right.distance(irs)).unwrap();
            word = ",";
        }
        text
    }

    fn tell_trace(&mut self) {
        for record in core::mem::take(&mut self.trace) {
            let story = &self.story;
            let text = match record.event {
                Event::State { from, to, by, .. } => match by {
                    Trigger::AddressLost => format!("{from} -> {to}, by the loss of the address"),
                    _ => format!("{from} -> {to}"),
                },
                Event::Dropped { reason, .. } => format!("dropped: {reason:?}"),
                Event::TimerFired { timer, .. } => format!("timer {timer:?}"),
                Event::Closed { reason, .. } => format!("over: {reason:?}"),
                Event::PathMtu { mtu, .. } => format!("path MTU {mtu}"),
                Event::SoftError { code, .. } => match code {
                    Some(code) => format!("soft error: unreachable {code}"),
                    None => String::from("soft error"),
                },
                Event::ReceiveWindow { limit, .. } => format!("window up to {limit}"),
                Event::Rtt {
                    sample, srtt, rto, ..
                } if story.show_rtt => {
                    format!("rtt {sample:?}, srtt {srtt:?}, rto {rto:?}")
                }
                Event::Congestion {
                    cwnd,
                    ssthresh,
                    in_flight,
                    ..
                } if story.show_cwnd => {
                    let ssthresh = match ssthresh {
                        u64::MAX => String::from("-"),
                        set => set.to_string(),
                    };
                    format!("cwnd {cwnd}, ssthresh {ssthresh}, in flight {in_flight}")
                }
                Event::Recovery { step, .. } => self.describe_step(step),
                Event::TimerArmed {
                    timer, deadline, ..
                } if story.show_timers => {
                    format!("timer {timer:?} at {} ms", deadline.as_millis())
                }
                Event::TimerStopped { timer, .. } if story.show_timers => {
                    format!("timer {timer:?} stopped")
                }
                _ => continue,
            };
            self.note(&text);
        }
    }

    fn describe_step(&self, step: RecoveryStep) -> String {
        let number = |seq: SeqNum| seq.distance(self.story.iss);
        match step {
            RecoveryStep::Began { until } => format!("recovery until {}", number(until)),
            RecoveryStep::TimedOut { until } => format!("timed out until {}", number(until)),
            RecoveryStep::Ended => String::from("recovered"),
            RecoveryStep::Undone { by } => format!("undone: {by:?}"),
            RecoveryStep::Slowed { by } => format!("slowed: {by:?}"),
            RecoveryStep::Needless { from, to } => {
                format!("needless {}:{}", number(from), number(to))
            }
        }
    }

    fn note(&mut self, text: &str) {
        writeln!(self.log, "{:<6}   {text}", self.now.as_millis()).unwrap();
    }

    fn identity(&self) -> Identity {
        Identity {
            conn: ConnId(1),
            local: "192.0.2.1:40000".parse().unwrap(),
            remote: "192.0.2.2:80".parse().unwrap(),
            iss: self.story.iss,
            timestamp_offset: 0,
            mtu: self.story.mtu,
            path_mtu: self.story.mtu,
        }
    }
}
