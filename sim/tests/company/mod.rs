//! Experiments in which more than two machines take part, or in which it matters who sent
//! what: told frame by frame, by the machines' names.

mod attacks;
mod bursts;
mod claims;
mod errand;
mod kernel;
mod opened_and_closed;

use crate::played::{experiment, settings};
use std::collections::BTreeMap;
use std::fmt::Write;
use synema_core::trace::{CloseReason, Event, FrameId};
use synema_core::wire::tcp::Flags;
use synema_core::wire::{EtherType, Ipv4Addr, Port, Protocol, arp, ethernet, ipv4, tcp};
use synema_sim::experiment::Run;
use synema_sim::{NodeId, Passage, PassageEnd};

/// Plays an experiment to its end.
fn played(id: &str, set: &[(&str, &str)]) -> Run {
    let experiment = experiment(id);
    let settings = settings(&experiment, set);
    let mut run = Run::new(&experiment, &settings, experiment.seed).expect("it has these settings");
    run.run_to_end();
    run
}

/// Every frame, one a line: when it was sent, by whom to whom, and what it says. Sequence
/// numbers are counted from each end's SYN.
fn told(run: &Run) -> String {
    let names: BTreeMap<NodeId, &str> = run
        .machines()
        .iter()
        .map(|machine| (machine.node, machine.name.en.as_str()))
        .collect();
    let mut lines: Vec<(NodeId, FrameId, String)> = Vec::new();
    let mut numbers = BTreeMap::new();
    for passage in &run.journeys() {
        let to = names[&passage.to];
        if let Some((from, sent_as, line)) = lines.last_mut()
            && (*from, *sent_as) == (passage.from, passage.sent_as)
        {
            let at = line.find(": ").expect("every line has one");
            line.insert_str(at, &format!(", {to}"));
            continue;
        }
        let tenths = passage.departed.as_micros() / 100;
        let at = format!("{}.{}", tenths / 10, tenths % 10);
        let mut line = format!(
            "{at:<7} {} -> {to}: {}",
            names[&passage.from],
            frame(passage, &mut numbers)
        );
        if let PassageEnd::Lost { why, .. } = passage.end {
            let _ = write!(line, " LOST ({why:?})");
        }
        lines.push((passage.from, passage.sent_as, line));
    }
    let lines = lines.into_iter().map(|(.., line)| line + "\n");
    lines.collect()
}

/// Where each end of each connection began to count.
type Numbers = BTreeMap<(End, End), u32>;
type End = (Ipv4Addr, Port);

fn frame(passage: &Passage, numbers: &mut Numbers) -> String {
    let view = ethernet::Frame::parse(&passage.bytes).expect("stacks send whole frames");
    if view.ether_type() == EtherType::ARP {
        let packet = arp::Packet::parse(view.payload()).expect("a whole ARP packet");
        return arp_words(&packet);
    }
    let packet = ipv4::Packet::parse(view.payload()).expect("a whole IPv4 packet");
    if packet.protocol() == Protocol::UDP {
        return format!("UDP, {} bytes", packet.payload().len());
    }
    let segment = tcp::Segment::parse(packet.payload()).expect("a whole segment");
    let from = (packet.source(), segment.src_port());
    let to = (packet.destination(), segment.dst_port());
    if segment.flags().contains(Flags::SYN) {
        numbers.insert((from, to), segment.seq().0);
    }
    let since = |ends, number: u32| number.wrapping_sub(*numbers.get(&ends).unwrap_or(&number));
    let mut words = String::new();
    for (flag, name) in [
        (Flags::SYN, "SYN "),
        (Flags::FIN, "FIN "),
        (Flags::RST, "RST "),
        (Flags::ACK, "ACK "),
    ] {
        if segment.flags().contains(flag) {
            words.push_str(name);
        }
    }
    let _ = write!(words, "{}", since((from, to), segment.seq().0));
    if !segment.payload().is_empty() {
        let _ = write!(words, "+{}", segment.payload().len());
    }
    if segment.flags().contains(Flags::ACK) {
        let _ = write!(words, " ack {}", since((to, from), segment.ack().0));
    }
    words
}

fn arp_words(packet: &arp::Packet) -> String {
    let last = packet.target_ip.octets()[3];
    let asks = packet.operation == arp::Operation::Request;
    if packet.is_probe() {
        format!("ARP: does anybody use .{last}?")
    } else if packet.sender_ip == packet.target_ip {
        format!("ARP: .{last} is mine")
    } else if asks {
        format!("ARP: who has .{last}?")
    } else {
        format!("ARP: I have .{}", packet.sender_ip.octets()[3])
    }
}

/// How each connection of a machine ended.
fn ends(run: &Run, machine: usize) -> Vec<CloseReason> {
    let ended = |event: &Event| match event {
        Event::Closed { reason, .. } => Some(*reason),
        _ => None,
    };
    let trace = run.machines()[machine].trace;
    trace.iter().filter_map(|it| ended(&it.event)).collect()
}
