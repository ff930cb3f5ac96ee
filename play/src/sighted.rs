//! A run as the capture of one machine, the observer, with what only a simulator knows.
//!
//! ```text
//!   passage                              frame
//!   observer ──► somebody                its own name; LostLater if it died
//!   somebody ──► observer                its own name; NeverSeen if it died
//!   somebody ──► somebody else           Elsewhere, under a name of its own
//! ```
//!
//! Each machine has its own names for frames. The capture has one for each, and all that
//! the machines tell is told with it.

use std::collections::{BTreeMap, BTreeSet};
use synema_core::time::Instant;
use synema_core::trace::{Cause, DropReason, Event, FrameId, Record};
use synema_core::wire::{ethernet, ipv4};
use synema_diagram::Document;
use synema_diagram::capture::{
    self, Between, Capture, Direction, Fate, Frame, Interface, MachineId, MemoryPolicy,
};
use synema_diagram::view::View;
use synema_sim::experiment::Machine;
use synema_sim::{NodeId, Passage, PassageEnd};

/// Names for frames that the observer has none for, far from those that it has.
const NAMELESS: u64 = 1 << 40;

/// A run as a capture.
pub(crate) struct Sighted {
    pub(crate) capture: Capture,
    /// Of each frame, the place of its passage in the run's list.
    pub(crate) passages: Vec<usize>,
}

/// The run as a document: what the first machine saw, and where there are others all that
/// went between them, with both ends' traces. Frames from or to a machine that is not named
/// are those of the first alone.
pub fn document(passages: &[Passage], machines: &[Machine<'_>]) -> Document {
    Document::open(sighted(passages, machines).capture, View::default())
}

pub(crate) fn sighted(passages: &[Passage], machines: &[Machine<'_>]) -> Sighted {
    let mut capture = Capture::with_policy(MemoryPolicy::UNLIMITED);
    let Some(observer) = machines.first() else {
        return Sighted {
            capture,
            passages: Vec::new(),
        };
    };
    capture.add_interface(Interface::ethernet("page", Some(observer.mac)));
    if machines.len() > 1 {
        for machine in machines {
            capture.add_machine(capture::Machine {
                name: machine.name.en.clone(),
                name_ja: machine.name.ja.clone(),
                mac: machine.mac,
                addr: machine.addr,
            });
        }
    }
    let watch = Watch { machines };
    let chosen = watch.chosen(passages);
    let mut frames: Vec<(usize, Frame)> = Vec::new();
    let mut told_already = BTreeSet::new();
    for (name, index) in (NAMELESS..).map(FrameId::received).zip(chosen) {
        let mut frame = watch.frame(&passages[index], name);
        if !told_already.insert(frame.id) {
            // It went to another machine with the same MAC address as well.
            frame.id = name;
            frame.fate = Fate::Elsewhere;
        }
        frames.push((index, frame));
    }
    // Stable: what happens at the same moment stays in the order of departure.
    frames.sort_by_key(|(_, frame)| frame.at);
    let told = Told::new(passages, machines, &frames);
    let mut sighted = Sighted {
        capture,
        passages: Vec::new(),
    };
    for (index, mut frame) in frames {
        told.put_on(&passages[index], machines, &mut frame);
        sighted.passages.push(index);
        sighted.capture.push(frame);
    }
    for (id, machine) in (0..).map(MachineId).zip(machines) {
        for record in machine.trace {
            let record = told.renamed(id, record);
            sighted.capture.record_of(id, record);
        }
    }
    sighted
}

/// Who looks, and at whom.
struct Watch<'a> {
    machines: &'a [Machine<'a>],
}

