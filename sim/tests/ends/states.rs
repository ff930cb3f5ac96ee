//! The states that `diagram` concludes from packets, beside those that the stack tells.
//!
//! What an observer can know, and when:
//! - A sender's state changes with the packet that shows it, a receiver's when that packet
//!   arrives. So a state never begins before the packet that proves it.
//! - A call shows only when its SYN departs, and a call to close when the FIN does: until then FIN-WAIT-1 looks like
//!   ESTABLISHED, and LAST-ACK and CLOSING like CLOSE-WAIT. Whoever has called before the
//!   other's FIN came, and sends its own after, looks as if it had called after.
//! - Timers do not show: an end that leaves TIME-WAIT, or gives up, stays where it was.
//! - That a packet was lost after it passed by shows, if at all, later: then what it was
//!   thought to have brought is moved to the packet that brought it.

use super::pair::{CLIENT, Run, run, scene};
use std::fmt::Write as _;
use synema_core::time::{Duration, Instant};
use synema_core::trace::{Event, FrameId, TcpState, Trigger};
use synema_core::wire::{LinkType, dissect};
use synema_diagram::Document;
use synema_diagram::capture::{Capture, Direction, Frame, Interface};
use synema_diagram::states::When;
use synema_diagram::view::View;
use synema_sim::{NodeId, PassageEnd};

/// So many scenes are played on each way.
const SEEDS: u64 = 150;

/// A frame at the place of the capture, and its passage.
struct Seen {
    at: Instant,
    passage: usize,
}

/// What passes a place on the way, so many thousandths of it from the client.
fn seen_at(run: &Run, place: u64) -> Vec<Seen> {
    let mut seen: Vec<Seen> = Vec::new();
    for (index, passage) in run.network.passages().iter().enumerate() {
        let part = if passage.from == run.ends[0] {
            place
        } else {
            1_000 - place
        };
        let at = match passage.end {
            PassageEnd::Arrived { at, .. } => {
                let ns = at.since(passage.departed).as_nanos() as u64 * part / 1_000;
                passage.departed + Duration::from_nanos(ns)
            }
            // It died half-way.
            PassageEnd::Lost { at, .. } if part < 500 => {
                let ns = at.since(passage.departed).as_nanos() as u64 * 2 * part / 1_000;
                passage.departed + Duration::from_nanos(ns)
            }
            PassageEnd::Lost { .. } => continue,
        };
        let twice = part == 0
            && seen.iter().any(|seen| {
                let other = &run.network.passages()[seen.passage];
                (other.from, other.sent_as) == (passage.from, passage.sent_as)
            });
        if !twice {
            seen.push(Seen { at, passage: index });
        }
    }
    seen.sort_by_key(|seen| seen.at);
    seen
}

/// A state and since when, on the one true clock; `None` for a packet that never arrived.
type Told = (TcpState, Option<Instant>);

/// What is concluded of client and server.
fn concluded(run: &Run, seen: &[Seen]) -> [Vec<Told>; 2] {
    let mut capture = Capture::default();
    capture.add_interface(Interface::ethernet("", None));
    for (number, seen) in (1..).zip(seen) {
        let bytes = &run.network.passages()[seen.passage].bytes;
        let id = FrameId::received(number);
        capture.push(Frame::new(id, seen.at, Direction::Unknown, bytes));
    }
    let document = Document::open(capture, View::default());
    let Some(info) = document.analysis().streams().first() else {
        return [Vec::new(), Vec::new()];
    };
    let hosts = document.analysis().hosts();
    let is_client = hosts.at(info.client.0).and_then(|host| host.ip) == Some(CLIENT.into());
    let at = |when: When| {
        let passage = |index: u32| &run.network.passages()[seen[index as usize].passage];
        match when {
            When::Departure(index) => Some(passage(index).departed),
            When::Arrival(index) => match passage(index).end {
                PassageEnd::Arrived { at, .. } => Some(at),
                PassageEnd::Lost { .. } => None,
            },
            other => panic!("no trace told {other:?}"),
        }
    };
    [is_client, !is_client].map(|client| {
        let (changes, _) = document.states().changes(0, client);
        changes
            .iter()
            .map(|change| (change.state, at(change.when)))
            .collect()
    })
}

/// When an end sent its first SYN and its first FIN, and every RST.
fn departures(run: &Run, end: NodeId) -> (Option<Instant>, Option<Instant>, Vec<Instant>) {
    let own = run
        .network
        .passages()
        .iter()
        .filter(|passage| passage.from == end);
    let flags = own.filter_map(|passage| {
        let packet = dissect(LinkType::Ethernet, &passage.bytes, passage.bytes.len());
        packet
            .tcp()
            .map(|segment| (passage.departed, segment.flags()))
    });
    let flags: Vec<_> = flags.collect();
    let syn = flags.iter().find(|(_, flags)| flags.syn());
    let fin = flags.iter().find(|(_, flags)| flags.fin());
    let resets = flags.iter().filter(|(_, flags)| flags.rst());
    (
        syn.map(|&(at, _)| at),
        fin.map(|&(at, _)| at),
        resets.map(|&(at, _)| at).collect(),
    )
}

