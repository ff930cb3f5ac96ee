//! The engine against a bridge that is played by the test.

use super::engine::{Do, Engine, Happened};
use crate::protocol::{FromStack, Link, Live, Problem, ToStack};
use crate::words::ENGLISH;
use std::net::Ipv4Addr;
use synema_core::time::{Duration, Instant};
use synema_core::wire::MacAddr;
use synema_relay::{
    BridgeHello, ClaimState, ErrorCode, FromPage, LabInfo, SessionId, Subnet, ToBridge, ToPage,
    encode_hello, encode_to_page,
};

const OURS: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 129);

/// The engine, its clock, and all that it asked for and said so far.
struct Bench {
    engine: Engine,
    now: Instant,
    page: Vec<FromStack>,
    document: Vec<Live>,
    commands: Vec<Do>,
}

impl Bench {
    fn new() -> Self {
        Self {
            engine: Engine::new(|| [7; 32]),
            now: Instant::from_millis(1_000),
            page: Vec::new(),
            document: Vec::new(),
            commands: Vec::new(),
        }
    }

    fn happens(&mut self, happened: Happened) {
        self.engine.handle(self.now, happened);
        self.commands.extend(self.engine.take_commands());
        self.page.extend(self.engine.outbox().take_page());
        self.document.extend(self.engine.outbox().take_document());
    }

    /// Lets time pass, deadline by deadline.
    fn wait(&mut self, duration: Duration) {
        let end = self.now + duration;
        while let Some(due) = self.engine.deadline().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.happens(Happened::Timeout);
        }
        self.now = end;
    }

    fn connect(&mut self) {
        self.happens(Happened::Page(ToStack::Connect {
            url: "ws://127.0.0.1:1/relay".into(),
            token: "key".into(),
            session: None,
            take_over: false,
        }));
        self.happens(Happened::Opened);
    }

    fn open(&mut self) {
        self.connect();
        self.bridge_hello(false);
    }

    fn bridge_hello(&mut self, resumed: bool) {
        self.happens(Happened::Message(encode_hello(&hello(resumed))));
    }

    fn bridge_says(&mut self, control: &ToPage) {
        self.happens(Happened::Message(encode_to_page(control)));
    }

    fn closes(&mut self) {
        let reason = String::new();
        self.happens(Happened::Closed { code: 1006, reason });
    }

    /// What was sent to the bridge, taken away.
    fn sent(&mut self) -> Vec<Vec<u8>> {
        let commands = std::mem::take(&mut self.commands);
        commands
            .into_iter()
            .filter_map(|command| match command {
                Do::Send(message) => Some(message),
                Do::Connect { .. } | Do::Disconnect | Do::Knock => None,
            })
            .collect()
    }

    fn frames_sent(&mut self) -> usize {
        let messages = self.sent();
        messages
            .iter()
            .filter_map(|message| match FromPage::decode(message) {
                Ok(FromPage::Frames(frames)) => Some(frames.count()),
                _ => None,
            })
            .sum()
    }

    fn refusal(&self) -> Option<(Problem, bool)> {
        self.page.iter().find_map(|said| match said {
            FromStack::Link(Link::Refused {
                problem,
                can_take_over,
            }) => Some((problem.words(&ENGLISH), *can_take_over)),
            _ => None,
        })
    }
}

fn hello(resumed: bool) -> BridgeHello {
    BridgeHello {
        session: SessionId([9; 16]),
        resumed,
        program: "synema".into(),
        interface: "eth0".into(),
        mac: MacAddr([2, 0, 0, 0, 0, 1]),
        host_mac: false,
        mtu: 1500,
        subnet: Subnet {
            addr: Ipv4Addr::new(10, 0, 0, 1),
            prefix_len: 24,
        },
        gateway: Some(Ipv4Addr::new(10, 0, 0, 254)),
        dns: vec![Ipv4Addr::new(10, 0, 1, 53)],
        only: None,
        proposed: vec![OURS],
        host_addrs: Vec::new(),
        lab: Some(LabInfo {
            urls: vec!["http://www.lab.test/".into()],
            quick_claim: true,
        }),
        claim: ClaimState::Nothing,
        max_message: 1 << 17,
        now_ns: 1_000_000_000,
    }
}

#[test]
fn the_first_words_are_a_hello_and_credit() {
    let mut bench = Bench::new();
    bench.connect();
    let sent = bench.sent();
    assert!(
        matches!(FromPage::decode(&sent[0]), Ok(FromPage::Hello(hello)) if hello.session.is_none())
    );
    assert!(matches!(
        FromPage::decode(&sent[1]),
        Ok(FromPage::Control(ToBridge::Credit { total_bytes })) if total_bytes > 0
    ));
}

