//! Whatever a peer sends, we neither panic nor talk without end.

use proptest::prelude::*;
use synema_core::tcp::{Connection, IcmpError, Identity, Policy, Segment};
use synema_core::time::{Duration, Instant};
use synema_core::trace::{ConnId, FrameId};
use synema_core::wire::tcp::{Flags, Options, Timestamps};
use synema_core::wire::{SeqNum, SeqRange};

const ISS: SeqNum = SeqNum(u32::MAX - 20_000);

#[derive(Clone, Copy, Debug)]
enum Act {
    Segment {
        seq: i32,
        ack: i32,
        bits: u16,
        window: u16,
        len: usize,
        options: Options,
    },
    Wait(u32),
    Send(usize),
    Recv(usize),
    Shutdown,
    Close,
    Abort,
    Icmp(u16, i32),
    Unreachable(u8, i32),
}

fn near() -> impl Strategy<Value = i32> {
    prop_oneof![4 => Just(0), 4 => -10i32..10, 4 => -5000i32..70_000, 1 => any::<i32>()]
}

fn flags() -> impl Strategy<Value = u16> {
    let ack = Flags::ACK.bits();
    prop_oneof![
        8 => Just(ack),
        2 => Just(ack | Flags::PSH.bits()),
        2 => Just(ack | Flags::FIN.bits()),
        1 => Just(ack | Flags::SYN.bits()),
        1 => Just(Flags::RST.bits()),
        1 => any::<u16>(),
    ]
}

fn options() -> impl Strategy<Value = Options> {
    let blocks = prop::collection::vec((near(), near()), 0..4);
    let syn = (any::<Option<u16>>(), any::<Option<u8>>(), any::<bool>());
    (syn, prop::option::of((0u32..3000, any::<u32>())), blocks).prop_map(
        |((mss, window_scale, sack_permitted), timestamps, blocks)| Options {
            mss,
            window_scale,
            sack_permitted,
            timestamps: timestamps.map(|(value, echo)| Timestamps { value, echo }),
            sack: blocks
                .into_iter()
                .map(|(start, end)| SeqRange {
                    start: ISS + start as u32,
                    end: ISS + end as u32,
                })
                .collect(),
        },
    )
}

fn acts() -> impl Strategy<Value = Act> {
    let len =
        prop_oneof![3 => Just(0usize), 1 => 1usize..3, 3 => 1usize..1461, 1 => 0usize..65_000];
    prop_oneof![
        10 => (near(), near(), flags(), any::<u16>(), len, options()).prop_map(
            |(seq, ack, bits, window, len, options)| Act::Segment {
                seq, ack, bits, window, len, options,
            },
        ),
        3 => prop_oneof![0u32..100, 0u32..5000, any::<u32>()].prop_map(Act::Wait),
        3 => (0usize..100_000).prop_map(Act::Send),
        2 => (0usize..100_000).prop_map(Act::Recv),
        1 => Just(Act::Shutdown),
        1 => prop_oneof![Just(Act::Close), Just(Act::Abort)],
        1 => (any::<u16>(), near()).prop_map(|(mtu, seq)| Act::Icmp(mtu, seq)),
        1 => (any::<u8>(), near()).prop_map(|(code, seq)| Act::Unreachable(code, seq)),
    ]
}

fn policies() -> impl Strategy<Value = Policy> {
    let base = prop_oneof![
        Just(Policy::rfc()),
        Just(Policy::linux()),
        Just(Policy::teeceepee_2014()),
    ];
    let len = prop_oneof![Just(1u32 << 20), 0u32..5000];
    (base, len, any::<bool>()).prop_map(|(mut policy, len, absurd)| {
        policy.receive.buffer_len = len;
        if absurd {
            policy.timing.initial_rto = Duration::ZERO;
            policy.timing.min_rto = Duration::ZERO;
            policy.timing.max_rto = Duration::ZERO;
            policy.send.max_payload = Some(7);
            policy.send.buffer_len = u32::MAX;
        }
        policy
    })
}

