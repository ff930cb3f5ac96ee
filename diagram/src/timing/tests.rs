use super::*;
use crate::Document;
use crate::capture::{Capture, Direction, MemoryPolicy};
use crate::scene::ArrowEnd;
use crate::testing::{Seg, Story, tcp_frame};
use crate::view::View;
use proptest::prelude::*;
use std::collections::{BTreeMap, VecDeque};
use synema_core::time::Instant;
use synema_core::trace::{Cause, FrameId};
use synema_core::wire::tcp::{Flags, Options};

/// One step of an exchange: who speaks, how long after the step before, how many
/// bytes, and how much longer than the shortest the way is.
type Step = (bool, u64, usize, u64);

/// The shortest way from one end to the other, in microseconds.
const WAY_US: u64 = 10_000;

/// One end of an exchange that is made up: what it has sent and what has arrived.
#[derive(Default)]
struct End {
    sent: u32,
    got: u32,
    /// When segments arrive here, and what they are; nobody overtakes.
    coming: VecDeque<(u64, Seg)>,
}

/// Two ends that answer at once, over a path that is now slower, now quicker.
struct Exchange {
    story: Story,
    page: End,
    server: End,
}

impl Exchange {
    fn of(steps: &[Step]) -> Capture {
        let mut made = Self {
            story: Story::new(),
            page: End::default(),
            server: End::default(),
        };
        made.say(true, 0, Flags::SYN, 0, 5_000);
        let mut us = 0;
        for &(page, gap_us, len, slower_us) in steps {
            us += gap_us;
            made.arrive_until(us, slower_us);
            // Nobody sends data before the handshake is over.
            if made.page.got > 0 && made.server.got > 0 {
                made.say(page, us, Flags::PSH.with(Flags::ACK), len, slower_us);
            }
        }
        made.arrive_until(u64::MAX, 0);
        made.story.capture
    }

    fn say(&mut self, page: bool, us: u64, flags: Flags, len: usize, slower_us: u64) {
        let (own, other) = match page {
            true => (&mut self.page, &mut self.server),
            false => (&mut self.server, &mut self.page),
        };
        let seg = Seg::new(flags, own.sent, own.got, len);
        own.sent += u32::try_from(len).expect("short") + u32::from(flags.syn());
        let before = other.coming.back().map_or(0, |&(at, _)| at + 1);
        let at = (us + WAY_US + slower_us).max(before);
        other.coming.push_back((at, seg));
        if page {
            let bytes = tcp_frame(true, seg, Options::NONE, b"");
            self.story.sends(us, Cause::Data, &bytes);
        }
    }

    /// Lets everything arrive that does until then, and be answered.
    fn arrive_until(&mut self, us: u64, slower_us: u64) {
        loop {
            let at = |end: &End| end.coming.front().map_or(u64::MAX, |&(at, _)| at);
            let at_page = at(&self.page) < at(&self.server);
            let end = if at_page {
                &mut self.page
            } else {
                &mut self.server
            };
            let Some((at, seg)) = end.coming.front().copied().filter(|&(at, _)| at <= us) else {
                return;
            };
            end.coming.pop_front();
            let takes = u32::try_from(seg.len).expect("short") + u32::from(seg.flags.syn());
            end.got += takes;
            if at_page {
                let bytes = tcp_frame(false, seg, Options::NONE, b"");
                self.story.receives(at, &bytes);
            }
            if takes > 0 {
                let opens = seg.flags.syn() && !at_page;
                let flags = if opens {
                    Flags::SYN.with(Flags::ACK)
                } else {
                    Flags::ACK
                };
                self.say(at_page, at, flags, 0, slower_us);
            }
        }
    }
}

fn exchanges() -> impl Strategy<Value = Vec<Step>> {
    let gap = prop_oneof![4 => 1u64..300, 2 => 300u64..9_000, 1 => 9_000u64..90_000];
    prop::collection::vec((any::<bool>(), gap, 1usize..1_400, 0u64..6_000), 1..80)
}

/// As it is drawn while it happens.
fn live(capture: &Capture) -> Document {
    let interface = capture.interfaces()[0].clone();
    let mut document = Document::live(interface, MemoryPolicy::default(), View::default());
    for frame in capture.frames() {
        document.append(frame.clone());
    }
    document
}

/// Nobody overtakes, nothing is answered before it came, and nothing came before what
/// was sent in ignorance of it.
fn check(document: &Document) -> Result<(), TestCaseError> {
    let times = document.timing().times();
    let digests = document.analysis().digests();
    let mut last: BTreeMap<(HostId, HostId), Times> = BTreeMap::new();
    for (index, digest) in digests.iter().enumerate() {
        let own = times[index];
        prop_assert!(own.departure_ns <= own.arrival_ns, "{index}: {own:?}");
        if let Some(before) = last.insert((digest.from, digest.to), own) {
            prop_assert!(before.departure_ns <= own.departure_ns, "{index} departs");
            prop_assert!(
                before.arrival_ns <= own.arrival_ns,
                "{index} overtakes: {before:?} {own:?}"
            );
        }
        let Some(answer) = digest.answered_by() else {
            continue;
        };
        let answered_ns = times[answer].departure_ns;
        prop_assert!(
            own.arrival_ns <= answered_ns,
            "{index} is answered too early"
        );
        let Some(tcp) = digest.tcp.filter(|_| !own.arrival_known) else {
            continue;
        };
        if answered_ns - own.departure_ns > 60_000_000 {
            continue;
        }
        let unaware = digests.iter().enumerate().filter(|(_, other)| {
            let ack = other.tcp.map_or(0, |tcp| tcp.ack);
            other.from == digest.to && ack < tcp.seq + i64::from(tcp.len.max(1))
        });
        for (other, _) in unaware.filter(|&(other, _)| times[other].departure_ns < answered_ns) {
            prop_assert!(
                times[other].departure_ns < own.arrival_ns,
                "{other} did not know of {index}"
            );
        }
    }
    Ok(())
}