impl Watch<'_> {
    fn id(&self, node: NodeId) -> Option<MachineId> {
        let place = self.machines.iter().position(|it| it.node == node)?;
        u8::try_from(place).ok().map(MachineId)
    }

    /// The passages that are drawn, in the order in which their frames were sent.
    fn chosen(&self, passages: &[Passage]) -> Vec<usize> {
        let mut frames: Vec<Vec<usize>> = Vec::new();
        let mut of_frame: BTreeMap<(NodeId, FrameId), usize> = BTreeMap::new();
        for (index, passage) in passages.iter().enumerate() {
            let ends = [self.id(passage.from), self.id(passage.to)];
            let is_own = ends.contains(&Some(MachineId::OWN));
            if !is_own && ends.contains(&None) {
                continue;
            }
            let key = (passage.from, passage.sent_as);
            let place = *of_frame.entry(key).or_insert(frames.len());
            match frames.get_mut(place) {
                Some(copies) => copies.push(index),
                None => frames.push(vec![index]),
            }
        }
        let drawn = frames.iter().flat_map(|it| self.of_one_frame(passages, it));
        drawn.collect()
    }

    /// Of a frame for everybody one copy: the observer's own, if it got one, or one that
    /// arrived. Of one that a switch sent to all for want of knowing better, those that went
    /// to whom it was meant for.
    fn of_one_frame(&self, passages: &[Passage], copies: &[usize]) -> Vec<usize> {
        let passage = |copy: &&usize| &passages[**copy];
        if copies.first().is_some_and(|it| is_for_all(&passages[*it])) {
            let arrived = |it: &Passage| matches!(it.end, PassageEnd::Arrived { .. });
            let merit = |copy: &&usize| {
                let it = passage(copy);
                (self.id(it.to) == Some(MachineId::OWN), arrived(it))
            };
            let best = copies.iter().rev().max_by_key(merit);
            return best.copied().into_iter().collect();
        }
        let mut meant: Vec<usize> = copies
            .iter()
            .filter(|copy| self.is_meant(passage(copy)))
            .copied()
            .collect();
        if meant.is_empty() {
            meant.extend(copies.first());
        }
        // The observer sent it once, however often it comes.
        let is_own = |copy: &usize| self.id(passages[*copy].from) == Some(MachineId::OWN);
        meant.dedup_by(|later, first| is_own(later) && passages[*later].to == passages[*first].to);
        meant
    }

    /// Whether who gets a frame has the MAC address that it is for, or behind a router the
    /// IP address; as far as that is known.
    fn is_meant(&self, passage: &Passage) -> bool {
        let Ok(frame) = ethernet::Frame::parse(&passage.bytes) else {
            return true;
        };
        let is_for = |addr| {
            let packet = ipv4::Packet::parse(frame.payload());
            packet.is_ok_and(|packet| packet.destination() == addr)
        };
        let machine = self.machines.iter().find(|it| it.node == passage.to);
        machine.is_none_or(|it| it.mac == frame.destination() || is_for(it.addr))
    }

    /// A passage as a frame of the observer's capture; `name` is for one that it has no name
    /// for.
    fn frame(&self, passage: &Passage, name: FrameId) -> Frame {
        let (from, to) = (self.id(passage.from), self.id(passage.to));
        let mut bytes = passage.bytes.clone();
        let (arrived, died, received_as) = match passage.end {
            PassageEnd::Arrived {
                at,
                received_as,
                corrupted,
                ..
            } => {
                if let Some(bit) = corrupted.filter(|_| from != Some(MachineId::OWN)) {
                    bytes[(bit / 8) as usize] ^= 0x80 >> (bit % 8);
                }
                (Some(at), None, Some(received_as))
            }
            PassageEnd::Lost { at, .. } => (None, Some(at), None),
        };
        let departed = passage.departed;
        let (id, at, direction, fate, other_end) = if from == Some(MachineId::OWN) {
            let fate = match arrived {
                Some(_) => Fate::Seen,
                None => Fate::LostLater,
            };
            (passage.sent_as, departed, Direction::Sent, fate, arrived)
        } else if to == Some(MachineId::OWN) {
            let fate = match arrived {
                Some(_) => Fate::Seen,
                None => Fate::NeverSeen,
            };
            let id = received_as.unwrap_or(name);
            let at = arrived
                .or(died)
                .map_or(departed, |at| would_come(departed, at, died));
            (id, at, Direction::Received, fate, Some(departed))
        } else {
            (name, departed, Direction::Unknown, Fate::Elsewhere, arrived)
        };
        Frame {
            fate,
            other_end,
            died,
            between: match self.machines.len() {
                1 => Between::UNKNOWN,
                _ => Between {
                    from,
                    to: to.filter(|_| !is_for_all(passage) && self.is_meant(passage)),
                },
            },
            ..Frame::new(id, at, direction, &bytes)
        }
    }
}

