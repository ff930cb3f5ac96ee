//! What is known of every machine of a run: its states, its timers, why it sent what it sent.

use synema_core::trace::{Cause, DropReason, ResetReason, TcpState, TimerKind};
use synema_diagram::Document;
use synema_diagram::capture::{Capture, Fate, MachineId, Payload, file};
use synema_diagram::link;
use synema_diagram::scene::{ArrowEnd, Certainty, Scene};
use synema_diagram::view::View;
use synema_play::Play;
use synema_sim::experiment::by_hand::{Game, Move};
use synema_sim::experiment::{Settings, catalogue};

fn play(id: &str) -> Play {
    let found = catalogue().into_iter().find(|one| one.id == id);
    let experiment = found.unwrap_or_else(|| panic!("there is no experiment {id}"));
    Play::new(&experiment, &Settings::new(), experiment.seed, &[]).expect("it has these settings")
}

fn scene(document: &mut Document) -> Scene {
    let height = document.extent();
    document.window(0.0, height)
}

/// What of a capture is drawn.
fn same(one: &Capture, other: &Capture) {
    assert_eq!(one.frames(), other.frames());
    assert_eq!(one.machines(), other.machines());
    let scenes =
        [one, other].map(|capture| scene(&mut Document::open(capture.clone(), View::default())));
    assert!(scenes[0] == scenes[1], "it is drawn otherwise");
}

#[test]
fn both_ends_states_are_known_and_both_ends_timers_drawn() {
    let mut play = play("one-goes-missing");
    let scene = scene(&mut play.document);
    let concluded: Vec<_> = scene
        .states
        .iter()
        .filter(|bar| bar.certainty == Certainty::Inferred)
        .map(|bar| bar.state.name())
        .collect();
    // That it listens nobody tells.
    assert_eq!(concluded, ["LISTEN"]);
    let timers: Vec<_> = scene
        .timers
        .iter()
        .map(|timer| (timer.lane, timer.kind))
        .collect();
    assert_eq!(timers, [(1, TimerKind::Retransmission)]);
}

#[test]
fn why_the_other_end_sent_a_packet_is_known() {
    let play = play("one-goes-missing");
    let causes: Vec<_> = play
        .document
        .capture()
        .frames()
        .iter()
        .map(|frame| frame.cause)
        .collect();
    assert!(causes.iter().all(Option::is_some), "{causes:?}");
    assert_eq!(causes[1], Some(Cause::SynAck));
    assert_eq!(causes[12], Some(Cause::RetransmissionTimeout));
    let again = play.document.detail(13).expect("it is there");
    let timer = "before the retransmission timer ran out";
    assert!(again.why.contains(timer), "{}", again.why);
    let recovery = "With it a recovery begins";
    assert!(again.why.contains(recovery), "{}", again.why);
}

#[test]
fn two_machines_on_one_address_have_a_lane_each() {
    let mut play = play("who-sent-this-rst");
    let kernel = MachineId(2);
    let frames = play.document.capture().frames();
    let to_kernel = frames
        .iter()
        .find(|frame| frame.between.to == Some(kernel))
        .expect("the SYN-ACK reaches the kernel, too");
    assert_eq!(to_kernel.fate, Fate::Elsewhere);
    assert_eq!(to_kernel.dropped, Some(DropReason::NoConnection));
    let from_kernel = frames
        .iter()
        .find(|frame| frame.between.from == Some(kernel))
        .expect("the kernel answers");
    assert_eq!(
        from_kernel.cause,
        Some(Cause::Reset(ResetReason::NoConnection))
    );
    let scene = scene(&mut play.document);
    let names: Vec<_> = scene.lanes.iter().map(|lane| &lane.title[..]).collect();
    assert_eq!(
        names,
        [
            "this page, 192.168.0.129",
            "www.lab.test, 192.168.0.80",
            "the kernel, 192.168.0.129"
        ]
    );
    // Each is renamed alone.
    assert_ne!(scene.lanes[0].address, scene.lanes[2].address);
    let rst = scene
        .arrows
        .iter()
        .find(|arrow| arrow.from == 2)
        .expect("it is drawn");
    assert_eq!((rst.to, rst.end), (1, ArrowEnd::Arrives));
    assert_eq!(rst.tcp.as_ref().map(|tcp| &tcp.flags[..]), Some("RST"));
}

#[test]
fn a_file_and_a_link_keep_what_is_known_of_the_machines() {
    for id in ["one-goes-missing", "who-sent-this-rst"] {
        let play = play(id);
        let capture = play.document.capture();
        let mut bytes = Vec::new();
        file::write_pcapng(capture, &mut bytes).expect("memory takes all");
        let opened = file::read(&bytes).expect("it is a pcapng file");
        same(&opened.capture, capture);
        let packets = 1..=capture.frames().len() as u64;
        let linked = play.document.link(packets, Payload::Kept);
        same(&link::decode(&linked.text).expect("it is whole"), capture);
    }
}

#[test]
fn a_game_by_hand_is_a_document_like_any_other() {
    let mut moves = Vec::new();
    let game = loop {
        let game = Game::played(&moves, 7).expect("the server's manners are right");
        let Some(proposal) = game.proposal() else {
            break game;
        };
        moves.push(Move::Send(proposal.segment));
    };
    let mut play = Play::by_hand(&game);
    let scene = scene(&mut play.document);
    let names: Vec<_> = scene.lanes.iter().map(|lane| &lane.title[..]).collect();
    assert_eq!(names, ["you, 192.168.0.129", "www.lab.test, 192.168.0.80"]);
    // Of the reader's end nobody tells: its states are concluded.
    let closed = play.timeline.at(play.timeline.end());
    assert_eq!(closed.machines[0].state(), None);
    assert_eq!(closed.machines[1].state(), Some(TcpState::Closed));
    let own: Vec<_> = scene
        .states
        .iter()
        .filter(|bar| bar.lane == 0)
        .map(|bar| (bar.state.name(), bar.certainty))
        .collect();
    assert_eq!(own.first(), Some(&("SYN-SENT", Certainty::Inferred)));
    assert_eq!(own.last(), Some(&("TIME-WAIT", Certainty::Inferred)));
}
