//! Documents of every kind, made by chance.

use crate::annotate::{Bracket, Edit, HostAddress, Note, NoteId, On};
use crate::capture::{Between, Capture, Direction, Fate, Frame, Interface, Machine, MachineId};
use core::net::{IpAddr, Ipv4Addr};
use proptest::prelude::*;
use synema_core::time::Instant;
use synema_core::trace::{Cause, ConnId, DropReason, Event, FrameId, Record, TimerKind};
use synema_core::wire::{MacAddr, SeqNum};

fn causes() -> impl Strategy<Value = Option<Cause>> {
    prop::sample::select(vec![
        None,
        Some(Cause::Syn),
        Some(Cause::DelayedAckTimer),
        Some(Cause::Rack),
    ])
}

fn fates() -> impl Strategy<Value = Fate> {
    prop::sample::select(vec![
        Fate::Seen,
        Fate::Seen,
        Fate::LostLater,
        Fate::NeverSeen,
        Fate::Elsewhere,
        Fate::Refused("not from the claimed address".into()),
    ])
}

prop_compose! {
    fn interfaces()(
        name in "[a-z]{0,6}",
        link_type in prop::sample::select(vec![0, 1, 101, 113, 276]),
        mac in prop::option::of(any::<[u8; 6]>()),
    ) -> Interface {
        Interface { name, link_type, mac: mac.map(MacAddr) }
    }
}

prop_compose! {
    fn frames()(
        number in prop_oneof![0u64..30, 0u64..1 << 40],
        way in 0u8..3,
        interface in 0u32..3,
        at in 0u64..1 << 62,
        bytes in prop::collection::vec(any::<u8>(), 0..80),
        more in 0u32..2_000,
        cause in causes(),
        expected in prop::option::of(any::<u32>()),
        fate in fates(),
        other in prop::option::of(any::<u64>()),
        died in prop::option::of(any::<u64>()),
        between in (prop::option::of(0u8..4), prop::option::of(0u8..4)),
        drops in 0u64..3,
    ) -> Frame {
        let (direction, id) = match way {
            0 => (Direction::Received, FrameId::received(number)),
            1 => (Direction::Sent, FrameId::sent(number)),
            _ => (Direction::Unknown, FrameId::received(number)),
        };
        let mut frame = Frame::new(id, Instant::from_nanos(at), direction, &bytes);
        frame.interface = interface;
        frame.original_len += more;
        frame.cause = cause;
        frame.dropped =
            expected.map(|expected| DropReason::PolicyOutOfOrder { expected: SeqNum(expected) });
        frame.fate = fate;
        frame.other_end = other.map(Instant::from_nanos);
        frame.died = died.map(Instant::from_nanos);
        frame.between = Between {
            from: between.0.map(MachineId),
            to: between.1.map(MachineId),
        };
        frame.drops_before = drops;
        frame
    }
}

prop_compose! {
    fn machines()(
        name in ".{0,12}",
        mac in any::<[u8; 6]>(),
        addr in any::<Ipv4Addr>(),
        deadlines in prop::collection::vec(any::<u64>(), 0..6),
    ) -> (Machine, Vec<Record>) {
        let machine = Machine { name_ja: name.to_uppercase(), name, mac: MacAddr(mac), addr };
        (machine, deadlines.into_iter().map(armed).collect())
    }
}

fn armed(deadline: u64) -> Record {
    Record {
        at: Instant::from_nanos(deadline / 2),
        event: Event::TimerArmed {
            conn: ConnId(3),
            timer: TimerKind::Retransmission,
            deadline: Instant::from_nanos(deadline),
        },
    }
}

/// Texts as people write them, and as nobody does.
fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        60 => ".{0,20}",
        30 => prop::collection::vec(".{0,20}", 1..4).prop_map(|lines| lines.join("\n")),
        1 => (".", 60_000usize..70_000).prop_map(|(text, times)| text.repeat(times)),
    ]
}

fn addresses() -> impl Strategy<Value = HostAddress> {
    prop_oneof![
        any::<IpAddr>().prop_map(HostAddress::Ip),
        any::<(IpAddr, u16)>().prop_map(|parts| HostAddress::Socket(parts.into())),
        any::<[u8; 6]>().prop_map(|bytes| HostAddress::Mac(MacAddr(bytes))),
        any::<u8>().prop_map(|number| HostAddress::Machine(MachineId(number))),
    ]
}

