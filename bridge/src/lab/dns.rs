//! The lab's name server: one zone, over UDP and TCP, on the kernel's sockets.
//!
//! | name (below lab.test) | answer |
//! |---|---|
//! | (itself), `www` | A, the web server |
//! | `alias` | CNAME to `www`, and its A |
//! | `chain` | CNAME to `alias`, CNAME to `www`, A |
//! | `loop` | CNAME to `loop2`, which is a CNAME to `loop` |
//! | `lan` | A, the other host on the local network |
//! | `big` | 100 A records: truncated over UDP, whole over TCP |
//! | `unreachable` | A, in a network that the router has no route to |
//! | `blackhole` | A, in a network that the router silently drops |
//! | `absent` | A, an address of the local network that nobody has |
//! | `second` | A, but the first query of each name and port is not answered |
//! | `silent` | nothing, ever |
//! | `servfail` | SERVFAIL |
//! | anything else | NXDOMAIN |

use super::plan;
use simple_dns::rdata::{A, CNAME, RData};
use simple_dns::{CLASS, Name, Packet, PacketFlag, QTYPE, RCODE, ResourceRecord, TYPE};
use std::collections::VecDeque;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};

/// RFC 1035 §4.2.1: a UDP message without EDNS.
const UDP_LIMIT: usize = 512;
const TTL_SECONDS: u32 = 60;

/// What a name gets.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    Address(Ipv4Addr),
    Addresses(Vec<Ipv4Addr>),
    Alias(&'static str),
    Second(Ipv4Addr),
    Silence,
    Failure,
    NoSuchName,
}

/// What goes out over the transport that was asked.
enum Outcome {
    Send(Vec<u8>),
    SendSecond(Vec<u8>),
    Nothing,
}

/// Binds the server's sockets and serves for as long as the runtime lives.
pub(super) async fn start(address: Ipv4Addr) -> io::Result<()> {
    let udp = UdpSocket::bind((address, plan::DNS_PORT)).await?;
    let tcp = TcpListener::bind((address, plan::DNS_PORT)).await?;
    tokio::spawn(serve_udp(udp));
    tokio::spawn(async move {
        loop {
            if let Ok((stream, _)) = tcp.accept().await {
                tokio::spawn(tokio::time::timeout(
                    Duration::from_secs(10),
                    serve_tcp(stream),
                ));
            }
        }
    });
    Ok(())
}

async fn serve_udp(socket: UdpSocket) {
    let mut buffer = [0; 4096];
    let mut asked_once: VecDeque<SocketAddr> = VecDeque::new();
    loop {
        let Ok((len, from)) = socket.recv_from(&mut buffer).await else {
            continue;
        };
        let reply = match answer(&buffer[..len], Some(UDP_LIMIT)) {
            Outcome::Send(reply) => reply,
            Outcome::SendSecond(reply) => {
                if let Some(at) = asked_once.iter().position(|known| *known == from) {
                    asked_once.remove(at);
                    reply
                } else {
                    asked_once.push_back(from);
                    if asked_once.len() > 64 {
                        asked_once.pop_front();
                    }
                    continue;
                }
            }
            Outcome::Nothing => continue,
        };
        // A client that is gone is no concern of the server's.
        let _ = socket.send_to(&reply, from).await;
    }
}

async fn serve_tcp(mut stream: TcpStream) -> io::Result<()> {
    loop {
        // RFC 1035 §4.2.2: a length of two bytes before each message.
        let len = stream.read_u16().await?;
        let mut query = vec![0; usize::from(len)];
        stream.read_exact(&mut query).await?;
        if let Outcome::Send(reply) | Outcome::SendSecond(reply) = answer(&query, None) {
            let len = u16::try_from(reply.len()).map_err(|_| io::ErrorKind::InvalidData)?;
            stream
                .write_all(&[&len.to_be_bytes(), &reply[..]].concat())
                .await?;
        }
    }
}

fn answer(query: &[u8], limit: Option<usize>) -> Outcome {
    let Ok(query) = Packet::parse(query) else {
        return Outcome::Nothing;
    };
    let Some(question) = query.questions.first() else {
        return Outcome::Nothing;
    };
    let mut reply = Packet::new_reply(query.id());
    reply.set_flags(PacketFlag::AUTHORITATIVE_ANSWER);
    reply.set_flags(PacketFlag::RECURSION_AVAILABLE);
    if query.has_flags(PacketFlag::RECURSION_DESIRED) {
        reply.set_flags(PacketFlag::RECURSION_DESIRED);
    }
    reply.questions.push(question.clone());

    let wants_address = matches!(question.qtype, QTYPE::TYPE(TYPE::A) | QTYPE::ANY);
    let mut name = question.qname.to_string().to_ascii_lowercase();
    let mut second = false;
    // An alias is followed as far as it leads: three steps are the longest chain here.
    for _ in 0..3 {
        let mut addresses = Vec::new();
        match look_up(&name) {
            Answer::Silence => return Outcome::Nothing,
            Answer::Failure => *reply.rcode_mut() = RCODE::ServerFailure,
            Answer::NoSuchName => *reply.rcode_mut() = RCODE::NameError,
            Answer::Address(address) => addresses.push(address),
            Answer::Addresses(many) => addresses = many,
            Answer::Second(address) => {
                second = true;
                addresses.push(address);
            }
            Answer::Alias(target) => {
                let target_name = Name::new_unchecked(target);
                reply
                    .answers
                    .push(record(&name, RData::CNAME(CNAME(target_name))));
                target.clone_into(&mut name);
                continue;
            }
        }
        if wants_address {
            reply.answers.extend(addresses.into_iter().map(|address| {
                record(
                    &name,
                    RData::A(A {
                        address: address.into(),
                    }),
                )
            }));
        }
        break;
    }

    let whole = reply.build_bytes_vec_compressed();
    let bytes = match (whole, limit) {
        (Ok(bytes), Some(limit)) if bytes.len() > limit => {
            reply.answers.clear();
            reply.set_flags(PacketFlag::TRUNCATION);
            reply.build_bytes_vec_compressed()
        }
        (whole, _) => whole,
    };
    match bytes {
        Ok(bytes) if second => Outcome::SendSecond(bytes),
        Ok(bytes) => Outcome::Send(bytes),
        Err(_) => Outcome::Nothing,
    }
}

