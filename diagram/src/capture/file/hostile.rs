//! Files that are cut, damaged or untrue: what came before is read, and the place is told.

use super::blocks::MAX_BLOCK;
use super::*;
use std::io::Write as _;

/// Gives its bytes a few at a time, as a slow pipe does.
struct Crumbs<'a>(&'a [u8], usize);

impl Read for Crumbs<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.1.min(buffer.len());
        self.0.read(&mut buffer[..len])
    }
}

/// Three packets of 60 bytes.
fn capture(link_type: u16) -> Capture {
    let mut capture = Capture::default();
    capture.add_interface(Interface {
        link_type,
        ..Interface::ethernet("lab0", None)
    });
    for number in 1..=3 {
        let id = FrameId::received(number);
        let at = Instant::from_millis(number);
        capture.push(Frame::new(id, at, Direction::Unknown, &[0x45; 60]));
    }
    capture
}

fn pcapng(link_type: u16) -> Vec<u8> {
    let mut file = Vec::new();
    write_pcapng(&capture(link_type), &mut file).expect("a Vec takes all");
    file
}

fn pcap(link_type: u16) -> Vec<u8> {
    let mut file = Vec::new();
    let mut put = |numbers: &[u32]| {
        for number in numbers {
            file.extend_from_slice(&number.to_be_bytes());
        }
    };
    put(&[0xa1b2_c3d4, 2 << 16 | 4, 0, 0, 65_535, link_type.into()]);
    for number in 1..=3 {
        put(&[0, number * 1_000, 60, 60]);
        put(&[0x4545_4545; 15]);
    }
    file
}

fn zipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("a Vec takes all");
    encoder.finish().expect("a Vec takes all")
}

/// The link types that are known, and one that is not.
const LINK_TYPES: [u16; 7] = [0, 1, 101, 108, 113, 276, 147];

#[test]
fn a_capture_that_comes_in_crumbs_is_the_same() {
    for file in [pcapng(1), pcap(1), zipped(&pcapng(1)), zipped(&pcap(1))] {
        let whole = read(&file).expect("a capture");
        assert_eq!(whole.capture.frames().len(), 3);
        for len in [1, 7] {
            let crumbs = read_from(Crumbs(&file, len)).expect("a capture");
            assert_eq!(crumbs.capture, whole.capture);
            assert_eq!(crumbs.stopped, None);
        }
    }
}

#[test]
fn a_file_that_is_cut_anywhere_gives_what_came_before_and_says_where_it_ended() {
    for (link_type, zip) in LINK_TYPES
        .into_iter()
        .zip([false, true].into_iter().cycle())
    {
        for file in [pcapng(link_type), pcap(link_type)] {
            let whole = read(&file).expect("a capture");
            let mut frames = 0;
            for len in 0..file.len() {
                let cut = if zip {
                    zipped(&file[..len])
                } else {
                    file[..len].to_vec()
                };
                let Ok(opened) = read(&cut) else {
                    assert!(frames == 0, "{len} bytes are as good as fewer");
                    continue;
                };
                let read = opened.capture.frames();
                assert!(read.len() >= frames);
                assert_eq!(read, &whole.capture.frames()[..read.len()]);
                frames = read.len();
                if let Some(stopped) = opened.stopped {
                    assert!(stopped.offset < len as u64, "{stopped} of {len}");
                    assert!(stopped.to_string().starts_with("at byte "), "{stopped}");
                }
            }
            assert_eq!(frames, 2, "the last byte belongs to the third");
        }
    }
}

#[test]
fn a_cut_inside_of_a_packet_is_told_at_the_packets_first_byte() {
    let file = pcap(1);
    let opened = read(&file[..24 + 76 + 30]).expect("a capture");
    let stopped = opened.stopped.expect("it is cut");
    assert_eq!(stopped.offset, 24 + 76);
    assert!(stopped.what.contains("the file ends"), "{stopped}");
}

#[test]
fn any_damaged_byte_leaves_what_is_before_it() {
    for file in [pcapng(1), pcap(1)] {
        for at in 0..file.len() {
            for value in [0, 0x7f, 0xff, file[at] ^ 0x80] {
                let mut damaged = file.clone();
                damaged[at] = value;
                let Ok(opened) = read(&damaged) else { continue };
                assert!(opened.capture.frames().len() <= 3);
                let stopped = opened.stopped.map_or(u64::MAX, |stopped| stopped.offset);
                // The block that was damaged, or one that follows from it.
                assert!(
                    stopped >= (at as u64).saturating_sub(200),
                    "{at}: {stopped}"
                );
            }
        }
    }
}

#[test]
fn claims_of_gigabytes_cost_nothing_and_are_told() {
    let claims = |offset: u64, file: &[u8]| {
        let opened = read(file).expect("a capture");
        let stopped = opened.stopped.expect("nobody has so much");
        assert_eq!(stopped.offset, offset, "{stopped}");
        assert_eq!(opened.capture.frames().len(), 3);
    };
    let mut file = pcap(1);
    let end = file.len() as u64;
    for number in [1u32, 1, 0xffff_fff0, 0xffff_fff0] {
        file.extend_from_slice(&number.to_be_bytes());
    }
    claims(end, &file);
    let mut file = pcapng(1);
    let end = file.len() as u64;
    for number in [6u32, 0xffff_fff0, 0] {
        file.extend_from_slice(&number.to_le_bytes());
    }
    claims(end, &file);
    // As much follows as any block has.
    file.resize(file.len() + MAX_BLOCK + (4 << 20), 0);
    claims(end, &file);
}

#[test]
fn a_gzip_that_is_damaged_says_so_and_gives_what_came_before() {
    // Every packet another, so that it does not shrink to nothing.
    let mut file = pcap(1);
    let mut state = 1u32;
    for number in 0..2_000u32 {
        for field in [1, number, 60, 60] {
            file.extend_from_slice(&field.to_be_bytes());
        }
        for _ in 0..60 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            file.push((state >> 24) as u8);
        }
    }
    let mut damaged = zipped(&file);
    let middle = damaged.len() / 2;
    damaged.truncate(middle);
    let opened = read(&damaged).expect("a capture");
    assert!(opened.capture.frames().len() > 500);
    let stopped = opened.stopped.expect("it is damaged");
    assert!(
        stopped.what.contains("cannot be read any further"),
        "{stopped}"
    );
    let nothing = read(&[0x1f, 0x8b, 8, 0]).expect_err("no capture");
    assert!(nothing.what.contains("gzip"), "{nothing}");
}

#[test]
fn an_input_that_fails_at_once_is_no_bad_capture() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("unplugged"))
        }
    }
    assert!(matches!(read_from(Broken), Err(Unread::Input(_))));
}

#[test]
fn a_time_beyond_all_calendars_is_drawn() {
    let mut file = pcapng(1);
    // The times of all three packets, each after type, length and interface of its block.
    let blocks: Vec<_> = (0..file.len() - 4)
        .filter(|&at| at % 4 == 0 && file[at..at + 4] == [6, 0, 0, 0])
        .collect();
    assert_eq!(blocks.len(), 3);
    for block in blocks {
        file[block + 12..block + 20].fill(0xff);
    }
    let opened = read(&file).expect("a capture");
    assert_eq!(opened.stopped, None);
    let mut document = crate::Document::open(opened.capture, crate::view::View::default());
    assert!(document.extent().is_finite());
    assert_eq!(document.window(0.0, 1_000.0).arrows.len(), 3);
}