#[test]
fn a_claim_is_told_to_the_gate_before_its_first_probe() {
    let mut bench = Bench::new();
    bench.open();
    bench.sent();
    bench.happens(Happened::Page(ToStack::Claim { addr: OURS }));
    bench.wait(Duration::from_millis(50));
    let sent = bench.sent();
    assert_eq!(
        FromPage::decode(&sent[0]),
        Ok(FromPage::Control(ToBridge::Claim { addr: OURS }))
    );
    assert!(matches!(
        FromPage::decode(&sent[1]),
        Ok(FromPage::Frames(_))
    ));
    assert!(
        bench
            .page
            .iter()
            .any(|said| matches!(said, FromStack::Step { addr, .. } if *addr == OURS))
    );
    assert!(
        bench
            .document
            .iter()
            .any(|live| matches!(live, Live::Sent { handed: true, .. }))
    );
}

#[test]
fn a_fetch_waits_for_the_stack_and_for_the_gate() {
    let mut bench = Bench::new();
    bench.open();
    bench.happens(Happened::Page(ToStack::Claim { addr: OURS }));
    bench.happens(Happened::Page(ToStack::Fetch {
        fetch: 1,
        url: "http://10.0.0.7/".into(),
    }));
    bench.wait(Duration::from_secs(3));
    let began = |bench: &Bench| {
        bench.page.iter().any(|said| {
            matches!(
                said,
                FromStack::Session(synema_core::app::session::SessionEvent::Fetch { .. })
            )
        })
    };
    assert!(!began(&bench), "the gate is closed");
    bench.bridge_says(&ToPage::Claim(ClaimState::Open { addr: OURS }));
    assert!(began(&bench));
}

#[test]
fn a_gate_that_stays_closed_is_told() {
    let mut bench = Bench::new();
    bench.open();
    bench.happens(Happened::Page(ToStack::Claim { addr: OURS }));
    bench.wait(Duration::from_secs(30));
    assert!(
        bench
            .page
            .iter()
            .any(|said| matches!(said, FromStack::GateStuck { addr } if *addr == OURS))
    );
}

#[test]
fn a_bridge_that_disappears_is_tried_again_with_the_session_and_the_stack_lives_on() {
    let mut bench = Bench::new();
    bench.open();
    bench.happens(Happened::Page(ToStack::Claim { addr: OURS }));
    bench.closes();
    assert!(
        bench
            .page
            .iter()
            .any(|said| matches!(said, FromStack::Link(Link::Lost { retry_ms: 250, .. })))
    );
    bench.commands.clear();
    bench.wait(Duration::from_millis(300));
    assert!(
        bench
            .commands
            .iter()
            .any(|command| matches!(command, Do::Connect { .. }))
    );
    bench.commands.clear();
    bench.happens(Happened::Opened);
    let sent = bench.sent();
    assert!(matches!(
        FromPage::decode(&sent[0]),
        Ok(FromPage::Hello(hello)) if hello.session == Some(SessionId([9; 16]))
    ));
    bench.bridge_hello(true);
    assert!(
        bench
            .page
            .iter()
            .any(|said| matches!(said, FromStack::Link(Link::Open { resumed: true, .. })))
    );
    assert!(!bench.page.contains(&FromStack::Link(Link::Forgotten)));
    let begins = bench
        .document
        .iter()
        .filter(|live| matches!(live, Live::Begin { .. }))
        .count();
    assert_eq!(begins, 1, "the capture goes on");
}

#[test]
fn without_a_socket_frames_are_kept_and_counted_not_sent() {
    let mut bench = Bench::new();
    bench.open();
    bench.closes();
    bench.sent();
    bench.happens(Happened::Page(ToStack::Claim { addr: OURS }));
    bench.wait(Duration::from_millis(100));
    assert_eq!(bench.frames_sent(), 0);
    assert!(
        bench
            .page
            .iter()
            .any(|said| matches!(said, FromStack::Unsent(1..)))
    );
    assert!(
        bench
            .document
            .iter()
            .any(|live| matches!(live, Live::Sent { handed: false, .. }))
    );
}

