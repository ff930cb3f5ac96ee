//! Experiments on a wire: a kernel for the server shows what the simulator showed.
#![cfg(target_os = "linux")]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use synema_core::time::Instant;
use synema_core::wire::tcp::Flags;
use synema_diagram::Document;
use synema_diagram::analysis::TcpDigest;
use synema_diagram::capture::{Fate, file};
use synema_diagram::view::View;
use synema_play::Play;
use synema_sim::experiment::{Setting, Settings, catalogue};

/// The kernel's clock ticks every 4 ms at most, its timers may be two of them late, and so may be
/// whoever writes; a busy machine adds to that.
const TOLERANCE_MS: u64 = 25;
/// And so many of a hundred: over a real wire a round trip is longer by what the machine takes.
const TOLERANCE_PERCENT: u64 = 15;
/// A busy machine may be late once.
const ATTEMPTS: usize = 3;

/// One segment, as the page's end saw it.
#[derive(Debug, PartialEq, Eq)]
struct Told {
    what: String,
    /// Since the SYN, milliseconds.
    at_ms: u64,
}

/// What came from the server, and what was sent there.
fn story(document: &Document) -> [Vec<Told>; 2] {
    let mut told = [Vec::new(), Vec::new()];
    let mut begun: Option<Instant> = None;
    let frames = document.capture().frames();
    for (frame, digest) in frames.iter().zip(document.analysis().digests()) {
        let (Some(tcp), Fate::Seen | Fate::LostLater) = (&digest.tcp, &frame.fate) else {
            continue;
        };
        let begun = *begun.get_or_insert(frame.at);
        told[usize::from(tcp.from_client)].push(Told {
            what: segment(tcp),
            at_ms: frame.at.since(begun).as_micros().div_ceil(1000) as u64,
        });
    }
    told
}

fn segment(tcp: &TcpDigest) -> String {
    let mut text = String::new();
    for (flag, letter) in [
        (Flags::SYN, 'S'),
        (Flags::FIN, 'F'),
        (Flags::RST, 'R'),
        (Flags::PSH, 'P'),
        (Flags::ACK, 'A'),
    ] {
        if tcp.flags.contains(flag) {
            text.push(letter);
        }
    }
    let _ = write!(text, " {}+{} ack {}", tcp.seq, tcp.len, tcp.ack);
    for name in tcp.verdicts.names() {
        // Which of the two is told depends on whether a round trip has passed to the microsecond.
        let name = match name {
            "out_of_order" => "retransmission",
            name => name,
        };
        let _ = write!(text, " [{name}]");
    }
    text
}

fn simulated(id: &str, set: &[(&str, &str)]) -> [Vec<Told>; 2] {
    let catalogue = catalogue();
    let found = catalogue.iter().find(|one| one.id == id);
    let experiment = found.expect("it is in the catalogue");
    let setting = |(knob, to): &(&str, &str)| {
        let setting = match to.parse() {
            Ok(number) if knob == &"delay" => Setting::Number(number),
            _ => Setting::Choice((*to).to_owned()),
        };
        ((*knob).to_owned(), setting)
    };
    let settings: Settings = set.iter().map(setting).collect();
    let played = Play::new(experiment, &settings, experiment.seed, &[]);
    story(&played.expect("it has these knobs").document)
}

