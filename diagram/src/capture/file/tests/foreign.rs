//! What others put into a file, made by hand, byte for byte.

use super::super::blocks::BlockWriter;
use super::super::own::{CUSTOM_BYTES, CUSTOM_TEXT, PEN};
use super::{read, written};
use crate::Document;
use crate::annotate::{Edit, HostAddress, Note, NoteId, On};
use crate::capture::Capture;
use crate::capture::foreign::Ticks;
use crate::testing::{SERVER, lab_fetch};
use crate::view::View;
use core::net::IpAddr;
use pcap_file::Endianness;
use proptest::prelude::*;
use synema_core::time::Instant;
use synema_core::trace::FrameId;

/// The enterprise number of somebody else.
const THEIR_PEN: u32 = 4_242;

struct Made {
    out: BlockWriter<Vec<u8>>,
}

impl Made {
    fn new() -> Self {
        Self {
            out: BlockWriter::new(Vec::new()),
        }
    }

    fn end(&mut self) {
        self.out.end().expect("a Vec takes all");
    }

    fn section(&mut self, order: Endianness, comments: &[&str]) {
        self.out.order = order;
        self.out.begin(0x0a0d_0d0a);
        self.out.u32(0x1a2b_3c4d);
        self.out.u16(1);
        self.out.u16(0);
        self.out.raw(&[0xff; 8]);
        self.out.option(2, b"a machine");
        self.out.option(4, b"Their program 1.0");
        self.out.option(0x1234, b"unknown");
        self.out
            .custom(CUSTOM_TEXT, THEIR_PEN, b"synema:{} of others");
        // What is ours by its number only.
        self.out.custom(CUSTOM_BYTES, PEN, b"somebody else's");
        for comment in comments {
            self.out.option(1, comment.as_bytes());
        }
        self.end();
    }

    fn interface(&mut self, resolution: Option<u8>, offset: Option<i64>) {
        self.out.begin(1);
        self.out.u16(1);
        self.out.u16(0);
        self.out.u32(96);
        self.out.option(2, b"eth0");
        if let Some(resolution) = resolution {
            self.out.option(9, &[resolution]);
        }
        self.out.option(3, b"a description");
        self.out.option(4, &[192, 0, 2, 1, 255, 255, 255, 0]);
        self.out.option_u64(8, 1_000_000_000);
        self.out.option(11, b"\0tcp port 80");
        if let Some(offset) = offset {
            self.out.option_u64(14, offset.cast_unsigned());
        }
        self.out.option(1, b"the interface's comment");
        self.end();
    }

    fn packet(&mut self, interface: u32, ticks: u64, comments: &[&[u8]]) {
        self.out.begin(6);
        self.out.u32(interface);
        self.out.u32((ticks >> 32) as u32);
        self.out.u32(ticks as u32);
        self.out.u32(6);
        self.out.u32(1_514);
        self.out.padded(&[1, 2, 3, 4, 5, 6]);
        self.out.option_u32(2, 0x0100_0025);
        self.out.option(3, b"\x02hash");
        self.out.option_u64(5, 77);
        self.out.custom(CUSTOM_TEXT, THEIR_PEN, b"theirs");
        self.out.custom(2_990, PEN, b"not to be copied");
        for comment in comments {
            self.out.option(1, comment);
        }
        self.end();
    }

    fn names(&mut self) {
        self.out.begin(4);
        self.out
            .option(1, b"\xc0\0\x02\x07www.example\0also.example\0");
        self.out.option(
            2,
            b"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01six.example\0",
        );
        self.out.u32(0);
        self.out.option(2, b"a name server");
        self.end();
    }

    /// Statistics, secrets, a journal's entry, custom blocks of both kinds, and one of nobody.
    fn others(&mut self) {
        for type_ in [5, 0xa, 9, 0xbad, 0x4000_0bad, 0x7777] {
            self.out.begin(type_);
            self.out.u32(0);
            self.out.u32(0x0102_0304);
            self.out.padded(b"and what not");
            self.end();
        }
    }

