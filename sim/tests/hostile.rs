//! Frames that were damaged on purpose, with checksums that are right: whatever
//! comes, a session neither panics, nor goes on for ever, nor hoards.

mod common;

use common::URL;
use proptest::prelude::*;
use synema_core::app::recording::{Call, OwnedInput, Recording};
use synema_core::app::session::{Command, FetchEvent, FetchOptions, Input, Session, SessionEvent};
use synema_core::time::{Duration, Instant};
use synema_core::trace::Record;
use synema_core::wire::checksum::Sum;
use synema_core::wire::{EtherType, Protocol, ethernet, ipv4};

/// A fetch whose frames are damaged.
const FETCH: &[u8] = include_bytes!("../../core/tests/data/fetch.recording");
/// More frames than a fetch of 30 kB, or what is left of one, can ever need.
const MAX_FRAMES: usize = 5_000;

/// One way to damage a frame.
#[derive(Clone, Debug)]
enum Damage {
    Flip { at: usize, bit: u8 },
    Set { at: usize, to: u8 },
    Cut { to: usize },
    Grow { by: usize },
    Twice,
    Drop,
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        // Headers are the interesting part.
        4 => (14usize..80, 0u8..8).prop_map(|(at, bit)| Damage::Flip { at, bit }),
        2 => (14usize..80, any::<u8>()).prop_map(|(at, to)| Damage::Set { at, to }),
        1 => (80usize..1500, any::<u8>()).prop_map(|(at, to)| Damage::Set { at, to }),
        1 => (0usize..100).prop_map(|to| Damage::Cut { to }),
        1 => (1usize..60).prop_map(|by| Damage::Grow { by }),
        1 => Just(Damage::Twice),
        1 => Just(Damage::Drop),
    ]
}

/// The frames to hand in instead of this one.
fn damaged(frame: &[u8], damage: &Damage) -> Vec<Vec<u8>> {
    let mut bytes = frame.to_vec();
    match *damage {
        Damage::Flip { at, bit } => {
            let at = at % bytes.len();
            bytes[at] ^= 1 << bit;
        }
        Damage::Set { at, to } => {
            let at = at % bytes.len();
            bytes[at] = to;
        }
        Damage::Cut { to } => bytes.truncate(to),
        Damage::Grow { by } => bytes.resize(bytes.len() + by, 0xff),
        Damage::Twice => return vec![frame.to_vec(), frame.to_vec()],
        Damage::Drop => return Vec::new(),
    }
    repair_checksums(&mut bytes);
    vec![bytes]
}

/// Makes the checksums right, as far as the frame can still be understood.
fn repair_checksums(frame: &mut [u8]) {
    let is_ipv4 = ethernet::Frame::parse(frame).is_ok_and(|it| it.ether_type() == EtherType::IPV4);
    if !is_ipv4 || frame.len() < 34 {
        return;
    }
    let packet = &mut frame[14..];
    let header_len = usize::from(packet[0] & 15) * 4;
    if header_len < 20 || header_len > packet.len() {
        return;
    }
    packet[10..12].fill(0);
    let sum = Sum::new().with(&packet[..header_len]).finish();
    packet[10..12].copy_from_slice(&sum.to_be_bytes());
    let Ok(view) = ipv4::Packet::parse(packet) else {
        return;
    };
    let (protocol, end) = (view.protocol(), view.total_len());
    let pseudo = view.pseudo_header(end - header_len);
    let at = match protocol {
        Protocol::TCP => 16,
        Protocol::UDP => 6,
        _ => return,
    };
    let payload = &mut packet[header_len..end];
    if payload.len() < at + 2 {
        return;
    }
    payload[at..at + 2].fill(0);
    let sum = pseudo.with(payload).finish();
    payload[at..at + 2].copy_from_slice(&sum.to_be_bytes());
}

/// A session being driven, and what came of it.
struct Run {
    session: Session<Vec<Record>>,
    frames: usize,
    body: Vec<u8>,
    ends: usize,
}

impl Run {
    fn handle(&mut self, now: Instant, input: Input<'_>) {
        self.session.handle(now, input);
        let mut frame = Vec::new();
        while let Some(event) = self.session.poll_event() {
            if let SessionEvent::Fetch { event, .. } = event {
                assert_eq!(self.ends, 0, "an event after the end: {event:?}");
                match event {
                    FetchEvent::Body(bytes) => self.body.extend_from_slice(&bytes),
                    FetchEvent::Done { .. } | FetchEvent::Failed(_) => self.ends += 1,
                    _ => {}
                }
            }
        }
        while self.session.poll_transmit(now, &mut frame).is_some() {
            self.frames += 1;
            assert!(self.frames < MAX_FRAMES, "it never stops sending");
            assert!(frame.len() <= 1514);
        }
    }
}

fn run(damages: &[(usize, Damage)]) -> Run {
    let recording = Recording::from_bytes(FETCH).expect("a recording");
    let mut run = Run {
        session: Session::new(recording.config, Vec::new()),
        frames: 0,
        body: Vec::new(),
        ends: 0,
    };
    let (mut number, mut now) = (0, Instant::ZERO);
    for call in &recording.calls {
        let Call::Handle { at, input } = call else {
            continue;
        };
        now = *at;
        match input {
            OwnedInput::Frame { id, bytes } => {
                let chosen = damages.iter().find(|(which, _)| *which == number);
                number += 1;
                let frames = match chosen {
                    Some((_, damage)) => damaged(bytes, damage),
                    None => vec![bytes.clone()],
                };
                for bytes in &frames {
                    run.handle(now, Input::Frame { id: *id, bytes });
                }
            }
            OwnedInput::Timeout => run.handle(now, Input::Timeout),
            OwnedInput::Command(command) => run.handle(now, Input::Command(command.clone())),
        }
    }
    // Nothing more comes: patience ends, and the fetch with it.
    let deadline = now + Duration::from_secs(3_600);
    while let Some(at) = run.session.poll_timeout().filter(|at| *at < deadline) {
        now = now.max(at);
        run.handle(now, Input::Timeout);
    }
    run
}

#[test]
fn undamaged_the_fetch_succeeds() {
    let run = run(&[]);
    assert_eq!((run.ends, run.body.len()), (1, 30_000));
    assert_eq!(run.body, common::body(30_000));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn damaged_frames_hurt_nobody(damages in proptest::collection::vec((0usize..40, damage()), 1..8)) {
        let run = run(&damages);
        // Told exactly once, unless the claim itself was damaged and nothing was asked for.
        prop_assert_eq!(run.ends, 1);
        prop_assert!(run.body.len() <= 31_000);
    }

    #[test]
    fn noise_hurts_nobody(noise in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..200), 1..40)) {
        let recording = Recording::from_bytes(FETCH).expect("a recording");
        let mut run = Run { session: Session::new(recording.config, Vec::new()), frames: 0, body: Vec::new(), ends: 0 };
        for (number, bytes) in (0..).zip(&noise) {
            let id = synema_core::trace::FrameId::received(number);
            run.handle(Instant::from_millis(number), Input::Frame { id, bytes });
        }
        let fetch = Command::Fetch { fetch: 1, url: URL.to_owned(), options: Box::new(FetchOptions::default()) };
        run.handle(Instant::from_millis(99), Input::Command(fetch));
        prop_assert_eq!((run.frames, run.ends), (0, 1));
    }
}