fn on_a_wire(id: &str, set: &[(&str, &str)], capture: &Path) -> [Vec<Told>; 2] {
    let set = set
        .iter()
        .flat_map(|(knob, to)| ["--set".to_owned(), format!("{knob}={to}")]);
    let output = Command::new("timeout")
        .args([
            "60",
            env!("CARGO_BIN_EXE_synema"),
            "experiment",
            id,
            "--lab",
            "--capture",
        ])
        .arg(capture)
        .args(set)
        .stdin(Stdio::null())
        .output()
        .expect("it starts");
    assert!(
        output.status.success(),
        "{id}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let read = file::read(&fs::read(capture).expect("it was written")).expect("our own file");
    story(&Document::open(read.capture, View::default()))
}

/// How the two differ; nothing if they show the same.
fn difference(simulated: &[Told], real: &[Told]) -> Option<String> {
    let whats = |told: &[Told]| told.iter().map(|one| one.what.clone()).collect::<Vec<_>>();
    if whats(simulated) != whats(real) {
        return Some(format!("simulated {simulated:#?}\non the wire {real:#?}"));
    }
    let is_far = |(simulated, real): &(&Told, &Told)| {
        let allowed = TOLERANCE_MS + simulated.at_ms * TOLERANCE_PERCENT / 100;
        simulated.at_ms.abs_diff(real.at_ms) > allowed
    };
    let far = simulated.iter().zip(real).find(is_far);
    far.map(|pair| format!("at another time: {pair:?}"))
}

/// Plays an experiment both ways.
fn shows_the_same(id: &str, set: &[(&str, &str)]) {
    let folder = tempfile::tempdir().expect("a folder of the test's own");
    let simulated = simulated(id, set);
    assert!(
        simulated.iter().all(|told| !told.is_empty()),
        "{id} is empty"
    );
    let mut differences = Vec::new();
    for _ in 0..ATTEMPTS {
        let real = on_a_wire(id, set, &folder.path().join("wire.pcapng"));
        let pairs = simulated.iter().zip(&real);
        let found: Vec<_> = pairs.filter_map(|(s, r)| difference(s, r)).collect();
        if found.is_empty() {
            return;
        }
        differences = found;
    }
    panic!("{id} {set:?}:\n{}", differences.join("\n"));
}

#[test]
fn a_handshake_and_four_packets_are_the_same_to_the_byte() {
    shows_the_same("handshake", &[]);
    shows_the_same("handshake", &[("lose", "syn")]);
    shows_the_same("numbers", &[]);
}

#[test]
fn each_of_four_packets_that_is_lost_comes_again_in_the_same_way_at_the_same_time() {
    for lost in ["1", "2", "3", "4"] {
        shows_the_same("one-goes-missing", &[("lose", lost)]);
    }
}

#[test]
fn without_sack_the_kernel_too_waits_for_its_timer_and_joins_what_was_lost() {
    shows_the_same("one-goes-missing", &[("lose", "2"), ("recovery", "three")]);
}

#[test]
fn what_is_no_loss_is_none_for_a_kernel() {
    shows_the_same("a-lost-ack", &[]);
    shows_the_same("half-close", &[]);
}

#[test]
fn a_closed_window_is_probed_and_opens() {
    shows_the_same("zero-window", &[]);
}
#[test]
fn who_acknowledges_what_is_the_same() {
    shows_the_same("numbers", &[("acks", "second")]);
    shows_the_same("a-lost-ack", &[("lose", "931")]);
    shows_the_same("an-ack-is-not-a-reader", &[]);
    shows_the_same("time-wait", &[]);
}

/// Where a train of packets ends is the sender's pacing, to the microsecond: which packet an ACK is
/// for may differ, not how many packets one ACK is for.
#[test]
fn a_kernel_too_hears_one_ack_for_many_packets() {
    let folder = tempfile::tempdir().expect("a folder of the test's own");
    let real = on_a_wire("p-p-p-a", &[], &folder.path().join("wire.pcapng"));
    let simulated = simulated("p-p-p-a", &[]);
    let [packets, acks] = [0, 1].map(|way| (simulated[way].len(), real[way].len()));
    assert!(packets.0.abs_diff(packets.1) <= 2, "packets {packets:?}");
    assert!(acks.0.abs_diff(acks.1) <= 4, "ACKs {acks:?}");
    assert!(acks.1 * 2 < packets.1, "{acks:?} for {packets:?}");
}

#[test]
fn a_probe_finds_the_last_packet_in_both() {
    shows_the_same("one-goes-missing", &[("probe", "on")]);
}

/// How many segments came again, and when the last data came.
fn came_again(told: &[Told]) -> (usize, u64) {
    let again = told
        .iter()
        .filter(|one| one.what.contains("[retransmission]"));
    let data = told.iter().rfind(|one| !one.what.contains("+0 "));
    (again.count(), data.map_or(0, |one| one.at_ms))
}

/// Of a long transfer not every ACK falls alike: what it comes to does.
#[test]
fn the_article_stack_gets_its_page_from_a_kernel_as_from_us() {
    let folder = tempfile::tempdir().expect("a folder of the test's own");
    for set in [&[][..], &[("lose", "tenth")], &[("options", "mss")]] {
        let [simulated, _] = simulated("why-google-gave-up", set);
        let (again, at_ms) = came_again(&simulated);
        let is_same = |_: &usize| {
            let real = on_a_wire(
                "why-google-gave-up",
                set,
                &folder.path().join("wire.pcapng"),
            );
            let (real_again, real_ms) = came_again(&real[0]);
            // Of some two hundred segments each may be late for itself.
            let allowed = 4 * TOLERANCE_MS + at_ms * TOLERANCE_PERCENT / 100;
            println!("{set:?}: simulated {again}, {at_ms} ms; wire {real_again}, {real_ms} ms");
            again.abs_diff(real_again) <= 3 && at_ms.abs_diff(real_ms) <= allowed
        };
        assert!((0..ATTEMPTS).any(|attempt| is_same(&attempt)), "{set:?}");
    }
}
