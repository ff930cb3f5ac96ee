//! Queries written, and answers judged.

use super::DnsError;
use crate::time::Duration;
use core::net::Ipv4Addr;
use simple_dns::rdata::RData;
use simple_dns::{CLASS, Name, OPCODE, Packet, PacketFlag, QCLASS, QTYPE, Question, RCODE, TYPE};

/// Most aliases that are followed for one name.
pub(super) const MAX_ALIASES: usize = 8;
/// Most addresses kept of one answer.
const MAX_ADDRS: usize = 16;
/// RFC 2181 §8 allows 68 years; a day is enough.
const MAX_TTL: Duration = Duration::from_secs(86_400);
/// A header, and the least that a question and a record take.
const HEADER_LEN: usize = 12;
const MIN_QUESTION_LEN: usize = 5;
const MIN_RECORD_LEN: usize = 11;

/// What a name came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its addresses, in the order in which they came; never empty.
    pub addrs: Vec<Ipv4Addr>,
    /// How long that may be believed.
    pub ttl: Duration,
}

/// What a message means for the query that it answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It answers something else, or is no answer at all: overlook it.
    NotOurs,
    /// It is cut: ask again over TCP (RFC 7766 §5).
    Truncated,
    /// The name is an alias, and the message does not say of what: ask for that.
    Alias { name: String, ttl: Duration },
    /// The addresses.
    Found(Answer),
    /// Another server will not know better.
    Final(DnsError),
    /// Another server may.
    TryNext(DnsError),
}

/// A query for the A records of `name`, without EDNS: what is longer than 512
/// bytes comes over TCP.
pub(super) fn query(id: u16, name: &str) -> Result<Vec<u8>, DnsError> {
    let name = Name::new(name).map_err(|_| DnsError::BadName)?;
    let mut packet = Packet::new_query(id);
    packet.set_flags(PacketFlag::RECURSION_DESIRED);
    packet
        .questions
        .push(Question::new(name, TYPE::A.into(), CLASS::IN.into(), false));
    packet.build_bytes_vec().map_err(|_| DnsError::BadName)
}

/// Judges `bytes` as the answer to the query `id` for `name`.
pub(super) fn judge(bytes: &[u8], id: u16, name: &str) -> Verdict {
    if !is_answer(bytes, id) {
        return Verdict::NotOurs;
    }
    // A cut message need not be parseable behind the cut; it is asked for anew in any case.
    if bytes[2] & 0x02 != 0 {
        return Verdict::Truncated;
    }
    if !counts_fit(bytes) {
        return Verdict::TryNext(DnsError::Malformed);
    }
    let (Ok(packet), Ok(name)) = (Packet::parse(bytes), Name::new(name)) else {
        return Verdict::TryNext(DnsError::Malformed);
    };
    if packet.opcode() != OPCODE::StandardQuery {
        return Verdict::NotOurs;
    }
    match packet.questions.as_slice() {
        [question] if is_question_for(question, &name) => {}
        // RFC 1035 §4.1.1: FORMERR and its like need not repeat the question.
        [] if packet.rcode() != RCODE::NoError => {}
        _ => return Verdict::NotOurs,
    }
    match packet.rcode() {
        RCODE::NoError => follow(&packet, name),
        RCODE::NameError => Verdict::Final(DnsError::NoSuchName),
        RCODE::ServerFailure => Verdict::TryNext(DnsError::ServerFailure),
        _ => Verdict::TryNext(DnsError::Refused {
            code: bytes[3] & 0x0f,
        }),
    }
}

/// Whether it is long enough, has our id, and is a response.
fn is_answer(bytes: &[u8], id: u16) -> bool {
    bytes.len() >= HEADER_LEN && bytes[..2] == id.to_be_bytes() && bytes[2] & 0x80 != 0
}

/// Whether the message is long enough for what its header promises: the parser
/// allocates by these counts.
fn counts_fit(bytes: &[u8]) -> bool {
    let count = |at: usize| usize::from(u16::from_be_bytes([bytes[at], bytes[at + 1]]));
    let records = count(6) + count(8) + count(10);
    let least = HEADER_LEN + count(4) * MIN_QUESTION_LEN + records * MIN_RECORD_LEN;
    bytes.len() >= least
}

fn is_question_for(question: &Question<'_>, name: &Name<'_>) -> bool {
    question.qname == *name
        && question.qtype == QTYPE::TYPE(TYPE::A)
        && question.qclass == QCLASS::CLASS(CLASS::IN)
}

/// RFC 1034 §3.6.2: follows aliases through the answer section.
fn follow<'a>(packet: &'a Packet<'a>, name: Name<'a>) -> Verdict {
    let mut name = name;
    let mut ttl = MAX_TTL;
    for hop in 0..=MAX_ALIASES {
        let mut addrs = Vec::new();
        let mut alias = None;
        let ours = |record: &&simple_dns::ResourceRecord<'_>| {
            record.class == CLASS::IN && record.name == name
        };
        for record in packet.answers.iter().filter(ours) {
            match &record.rdata {
                RData::A(a) if addrs.len() < MAX_ADDRS => addrs.push(Ipv4Addr::from(a.address)),
                RData::CNAME(target) => alias = Some(target.0.clone()),
                _ => continue,
            }
            ttl = ttl.min(ttl_of(record.ttl));
        }
        match (addrs.is_empty(), alias) {
            (false, _) => return Verdict::Found(Answer { addrs, ttl }),
            (true, Some(target)) => name = target,
            (true, None) if hop == 0 => return Verdict::Final(DnsError::NoAddress),
            // The chain leaves this message: ask for where it leads.
            (true, None) => {
                return Verdict::Alias {
                    name: name.to_string(),
                    ttl,
                };
            }
        }
    }
    Verdict::Final(DnsError::AliasLoop)
}

/// RFC 2181 §8: a TTL with the top bit set counts as zero.
fn ttl_of(seconds: u32) -> Duration {
    if seconds > i32::MAX as u32 {
        return Duration::ZERO;
    }
    Duration::from_secs(u64::from(seconds)).min(MAX_TTL)
}
