use super::*;
use crate::annotate::{Bracket, Edit, NoteId, On};
use crate::capture::{Direction, Frame, Interface};
use crate::testing::lab_fetch;
use crate::testing::made::captures;
use proptest::prelude::*;
use synema_core::time::Instant;
use synema_core::trace::FrameId;

fn headed(plain: &[u8]) -> Vec<u8> {
    let mut head = vec![VERSION];
    head.extend(sum(plain));
    head
}

proptest! {
    #[test]
    fn what_a_link_carries_is_had_again(
        capture in captures(), from in 0usize..10, to in 0usize..25, kept: bool,
    ) {
        let payload = if kept { Payload::Kept } else { Payload::LeftOut };
        let carried = for_a_link(&capture, from..to, payload);
        let fragment = encode(&capture, from..to, payload);
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
        prop_assert!(fragment.text.chars().all(is_plain));
        let again = decode(&url("https://viewer.example/#old", &fragment));
        prop_assert_eq!(again.as_ref(), Ok(&carried));
        // Packing it once more changes nothing.
        prop_assert_eq!(pack(&again.expect("as it was packed")), pack(&carried));
    }

    #[test]
    fn anything_is_opened_or_refused(
        capture in captures(), at: usize, to: u8, cut in 0usize..40, noise in prop::collection::vec(any::<u8>(), 0..64),
    ) {
        let whole = pack(&capture);
        let mut packed = whole.clone();
        let at = at % packed.len();
        packed[at] = to;
        packed.truncate(packed.len() - cut % packed.len());
        // What is opened is what it was.
        if let Ok(opened) = unpack(&packed, MAX_LINK) {
            prop_assert_eq!(pack(&opened), whole);
        }
        // The columns themselves, damaged, with a sum that is right.
        let mut plain = postcard::to_allocvec(&Packed::of(&capture)).expect("plain values");
        let at = at % plain.len();
        plain[at] = to;
        let mut deflate = DeflateEncoder::new(headed(&plain), Compression::fast());
        deflate.write_all(&plain).expect("a Vec takes all");
        let _opened_or_refused = unpack(&deflate.finish().expect("a Vec takes all"), MAX_LINK);
        let _the_same = unpack(&noise, MAX_LINK);
        let mut deflate = DeflateEncoder::new(headed(&noise), Compression::fast());
        deflate.write_all(&noise).expect("a Vec takes all");
        let _and_the_columns = unpack(&deflate.finish().expect("a Vec takes all"), MAX_LINK);
        let _letters = decode(&String::from_utf8_lossy(&noise));
    }
}

#[test]
fn a_handshake_and_a_request_with_notes_fit_a_short_link() {
    let mut capture = lab_fetch().capture;
    let packet = |index: usize| capture.frames()[index].id;
    let note = |id, on, text: &str| {
        Edit::write(crate::annotate::Note {
            id: NoteId(id),
            on,
            text: text.to_owned(),
        })
    };
    let edits = vec![
        Edit::Title("A page is fetched".into()),
        Edit::Summary("The first round trip finds the address, the second opens the way.".into()),
        note(
            1,
            On::Packet(packet(14)),
            "Here the server says how much it can take.",
        ),
        note(
            2,
            On::Field {
                packet: packet(13),
                field: "tcp.options.mss_val".into(),
            },
            "What fits an Ethernet frame.",
        ),
        Edit::draw(Bracket {
            id: NoteId(3),
            from: packet(13),
            to: packet(14),
            text: "one round trip".into(),
        }),
        Edit::highlight([packet(15)], true),
    ];
    capture.annotate(Edit::All(edits));
    let fragment = encode(&capture, 9..21, Payload::LeftOut);
    assert_eq!(fragment.reach, Reach::Anywhere, "{}", fragment.text.len());
    let again = decode(&fragment.text).expect("as it was written");
    assert_eq!(again.frames().len(), 12);
    assert_eq!(again.annotations().notes().count(), 2);
    assert_eq!(again.annotations().brackets().count(), 1);
    assert!(!again.records().is_empty());
    for (frame, whole) in again.frames().iter().zip(&capture.frames()[9..]) {
        assert_eq!(frame.original_len, whole.original_len);
        assert!(frame.bytes.len() <= 14 + 20 + 60 && whole.bytes.starts_with(&frame.bytes));
    }
}

#[test]
fn no_payload_goes_into_a_link_unless_it_is_asked_for() {
    let mut capture = lab_fetch().capture;
    let secret: Vec<u8> = (0..64).map(|byte| byte ^ 0x5a).collect();
    let mut frame = capture
        .frames()
        .iter()
        .rfind(|frame| frame.bytes.len() > 100)
        .cloned()
        .expect("it has data");
    let headers = frame.bytes.len() - 64;
    frame.id = FrameId::received(999);
    frame.bytes = [&frame.bytes[..headers], &secret]
        .concat()
        .as_slice()
        .into();
    capture.push(frame);
    let holds = |payload| {
        let carried = for_a_link(&capture, 0..99, payload);
        let mut frames = carried.frames().iter();
        frames.any(|frame| frame.bytes.windows(64).any(|part| part == secret))
    };
    assert!(holds(Payload::Kept) && !holds(Payload::LeftOut));
}

#[test]
fn what_is_no_link_says_why_and_what_to_do() {
    for (text, problem) in [
        ("", LinkProblem::Damaged),
        ("#", LinkProblem::Damaged),
        ("a b", LinkProblem::Letters),
        ("CQAA", LinkProblem::Later(9)),
        ("AQAAAA", LinkProblem::Damaged),
    ] {
        assert_eq!(decode(text), Err(problem), "{text}");
    }
    assert!(LinkProblem::Later(9).to_string().contains("later version"));
}

#[test]
fn a_bomb_is_refused_before_it_fills_memory() {
    for zeros in [MAX_LINK as usize + 1, 64 << 20] {
        let mut deflate = DeflateEncoder::new(headed(&[]), Compression::best());
        deflate.write_all(&vec![0; zeros]).expect("a Vec takes all");
        let bomb = deflate.finish().expect("a Vec takes all");
        assert_eq!(
            unpack(&bomb, MAX_LINK),
            Err(LinkProblem::TooLarge),
            "{}",
            bomb.len()
        );
    }
    // Very many empty frames.
    let mut capture = Capture::default();
    capture.add_interface(Interface::ethernet("", None));
    for number in 1..=50_000 {
        let id = FrameId::received(number);
        capture.push(Frame::new(id, Instant::ZERO, Direction::Unknown, &[]));
    }
    assert_eq!(
        unpack(&pack(&capture), MAX_LINK),
        Err(LinkProblem::TooLarge)
    );
}

#[test]
fn how_far_a_link_gets_is_told_by_its_length() {
    assert_eq!(Reach::of(SHORT), Reach::Anywhere);
    assert_eq!(Reach::of(SHORT + 1), Reach::Most);
    assert_eq!(Reach::of(LONG), Reach::Most);
    assert_eq!(Reach::of(LONG + 1), Reach::File);
}
