//! Lookups told as stories: what is asked, what is answered, what comes of it.

use super::*;
use crate::time::{Duration, Instant};
use core::net::{Ipv4Addr, SocketAddrV4};
use proptest::prelude::*;
use simple_dns::rdata::{A, CNAME, RData};
use simple_dns::{CLASS, Name, Packet, PacketFlag, RCODE, ResourceRecord};

const SERVER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 53);
const OTHER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 54);
const WWW: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 80);

/// Gives out ids and ports that can be told apart.
struct Numbers(u16);

impl Numbers {
    fn next(&mut self) -> (u16, u16) {
        self.0 += 1;
        (self.0, 50_000 + self.0)
    }
}

/// A lookup, its clock and its numbers.
struct Story {
    lookup: Lookup,
    numbers: Numbers,
    now: Instant,
}

impl Story {
    fn new(name: &str, servers: &[Ipv4Addr]) -> Self {
        Self {
            lookup: Lookup::new(name, servers),
            numbers: Numbers(0),
            now: Instant::from_millis(1),
        }
    }

    fn step(&mut self) -> Option<LookupStep> {
        let (id, port) = self.numbers.next();
        self.lookup.poll(self.now, id, || Some(port))
    }

    /// Lets time pass until there is something to do.
    fn later(&mut self) -> Option<LookupStep> {
        let due = self.lookup.poll_timeout().expect("a deadline");
        self.now = self.now.max(due);
        self.step()
    }

    /// The query that goes out now: to whom, from which port, its bytes.
    fn asks(&mut self) -> (Ipv4Addr, u16, Vec<u8>) {
        match self.step() {
            Some(LookupStep::SendUdp {
                server,
                local_port,
                query,
                ..
            }) => {
                assert_eq!(server.port(), DNS_PORT);
                (*server.ip(), local_port, query)
            }
            other => panic!("no query but {other:?}"),
        }
    }

    fn answer(&mut self, from: Ipv4Addr, port: u16, bytes: &[u8]) {
        self.lookup
            .on_datagram(SocketAddrV4::new(from, DNS_PORT), port, bytes);
    }

    fn result(&mut self) -> Result<Answer, DnsError> {
        match self.step() {
            Some(LookupStep::Done(result)) => {
                assert_eq!(self.step(), None, "told once");
                assert_eq!(self.lookup.poll_timeout(), None);
                result
            }
            other => panic!("no end but {other:?}"),
        }
    }
}

fn record(name: &str, ttl: u32, rdata: RData<'static>) -> ResourceRecord<'static> {
    let name = Name::new(name).expect("a name").into_owned();
    ResourceRecord::new(name, CLASS::IN, ttl, rdata)
}

fn address(name: &str, ttl: u32, addr: Ipv4Addr) -> ResourceRecord<'static> {
    record(name, ttl, RData::A(A::from(addr)))
}

fn alias(name: &str, ttl: u32, target: &str) -> ResourceRecord<'static> {
    let target = Name::new(target).expect("a name").into_owned();
    record(name, ttl, RData::CNAME(CNAME(target)))
}

/// The answer to `query` with these records.
fn reply(query: &[u8], rcode: RCODE, records: Vec<ResourceRecord<'_>>) -> Vec<u8> {
    let mut packet = Packet::parse(query).expect("our own query").into_reply();
    packet.set_flags(PacketFlag::RECURSION_AVAILABLE | PacketFlag::RECURSION_DESIRED);
    *packet.rcode_mut() = rcode;
    packet.answers = records;
    packet.build_bytes_vec_compressed().expect("fits")
}

#[allow(clippy::unnecessary_wraps)] // it stands where results are compared
fn found(addr: Ipv4Addr, ttl: u64) -> Result<Answer, DnsError> {
    Ok(Answer {
        addrs: vec![addr],
        ttl: Duration::from_secs(ttl),
    })
}

#[test]
fn a_name_with_an_address() {
    let mut story = Story::new("www.lab.test", &[SERVER]);
    let (server, port, query) = story.asks();
    assert_eq!(server, SERVER);
    assert_eq!(
        &query[2..4],
        [1, 0],
        "a standard query with recursion desired"
    );
    assert_eq!(story.step(), None);
    let answer = reply(
        &query,
        RCODE::NoError,
        vec![address("WWW.lab.test", 300, WWW)],
    );
    story.answer(SERVER, port, &answer);
    assert_eq!(story.result(), found(WWW, 300));
}