/// The same in the picture: of two arrows between the same lanes the later tail has
/// the later tip.
fn check_picture(document: &mut Document) -> Result<(), TestCaseError> {
    let height = document.extent();
    let mut arrows = document.window(0.0, height).arrows;
    arrows.retain(|arrow| arrow.end == ArrowEnd::Arrives && !arrow.shortened);
    arrows.sort_by_key(|arrow| arrow.number);
    let mut last = BTreeMap::new();
    for arrow in arrows {
        let before = last.insert((arrow.from, arrow.to), arrow.clone());
        if let Some(before) = before {
            prop_assert!(
                before.tail.y < arrow.tail.y && before.tip.y < arrow.tip.y,
                "{before:?} is overtaken by {arrow:?}"
            );
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn estimates_overtake_nobody_and_lie_between_what_is_known(steps in exchanges()) {
        let capture = Exchange::of(&steps);
        let mut opened = Document::open(capture.clone(), View::default());
        check(&opened)?;
        check_picture(&mut opened)?;
        let mut live = live(&capture);
        check(&live)?;
        check_picture(&mut live)?;
    }
}

/// A connection whose first round trip was slow, then ACKs in a row, and a FIN that is
/// answered at once: the end of a long page.
#[test]
fn a_fin_that_is_answered_quickly_does_not_overtake_the_acks_before_it() {
    let mut story = Story::new();
    let syn = tcp_frame(true, Seg::new(Flags::SYN, 0, 0, 0), Options::NONE, b"");
    let syn_ack = Flags::SYN.with(Flags::ACK);
    let fin_ack = Flags::FIN.with(Flags::ACK);
    let answer = tcp_frame(false, Seg::new(syn_ack, 0, 1, 0), Options::NONE, b"");
    story.sends(0, Cause::Syn, &syn);
    story.receives(20_000, &answer);
    for number in 0..5u32 {
        let data = Seg::new(Flags::ACK, 1 + number * 1_448, 1, 1_448);
        let ack = Seg::new(Flags::ACK, 1, 1 + (number + 1) * 1_448, 0);
        let us = 30_000 + u64::from(number) * 20;
        story.receives(us, &tcp_frame(false, data, Options::NONE, b""));
        story.sends(
            us + 1,
            Cause::QuickAck,
            &tcp_frame(true, ack, Options::NONE, b""),
        );
    }
    let fin = tcp_frame(true, Seg::new(fin_ack, 1, 7_241, 0), Options::NONE, b"");
    story.sends(30_100, Cause::Fin, &fin);
    let last = tcp_frame(false, Seg::new(Flags::ACK, 7_241, 2, 0), Options::NONE, b"");
    story.receives(30_140, &last);
    let mut document = live(&story.capture);
    check(&document).expect("in order");
    check_picture(&mut document).expect("in order");
    let times = document.timing().times();
    // Half of the quickest answer: the FIN arrives 20 us after it departed, and the
    // ACKs before it no later.
    assert_eq!(times[12].arrival_ns, 30_120_000);
    assert_eq!(times[11].arrival_ns, 30_120_000);
}

#[test]
fn what_a_simulator_knows_to_have_been_reordered_stays_so() {
    let mut story = Story::new();
    let frames = [(0, 25_000), (100, 12_000), (200, 18_000)];
    for (number, (us, _)) in (0u32..).zip(frames) {
        let data = Seg::new(Flags::ACK, 1 + number * 100, 1, 100);
        story.sends(us, Cause::Data, &tcp_frame(true, data, Options::NONE, b""));
    }
    let mut capture = Capture::default();
    capture.add_interface(story.capture.interfaces()[0].clone());
    for (frame, (_, arrives)) in story.capture.frames().iter().zip(frames) {
        let mut frame = frame.clone();
        frame.other_end = Some(Instant::from_micros(arrives));
        capture.push(frame);
    }
    for document in [
        live(&capture),
        Document::open(capture.clone(), View::default()),
    ] {
        let arrivals: Vec<_> = document
            .timing()
            .times()
            .iter()
            .map(|t| t.arrival_ns)
            .collect();
        assert_eq!(arrivals, [25_000_000, 12_000_000, 18_000_000]);
    }
}

/// Seen at the receiver: who overtook whom is known there.
#[test]
fn a_capture_at_the_receiver_keeps_the_order_in_which_packets_came() {
    let mut capture = Capture::default();
    capture.add_interface(Story::new().capture.interfaces()[0].clone());
    for (number, seq) in (0u64..).zip([201, 1, 101]) {
        let data = Seg::new(Flags::ACK, seq, 1, 100);
        let bytes = tcp_frame(false, data, Options::NONE, b"");
        let at = Instant::from_micros(number * 50);
        capture.push(Frame::new(
            FrameId::received(number + 1),
            at,
            Direction::Received,
            &bytes,
        ));
    }
    let document = Document::open(capture, View::default());
    let arrivals: Vec<_> = document
        .timing()
        .times()
        .iter()
        .map(|t| t.arrival_ns)
        .collect();
    assert_eq!(arrivals, [0, 50_000, 100_000]);
}
