//! The scenes that are kept as pictures: each a short story of the kind that people
//! explain to each other.

use crate::annotate::{Bracket, Edit, HostAddress, Note, NoteId, On};
use crate::capture::Capture;
use crate::testing::script::{Ends, Script, Seen, Tcp};
use crate::testing::{PAGE, SERVER, icmp_frame, lab_fetch};
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddrV4};
use synema_core::time::Instant;
use synema_core::trace::{Cause, ConnId, Event, TcpState, TimerKind, Trigger};
use synema_core::wire::SeqNum;
use synema_core::wire::icmpv4::{Message, Unreachable};

const WEB: Ends = Ends::v4([192, 168, 0, 129], 49_152, [203, 0, 113, 80], 80);
const OTHER: Ends = Ends::v4([192, 168, 0, 129], 49_153, [203, 0, 113, 80], 80);
const SECURE: Ends = Ends::v4([192, 168, 0, 129], 49_154, [203, 0, 113, 80], 443);
const WAY_US: u64 = 10_000;

fn at_client() -> Script {
    Script::new(Seen::AtClient, WAY_US, WEB)
}

pub(super) fn handshake() -> Capture {
    at_client().opens(0).capture()
}

/// A page of six segments; the second is lost, three duplicate ACKs ask for it.
pub(super) fn fast_retransmit() -> Capture {
    let mut made = at_client();
    made.opens(0);
    made.client(20_400, Tcp::bytes(1, 1, b"GET / HTTP/1.1\r\n\r\n"));
    made.server(30_800, Tcp::bytes(1, 19, &page(1_448)));
    for number in 1..6 {
        let data = Tcp::data(1 + number * 1_448, 19, 1_448);
        let us = 30_800 + 100 * u64::from(number);
        made.server(us, if number == 1 { data.lost() } else { data });
    }
    made.client(40_900, Tcp::ack(19, 1_449));
    for number in 0..4 {
        let has = 4_345 + number * 1_448;
        let us = 41_060 + 100 * u64::from(number);
        made.client(us, Tcp::ack(19, 1_449).has(2_897, has));
    }
    made.server(51_500, Tcp::data(1_449, 19, 1_448));
    made.client(61_600, Tcp::ack(19, 8_689));
    made.capture()
}

fn page(len: usize) -> Vec<u8> {
    let mut bytes = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
    bytes.resize(len, b'x');
    bytes
}

/// The last of four answers is lost, and only the server's timer can tell.
pub(super) fn last_is_lost() -> Capture {
    let mut made = Script::new(Seen::Simulated, WAY_US, WEB);
    opened(&mut made);
    made.opens(0);
    let get = b"GET /four HTTP/1.1\r\nHost: www.lab.test\r\nConnection: keep-alive\r\nAccept: */*\r\n\r\n";
    let asked = 1 + u32::try_from(get.len()).expect("short");
    made.client(22_000, Tcp::bytes(1, 1, get).because(Cause::Data));
    made.server(32_400, Tcp::bytes(1, asked, &page(110)));
    made.server(32_500, Tcp::data(111, asked, 120));
    made.server(32_600, Tcp::data(231, asked, 200));
    made.server(32_700, Tcp::data(431, asked, 500).lost());
    for (us, ack) in [(42_450, 111), (42_550, 231), (42_650, 431)] {
        made.client(us, Tcp::ack(asked, ack).because(Cause::QuickAck));
    }
    let again = Tcp::data(431, asked, 500).because(Cause::RetransmissionTimeout);
    made.server(272_600, again);
    made.client(282_650, Tcp::ack(asked, 931).because(Cause::QuickAck));
    made.capture()
}