/// What is written on a capture: packets are told by how far through it they are.
#[derive(Clone, Debug)]
enum Written {
    Note(u32, usize, Option<&'static str>, String),
    Time(u32, u64, u64, String),
    Lane(u32, HostAddress, String),
    Bracket(u32, usize, usize, String),
    Highlight(usize),
    Hide(usize),
    Missing(u32, u64, String),
    Name(HostAddress, String),
    Title(String),
    Summary(String),
}

fn annotations() -> impl Strategy<Value = Written> {
    let ids = || prop_oneof![1u32..9, any::<u32>()];
    let packet = any::<usize>;
    let fields = prop::sample::select(vec![
        None,
        None,
        Some("tcp.seq"),
        Some("tcp.window_size_value"),
    ]);
    prop_oneof![
        4 => (ids(), packet(), fields, texts())
            .prop_map(|(id, packet, field, text)| Written::Note(id, packet, field, text)),
        1 => (ids(), any::<u64>(), any::<u64>(), texts())
            .prop_map(|(id, from, to, text)| Written::Time(id, from, to, text)),
        1 => (ids(), addresses(), texts())
            .prop_map(|(id, lane, text)| Written::Lane(id, lane, text)),
        1 => (ids(), packet(), packet(), texts())
            .prop_map(|(id, from, to, text)| Written::Bracket(id, from, to, text)),
        1 => packet().prop_map(Written::Highlight),
        1 => packet().prop_map(Written::Hide),
        1 => (ids(), 0u64..40, texts())
            .prop_map(|(id, packet, text)| Written::Missing(id, packet, text)),
        1 => (addresses(), texts()).prop_map(|(lane, name)| Written::Name(lane, name)),
        1 => texts().prop_map(Written::Title),
        1 => texts().prop_map(Written::Summary),
    ]
}

/// A bracket may not have the number of a note, and the other way round.
fn write_on(capture: &mut Capture, written: Written) {
    let frames = capture.frames();
    let packet = |index: usize| match frames.len() {
        0 => FrameId::received(7),
        len => frames[index % len].id,
    };
    let note = |id: u32, on, text| {
        Edit::write(Note {
            id: NoteId(id & !1),
            on,
            text,
        })
    };
    let edit = match written {
        Written::Note(id, index, field, text) => {
            let packet = packet(index);
            let on = match field {
                Some(field) => On::Field {
                    packet,
                    field: field.into(),
                },
                None => On::Packet(packet),
            };
            note(id, on, text)
        }
        Written::Time(id, from, to, text) => {
            let (from, to) = (Instant::from_nanos(from), Instant::from_nanos(to));
            note(id, On::Time { from, to }, text)
        }
        Written::Lane(id, lane, text) => note(id, On::Lane(lane), text),
        Written::Missing(id, packet, text) => note(id, On::Packet(FrameId::received(packet)), text),
        Written::Bracket(id, from, to, text) => Edit::draw(Bracket {
            id: NoteId(id | 1),
            from: packet(from),
            to: packet(to),
            text,
        }),
        Written::Highlight(index) => Edit::highlight([packet(index)], true),
        Written::Hide(index) => Edit::hide([packet(index)], true),
        Written::Name(lane, name) => Edit::LaneName(lane, Some(name)),
        Written::Title(title) => Edit::Title(title),
        Written::Summary(summary) => Edit::Summary(summary),
    };
    capture.annotate(edit);
}

prop_compose! {
    /// A capture with all that may be in it.
    pub(crate) fn captures()(
        interfaces in prop::collection::vec(interfaces(), 1..4),
        frames in prop::collection::vec(frames(), 0..20),
        deadlines in prop_oneof![Just(Vec::new()), prop::collection::vec(any::<u64>(), 1..20)],
        machines in prop_oneof![Just(Vec::new()), prop::collection::vec(machines(), 1..4)],
        written in prop::collection::vec(annotations(), 0..20),
    ) -> Capture {
        let mut capture = Capture::default();
        let count = interfaces.len() as u32;
        for interface in interfaces {
            capture.add_interface(interface);
        }
        for mut frame in frames {
            frame.interface %= count;
            if capture.index_of(frame.id).is_none() {
                capture.push(frame);
            }
        }
        for deadline in deadlines {
            capture.record(armed(deadline));
        }
        for (machine, records) in machines {
            let id = capture.add_machine(machine);
            for record in records.into_iter().filter(|_| id != MachineId::OWN) {
                capture.record_of(id, record);
            }
        }
        for written in written {
            write_on(&mut capture, written);
        }
        capture
    }
}
