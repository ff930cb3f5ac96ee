//! A part of a capture, with what is written on it and what the trace tells of it.

use super::{Capture, Frame, Interface, MemoryPolicy};
use crate::annotate::{Annotations, Edit, Note, On};
use core::net::{Ipv4Addr, SocketAddrV4};
use core::ops::RangeInclusive;
use std::collections::{BTreeMap, BTreeSet};
use synema_core::time::Instant;
use synema_core::trace::{ConnId, Event, FrameId, Record};
use synema_core::wire::{Body, LinkType, Packet, dissect};

/// So far apart may be what happened at once, by two clocks.
const MARGIN_NS: i128 = 200_000;

/// How much of its frames an excerpt holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Payload {
    /// Headers, TCP's options among them; of what they carry nothing.
    #[default]
    LeftOut,
    /// All that the capture holds.
    Kept,
}

impl Capture {
    /// The packets with these indices, in their order, with all that is written on them, and the
    /// trace of their connections. Notes and brackets on other packets are left out, and whatever
    /// a file brought that has no meaning here.
    pub fn excerpt(&self, packets: impl IntoIterator<Item = usize>, payload: Payload) -> Self {
        let chosen: BTreeSet<usize> = packets.into_iter().collect();
        let frames = self.frames();
        let chosen = chosen.into_iter().filter_map(|index| frames.get(index));
        let mut excerpt = Self::with_policy(MemoryPolicy::UNLIMITED);
        let mut interfaces: BTreeMap<u32, u32> = BTreeMap::new();
        let mut ends = Ends::default();
        for frame in chosen {
            let Some(interface) = self.interfaces().get(frame.interface as usize) else {
                continue;
            };
            let own = *interfaces
                .entry(frame.interface)
                .or_insert_with(|| excerpt.add_interface(interface.clone()));
            let packet = seen(frame, interface);
            ends.add(&packet);
            let keep = match payload {
                Payload::LeftOut => headers_len(&packet),
                Payload::Kept => frame.bytes.len(),
            };
            let mut part = frame.clone();
            if keep < frame.bytes.len() {
                part.bytes = (&frame.bytes[..keep]).into();
            }
            part.interface = own;
            excerpt.push(part);
        }
        if excerpt.interfaces().is_empty() {
            excerpt
                .interfaces
                .extend(self.interfaces().first().cloned());
        }
        excerpt.annotate(written(self.annotations(), &excerpt));
        let is_whole = excerpt.frames().len() == frames.len();
        let span = span(self, &excerpt).filter(|_| !is_whole);
        let chosen = Chosen {
            span,
            is_whole,
            excerpt: &excerpt,
        };
        let own = chosen.part(self.records(), &mut ends);
        let others: Vec<_> = self
            .machine_ids()
            .skip(1)
            .map(|machine| chosen.part(self.records_of(machine), &mut ends))
            .collect();
        let mut others = others.into_iter();
        excerpt.adopt_machines(self, |_| others.next().unwrap_or_default());
        for record in own {
            excerpt.record(record);
        }
        excerpt
    }
}

/// The packets of an excerpt, as what a trace is chosen by.
struct Chosen<'a> {
    span: Option<RangeInclusive<Instant>>,
    /// Whether they are all that there are.
    is_whole: bool,
    excerpt: &'a Capture,
}

impl Chosen<'_> {
    /// What of one stack's trace concerns the packets.
    fn part(&self, records: &[Record], ends: &mut Ends) -> Vec<Record> {
        let mut part = Vec::new();
        ends.connections.clear();
        // Timers that run when the first of the packets passes.
        let mut running = BTreeMap::new();
        for record in records {
            if !self.is_whole && !ends.concerns(record, self.excerpt) {
                continue;
            }
            let span = self.span.as_ref();
            let is_before = span.is_some_and(|span| record.at < *span.start());
            let is_after = span.is_some_and(|span| record.at > *span.end());
            match record.event {
                Event::TimerArmed { conn, timer, .. } if is_before => {
                    running.insert((conn, timer), record);
                }
                Event::TimerFired { conn, timer } | Event::TimerStopped { conn, timer }
                    if is_before =>
                {
                    running.remove(&(conn, timer));
                }
                _ if (is_before || is_after) && is_passing(&record.event) => {}
                _ => {
                    if !is_before {
                        part.extend(core::mem::take(&mut running).into_values().cloned());
                    }
                    part.push(record.clone());
                }
            }
        }
        part
    }
}

/// When the packets of an excerpt passed, on the trace's own clock; none if it tells of no packet.
fn span(all: &Capture, excerpt: &Capture) -> Option<RangeInclusive<Instant>> {
    let (told, passed) = all.records().iter().find_map(|record| match record.event {
        Event::Sent { frame, .. } => {
            let index = all.index_of(frame)?;
            Some((record.at, all.frames()[index].at))
        }
        _ => None,
    })?;
    let shift = i128::from(told.as_nanos()) - i128::from(passed.as_nanos());
    let on_its_clock = |at: Instant, margin: i128| {
        let at = (i128::from(at.as_nanos()) + shift + margin).max(0);
        Instant::from_nanos(u64::try_from(at).unwrap_or(u64::MAX))
    };
    let times = excerpt.frames().iter().map(|frame| frame.at);
    let (first, last) = (times.clone().min()?, times.max()?);
    Some(on_its_clock(first, -MARGIN_NS)..=on_its_clock(last, MARGIN_NS))
}