/// What our own stack tells of a connection that opens at 0.
fn opened(made: &mut Script) {
    let conn = ConnId(1);
    made.tells(
        0,
        Event::Opened {
            conn,
            local: SocketAddrV4::new(PAGE, 49_152),
            remote: SocketAddrV4::new(SERVER, 80),
            active: true,
            iss: SeqNum(2_801_113_980),
        },
    );
    let state = |from, to| Event::State {
        conn,
        from,
        to,
        by: Trigger::Application,
    };
    made.tells(0, state(TcpState::Closed, TcpState::SynSent));
    made.tells(2 * WAY_US, state(TcpState::SynSent, TcpState::Established));
}

/// Our own stack uploads; all of a flight is lost, its timer runs out twice.
pub(super) fn timeout_of_ours() -> Capture {
    let mut made = Script::new(Seen::Simulated, WAY_US, WEB);
    opened(&mut made);
    made.opens(0);
    let conn = ConnId(1);
    let timer = TimerKind::Retransmission;
    made.client(22_000, Tcp::data(1, 1, 1_000).because(Cause::Data).lost());
    made.client(22_100, Tcp::data(1_001, 1, 400).because(Cause::Data).lost());
    for (from, to) in [(22_000, 242_000), (242_000, 682_000)] {
        let deadline = Instant::from_micros(to);
        made.tells(
            from,
            Event::TimerArmed {
                conn,
                timer,
                deadline,
            },
        );
        made.tells(to, Event::TimerFired { conn, timer });
    }
    let again = || Tcp::data(1, 1, 1_000).because(Cause::RetransmissionTimeout);
    made.client(242_010, again().lost());
    made.client(682_010, again());
    made.server(692_100, Tcp::ack(1, 1_001));
    made.client(702_200, Tcp::data(1_001, 1, 400).because(Cause::Recovery));
    made.server(712_300, Tcp::ack(1, 1_401));
    made.capture()
}

/// The reader is slow: its window closes, is asked after, and opens again.
pub(super) fn zero_window() -> Capture {
    let mut made = at_client();
    made.opens(0);
    for number in 0..3 {
        let us = 20_100 + 80 * u64::from(number);
        made.client(us, Tcp::data(1 + number * 1_000, 1, 1_000));
    }
    made.server(30_500, Tcp::ack(1, 2_001).window(1_000));
    made.server(30_600, Tcp::ack(1, 3_001).window(0));
    for us in [260_000, 700_000] {
        made.client(us, Tcp::ack(3_000, 1));
        made.server(us + WAY_US + 80, Tcp::ack(1, 3_001).window(0));
    }
    made.server(1_200_000, Tcp::ack(1, 3_001).window(32_000));
    made.client(1_210_100, Tcp::data(3_001, 1, 1_000));
    made.server(1_220_300, Tcp::ack(1, 4_001).window(31_000));
    made.capture()
}

/// Nobody listens.
pub(super) fn refused() -> Capture {
    let mut made = at_client();
    made.client(0, Tcp::syn());
    made.server(WAY_US, Tcp::rst_ack(1));
    made.capture()
}

/// A process dies in the middle of a transfer.
pub(super) fn reset_in_the_middle() -> Capture {
    let mut made = at_client();
    made.opens(0);
    made.client(20_300, Tcp::bytes(1, 1, b"GET /reset HTTP/1.1\r\n\r\n"));
    made.server(30_800, Tcp::bytes(1, 24, &page(1_000)));
    made.server(30_900, Tcp::rst(1_001));
    made.client(40_900, Tcp::ack(24, 1_001));
    made.server(50_950, Tcp::rst(1_001));
    made.capture()
}

/// RFC 9293 figure 7, and then both close at the same time (figure 13).
pub(super) fn simultaneous() -> Capture {
    let mut made = at_client();
    made.client(0, Tcp::syn());
    made.server(2_000, Tcp::syn());
    made.client(12_100, Tcp::syn_ack());
    made.server(10_100, Tcp::syn_ack());
    made.client(20_200, Tcp::ack(1, 1));
    made.server(22_200, Tcp::ack(1, 1));
    made.client(60_000, Tcp::fin(1, 1));
    made.server(63_000, Tcp::fin(1, 1));
    made.client(73_100, Tcp::ack(2, 2));
    made.server(70_100, Tcp::ack(2, 2));
    made.capture()
}