/// When a frame came, or would have come: who died half-way would have taken as long again.
fn would_come(departed: Instant, at: Instant, died: Option<Instant>) -> Instant {
    match died {
        Some(died) => died + died.since(departed),
        None => at,
    }
}

/// Whether a frame is for everybody, or for many.
fn is_for_all(passage: &Passage) -> bool {
    ethernet::Frame::parse(&passage.bytes).is_ok_and(|frame| frame.destination().is_multicast())
}

/// What the machines tell, by the capture's names for frames.
struct Told {
    /// A machine's name for a frame, and the capture's.
    names: BTreeMap<(MachineId, FrameId), FrameId>,
    causes: BTreeMap<(MachineId, FrameId), Cause>,
    dropped: BTreeMap<(MachineId, FrameId), DropReason>,
}

impl Told {
    fn new(passages: &[Passage], machines: &[Machine<'_>], frames: &[(usize, Frame)]) -> Self {
        let watch = Watch { machines };
        let mut told = Self {
            names: BTreeMap::new(),
            causes: BTreeMap::new(),
            dropped: BTreeMap::new(),
        };
        // Those that are not drawn have names, too: the trace speaks of them.
        let not_drawn = (NAMELESS * 2..).map(FrameId::received);
        let drawn = frames.iter().map(|(index, frame)| (*index, frame.id));
        for (index, name) in drawn.chain((0..passages.len()).zip(not_drawn)) {
            let passage = &passages[index];
            if let Some(from) = watch.id(passage.from) {
                told.names.entry((from, passage.sent_as)).or_insert(name);
            }
            if let (Some(to), PassageEnd::Arrived { received_as, .. }) =
                (watch.id(passage.to), passage.end)
            {
                told.names.entry((to, received_as)).or_insert(name);
            }
        }
        for (id, machine) in (0..).map(MachineId).zip(machines) {
            for record in machine.trace {
                match record.event {
                    Event::Sent { frame, cause, .. } => {
                        told.causes.insert((id, frame), cause);
                    }
                    Event::Dropped { frame, reason, .. } => {
                        told.dropped.entry((id, frame)).or_insert(reason);
                    }
                    _ => {}
                }
            }
        }
        told
    }

    /// Puts on a frame why it was sent, and why its receiver made nothing of it.
    fn put_on(&self, passage: &Passage, machines: &[Machine<'_>], frame: &mut Frame) {
        let watch = Watch { machines };
        if let Some(from) = watch.id(passage.from) {
            frame.cause = self.causes.get(&(from, passage.sent_as)).copied();
        }
        if let (Some(to), PassageEnd::Arrived { received_as, .. }) =
            (watch.id(passage.to), passage.end)
        {
            frame.dropped = self.dropped.get(&(to, received_as)).copied();
        }
    }

    /// A machine's record, with frames called as the capture calls them.
    fn renamed(&self, machine: MachineId, record: &Record) -> Record {
        let name = |own: FrameId| match machine {
            MachineId::OWN => own,
            _ => self.names.get(&(machine, own)).copied().unwrap_or(own),
        };
        Record {
            at: record.at,
            event: record.event.clone().with_frames(name),
        }
    }
}
