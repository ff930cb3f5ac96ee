//! The page's state: what happens, and what the browser is then asked to do.

mod graphs;
mod looking;
mod playing;
mod sharing;
mod writing;

use super::fetch::{Body, Phase};
use super::state::{Action, Effect, Entry, Source, State, Tab, Theme};
use super::wire::{Bridge, Claim};
use crate::protocol::{
    Extent, FromDocument, FromStack, Gone, Link, Problem, ToDocument, ToStack, Trouble,
};
use crate::words::{ENGLISH, JAPANESE};
use std::net::Ipv4Addr;
use synema_core::app::session::{ClaimEvent, ClaimRefusal, FetchError, FetchEvent, SessionEvent};
use synema_core::wire::MacAddr;
use synema_diagram::scene::Scene;
use synema_diagram::words::Language;
use synema_relay::{BridgeHello, ClaimState, LabInfo, SessionId, Subnet};

const OURS: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 129);

fn hello() -> BridgeHello {
    BridgeHello {
        session: SessionId([9; 16]),
        resumed: false,
        program: "synema".into(),
        interface: "eth0".into(),
        mac: MacAddr([2, 0, 0, 0, 0, 1]),
        host_mac: false,
        mtu: 1500,
        subnet: Subnet {
            addr: Ipv4Addr::new(10, 0, 0, 1),
            prefix_len: 24,
        },
        gateway: None,
        dns: Vec::new(),
        only: None,
        proposed: vec![OURS],
        host_addrs: Vec::new(),
        lab: Some(LabInfo {
            urls: vec!["http://www.lab.test/".into()],
            quick_claim: true,
        }),
        claim: ClaimState::Nothing,
        max_message: 1 << 17,
        now_ns: 0,
    }
}

fn entry() -> Entry {
    Entry {
        url: "ws://127.0.0.1:1/relay".into(),
        token: "secret".into(),
        session: None,
    }
}

fn stack(state: &mut State, said: FromStack) -> Vec<Effect> {
    state.reduce(Action::Stack(vec![said]))
}

fn document(state: &mut State, said: FromDocument) -> Vec<Effect> {
    state.reduce(Action::Document(vec![said]))
}

fn fetch_event(state: &mut State, event: FetchEvent) {
    let fetch = state.wire.fetch.number;
    stack(
        state,
        FromStack::Session(SessionEvent::Fetch { fetch, event }),
    );
}

fn connected() -> State {
    let mut state = State::new(Some(entry()), Theme::Light);
    let link = Link::Open {
        hello: Box::new(hello()),
        resumed: false,
    };
    stack(&mut state, FromStack::Link(link));
    state
}

fn granted(state: &mut State) {
    let event = ClaimEvent::Granted {
        addr: OURS,
        rfc_timings: false,
    };
    stack(state, FromStack::Session(SessionEvent::Claim(event)));
}

#[test]
fn the_page_connects_by_itself_when_both_workers_listen_and_there_is_a_key() {
    let mut state = State::new(Some(entry()), Theme::Light);
    assert_eq!(stack(&mut state, FromStack::Ready), []);
    let effects = document(&mut state, FromDocument::Ready);
    assert!(effects.contains(&Effect::Join));
    assert!(effects.iter().any(|effect| matches!(
        effect,
        Effect::Stack(ToStack::Connect { token, take_over: false, .. }) if token == "secret"
    )));
}

#[test]
fn what_is_for_the_document_s_worker_is_held_until_it_listens() {
    let mut state = State::new(None, Theme::Light);
    let size = Action::Resized {
        width: 700.0,
        height: 600.0,
    };
    assert_eq!(state.reduce(size), []);
    let effects = document(&mut state, FromDocument::Ready);
    assert_eq!(windows(&effects).len(), 1);
}

#[test]
fn without_a_key_nothing_is_connected_and_the_page_says_so() {
    let mut state = State::new(None, Theme::Light);
    stack(&mut state, FromStack::Ready);
    let effects = document(&mut state, FromDocument::Ready);
    assert!(
        !effects
            .iter()
            .any(|effect| matches!(effect, Effect::Stack(_)))
    );
    assert_eq!(state.wire.bridge, Bridge::Absent);
    assert!(
        state.reduce(Action::Fetch).is_empty(),
        "there is nothing to fetch with"
    );
}

#[test]
fn the_key_is_not_in_what_is_printed() {
    assert!(!format!("{:?}", entry()).contains("secret"));
}