/// The second of four is overtaken by the two behind it.
pub(super) fn reordering() -> Capture {
    let mut made = Script::new(Seen::Simulated, WAY_US, WEB);
    made.opens(0);
    for number in 0..4 {
        let us = 30_000 + 400 * u64::from(number);
        let data = Tcp::data(1 + number * 1_000, 1, 1_000);
        made.server(us, if number == 1 { data.late(1_500) } else { data });
    }
    made.client(40_050, Tcp::ack(1, 1_001));
    made.client(40_850, Tcp::ack(1, 1_001).has(2_001, 3_001));
    made.client(41_250, Tcp::ack(1, 1_001).has(2_001, 4_001));
    made.client(41_950, Tcp::ack(1, 4_001));
    made.capture()
}

/// The network delivers a segment twice; the receiver says so (RFC 2883).
pub(super) fn duplicated() -> Capture {
    let mut made = at_client();
    made.opens(0);
    made.server(30_000, Tcp::data(1, 1, 700));
    made.server(30_060, Tcp::data(1, 1, 700));
    made.server(30_100, Tcp::data(701, 1, 700));
    made.client(40_020, Tcp::ack(1, 701));
    made.client(40_080, Tcp::ack(1, 701).has(1, 701));
    made.client(40_160, Tcp::ack(1, 1_401));
    made.capture()
}

/// SYNs from everywhere; some are answered, none of the answers.
pub(super) fn syn_flood() -> Capture {
    let mut made = Script::new(Seen::AtServer, WAY_US, WEB);
    for number in 0..14u8 {
        let from = [198, 51, 100, 10 + number * 7];
        made.between(Ends::v4(
            from,
            1_024 + u16::from(number),
            [203, 0, 113, 80],
            80,
        ));
        let us = 3_000 * u64::from(number);
        made.client(us, Tcp::syn());
        if number < 6 {
            made.server(us + WAY_US + 30, Tcp::syn_ack());
        }
    }
    made.capture()
}

/// Two at the same time, between the same hosts.
pub(super) fn two_connections() -> Capture {
    let mut made = at_client();
    made.opens(0);
    made.between(OTHER).opens(3_000);
    made.between(WEB);
    made.client(20_400, Tcp::bytes(1, 1, b"GET /a HTTP/1.1\r\n\r\n"));
    made.between(OTHER);
    made.client(23_400, Tcp::bytes(1, 1, b"GET /b HTTP/1.1\r\n\r\n"));
    made.server(34_000, Tcp::bytes(1, 20, &page(600)));
    made.client(44_050, Tcp::ack(20, 601));
    made.between(WEB);
    made.server(36_000, Tcp::bytes(1, 20, &page(400)));
    made.client(46_050, Tcp::ack(20, 401));
    made.client(46_500, Tcp::fin(20, 401));
    made.server(56_600, Tcp::fin(401, 21));
    made.client(66_700, Tcp::ack(21, 402));
    made.capture()
}

/// The page of the lab, from its first probe to its last ACK.
pub(super) fn page_of_the_lab() -> Capture {
    lab_fetch().capture
}

/// The host is down, and its last router says so.
pub(super) fn unreachable() -> Capture {
    let mut made = at_client();
    made.client(0, Tcp::syn());
    made.client(1_000_000, Tcp::syn());
    let quoted = made.sent_last()[14..42].to_vec();
    let message = Message::DestinationUnreachable {
        reason: Unreachable::Host,
        quote: &quoted,
    };
    let router = Ipv4Addr::new(203, 0, 113, 1);
    made.passes(1_019_000, &icmp_frame(router, PAGE, message));
    made.capture()
}