#[test]
fn aliases_are_followed_within_an_answer_and_beyond_it() {
    let mut story = Story::new("a.test", &[SERVER]);
    let (_, port, query) = story.asks();
    let records = vec![
        address("c.test", 60, WWW),
        alias("b.test", 20, "c.test"),
        alias("a.test", 100, "b.test"),
    ];
    story.answer(SERVER, port, &reply(&query, RCODE::NoError, records));
    assert_eq!(story.result(), found(WWW, 20));

    let mut story = Story::new("a.test", &[SERVER]);
    let (_, port, query) = story.asks();
    let cut = reply(&query, RCODE::NoError, vec![alias("a.test", 7, "b.test")]);
    story.answer(SERVER, port, &cut);
    let (_, port, query) = story.asks();
    story.answer(SERVER, port, &cut); // the first answer again: not for this question
    assert_eq!(story.step(), None);
    let answer = reply(&query, RCODE::NoError, vec![address("b.test", 60, WWW)]);
    story.answer(SERVER, port, &answer);
    assert_eq!(story.result(), found(WWW, 7));
}

#[test]
fn alias_loops_end() {
    let mut story = Story::new("a.test", &[SERVER]);
    let (_, port, query) = story.asks();
    let circle = vec![alias("a.test", 1, "b.test"), alias("b.test", 1, "a.test")];
    story.answer(SERVER, port, &reply(&query, RCODE::NoError, circle));
    assert_eq!(story.result(), Err(DnsError::AliasLoop));

    let mut story = Story::new("n0.test", &[SERVER]);
    for hop in 0.. {
        assert!(hop < 20, "followed without end");
        let Some(step) = story.step() else {
            panic!("neither asks nor ends")
        };
        let LookupStep::SendUdp {
            local_port, query, ..
        } = step
        else {
            assert_eq!(step, LookupStep::Done(Err(DnsError::AliasLoop)));
            break;
        };
        let (from, to) = (format!("n{hop}.test"), format!("n{}.test", hop + 1));
        story.answer(
            SERVER,
            local_port,
            &reply(&query, RCODE::NoError, vec![alias(&from, 1, &to)]),
        );
    }
}

#[test]
fn failures_are_told_apart() {
    let outcome = |rcode, records| {
        let mut story = Story::new("a.test", &[SERVER]);
        let (_, port, query) = story.asks();
        story.answer(SERVER, port, &reply(&query, rcode, records));
        story.result()
    };
    assert_eq!(outcome(RCODE::NameError, vec![]), Err(DnsError::NoSuchName));
    assert_eq!(
        outcome(RCODE::ServerFailure, vec![]),
        Err(DnsError::ServerFailure)
    );
    assert_eq!(
        outcome(RCODE::Refused, vec![]),
        Err(DnsError::Refused { code: 5 })
    );
    assert_eq!(outcome(RCODE::NoError, vec![]), Err(DnsError::NoAddress));
    let elsewhere = vec![address("b.test", 1, WWW)];
    assert_eq!(outcome(RCODE::NoError, elsewhere), Err(DnsError::NoAddress));
}

#[test]
fn silence_is_waited_out_longer_each_time() {
    let mut story = Story::new("a.test", &[SERVER, OTHER]);
    let mut asked = Vec::new();
    let mut step = story.step();
    while let Some(LookupStep::SendUdp {
        server,
        local_port,
        query,
        attempt,
        ..
    }) = step
    {
        assert_eq!(usize::from(attempt), asked.len() + 1);
        asked.push((story.now.as_millis(), *server.ip(), local_port, query));
        step = story.later();
    }
    assert_eq!(step, Some(LookupStep::Done(Err(DnsError::Timeout))));
    let times: Vec<_> = asked
        .iter()
        .map(|(at, server, ..)| (*at, *server))
        .collect();
    let expected = [
        (1, SERVER),
        (1001, OTHER),
        (2001, SERVER),
        (4001, OTHER),
        (6001, SERVER),
        (10_001, OTHER),
    ];
    assert_eq!(times, expected);
    assert_eq!(story.now.as_millis(), 14_001);
    // RFC 5452 §9.2: neither id nor port is used twice.
    assert!(
        asked
            .windows(2)
            .all(|pair| pair[0].2 != pair[1].2 && pair[0].3 != pair[1].3)
    );
}