#[test]
fn an_open_bridge_proposes_address_and_url_and_is_remembered() {
    let mut state = State::new(Some(entry()), Theme::Light);
    let link = Link::Open {
        hello: Box::new(hello()),
        resumed: false,
    };
    let effects = stack(&mut state, FromStack::Link(link));
    assert_eq!(effects, [Effect::Remember(SessionId([9; 16]))]);
    assert_eq!(state.wire.address.typed, "10.0.0.129");
    assert_eq!(state.wire.fetch.url, "http://www.lab.test/");
    assert_eq!(state.wire.state_name(), "open");
}

#[test]
fn one_press_of_fetch_claims_first_and_then_fetches() {
    let mut state = connected();
    let effects = state.reduce(Action::Fetch);
    let told: Vec<_> = effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Stack(message) => Some(message.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(
        told,
        [
            ToStack::Claim { addr: OURS },
            ToStack::Fetch {
                fetch: 1,
                url: "http://www.lab.test/".into()
            }
        ]
    );
    assert_eq!(state.wire.fetch.phase, Phase::Waiting);
    granted(&mut state);
    assert_eq!(state.wire.fetch.phase, Phase::Running);
    assert_eq!(state.wire.state_name(), "claimed");
    assert!(
        state.reduce(Action::Fetch).is_empty(),
        "one fetch at a time"
    );
}

#[test]
fn a_fetch_is_done_when_its_digest_is_there() {
    let mut state = connected();
    state.reduce(Action::Fetch);
    granted(&mut state);
    let done = FetchEvent::Done {
        body_len: 3,
        trailers: Vec::new(),
    };
    fetch_event(&mut state, done);
    assert_eq!(state.wire.fetch.phase.name(), "running");
    let body = Body {
        len: 3,
        sha256: "00".repeat(32),
        text: Some("abc".into()),
        shown: 3,
    };
    document(&mut state, FromDocument::Body { fetch: 1, body });
    assert_eq!(state.wire.fetch.phase.name(), "done");
}

#[test]
fn a_failed_fetch_says_why_and_what_to_do() {
    let mut state = connected();
    state.reduce(Action::Fetch);
    granted(&mut state);
    fetch_event(&mut state, FetchEvent::Failed(FetchError::NoAddress));
    assert_eq!(state.wire.fetch.phase.name(), "failed");
    let problem = state
        .wire
        .fetch
        .problem
        .clone()
        .expect("said")
        .words(&ENGLISH);
    assert!(!problem.cause.is_empty() && !problem.next.is_empty());
    assert!(state.wire.can_fetch(), "it can be tried again");
}

#[test]
fn what_an_older_fetch_still_says_is_not_heard() {
    let mut state = connected();
    state.reduce(Action::Fetch);
    granted(&mut state);
    let event = FetchEvent::Failed(FetchError::NoAddress);
    stack(
        &mut state,
        FromStack::Session(SessionEvent::Fetch { fetch: 99, event }),
    );
    assert_eq!(state.wire.fetch.phase, Phase::Running);
}

#[test]
fn an_address_in_use_is_refused_with_the_other_s_mac() {
    let mut state = connected();
    state.reduce(Action::Fetch);
    let by = MacAddr([2, 0, 0, 0, 0, 0x42]);
    let event = ClaimEvent::Refused {
        addr: OURS,
        why: ClaimRefusal::InUse { by },
    };
    stack(&mut state, FromStack::Session(SessionEvent::Claim(event)));
    let Claim::Failed(trouble) = &state.wire.address.claim else {
        panic!("the claim goes on");
    };
    let problem = trouble.words(&ENGLISH);
    assert!(
        problem.cause.contains("02:00:00:00:00:42"),
        "{}",
        problem.cause
    );
    assert_eq!(
        state.wire.fetch.phase,
        Phase::Failed,
        "the fetch that waited for it is over"
    );
    assert!(state.wire.can_claim(), "another address can be claimed");
}

#[test]
fn an_address_that_is_lost_later_ends_the_fetch() {
    let mut state = connected();
    state.reduce(Action::Fetch);
    granted(&mut state);
    let lost = ClaimState::Conflict {
        addr: OURS,
        by: MacAddr([2, 0, 0, 0, 0, 9]),
        lost: true,
    };
    stack(&mut state, FromStack::Gate(lost));
    assert!(matches!(
        &state.wire.address.claim,
        Claim::Failed(Trouble::Taken(_, MacAddr([2, 0, 0, 0, 0, 9])))
    ));
    assert_eq!(state.wire.fetch.phase, Phase::Failed);
}

#[test]
fn what_is_no_address_is_not_claimed() {
    for typed in ["", "10.0.0", "10.0.0.256", "::1", "http://x"] {
        let mut state = connected();
        state.reduce(Action::TypeAddress(typed.into()));
        assert!(state.reduce(Action::Claim).is_empty(), "{typed}");
        assert!(
            matches!(&state.wire.address.claim, Claim::Failed(trouble) if !trouble.words(&ENGLISH).next.is_empty())
        );
    }
}

#[test]
fn a_bridge_that_is_lost_leaves_the_fetch_running() {
    let mut state = connected();
    state.reduce(Action::Fetch);
    granted(&mut state);
    let lost = Link::Lost {
        why: Gone::Unknown,
        retry_ms: 250,
    };
    stack(&mut state, FromStack::Link(lost));
    assert_eq!(state.wire.state_name(), "lost");
    assert_eq!(state.wire.fetch.phase, Phase::Running);
    stack(&mut state, FromStack::Link(Link::Connecting));
    assert_eq!(state.wire.state_name(), "lost", "said until it is back");
    let back = Link::Open {
        hello: Box::new(hello()),
        resumed: true,
    };
    stack(&mut state, FromStack::Link(back));
    assert_eq!(state.wire.state_name(), "claimed");
}

#[test]
fn a_refusing_bridge_ends_what_waited() {
    let mut state = connected();
    state.reduce(Action::Fetch);
    let refused = Link::Refused {
        problem: Trouble::BridgeSays(Problem::new("a", "b")),
        can_take_over: true,
    };
    stack(&mut state, FromStack::Link(refused));
    assert_eq!(state.wire.state_name(), "refused");
    assert_eq!(state.wire.fetch.phase, Phase::Failed);
    let effects = state.reduce(Action::Connect { take_over: true });
    assert!(matches!(
        effects[..],
        [Effect::Stack(ToStack::Connect {
            take_over: true,
            ..
        })]
    ));
}

// ---- the reader --------------------------------------------------------------

fn extent(version: u64, packets: u64, height: f64) -> FromDocument {
    FromDocument::Extent(Extent {
        version,
        packets,
        shown: packets,
        height,
        let_go: 0,
        missing: 0,
    })
}

fn scene(version: u64, window: (f64, f64), height: f64) -> FromDocument {
    FromDocument::Scene {
        version,
        scene: Box::new(Scene {
            window,
            height,
            ..Scene::default()
        }),
    }
}

fn windows(effects: &[Effect]) -> Vec<(f64, f64)> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Document(ToDocument::Window { y0, y1 }) => Some((*y0, *y1)),
            _ => None,
        })
        .collect()
}