/// One side has said all and waits for the rest of the other.
pub(super) fn half_close() -> Capture {
    let mut made = at_client();
    made.opens(0);
    made.client(20_200, Tcp::bytes(1, 1, b"sort these, please\r\n"));
    made.client(20_300, Tcp::fin(21, 1));
    made.server(30_500, Tcp::ack(1, 22));
    made.server(150_000, Tcp::data(1, 22, 900));
    made.client(160_100, Tcp::ack(22, 901));
    made.server(160_200, Tcp::fin(901, 22));
    made.client(170_300, Tcp::ack(22, 902));
    made.capture()
}

/// Nothing to say, but still there? And then not any more.
pub(super) fn keep_alive() -> Capture {
    let mut made = at_client();
    made.opens(0);
    made.client(20_200, Tcp::data(1, 1, 50));
    made.server(30_300, Tcp::ack(1, 51));
    made.client(7_200_000_000, Tcp::ack(50, 1));
    made.server(7_200_010_100, Tcp::ack(1, 51));
    for number in 0..3 {
        made.client(14_400_000_000 + number * 75_000_000, Tcp::ack(50, 1));
    }
    made.client(14_625_000_000, Tcp::rst(51));
    made.capture()
}

/// An upload as the server's tcpdump saw it: the loss happened before.
pub(super) fn seen_from_the_server() -> Capture {
    let mut made = Script::new(Seen::AtServer, WAY_US, WEB);
    made.opens(0);
    for number in 0..5 {
        let data = Tcp::data(1 + number * 1_448, 1, 1_448);
        let us = 20_300 + 100 * u64::from(number);
        made.client(us, if number == 1 { data.lost() } else { data });
    }
    made.server(30_400, Tcp::ack(1, 1_449));
    for number in 0..3 {
        let has = 4_345 + number * 1_448;
        let us = 30_550 + 100 * u64::from(number);
        made.server(us, Tcp::ack(1, 1_449).has(2_897, has));
    }
    made.client(40_800, Tcp::data(1_449, 1, 1_448));
    made.server(50_900, Tcp::ack(1, 7_241));
    made.capture()
}

/// A greeting, a question and an answer over IPv6.
pub(super) fn ipv6() -> Capture {
    let address = |last| IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 1, 2, 0, 0, 0, last));
    let ends = Ends {
        client: (address(0x1002), 40_000),
        server: (address(0x1000), 80),
    };
    let mut made = Script::new(Seen::AtClient, WAY_US, ends);
    made.opens(0);
    made.client(20_200, Tcp::bytes(1, 1, b"GET / HTTP/1.1\r\n\r\n"));
    made.server(30_400, Tcp::bytes(1, 19, &page(491)));
    made.client(40_500, Tcp::ack(19, 492));
    made.capture()
}

/// Two strangers' conversations, and who asks for names.
pub(super) fn strangers() -> Capture {
    let far = Ends::v4([10, 0, 0, 7], 50_000, [10, 0, 9, 9], 22);
    let mut made = at_client();
    made.opens(0);
    made.between(far).opens(4_000);
    made.server(
        40_000,
        Tcp::bytes(1, 1, b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"),
    );
    made.client(50_100, Tcp::ack(1, 33));
    made.between(WEB);
    made.client(52_000, Tcp::rst(1));
    made.capture()
}

/// Closed by the server after a question; its first answer is far away.
pub(super) fn far_teardown() -> Capture {
    let mut made = Script::new(Seen::AtClient, 40_000, WEB);
    made.server(0, Tcp::fin(1, 1));
    made.client(40_080, Tcp::ack(1, 2));
    made.client(500_000, Tcp::fin(1, 2));
    made.server(540_090, Tcp::ack(2, 2));
    made.capture()
}

/// TLS, as far as it can be read from outside.
pub(super) fn hello() -> Capture {
    let mut made = Script::new(Seen::AtClient, WAY_US, SECURE);
    made.opens(0);
    let hello = record(22, &client_hello(b"www.lab.test"));
    let asked = 1 + u32::try_from(hello.len()).expect("short");
    made.client(20_300, Tcp::bytes(1, 1, &hello));
    let answer = [
        record(22, &[2, 0, 0, 0]),
        record(20, &[1]),
        record(23, &[9; 900]),
    ]
    .concat();
    let answered = 1 + u32::try_from(answer.len()).expect("short");
    made.server(30_800, Tcp::bytes(1, asked, &answer));
    let finished = [record(20, &[1]), record(23, &[7; 60])].concat();
    made.client(40_900, Tcp::bytes(asked, answered, &finished));
    let asked = asked + u32::try_from(finished.len()).expect("short");
    made.server(51_900, Tcp::bytes(answered, asked, &record(21, &[2, 40])));
    made.capture()
}

fn record(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind, 3, 3][..], &counted(body)].concat()
}