#[test]
fn a_late_answer_to_an_earlier_query_counts() {
    let mut story = Story::new("a.test", &[SERVER]);
    let (_, port, query) = story.asks();
    assert!(matches!(story.later(), Some(LookupStep::SendUdp { .. })));
    story.answer(
        SERVER,
        port,
        &reply(&query, RCODE::NoError, vec![address("a.test", 9, WWW)]),
    );
    assert_eq!(story.result(), found(WWW, 9));
}

#[test]
fn forged_answers_are_overlooked() {
    let mut story = Story::new("a.test", &[SERVER]);
    let (_, port, query) = story.asks();
    let good = reply(&query, RCODE::NoError, vec![address("a.test", 9, WWW)]);
    story.answer(OTHER, port, &good);
    story.answer(SERVER, port + 1, &good);
    story
        .lookup
        .on_datagram(SocketAddrV4::new(SERVER, 5353), port, &good);
    story.answer(SERVER, port, &query); // a query is no answer
    let mut wrong_id = good.clone();
    wrong_id[1] ^= 1;
    story.answer(SERVER, port, &wrong_id);
    let other = Story::new("b.test", &[SERVER]).asks().2;
    let wrong_question = reply(&other, RCODE::NoError, vec![address("a.test", 9, OTHER)]);
    story.answer(SERVER, port, &wrong_question);
    assert_eq!(story.step(), None, "still waiting");
    story.answer(SERVER, port, &good);
    assert_eq!(story.result(), found(WWW, 9));
}

#[test]
fn the_next_server_is_asked_when_one_cannot_help() {
    let mut story = Story::new("a.test", &[SERVER, OTHER]);
    let (_, port, query) = story.asks();
    story.answer(SERVER, port, &reply(&query, RCODE::ServerFailure, vec![]));
    let (server, port, query) = story.asks();
    assert_eq!((server, story.now.as_millis()), (OTHER, 1), "at once");
    story.answer(
        OTHER,
        port,
        &reply(&query, RCODE::NoError, vec![address("a.test", 9, WWW)]),
    );
    assert_eq!(story.result(), found(WWW, 9));

    let mut story = Story::new("a.test", &[SERVER, OTHER]);
    for server in [SERVER, OTHER] {
        let (asked, port, _) = story.asks();
        assert_eq!(asked, server);
        story.lookup.on_unreachable(server, port);
    }
    assert_eq!(story.result(), Err(DnsError::Unreachable));
}

/// A lookup whose first answer was cut, now asking over TCP: that query's bytes.
fn truncated() -> (Story, Vec<u8>) {
    let mut story = Story::new("a.test", &[SERVER]);
    let (_, port, query) = story.asks();
    let mut cut = reply(&query, RCODE::NoError, vec![]);
    cut[2] |= 0x02;
    story.answer(SERVER, port, &cut);
    match story.step() {
        Some(LookupStep::OpenTcp {
            server,
            query,
            attempt: 2,
            ..
        }) => {
            assert_eq!(*server.ip(), SERVER);
            assert_eq!(
                usize::from(u16::from_be_bytes([query[0], query[1]])),
                query.len() - 2
            );
            (story, query[2..].to_vec())
        }
        other => panic!("no TCP but {other:?}"),
    }
}

#[test]
fn a_cut_answer_is_asked_for_again_over_tcp() {
    let (mut story, query) = truncated();
    let records = (0..100)
        .map(|i| address("a.test", 30, Ipv4Addr::new(10, 1, 1, i)))
        .collect();
    let answer = reply(&query, RCODE::NoError, records);
    assert!(answer.len() > 512);
    let framed = [&(answer.len() as u16).to_be_bytes()[..], &answer].concat();
    for piece in framed.chunks(100) {
        assert_eq!(story.step(), None);
        story.lookup.on_tcp_bytes(piece);
    }
    let answer = story.result().expect("an answer");
    assert_eq!(answer.addrs[0], Ipv4Addr::new(10, 1, 1, 0));
    assert_eq!(answer.addrs.len(), 16, "bounded");
}