fn reading() -> State {
    let mut state = State::new(None, Theme::Light);
    document(&mut state, FromDocument::Ready);
    state.reduce(Action::Resized {
        width: 700.0,
        height: 600.0,
    });
    document(&mut state, scene(0, (0.0, 1050.0), 0.0));
    state
}

#[test]
fn a_growing_ladder_is_followed_and_asked_for_once_at_a_time() {
    let mut state = reading();
    let first = document(&mut state, extent(1, 100, 3000.0));
    assert_eq!(windows(&first).len(), 1);
    assert_eq!(state.reader.scroll.top(), 2400.0);
    let second = document(&mut state, extent(2, 110, 3300.0));
    assert!(windows(&second).is_empty(), "one question is under way");
    let third = document(&mut state, scene(1, (1950.0, 3450.0), 3000.0));
    assert_eq!(windows(&third).len(), 1, "the answer was out of date");
    let fourth = document(&mut state, scene(2, (2250.0, 3750.0), 3300.0));
    assert!(windows(&fourth).is_empty());
}

#[test]
fn scrolling_back_ends_following_and_the_button_begins_it_again() {
    let mut state = reading();
    document(&mut state, extent(1, 100, 3000.0));
    assert!(state.reader.following);
    state.reduce(Action::Scrolled(500.0));
    assert!(!state.reader.following);
    document(&mut state, extent(2, 200, 6000.0));
    assert_eq!(
        state.reader.scroll.top(),
        500.0,
        "the reader stays where he is"
    );
    state.reduce(Action::Follow);
    assert!(state.reader.following);
    assert_eq!(state.reader.scroll.top(), 5400.0);
}