/// Whether an event is of no interest where its moment is not shown.
fn is_passing(event: &Event) -> bool {
    matches!(
        event,
        Event::TimerArmed { .. }
            | Event::TimerFired { .. }
            | Event::TimerStopped { .. }
            | Event::Rtt { .. }
            | Event::Congestion { .. }
            | Event::Recovery { .. }
            | Event::InOrder { .. }
            | Event::Delivered { .. }
            | Event::ReceiveWindow { .. }
    )
}

fn seen<'a>(frame: &'a Frame, interface: &Interface) -> Packet<'a> {
    let link_type = LinkType::from(interface.link_type);
    dissect(link_type, &frame.bytes, frame.original_len as usize)
}

/// Where the last header ends, that of a quoted packet included.
fn headers_len(packet: &Packet<'_>) -> usize {
    let headers = packet
        .layers
        .iter()
        .filter(|layer| !matches!(layer.body, Body::Payload { .. } | Body::Padding(_)));
    headers.map(|layer| layer.range.end).max().unwrap_or(0)
}

/// What of all that is written concerns the excerpt.
fn written(all: &Annotations, excerpt: &Capture) -> Edit {
    let has = |packet: &FrameId| excerpt.index_of(*packet).is_some();
    let at = |frame: Option<&Frame>| frame.map_or(Instant::ZERO, |frame| frame.at);
    let (first, last) = (at(excerpt.frames().first()), at(excerpt.frames().last()));
    let concerns = |note: &&Note| match &note.on {
        On::Packet(packet) | On::Field { packet, .. } => has(packet),
        On::Time { from, to } => *from <= last && *to >= first,
        On::Lane(_) => true,
    };
    let notes = all.notes().filter(concerns).cloned().map(Edit::write);
    let brackets = all
        .brackets()
        .filter(|bracket| has(&bracket.from) && has(&bracket.to));
    let names = all.lane_names().iter();
    let names = names.map(|(lane, name)| Edit::LaneName(*lane, Some(name.clone())));
    let marks = |packets: &BTreeSet<FrameId>| packets.iter().copied().filter(has).collect();
    let rest = [
        Edit::Title(all.title().to_owned()),
        Edit::Summary(all.summary().to_owned()),
        Edit::Highlight(marks(all.highlights()), true),
        Edit::Hide(marks(all.hidden()), true),
    ];
    let brackets = brackets.cloned().map(Edit::draw);
    Edit::All(notes.chain(brackets).chain(names).chain(rest).collect())
}

/// Who takes part in an excerpt.
#[derive(Debug, Default)]
struct Ends {
    addresses: BTreeSet<Ipv4Addr>,
    /// Both ways of each conversation.
    conversations: BTreeSet<(SocketAddrV4, SocketAddrV4)>,
    /// Found when the trace tells of their opening.
    connections: BTreeSet<ConnId>,
}

impl Ends {
    fn add(&mut self, packet: &Packet<'_>) {
        if let Some(arp) = packet.arp() {
            self.addresses.extend([arp.sender_ip, arp.target_ip]);
        }
        let Some(ip) = packet.ipv4() else { return };
        self.addresses.extend([ip.source(), ip.destination()]);
        if let Some(tcp) = packet.tcp() {
            let from = SocketAddrV4::new(ip.source(), tcp.src_port().0);
            let to = SocketAddrV4::new(ip.destination(), tcp.dst_port().0);
            self.conversations.extend([(from, to), (to, from)]);
        }
    }