#[test]
fn tcp_that_fails_is_an_error_and_one_that_is_silent_a_timeout() {
    let (mut story, _) = truncated();
    story.lookup.on_tcp_closed();
    assert_eq!(story.result(), Err(DnsError::Unreachable));
    let (mut story, _) = truncated();
    assert!(
        matches!(story.later(), Some(LookupStep::SendUdp { .. })),
        "asked anew"
    );
    assert_eq!(story.now.as_millis(), 10_001);
    let (mut story, query) = truncated();
    let wrong = reply(
        &Story::new("b.test", &[SERVER]).asks().2,
        RCODE::NoError,
        vec![],
    );
    assert_ne!(query, wrong);
    story
        .lookup
        .on_tcp_bytes(&[&(wrong.len() as u16).to_be_bytes()[..], &wrong].concat());
    assert_eq!(story.result(), Err(DnsError::Malformed));
}

#[test]
fn counts_that_lie_are_malformed_and_cost_nothing() {
    let mut story = Story::new("a.test", &[SERVER]);
    let (_, port, query) = story.asks();
    let mut lying = reply(&query, RCODE::NoError, vec![]);
    lying[6..8].copy_from_slice(&[0xff, 0xff]);
    story.answer(SERVER, port, &lying);
    assert_eq!(story.result(), Err(DnsError::Malformed));
}

#[test]
fn without_a_socket_there_is_no_asking() {
    let mut lookup = Lookup::new("a.test", &[SERVER]);
    let step = lookup.poll(Instant::ZERO, 1, || None);
    assert_eq!(step, Some(LookupStep::Done(Err(DnsError::NoSocket))));
    assert_eq!(lookup.poll_timeout(), None);
}

#[test]
fn without_servers_there_is_no_way() {
    assert_eq!(
        Story::new("a.test", &[]).result(),
        Err(DnsError::Unreachable)
    );
}

#[test]
fn the_cache_keeps_its_word_about_time_and_size() {
    let mut cache = Cache::default();
    let answer = found(WWW, 10).expect("an answer");
    let at = Instant::from_millis;
    cache.insert(at(0), "a.test", &answer);
    assert_eq!(cache.lookup(at(9_999), "A.TEST"), Some(&[WWW][..]));
    assert_eq!(cache.lookup(at(10_000), "a.test"), None);
    cache.insert(
        at(0),
        "once.test",
        &Answer {
            ttl: Duration::ZERO,
            ..answer.clone()
        },
    );
    assert_eq!(cache.lookup(at(0), "once.test"), None);
    for i in 0..100 {
        cache.insert(at(1), &format!("{i}.test"), &answer);
    }
    assert_eq!(cache.lookup(at(1), "35.test"), None, "made room");
    assert_eq!(cache.lookup(at(1), "36.test"), Some(&[WWW][..]));
}

proptest! {
    #[test]
    fn no_answer_can_hurt(tail in proptest::collection::vec(any::<u8>(), 0..512), flags: u16, counts: [u8; 4]) {
        let mut story = Story::new("a.test", &[SERVER]);
        let (_, port, query) = story.asks();
        let mut bytes = query[..2].to_vec();
        bytes.extend_from_slice(&flags.to_be_bytes());
        for count in counts {
            bytes.extend_from_slice(&[0, count % 8]);
        }
        bytes.extend_from_slice(&query[12..]);
        bytes.extend_from_slice(&tail);
        story.answer(SERVER, port, &bytes);
        let (mut other, _) = truncated();
        other.lookup.on_tcp_bytes(&bytes);
    }

    #[test]
    fn a_flipped_bit_is_survived(at in 0usize..120, bit in 0u8..8) {
        let mut story = Story::new("a.test", &[SERVER]);
        let (_, port, query) = story.asks();
        let records = vec![alias("a.test", 1, "b.test"), alias("b.test", 1, "c.test"), address("c.test", 1, WWW)];
        let mut bytes = reply(&query, RCODE::NoError, records);
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        story.answer(SERVER, port, &bytes);
        let _ = story.step();
    }
}