    /// A whole section of all of it.
    fn whole(&mut self, order: Endianness, comments: &[&str]) {
        self.section(order, comments);
        self.interface(None, None);
        self.interface(Some(9), Some(-7_200));
        self.interface(Some(0x8a), None);
        // Finer than anything here can say.
        self.interface(Some(12), None);
        self.names();
        self.packet(0, 1_700_000_000_123_456, &[b"one", b"two\nlines"]);
        self.others();
        self.packet(1, 1_700_000_000_123_456_789, &[]);
        self.packet(2, 1_025, &[]);
        self.packet(3, 1_700_000_000_123_456, &[]);
        // A simple packet block.
        self.out.begin(3);
        self.out.u32(1_514);
        self.out.padded(&[7; 96]);
        self.end();
        self.others();
    }

    fn bytes(self) -> Vec<u8> {
        self.out.into_inner()
    }
}

fn read_all(file: &[u8]) -> Capture {
    let opened = read(file).expect("a pcapng file");
    assert_eq!((opened.stopped, opened.warnings), (None, Vec::new()));
    opened.capture
}

/// The same to the byte; told by where they part.
fn assert_alike(ours: &[u8], theirs: &[u8]) {
    let same = ours
        .iter()
        .zip(theirs)
        .take_while(|(our, their)| our == their);
    let at = same.count();
    let near = |bytes: &[u8]| bytes[at.saturating_sub(16)..(at + 32).min(bytes.len())].to_vec();
    assert!(
        ours == theirs,
        "from byte {at} on: {:x?} instead of {:x?}",
        near(ours),
        near(theirs)
    );
}

#[test]
fn every_block_and_option_is_written_as_it_was_read() {
    for order in [Endianness::Little, Endianness::Big] {
        let mut made = Made::new();
        made.whole(order, &["one line", "a second", "a third\nof two lines"]);
        let file = made.bytes();
        let capture = read_all(&file);
        assert_eq!(capture.frames().len(), 5);
        assert_eq!(capture.annotations().title(), "one line");
        assert_eq!(capture.annotations().notes().count(), 2);
        assert_alike(&written(&capture), &file);
    }
}

#[test]
fn sections_stay_apart_each_in_its_own_order() {
    let mut made = Made::new();
    made.whole(Endianness::Big, &["first\nsection"]);
    made.section(Endianness::Little, &[]);
    made.whole(Endianness::Little, &["third", "section"]);
    made.section(Endianness::Big, &["empty"]);
    let file = made.bytes();
    let mut capture = read_all(&file);
    assert_eq!(capture.frames().len(), 10);
    assert_eq!(capture.interfaces().len(), 8);
    assert_eq!(capture.annotations().summary(), "first\nsection");
    assert_alike(&written(&capture), &file);

    // What is written on it then changes nothing else.
    let last = capture.frames()[8].id;
    let edit = Edit::write(Note {
        id: NoteId(99),
        on: On::Packet(last),
        text: "the last but one".into(),
    });
    let back = capture.annotate(edit);
    let again = read_all(&written(&capture));
    assert_eq!(again.annotations(), capture.annotations());
    capture.annotate(back);
    let mut without = again;
    without.annotate(Edit::Note {
        id: NoteId(99),
        to: None,
    });
    assert_alike(&written(&without), &file);
}

#[test]
fn times_are_told_in_nanoseconds_and_names_offered() {
    let mut made = Made::new();
    made.whole(Endianness::Big, &[]);
    let capture = read_all(&made.bytes());
    let at = |index: usize| capture.frames()[index].at;
    assert_eq!(at(0), Instant::from_micros(1_700_000_000_123_456));
    let hours = 7_200_000_000_000;
    let expected = 1_700_000_000_123_456_789 - hours;
    assert_eq!(at(1), Instant::from_nanos(expected));
    // 1025/1024 of a second.
    assert_eq!(at(2), Instant::from_nanos(1_000_976_562));
    assert_eq!(at(3), Instant::from_nanos(1_700_000_000_123));
    assert_eq!(at(4), at(3));
    let names = capture.resolved_names();
    let name = |text: &str, ip: IpAddr| (ip, text.to_owned());
    assert_eq!(
        names,
        [
            name("www.example", IpAddr::from([192, 0, 2, 7])),
            name(
                "six.example",
                IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1])
            ),
        ]
    );
}