/// Numbers that follow what the connection says of itself, so that segments get
/// past the first checks.
struct Guess {
    rcv_nxt: SeqNum,
    snd_nxt: SeqNum,
}

fn drain(conn: &mut Connection, now: Instant, guess: &mut Guess) -> usize {
    for n in 0.. {
        let Some(out) = conn.poll_transmit(now, FrameId::sent(0), &mut ()) else {
            while conn.poll_event().is_some() {}
            return n;
        };
        assert!(n < 200_000, "talks without end");
        assert!(out.payload_len() + out.header.header_len() <= 1500 + 12);
        let end = out.header.seq + out.payload_len() as u32 + out.header.flags.seq_len();
        guess.snd_nxt = guess.snd_nxt.later(end);
        if out.header.flags.ack() {
            guess.rcv_nxt = out.header.ack;
        }
    }
    0
}

fn act(conn: &mut Connection, now: &mut Instant, guess: &Guess, act: Act) {
    match act {
        Act::Segment {
            seq,
            ack,
            bits,
            window,
            len,
            options,
        } => {
            let payload = vec![0x55; len];
            let segment = Segment {
                seq: guess.rcv_nxt + seq as u32,
                ack: guess.snd_nxt + ack.wrapping_neg() as u32,
                flags: Flags::from_bits(bits),
                window,
                urgent_pointer: window.rotate_left(3),
                options,
                payload: &payload,
            };
            conn.on_segment(*now, &segment, FrameId::received(0), &mut ());
        }
        Act::Wait(ms) => {
            *now += Duration::from_millis(ms.into());
            conn.on_timeout(*now, &mut ());
        }
        Act::Send(len) => {
            conn.send(*now, &vec![0xaa; len], &mut ());
        }
        Act::Recv(len) => {
            conn.recv(*now, &mut vec![0; len], &mut ());
        }
        Act::Shutdown => conn.shutdown(*now, &mut ()),
        Act::Close => conn.close(*now, &mut ()),
        Act::Abort => conn.abort(*now, &mut ()),
        Act::Icmp(mtu, seq) => {
            let error = IcmpError::FragmentationNeeded { mtu };
            let seq = guess.snd_nxt + seq as u32;
            conn.on_icmp_error(*now, error, seq, FrameId::received(1), &mut ());
        }
        Act::Unreachable(code, seq) => {
            let error = IcmpError::Unreachable { code };
            let seq = guess.snd_nxt + seq as u32;
            conn.on_icmp_error(*now, error, seq, FrameId::received(1), &mut ());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_peer_makes_us_panic_or_talk_without_end(
        policy in policies(),
        irs in any::<u32>(),
        syn in options(),
        script in prop::collection::vec(acts(), 1..120),
    ) {
        let mut now = Instant::ZERO;
        let id = Identity {
            conn: ConnId(0),
            local: "192.0.2.1:1".parse().unwrap(),
            remote: "192.0.2.2:2".parse().unwrap(),
            iss: ISS,
            timestamp_offset: 0,
            mtu: 1500,
            path_mtu: 1500,
        };
        let mut conn = Connection::connect(now, id, &policy, &mut ());
        let mut guess = Guess { rcv_nxt: SeqNum(irs), snd_nxt: ISS };
        drain(&mut conn, now, &mut guess);
        let answer = Segment {
            seq: SeqNum(irs),
            ack: ISS + 1,
            flags: Flags::SYN | Flags::ACK,
            window: 1000,
            urgent_pointer: 0,
            options: syn,
            payload: &[],
        };
        conn.on_segment(now, &answer, FrameId::received(0), &mut ());
        for next in script {
            drain(&mut conn, now, &mut guess);
            act(&mut conn, &mut now, &guess, next);
            prop_assert!(conn.readable_len() <= 1 << 20);
        }
        drain(&mut conn, now, &mut guess);
    }
}
