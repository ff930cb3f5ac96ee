mod foreign;
mod round_trip;

use super::*;
use proptest::prelude::*;
use std::io::Write;
use synema_core::time::Instant;

fn written(capture: &Capture) -> Vec<u8> {
    let mut file = Vec::new();
    write_pcapng(capture, &mut file).expect("a Vec takes all");
    file
}

proptest! {
    #[test]
    fn hostile_bytes_are_read_or_refused(
        at in 0usize..400, to: u8, cut in 0usize..400, noise in prop::collection::vec(any::<u8>(), 0..64),
    ) {
        let mut capture = Capture::default();
        for number in 0..3 {
            capture.push(Frame::new(
                FrameId::received(number),
                Instant::from_millis(number),
                Direction::Received,
                &[0xab; 60],
            ));
        }
        let mut file = written(&capture);
        let at = at % file.len();
        file[at] = to;
        file.truncate(file.len() - cut % file.len());
        file.extend_from_slice(&noise);
        if let Ok(opened) = read(&file) {
            prop_assert!(opened.capture.frames().len() <= 3 + noise.len());
        }
        let _refused_or_read = read(&noise);
    }
}

#[test]
fn both_byte_orders_and_both_resolutions_of_pcap() {
    let file = |big: bool, magic: u32, fraction: u32| {
        let mut file = Vec::new();
        let mut field = |value: u32, width: usize| {
            let bytes = if big {
                value.to_be_bytes()
            } else {
                value.to_le_bytes()
            };
            match (width, big) {
                (2, true) => file.extend_from_slice(&bytes[2..]),
                (2, false) => file.extend_from_slice(&bytes[..2]),
                _ => file.extend_from_slice(&bytes),
            }
        };
        field(magic, 4);
        field(2, 2);
        field(4, 2);
        for value in [0, 0, 65_535, 1, 100, fraction, 3, 1_514] {
            field(value, 4);
        }
        file.extend_from_slice(&[1, 2, 3]);
        file
    };
    for big in [false, true] {
        for (magic, fraction) in [(0xa1b2_c3d4, 250_000), (0xa1b2_3c4d, 250_000_000)] {
            let opened = read(&file(big, magic, fraction)).expect("a pcap file");
            let [frame] = opened.capture.frames() else {
                panic!("one frame")
            };
            assert_eq!(frame.at, Instant::from_millis(100_250));
            assert_eq!((&*frame.bytes, frame.original_len), (&[1, 2, 3][..], 1_514));
            assert_eq!(opened.capture.interfaces()[0].link_type, 1);
        }
    }
}

#[test]
fn what_could_be_read_before_the_damage_is_kept_and_the_offset_told() {
    let mut capture = Capture::default();
    for number in 0..3 {
        capture.push(Frame::new(
            FrameId::received(number),
            Instant::from_millis(number),
            Direction::Received,
            &[0xab; 60],
        ));
    }
    let file = written(&capture);
    let opened = read(&file[..file.len() - 10]).expect("it begins well");
    assert_eq!(opened.capture.frames(), &capture.frames()[..2]);
    let stopped = opened.stopped.expect("it was cut");
    let mut whole = Capture::default();
    for frame in &capture.frames()[..2] {
        whole.push(frame.clone());
    }
    assert_eq!(stopped.offset, written(&whole).len() as u64);
    assert!(
        stopped
            .to_string()
            .contains("ends in the middle of a block"),
        "{stopped}"
    );

    for (bytes, needle) in [(&b""[..], "empty"), (b"GET / HTTP/1.1", "not a capture")] {
        let problem = read(bytes).expect_err("no capture");
        assert!(problem.to_string().contains(needle), "{problem}");
    }
}

#[test]
fn a_gzipped_capture_is_inflated() {
    let mut capture = Capture::default();
    capture.push(Frame::new(
        FrameId::received(1),
        Instant::ZERO,
        Direction::Received,
        &[1; 60],
    ));
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&written(&capture)).expect("a Vec takes all");
    let file = gzip.finish().expect("a Vec takes all");
    assert_eq!(read(&file).expect("gzip").capture, capture);
}

/// A pcapng file of one section, one interface and one packet, each with a good option
/// and `bad` behind it, in either byte order.
fn with_options(big: bool, bad: (u16, &[u8])) -> Vec<u8> {
    let u16s = |value: u16| match big {
        true => value.to_be_bytes(),
        false => value.to_le_bytes(),
    };
    let u32s = |value: u32| match big {
        true => value.to_be_bytes(),
        false => value.to_le_bytes(),
    };
    let option = |(code, value): (u16, &[u8])| {
        let len = u16::try_from(value.len()).expect("short");
        let mut bytes = [&u16s(code)[..], &u16s(len), value].concat();
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    };
    let block = |type_: u32, fixed: &[u8], good: (u16, &[u8])| {
        let body = [fixed, &option(good), &option(bad), &[0; 4]].concat();
        let len = u32::try_from(body.len() + 12).expect("short");
        [&u32s(type_)[..], &u32s(len), &body, &u32s(len)].concat()
    };
    let version = [&u32s(0x1a2b_3c4d)[..], &u16s(1), &u16s(0), &[0xff; 8]].concat();
    let ethernet = [&u16s(1)[..], &u16s(0), &u32s(0)].concat();
    let fields = [0, 0, 7_000, 4, 60].map(u32s).concat();
    let packet = [&fields[..], &[1, 2, 3, 4]].concat();
    [
        block(0x0a0d_0d0a, &version, (1, b"of the section")),
        block(1, &ethernet, (2, b"eth0")),
        block(6, &packet, (1, b"of the packet")),
    ]
    .concat()
}

#[test]
fn an_option_that_breaks_its_own_rules_is_told_of() {
    // A comment that is not UTF-8; of an interface nobody is shown any.
    for big in [false, true] {
        let opened = read(&with_options(big, (1, &[0xff, 0xfe]))).expect("a pcapng file");
        assert_eq!(opened.stopped, None);
        assert_eq!(opened.passed_over, 2, "{:?}", opened.warnings);
        assert!(
            opened.warnings[1].what.contains("kept, not shown"),
            "{:?}",
            opened.warnings
        );
        assert_eq!(opened.capture.annotations().title(), "of the section");
        assert_eq!(opened.capture.interfaces()[0].name, "eth0");
        let [frame] = opened.capture.frames() else {
            panic!("one frame")
        };
        assert_eq!(frame.at, Instant::from_micros(7_000));
        assert_eq!((&*frame.bytes, frame.original_len), (&[1, 2, 3, 4][..], 60));
        let notes = opened.capture.annotations().notes_on(frame.id);
        let texts: Vec<_> = notes.map(|note| note.text.as_str()).collect();
        assert_eq!(texts, ["of the packet"]);
    }
    let clean = read(&with_options(true, (2_000, b"unknown, but well-formed")));
    assert_eq!(clean.expect("a pcapng file").passed_over, 0);
}