fn look_up(name: &str) -> Answer {
    let host = if name == "lab.test" {
        Some("www")
    } else {
        name.strip_suffix(".lab.test")
    };
    match host {
        Some("www") => Answer::Address(plan::WEB_IP),
        Some("alias") => Answer::Alias("www.lab.test"),
        Some("chain") => Answer::Alias("alias.lab.test"),
        Some("loop") => Answer::Alias("loop2.lab.test"),
        Some("loop2") => Answer::Alias("loop.lab.test"),
        Some("lan") => Answer::Address(plan::HOST_IP),
        Some("unreachable") => Answer::Address(plan::UNREACHABLE_IP),
        Some("blackhole") => Answer::Address(plan::SILENT_IP),
        Some("absent") => Answer::Address(plan::NOBODY_IP),
        Some("second") => Answer::Second(plan::WEB_IP),
        Some("silent") => Answer::Silence,
        Some("servfail") => Answer::Failure,
        // The web server first; the others are never reached by a client that takes the first.
        Some("big") => Answer::Addresses(
            std::iter::once(plan::WEB_IP)
                .chain((1..100).map(|last| Ipv4Addr::new(203, 0, 113, 100 + last)))
                .collect(),
        ),
        _ => Answer::NoSuchName,
    }
}

fn record<'a>(name: &str, data: RData<'a>) -> ResourceRecord<'a> {
    let name = Name::new_unchecked(name).into_owned();
    ResourceRecord::new(name, CLASS::IN, TTL_SECONDS, data)
}

#[cfg(test)]
mod tests {
    use super::*;
    use simple_dns::{QCLASS, Question};

    fn ask(name: &str, limit: Option<usize>) -> Option<Vec<u8>> {
        let mut query = Packet::new_query(0x1234);
        query.set_flags(PacketFlag::RECURSION_DESIRED);
        query.questions.push(Question::new(
            Name::new(name).unwrap(),
            TYPE::A.into(),
            QCLASS::CLASS(CLASS::IN),
            false,
        ));
        match answer(&query.build_bytes_vec().unwrap(), limit) {
            Outcome::Send(reply) | Outcome::SendSecond(reply) => Some(reply),
            Outcome::Nothing => None,
        }
    }

    fn told(name: &str, limit: Option<usize>) -> (RCODE, Vec<String>, bool) {
        let reply = ask(name, limit).unwrap();
        let reply = Packet::parse(&reply).unwrap();
        assert_eq!(reply.id(), 0x1234);
        assert!(reply.has_flags(PacketFlag::RESPONSE | PacketFlag::RECURSION_DESIRED));
        let answers = reply.answers.iter().map(|record| match &record.rdata {
            RData::A(A { address }) => format!("{} {}", record.name, Ipv4Addr::from(*address)),
            RData::CNAME(CNAME(target)) => format!("{} -> {target}", record.name),
            other => panic!("{other:?}"),
        });
        (
            reply.rcode(),
            answers.collect(),
            reply.has_flags(PacketFlag::TRUNCATION),
        )
    }

    #[test]
    fn names_aliases_and_absent_names_get_their_answers() {
        let (rcode, answers, _) = told("WWW.lab.test", Some(UDP_LIMIT));
        assert_eq!(
            (rcode, answers),
            (RCODE::NoError, vec!["www.lab.test 203.0.113.80".into()])
        );
        assert_eq!(
            told("chain.lab.test", Some(UDP_LIMIT)).1,
            [
                "chain.lab.test -> alias.lab.test",
                "alias.lab.test -> www.lab.test",
                "www.lab.test 203.0.113.80"
            ]
        );
        assert_eq!(told("loop.lab.test", None).1.len(), 3);
        for missing in ["nobody.lab.test", "example.org", "wwwlab.test"] {
            assert_eq!(told(missing, None).0, RCODE::NameError, "{missing}");
        }
        assert_eq!(told("servfail.lab.test", None).0, RCODE::ServerFailure);
        assert!(ask("silent.lab.test", None).is_none());
    }

    #[test]
    fn a_long_answer_is_truncated_over_udp_and_whole_over_tcp() {
        let (_, answers, truncated) = told("big.lab.test", Some(UDP_LIMIT));
        assert!(truncated && answers.is_empty());
        let (_, answers, truncated) = told("big.lab.test", None);
        assert!(!truncated && answers.len() == 100);
        assert_eq!(answers[0], "big.lab.test 203.0.113.80");
        assert!(ask("big.lab.test", None).unwrap().len() > 1232);
    }

    #[test]
    fn garbage_gets_no_answer() {
        for garbage in [&[][..], &[0; 11], &[0xff; 40]] {
            assert!(matches!(answer(garbage, None), Outcome::Nothing));
        }
    }
}