#[test]
fn scrolling_within_what_is_drawn_asks_for_nothing() {
    let mut state = reading();
    document(&mut state, extent(1, 100, 3000.0));
    document(&mut state, scene(1, (1950.0, 3450.0), 3000.0));
    assert!(windows(&state.reduce(Action::Scrolled(2350.0))).is_empty());
    assert_eq!(
        windows(&state.reduce(Action::Scrolled(300.0))),
        [(0.0, 1350.0)]
    );
}

#[test]
fn keys_go_from_packet_to_packet_and_stop_at_the_ends() {
    let mut state = reading();
    document(&mut state, extent(1, 3, 300.0));
    state.reduce(Action::Step(1));
    assert_eq!(state.reader.selected, Some(1), "the first that is seen");
    state.reduce(Action::Step(-1));
    assert_eq!(state.reader.selected, Some(1));
    for _ in 0..5 {
        state.reduce(Action::Step(1));
    }
    assert_eq!(state.reader.selected, Some(3));
    assert_eq!(state.tab, Tab::Packet);
    state.reduce(Action::Select(Some(77)));
    assert_eq!(state.reader.selected, None, "there is no such packet");
}

#[test]
fn a_selected_packet_is_brought_into_sight() {
    let mut state = reading();
    document(&mut state, extent(1, 100, 3000.0));
    let effects = state.reduce(Action::Select(Some(5)));
    assert!(effects.contains(&Effect::Document(ToDocument::Detail { number: 5 })));
    let detail = FromDocument::Detail {
        number: 5,
        detail: None,
        row: Some((120.0, 150.0)),
        stream: Some(2),
        at_ns: 7_000_000,
    };
    document(&mut state, detail);
    assert_eq!(state.reader.scroll.top(), 72.0);
    assert!(!state.reader.following);
}

#[test]
fn a_file_is_read_from_its_start_and_the_wire_comes_back_at_its_end() {
    let mut state = reading();
    document(&mut state, extent(1, 100, 3000.0));
    let opened = FromDocument::Opened {
        name: "a.pcap".into(),
        partly: None,
        passed_over: None,
    };
    document(&mut state, opened);
    document(&mut state, extent(2, 50, 9000.0));
    assert_eq!(state.reader.scroll.top(), 0.0);
    assert!(matches!(&state.source, Source::File { name, .. } if name == "a.pcap"));
    let effects = state.reduce(Action::ShowWire);
    assert!(effects.contains(&Effect::Document(ToDocument::ShowWire)));
    document(&mut state, extent(3, 100, 3000.0));
    assert_eq!(state.reader.scroll.top(), 2400.0);
}

#[test]
fn a_file_that_cannot_be_read_leaves_what_was_shown() {
    let mut state = reading();
    document(&mut state, extent(1, 100, 3000.0));
    let failed = FromDocument::OpenFailed {
        name: "a.txt".into(),
        why: "byte 0: not a capture".into(),
    };
    document(&mut state, failed);
    let trouble = state.trouble.clone().expect("said").words(&ENGLISH);
    assert!(trouble.cause.contains("a.txt") && trouble.cause.contains("byte 0"));
    assert_eq!(state.reader.extent.packets, 100);
    state.reduce(Action::Dismiss);
    assert_eq!(state.trouble, None);
}

#[test]
fn a_broken_worker_is_told() {
    let mut state = reading();
    document(
        &mut state,
        FromDocument::Broken("index out of range".into()),
    );
    let trouble = state.trouble.expect("said").words(&ENGLISH);
    assert!(trouble.cause.contains("index out of range") && !trouble.next.is_empty());
}

#[test]
fn another_language_is_spoken_by_page_and_document_and_kept() {
    let mut state = connected();
    document(&mut state, FromDocument::Ready);
    let effects = state.reduce(Action::Speak(Language::Japanese));
    assert_eq!(state.words, &JAPANESE);
    assert!(effects.contains(&Effect::KeepLanguage(Language::Japanese)));
    let told = effects.iter().any(|effect| {
        matches!(effect, Effect::Document(ToDocument::Look(view)) if view.language == Language::Japanese)
    });
    assert!(told, "{effects:?}");
}