/// Bytes with their length before them.
fn counted(bytes: &[u8]) -> Vec<u8> {
    let len = u16::try_from(bytes.len()).expect("short").to_be_bytes();
    [&len[..], bytes].concat()
}

fn client_hello(name: &[u8]) -> Vec<u8> {
    let entry = [&[0][..], &counted(name)].concat();
    let extension = [&[0, 0][..], &counted(&counted(&entry))].concat();
    let mut message = vec![3, 3];
    message.extend([7; 32]);
    message.extend([0, 0, 2, 0x13, 0x01, 1, 0]);
    message.extend(counted(&extension));
    let len = u32::try_from(message.len()).expect("short").to_be_bytes();
    [&[1][..], &len[1..], &message].concat()
}

/// All that people write on a capture.
pub(super) fn noted() -> Capture {
    let mut capture = last_is_lost();
    let id = |number: usize| capture.frames()[number - 1].id;
    let [get, lost, again, last] = [id(4), id(11), id(12), id(13)];
    let acks: Vec<_> = [8, 9].map(id).into();
    let at = |us| Instant::from_micros(us);
    let field = On::Field {
        packet: get,
        field: "tcp.window_size_value".into(),
    };
    let silence = On::Time {
        from: at(52_650),
        to: at(272_600),
    };
    let notes = [
        (
            On::Packet(lost),
            "Never came: nothing after it tells the page that it is missing.",
        ),
        (
            On::Packet(again),
            "The last packet is the dearest one to lose.\nLose packet 2 instead: 25 ms late, not 240.",
        ),
        (field, "Room for 64 kB."),
        (
            silence,
            "Here nobody but the server's timer knows that anything is wrong.",
        ),
        (On::Lane(HostAddress::Ip(IpAddr::V4(SERVER))), "Linux 6.1"),
        (On::Packet(last), LONG),
    ];
    for (number, (on, text)) in (1..).zip(notes) {
        capture.annotate(Edit::write(Note {
            id: NoteId(number),
            on,
            text: text.into(),
        }));
    }
    capture.annotate(Edit::draw(Bracket {
        id: NoteId(20),
        from: get,
        to: last,
        text: "what a visitor waits".into(),
    }));
    capture.annotate(Edit::highlight([again], true));
    capture.annotate(Edit::hide(acks, true));
    let server = HostAddress::Ip(IpAddr::V4(SERVER));
    capture.annotate(Edit::LaneName(server, Some("the shop".into())));
    capture.annotate(Edit::Title("What if the last packet is lost?".into()));
    capture.annotate(Edit::Summary(
        "Four packets answer the question, and the last of them is lost on its way. No packet \
         after it can tell, so the server waits for its timer: ten round trips."
            .into(),
    ));
    capture
}

const LONG: &str = "All of it is here. It took 260 ms from the question on, of which 220 were \
    spent waiting for a timer. A tail loss probe (RFC 8985) would have been sent after two round \
    trips, and the page would have had its last bytes after some 60 ms more. That is the whole \
    reason for which it was invented: the end of a flight has nothing behind it that could ask.";