#[test]
fn a_bridge_that_forgot_us_is_told_and_a_new_stack_begins() {
    let mut bench = Bench::new();
    bench.open();
    bench.closes();
    bench.wait(Duration::from_millis(300));
    bench.happens(Happened::Opened);
    bench.bridge_says(&ToPage::Error {
        code: ErrorCode::SessionGone,
        cause: "the session is over".into(),
        next_step: "begin anew".into(),
    });
    bench.wait(Duration::from_millis(1));
    bench.sent();
    bench.happens(Happened::Opened);
    let sent = bench.sent();
    assert!(
        matches!(FromPage::decode(&sent[0]), Ok(FromPage::Hello(hello)) if hello.session.is_none())
    );
    bench.bridge_hello(false);
    assert!(bench.page.contains(&FromStack::Link(Link::Forgotten)));
}

#[test]
fn a_bridge_that_was_never_reached_is_given_up_with_a_next_step() {
    let mut bench = Bench::new();
    bench.connect();
    for _ in 0..4 {
        bench.closes();
        bench.wait(Duration::from_secs(5));
    }
    let (problem, can_take_over) = bench.refusal().expect("given up");
    assert!(problem.cause.contains("does not answer"), "{problem:?}");
    assert!(
        problem.next.contains("whether it still runs"),
        "{problem:?}"
    );
    assert!(!can_take_over);
    assert_eq!(
        bench.engine.deadline(),
        None,
        "nothing is tried by itself any more"
    );
}

/// The socket does not open, and this is what comes of asking at the front door.
fn turned_away(bench: &mut Bench, answers: bool) {
    bench.commands.clear();
    bench.closes();
    assert!(bench.commands.contains(&Do::Knock));
    bench.happens(Happened::Knocked { answers });
    bench.wait(Duration::from_secs(5));
}

#[test]
fn a_bridge_that_answers_and_opens_no_socket_does_not_know_our_key() {
    let mut bench = Bench::new();
    bench.happens(Happened::Page(ToStack::Connect {
        url: "ws://127.0.0.1:1/relay".into(),
        token: "old".into(),
        session: None,
        take_over: false,
    }));
    // Once is chance: it has just come up.
    for answers in [false, true] {
        turned_away(&mut bench, answers);
        assert_eq!(bench.refusal(), None, "{answers}");
    }
    turned_away(&mut bench, true);
    let (problem, can_take_over) = bench.refusal().expect("told");
    assert!(problem.cause.contains("key"), "{problem:?}");
    assert!(problem.next.contains("link"), "{problem:?}");
    assert!(!can_take_over);
    assert_eq!(bench.engine.deadline(), None, "the reader decides");
}

#[test]
fn a_bridge_that_was_started_anew_is_told_from_one_that_is_away() {
    let mut bench = Bench::new();
    bench.open();
    bench.commands.clear();
    bench.closes();
    assert!(!bench.commands.contains(&Do::Knock), "this socket was open");
    bench.wait(Duration::from_secs(1));
    for _ in 0..20 {
        turned_away(&mut bench, false);
    }
    assert_eq!(bench.refusal(), None, "a bridge that is away is waited for");
    turned_away(&mut bench, true);
    turned_away(&mut bench, true);
    let (problem, _) = bench.refusal().expect("told");
    assert!(problem.cause.contains("key"), "{problem:?}");
}

#[test]
fn a_bridge_that_says_nothing_is_left_alone_after_a_while() {
    let mut bench = Bench::new();
    bench.connect();
    bench.commands.clear();
    bench.wait(Duration::from_secs(6));
    assert!(bench.commands.contains(&Do::Disconnect));
}

#[test]
fn another_version_and_garbage_are_refused_in_words() {
    for (message, part) in [
        (vec![0, 99, 0, 0, 0], "version"),
        (vec![200, 1, 2], "cannot be read"),
        (Vec::new(), "cannot be read"),
    ] {
        let mut bench = Bench::new();
        bench.connect();
        bench.happens(Happened::Message(message));
        let (problem, _) = bench.refusal().expect("refused");
        assert!(problem.cause.contains(part), "{}", problem.cause);
        assert!(bench.commands.contains(&Do::Disconnect));
    }
}

#[test]
fn a_busy_bridge_can_be_taken_over() {
    let mut bench = Bench::new();
    bench.connect();
    bench.bridge_says(&ToPage::Error {
        code: ErrorCode::Busy,
        cause: "another page has it".into(),
        next_step: "close that".into(),
    });
    assert_eq!(
        bench.refusal(),
        Some((Problem::new("another page has it", "close that"), true))
    );
    bench.happens(Happened::Page(ToStack::Connect {
        url: "ws://127.0.0.1:1/relay".into(),
        token: "key".into(),
        session: None,
        take_over: true,
    }));
    bench.commands.clear();
    bench.happens(Happened::Opened);
    let sent = bench.sent();
    assert!(matches!(FromPage::decode(&sent[0]), Ok(FromPage::Hello(hello)) if hello.take_over));
}