/// What the stack went through, as far as it shows.
fn shown(run: &Run, who: usize) -> Vec<Told> {
    let (syn, fin, resets) = departures(run, run.ends[who]);
    let mut told: Vec<Told> = Vec::new();
    let mut state = TcpState::Listen;
    let mut is_fin_last = false;
    let mut tell = |at: Instant, state: TcpState, is_fin_sent: bool| {
        is_fin_last |= told
            .last()
            .is_some_and(|&(last, _)| last == TcpState::CloseWait);
        let looks = match state {
            TcpState::Closing if is_fin_last => TcpState::LastAck,
            TcpState::TimeWait if is_fin_last => TcpState::Closed,
            TcpState::FinWait1 if !is_fin_sent => TcpState::Established,
            TcpState::LastAck | TcpState::Closing if !is_fin_sent => TcpState::CloseWait,
            state => state,
        };
        if told.last().is_none_or(|&(last, _)| last != looks) {
            told.push((looks, Some(at)));
        }
    };
    let mut fin_due = fin;
    for record in &run.traces[who] {
        let Event::State { to, by, .. } = record.event else {
            continue;
        };
        if let Some(at) = fin_due.filter(|&at| at < record.at) {
            tell(at, state, true);
            fin_due = None;
        }
        state = to;
        let at = match (to, by) {
            (TcpState::SynSent, _) => syn,
            // Whoever has given up without a word resets what comes after.
            (TcpState::Closed, Trigger::Application | Trigger::Timer(_)) => {
                resets.iter().copied().find(|&at| at >= record.at)
            }
            _ => Some(record.at),
        };
        if let Some(at) = at {
            tell(at, to, fin.is_some() && fin_due.is_none());
        }
    }
    if let Some(at) = fin_due {
        tell(at, state, true);
    }
    told
}

#[derive(Default)]
struct Tally {
    ends: u64,
    same_states: u64,
    changes: u64,
    exact: u64,
    unlike: Vec<String>,
}

fn compare(tally: &mut Tally, name: &str, told: &[Told], truth: &[Told]) {
    tally.ends += 1;
    let states = |told: &[Told]| told.iter().map(|&(state, _)| state).collect::<Vec<_>>();
    // Whoever refuses a call had no connection.
    let told = if truth.is_empty() && states(told) == [TcpState::Closed] {
        &[]
    } else {
        told
    };
    let same = states(told) == states(truth);
    let exact = told
        .iter()
        .zip(truth)
        .filter(|(told, truth)| told == truth)
        .count();
    tally.changes += truth.len() as u64;
    tally.exact += exact as u64;
    tally.same_states += u64::from(same);
    if told != truth {
        let mut text = name.to_owned();
        for (title, list) in [("told", told), ("true", truth)] {
            let _ = write!(text, "\n    {title}");
            for (state, at) in list {
                let at = at.map_or("never".to_owned(), |at| at.to_string());
                let _ = write!(text, " {}@{at}", state.name());
            }
        }
        tally.unlike.push(text);
    }
}

fn tally(loss: u32, place: u64, ends: &[usize]) -> Tally {
    let mut tally = Tally::default();
    for seed in 0..SEEDS {
        let scene = scene(seed, loss);
        let run = run(&scene);
        let told = concluded(&run, &seen_at(&run, place));
        for &end in ends {
            let name = format!("seed {seed}, loss {loss}%, seen at {place}/1000, end {end}");
            compare(&mut tally, &name, &told[end], &shown(&run, end));
        }
    }
    println!(
        "{loss:>2} % lost, seen at {place:>4}/1000, ends {ends:?}: {} of {} with the same states, \
         {} of {} changes to the nanosecond",
        tally.same_states, tally.ends, tally.exact, tally.changes
    );
    tally
}

#[test]
fn on_a_good_way_both_ends_are_known_from_anywhere_on_it() {
    for place in [0, 300, 1_000] {
        let tally = tally(0, place, &[0, 1]);
        assert!(tally.unlike.is_empty(), "{}", tally.unlike.join("\n"));
    }
}

#[test]
fn the_end_at_which_packets_are_seen_is_known_whatever_the_way_does() {
    for (place, end) in [(0, 0), (1_000, 1)] {
        for loss in [3, 15] {
            let tally = tally(loss, place, &[end]);
            assert!(tally.unlike.is_empty(), "{}", tally.unlike.join("\n"));
        }
    }
}

/// What a loss behind or before the place hides, nobody can know; the rest is right.
#[test]
fn of_an_end_behind_losses_most_is_known() {
    for (loss, states, changes) in [(3, 97, 95), (15, 88, 78)] {
        for (place, ends) in [(0, [1]), (300, [1]), (300, [0]), (1_000, [0])] {
            let tally = tally(loss, place, &ends);
            assert!(tally.same_states * 100 >= tally.ends * states);
            assert!(tally.exact * 100 >= tally.changes * changes);
        }
    }
}