    /// Whether a record, taken in its order, is about what the excerpt holds.
    fn concerns(&mut self, record: &Record, excerpt: &Capture) -> bool {
        match &record.event {
            Event::Received { frame, .. }
            | Event::Sent { frame, .. }
            | Event::Dropped { frame, .. }
            | Event::OutOfOrder { frame, .. }
            | Event::SoftError { frame, .. }
            | Event::Urgent { frame, .. } => excerpt.index_of(*frame).is_some(),
            Event::Opened {
                conn,
                local,
                remote,
                ..
            } => {
                let concerns = self.conversations.contains(&(*local, *remote));
                if concerns {
                    self.connections.insert(*conn);
                }
                concerns
            }
            Event::State { conn, .. }
            | Event::Closed { conn, .. }
            | Event::TimerArmed { conn, .. }
            | Event::TimerFired { conn, .. }
            | Event::TimerStopped { conn, .. }
            | Event::Rtt { conn, .. }
            | Event::Congestion { conn, .. }
            | Event::Recovery { conn, .. }
            | Event::InOrder { conn, .. }
            | Event::Delivered { conn, .. }
            | Event::PathMtu { conn, .. }
            | Event::ReceiveWindow { conn, .. } => self.connections.contains(conn),
            Event::Claim { addr, .. } | Event::Neighbour { addr, .. } => {
                self.addresses.contains(addr)
            }
            Event::App(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::annotate::{Bracket, NoteId};
    use crate::capture::Direction;
    use crate::testing::lab_fetch;
    use synema_core::trace::{Cause, TimerKind};
    use synema_core::wire::SeqNum;

    #[test]
    fn what_is_written_and_told_of_other_packets_stays_behind() {
        let mut capture = lab_fetch().capture;
        let count = capture.frames().len();
        let packet = |index: usize| capture.frames()[index].id;
        let note = |id, on| {
            let text = String::new();
            Edit::write(Note {
                id: NoteId(id),
                on,
                text,
            })
        };
        let bracket = |id, from, to| {
            Edit::draw(Bracket {
                id: NoteId(id),
                from: packet(from),
                to: packet(to),
                text: String::new(),
            })
        };
        let (early, late) = (capture.frames()[2].at, capture.frames()[count - 1].at);
        let time = |from, to| On::Time { from, to };
        let edits = vec![
            note(1, On::Packet(packet(1))),
            note(2, On::Packet(packet(4))),
            note(3, time(Instant::ZERO, early)),
            note(4, time(early, late)),
            bracket(5, 3, 5),
            bracket(6, 3, count - 1),
            Edit::highlight([packet(0), packet(4)], true),
        ];
        capture.annotate(Edit::All(edits));
        let excerpt = capture.excerpt([5, 3, 4, 99], Payload::Kept);
        assert_eq!(excerpt.frames(), &capture.frames()[3..6]);
        let annotations = excerpt.annotations();
        let notes: Vec<_> = annotations.notes().map(|note| note.id.0).collect();
        let brackets: Vec<_> = annotations.brackets().map(|bracket| bracket.id.0).collect();
        assert_eq!((notes, brackets), (vec![2, 4], vec![5]));
        assert_eq!(annotations.highlights().len(), 1);

        // The connection's trace goes with its packets alone.
        let opens = |capture: &Capture| {
            let mut records = capture.records().iter();
            records.any(|record| matches!(record.event, Event::Opened { .. }))
        };
        assert!(opens(&capture) && !opens(&excerpt));
        assert!(opens(&capture.excerpt([count - 1], Payload::LeftOut)));

        let whole = capture.excerpt(0..count, Payload::Kept);
        assert_eq!(whole, capture);
        assert_eq!(capture.excerpt([], Payload::Kept).frames(), []);
    }

    /// A timer that is stopped before the packets is no longer there; one that runs while they pass is.
    #[test]
    fn timers_that_run_go_along() {
        let conn = ConnId(1);
        let at = Instant::from_millis;
        let armed = |ms, timer| Record {
            at: at(ms),
            event: Event::TimerArmed {
                conn,
                timer,
                deadline: at(ms + 1_000),
            },
        };
        let mut capture = Capture::default();
        let (local, remote) = (
            SocketAddrV4::new([192, 0, 2, 1].into(), 40_000),
            SocketAddrV4::new([192, 0, 2, 2].into(), 80),
        );
        capture.record(Record {
            at: at(1),
            event: Event::Opened {
                conn,
                local,
                remote,
                active: true,
                iss: SeqNum(1),
            },
        });
        capture.record(armed(2, TimerKind::Retransmission));
        capture.record(armed(3, TimerKind::Persist));
        capture.record(Record {
            at: at(4),
            event: Event::TimerStopped {
                conn,
                timer: TimerKind::Persist,
            },
        });
        for (number, ms) in [(1, 10), (2, 500), (3, 900)] {
            let syn = synema_core::wire::tcp::HEADER_LEN as u8;
            let mut bytes = vec![2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0];
            bytes.extend([0x45, 0, 0, 20 + syn, 0, 0, 0, 0, 64, 6, 0, 0]);
            bytes.extend([192, 0, 2, 1, 192, 0, 2, 2, 0x9c, 0x40, 0, 80]);
            bytes.extend([0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 1, 0, 0, 0, 0, 0]);
            let id = FrameId::sent(number);
            capture.record(Record {
                at: at(ms),
                event: Event::Sent {
                    frame: id,
                    len: 54,
                    conn: Some(conn),
                    cause: Cause::Syn,
                },
            });
            // By the clock of the frames it is a second later.
            let at = at(ms + 1_000);
            capture.push(Frame::new(id, at, Direction::Sent, &bytes));
        }
        capture.record(armed(899, TimerKind::KeepAlive));
        let excerpt = capture.excerpt([1], Payload::LeftOut);
        let kept: Vec<_> = excerpt
            .records()
            .iter()
            .map(|record| record.at.as_nanos() / 1_000_000)
            .collect();
        // It is opened, the retransmission's timer runs, the packet goes out.
        assert_eq!(kept, [1, 2, 500]);
        let rest = capture.excerpt([1, 2], Payload::LeftOut);
        assert_eq!(rest.records().len(), 5);
    }
}
