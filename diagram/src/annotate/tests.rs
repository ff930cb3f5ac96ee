use super::*;
use core::net::IpAddr;
use proptest::prelude::*;
use synema_core::wire::MacAddr;

fn packets() -> impl Strategy<Value = FrameId> {
    (0u64..6, any::<bool>()).prop_map(|(number, sent)| match sent {
        true => FrameId::sent(number),
        false => FrameId::received(number),
    })
}

fn addresses() -> impl Strategy<Value = HostAddress> {
    prop_oneof![
        any::<IpAddr>().prop_map(HostAddress::Ip),
        any::<(IpAddr, u16)>().prop_map(|parts| HostAddress::Socket(parts.into())),
        any::<[u8; 6]>().prop_map(|bytes| HostAddress::Mac(MacAddr(bytes))),
    ]
}

fn things() -> impl Strategy<Value = On> {
    prop_oneof![
        packets().prop_map(On::Packet),
        (packets(), "[a-z.]{1,9}").prop_map(|(packet, field)| On::Field { packet, field }),
        any::<(u64, u64)>().prop_map(|(from, to)| On::Time {
            from: Instant::from_nanos(from),
            to: Instant::from_nanos(to),
        }),
        addresses().prop_map(On::Lane),
    ]
}

fn edits() -> impl Strategy<Value = Edit> {
    let ids = (0u32..5).prop_map(NoteId);
    let sets = || prop::collection::btree_set(packets(), 0..4);
    let one = prop_oneof![
        ".{0,9}".prop_map(Edit::Title),
        ".{0,9}".prop_map(Edit::Summary),
        (ids.clone(), prop::option::of((things(), ".{0,9}")))
            .prop_map(|(id, to)| Edit::Note { id, to }),
        (ids, prop::option::of((packets(), packets(), ".{0,9}")))
            .prop_map(|(id, to)| Edit::Bracket { id, to }),
        (sets(), any::<bool>()).prop_map(|(packets, on)| Edit::Highlight(packets, on)),
        (sets(), any::<bool>()).prop_map(|(packets, on)| Edit::Hide(packets, on)),
        (addresses(), prop::option::of(".{0,9}"))
            .prop_map(|(lane, name)| Edit::LaneName(lane, name)),
    ];
    one.prop_recursive(2, 8, 4, |inner| {
        prop::collection::vec(inner, 0..4).prop_map(Edit::All)
    })
}

proptest! {
    #[test]
    fn whatever_is_changed_can_be_taken_back_and_made_again(
        before in prop::collection::vec(edits(), 0..12),
        edits in prop::collection::vec(edits(), 0..12),
    ) {
        let mut annotations = Annotations::default();
        for edit in before {
            annotations.apply(edit);
        }
        let mut history = History::default();
        let mut seen = vec![annotations.clone()];
        for edit in edits {
            history.apply(&mut annotations, edit);
            seen.push(annotations.clone());
        }
        for earlier in seen.iter().rev().skip(1) {
            prop_assert!(history.undo(&mut annotations));
            prop_assert_eq!(&annotations, earlier);
        }
        prop_assert!(!history.can_undo() && !history.undo(&mut annotations));
        for later in seen.iter().skip(1) {
            prop_assert!(history.redo(&mut annotations));
            prop_assert_eq!(&annotations, later);
        }
        prop_assert!(!history.can_redo() && !history.redo(&mut annotations));
    }

    #[test]
    fn what_is_told_to_others_is_understood(edits in prop::collection::vec(edits(), 0..12)) {
        let mut annotations = Annotations::default();
        for edit in edits {
            annotations.apply(edit);
        }
        let json = serde_json::to_string(&annotations).expect("its keys are strings");
        let again: Annotations = serde_json::from_str(&json).expect("as it was written");
        prop_assert_eq!(&again, &annotations);
        let packed = postcard::to_allocvec(&annotations).expect("plain values");
        let again: Annotations = postcard::from_bytes(&packed).expect("as it was packed");
        prop_assert_eq!(&again, &annotations);
        for note in annotations.notes() {
            let found = note.on.packet().map(|packet| annotations.notes_on(packet));
            prop_assert!(found.is_none_or(|mut notes| notes.any(|other| other == note)));
        }
    }
}

#[test]
fn a_new_change_forgets_what_was_taken_back() {
    let mut annotations = Annotations::default();
    let mut history = History::default();
    history.apply(&mut annotations, Edit::Title("one".into()));
    assert!(history.undo(&mut annotations) && history.can_redo());
    history.apply(&mut annotations, Edit::Title("two".into()));
    assert!(!history.redo(&mut annotations));
    assert_eq!(annotations.title(), "two");
}

#[test]
fn numbers_are_given_once() {
    let mut annotations = Annotations::default();
    let packet = FrameId::received(1);
    for id in [1, 2, u32::MAX] {
        annotations.apply(Edit::write(Note {
            id: NoteId(id),
            on: On::Packet(packet),
            text: String::new(),
        }));
    }
    annotations.apply(Edit::draw(Bracket {
        id: NoteId(3),
        from: packet,
        to: packet,
        text: String::new(),
    }));
    assert_eq!(annotations.free_id(), NoteId(4));
}

#[test]
fn a_lane_keeps_its_name_when_its_host_gets_an_address() {
    let mac = MacAddr([2, 0, 0, 0, 0, 1]);
    let mut host = Host {
        mac: Some(mac),
        ..Host::default()
    };
    let mut annotations = Annotations::default();
    let lane = HostAddress::of(&host).expect("it has a MAC address");
    annotations.apply(Edit::LaneName(lane, Some("the printer".into())));
    host.ip = Some(IpAddr::from([192, 0, 2, 1]));
    assert_eq!(annotations.lane_name(&host), Some("the printer"));
    assert!(lane.means(&host));
    host.port = Some(80);
    assert_eq!(
        HostAddress::of(&host)
            .map(|address| address.to_string())
            .as_deref(),
        Some("192.0.2.1:80")
    );
}