#[test]
fn a_lane_is_called_as_the_file_says() {
    let story = lab_fetch();
    let mut capture = story.capture;
    let ours = HostAddress::Ip(IpAddr::V4(SERVER));
    capture.annotate(Edit::LaneName(ours, Some("web server".into())));
    // As somebody who reads names alone sees it: our block of names, no longer ours.
    let file = written(&capture);
    let at = file
        .windows(12)
        .rposition(|part| part == b"synema:names")
        .expect("the block of names");
    let mut theirs = file.clone();
    theirs[at] = b'S';
    let mut opened = read_all(&theirs);
    opened.annotate(Edit::LaneName(ours, None));
    let name = ("web server".to_owned(), IpAddr::V4(SERVER));
    assert_eq!(opened.resolved_names(), [(name.1, name.0.clone())]);
    let document = Document::open(opened, View::default());
    let hosts = document.analysis().hosts().list();
    let server = hosts.iter().find(|host| host.ip == Some(name.1));
    assert_eq!(server.and_then(|host| host.name.as_ref()), Some(&name.0));
    // Ours is no news.
    assert_eq!(read_all(&file).resolved_names(), []);
}

#[test]
fn an_obsolete_packet_block_becomes_an_enhanced_one() {
    let mut made = Made::new();
    made.section(Endianness::Big, &[]);
    made.interface(None, None);
    made.out.begin(2);
    made.out.u16(0);
    made.out.u16(3);
    made.out.u32(0);
    made.out.u32(1_000);
    made.out.u32(2);
    made.out.u32(60);
    made.out.padded(&[8, 9]);
    made.out.option(1, b"old");
    made.out.option(3, b"\x02hash");
    made.end();
    let capture = read_all(&made.bytes());
    let [frame] = capture.frames() else {
        panic!("one frame")
    };
    assert_eq!((frame.drops_before, frame.original_len), (3, 60));
    assert_eq!(frame.at, Instant::from_micros(1_000));
    let again = read_all(&written(&capture));
    assert_eq!(again, capture);
}

#[test]
fn a_time_that_an_interface_cannot_tell_changes_how_it_counts() {
    let mut made = Made::new();
    made.section(Endianness::Little, &[]);
    made.interface(Some(3), Some(10));
    made.packet(0, 5, &[]);
    let mut capture = read_all(&made.bytes());
    let at = Instant::from_nanos(10_005_000_001);
    let mut frame = capture.frames()[0].clone();
    frame.id = FrameId::received(2);
    frame.at = at;
    capture.push(frame);
    let again = read_all(&written(&capture));
    let times: Vec<_> = again.frames().iter().map(|frame| frame.at).collect();
    assert_eq!(times, [Instant::from_millis(10_005), at]);
}

#[test]
fn comments_that_are_no_text_are_kept_and_told_of() {
    let mut made = Made::new();
    made.section(Endianness::Little, &[]);
    made.interface(None, None);
    made.packet(0, 1, &[b"\xff\xfe"]);
    let file = made.bytes();
    let opened = read(&file).expect("a pcapng file");
    assert_eq!(opened.passed_over, 1, "{:?}", opened.warnings);
    assert_eq!(opened.capture.annotations().notes().count(), 0);
    assert_alike(&written(&opened.capture), &file);
}

#[test]
fn what_a_later_version_wrote_of_the_whole_is_kept_and_told_of() {
    let mut capture = Capture::default();
    capture.annotate(Edit::Title("theirs".into()));
    capture
        .foreign_mut()
        .document
        .insert("colours".into(), "red".into());
    capture.foreign_mut().lines.push(r#"{"later":1}"#.into());
    let again = read_all(&written(&capture));
    assert_eq!(again, capture);
    assert_eq!(written(&again), written(&capture));
}

proptest! {
    #[test]
    fn ticks_are_had_again_from_nanoseconds(
        ticks: u64, decimal in 0u8..10, binary in 0u8..29, offset in -1_000_000i64..1_000_000,
    ) {
        for resolution in [decimal, 0x80 | binary] {
            let count = Ticks { resolution, offset };
            // Within what 64 bits of nanoseconds can tell.
            let most = match resolution & 0x80 {
                0 => 10u64.pow(u32::from(decimal)),
                _ => 1 << binary,
            };
            let ticks = ticks % most.saturating_mul(16_000_000_000);
            let nanos = count.to_nanos(ticks);
            if nanos > 0 {
                prop_assert_eq!(count.of_nanos(nanos), ticks);
            }
        }
    }
}
