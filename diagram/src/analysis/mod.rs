//! What every packet was: who sent it to whom, its conversation, its verdicts,
//! what it answers. Incremental, constant time a packet.
//!
//! ```text
//!  Frame ──► dissect ──► hosts      who
//!                   ├──► tcp        conversations, verdicts, round trips
//!                   └──► exchange   ARP, DNS and echo: which answer to which question
//!                          │
//!                          ▼
//!                        Digest     a small value a packet; texts are made when asked for
//! ```

mod completeness;
mod ends;
pub(crate) mod exchange;
pub(crate) mod fragments;
mod hosts;
pub(crate) mod sack;
pub(crate) mod tcp;
mod verdict;

pub use completeness::Completeness;
pub use exchange::dns_message;
pub use hosts::{Host, HostId, Hosts, Role};
pub use tcp::TcpDigest;
pub use verdict::Verdicts;

use crate::capture::{Fate, Frame, Interface, Machine};
use crate::layout::scene::Kind;
use core::net::{IpAddr, SocketAddrV4};
use ends::Ends;
use exchange::Exchanges;
use fragments::{Fragment, Fragments, Whole};
use std::collections::{BTreeMap, BTreeSet};
use synema_core::trace::Cause;
use synema_core::wire::tcp::Segment;
use synema_core::wire::{LinkType, Packet, dissect};
use tcp::{Facts, NONE, Stream};

/// What is known of one packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest {
    /// Who sent it.
    pub from: HostId,
    /// To whom.
    pub to: HostId,
    /// What it is.
    pub kind: Kind,
    /// Its TCP numbers, when it is TCP.
    pub tcp: Option<TcpDigest>,
    answers: u32,
    answered_by: u32,
    sent_again: u32,
    overtaken: bool,
}

impl Digest {
    /// The index of the packet that this one answers (acknowledges), the last of
    /// them where there are several.
    pub fn answers(&self) -> Option<usize> {
        some(self.answers)
    }

    /// The index of the first packet that answers (acknowledges) this one.
    pub fn answered_by(&self) -> Option<usize> {
        some(self.answered_by)
    }

    /// The index of the packet that carried this data first, for one that was
    /// sent again.
    pub fn first_sent(&self) -> Option<usize> {
        self.tcp.and_then(|tcp| some(tcp.first_sent))
    }

    /// The index of the segment whose acknowledgment this is to the last byte
    /// (`tcp.analysis.acks_frame`).
    pub fn acks(&self) -> Option<usize> {
        self.tcp.filter(|tcp| tcp.ends_whole)?;
        self.answers()
    }

    /// The index of the first packet that carried this one's data again.
    pub fn sent_again(&self) -> Option<usize> {
        some(self.sent_again)
    }

    /// The index of the packet from which on tshark reckons how long the sender waited
    /// before it sent this again: the first one that nobody had acknowledged.
    pub fn waited_since(&self) -> Option<usize> {
        self.tcp.and_then(|tcp| some(tcp.waited_since))
    }

    /// The index of the packet that its sender sent before it in its conversation.
    pub(crate) fn same_sender_before(&self) -> Option<usize> {
        self.tcp.and_then(|tcp| some(tcp.same_sender_before))
    }

    /// Whether any of its data was carried before: by its numbers, or because the
    /// trace says so.
    pub fn is_retransmission(&self) -> bool {
        self.kind == Kind::Retransmission
            || (!self.overtaken
                && self
                    .tcp
                    .is_some_and(|tcp| tcp.verdicts.has_any(Verdicts::ANY_RETRANSMISSION)))
    }

    /// Whether it looks sent again and is known to have been overtaken on its way: both
    /// ends' times are known, and it was sent but once.
    pub fn is_overtaken(&self) -> bool {
        self.overtaken
    }
}

impl Digest {
    /// Where both ends' times are known, all that was sent is: of what looks sent again
    /// there is a first transmission, or it is the first.
    fn learn_overtaken(&mut self, frame: &Frame) {
        let is_known = frame.other_end.is_some() && frame.fate.was_seen();
        if !is_known || self.kind != Kind::Retransmission || self.first_sent().is_some() {
            return;
        }
        if let Some(tcp) = &mut self.tcp {
            self.overtaken = true;
            tcp.unseen_before = NONE;
            self.kind = if tcp.flags.fin() {
                Kind::Fin
            } else {
                Kind::Data
            };
        }
    }
}

fn some(index: u32) -> Option<usize> {
    (index != NONE).then_some(index as usize)
}

/// A conversation, as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamInfo {
    /// Who called.
    pub client: (HostId, u16),
    /// Who was called.
    pub server: (HostId, u16),
    /// Index of its first packet.
    pub first: u32,
    /// Index of its last packet so far.
    pub last: u32,
    /// How many packets it has.
    pub packets: u64,
    /// Bytes of data, client's and server's, retransmissions not counted.
    pub bytes: [u64; 2],
    /// Packets that were sent again.
    pub retransmissions: u64,
    /// What was seen of it.
    pub completeness: Completeness,
    /// From the SYN to the first ACK after it, where both were seen.
    pub initial_rtt_ns: Option<u64>,
}

/// Everything that is known of a capture's packets.
#[derive(Clone, Debug, Default)]
pub struct Analysis {
    digests: Vec<Digest>,
    hosts: Hosts,
    streams: Vec<Stream>,
    infos: Vec<StreamInfo>,
    /// The latest conversation between two ends, the lesser end first.
    latest: BTreeMap<[(HostId, u16); 2], u32>,
    exchanges: Exchanges,
    fragments: Fragments,
    /// Segments that were put together, by the packet that was the last of their pieces.
    wholes: BTreeMap<u32, Whole>,
    /// Conversations of which the vantage point saw nothing.
    elsewhere: BTreeSet<u32>,
}

/// A response that closes a round trip between a host and the vantage point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoundTrip {
    /// Who answered.
    pub host: HostId,
    /// Index of the question; its time and the answer's are the frames'.
    pub question: usize,
}

/// What a packet told beyond itself.
#[derive(Clone, Debug, Default)]
pub struct Learned {
    /// The round trip that it closed.
    pub round_trip: Option<RoundTrip>,
    /// Packets that it answers.
    pub answered: Vec<u32>,
}

impl Analysis {
    /// The digests, one for each packet.
    pub fn digests(&self) -> &[Digest] {
        &self.digests
    }

    /// Who is there.
    pub fn hosts(&self) -> &Hosts {
        &self.hosts
    }

    /// The conversations, by their number.
    pub fn streams(&self) -> &[StreamInfo] {
        &self.infos
    }

    /// An address is called so, as whoever made the capture says.
    pub(crate) fn set_name(&mut self, ip: IpAddr, name: &str) {
        self.hosts.name(ip, name);
    }

    /// Which machines there are, where a simulator tells.
    pub(crate) fn set_machines(&mut self, machines: &[Machine]) {
        self.hosts.set_machines(machines);
    }

    /// Our stack may use this address from now on.
    pub(crate) fn set_claimed(&mut self, ip: IpAddr) {
        self.hosts.set_claimed(ip);
    }

    /// Both ends of a conversation as socket addresses, client first, where both
    /// are IPv4: the form in which the trace names them.
    pub(crate) fn socket_addresses(&self, stream: u32) -> Option<(SocketAddrV4, SocketAddrV4)> {
        let info = self.infos.get(stream as usize)?;
        let end = |(host, port): (HostId, u16)| match self.hosts.at(host)?.ip? {
            IpAddr::V4(ip) => Some(SocketAddrV4::new(ip, port)),
            IpAddr::V6(_) => None,
        };
        Some((end(info.client)?, end(info.server)?))
    }

    /// Whether a packet was the last piece of a segment that was put together.
    pub(crate) fn is_put_together(&self, index: usize) -> bool {
        u32::try_from(index).is_ok_and(|index| self.wholes.contains_key(&index))
    }

    /// The header of the TCP segment that a packet carries, or of which it was the last
    /// piece; none of one that is a piece and not the last.
    pub fn segment<'a>(&'a self, index: usize, packet: &Packet<'a>) -> Option<Segment<'a>> {
        let whole = u32::try_from(index)
            .ok()
            .and_then(|index| self.wholes.get(&index));
        if let Some(whole) = whole {
            return Segment::parse_snapped(whole.head()).ok();
        }
        let is_piece = fragments::range(packet).is_some();
        let digest = self.digests.get(index)?;
        packet
            .tcp()
            .copied()
            .filter(|_| !is_piece || digest.tcp.is_some())
    }

    /// The conversation between these two ends that was seen last.
    pub fn stream_between(&self, one: (IpAddr, u16), other: (IpAddr, u16)) -> Option<u32> {
        let find = |(ip, port): (IpAddr, u16), shared: bool| {
            let host = |h: &Host| h.ip == Some(ip) && h.port == shared.then_some(port);
            let index = self.hosts.list().iter().position(host)?;
            Some((HostId(u32::try_from(index).ok()?), port))
        };
        let shared = one.0 == other.0;
        let mut ends = [find(one, shared)?, find(other, shared)?];
        ends.sort_unstable();
        self.latest.get(&ends).copied()
    }

    /// Takes the next frame.
    pub fn push(&mut self, frame: &Frame, interface: &Interface) -> Learned {
        let index = u32::try_from(self.digests.len()).unwrap_or(NONE - 1);
        let packet = dissect(
            LinkType::from(interface.link_type),
            &frame.bytes,
            frame.original_len as usize,
        );
        let Ends {
            addresses,
            lanes: (from, to),
        } = self.ends(&packet, frame, interface);
        let fragment = match frame.fate.was_seen() {
            true => self.fragments.push(&packet, frame.at),
            false => Fragment::None,
        };
        if let Fragment::Whole(whole) = fragment {
            self.wholes.insert(index, whole);
        }
        let facts = match &fragment {
            Fragment::None => tcp_facts(&packet),
            Fragment::Held => None,
            Fragment::Whole(whole) => Segment::parse_snapped(whole.head())
                .ok()
                .map(|segment| facts_of(&segment, whole.len)),
        };
        let mut digest = Digest {
            from,
            to,
            kind: exchange::kind_of(&packet),
            tcp: None,
            answers: NONE,
            answered_by: NONE,
            sent_again: NONE,
            overtaken: false,
        };
        let mut learned = Learned::default();
        if self.is_judged(frame, facts.as_ref(), addresses) {
            if let Some(facts) = facts {
                learned = self.judge(&mut digest, addresses, &facts, index, frame);
            } else if let Some(question) = self.exchanges.push(&packet, addresses, index) {
                digest.answers = question;
                learned.answered.push(question);
                learned.round_trip = Some(RoundTrip {
                    host: from,
                    question: question as usize,
                });
            }
            exchange::learn_names(&packet, addresses.0, &mut self.hosts);
        } else if let Some(facts) = facts {
            self.tell(&mut digest, addresses, &facts, index);
        }
        if frame.fate == Fate::Elsewhere {
            // Nothing of the way between here and there.
            learned.round_trip = None;
        }
        if frame.cause.is_some_and(sends_again)
            && matches!(digest.kind, Kind::Data | Kind::Syn | Kind::Fin)
            && digest.first_sent().is_some()
        {
            digest.kind = Kind::Retransmission;
        }
        digest.learn_overtaken(frame);
        if digest.is_retransmission()
            && let Some(first) = digest.first_sent().and_then(|at| self.digests.get_mut(at))
            && first.sent_again == NONE
        {
            first.sent_again = index;
        }
        for &answered in &learned.answered {
            if let Some(question) = self.digests.get_mut(answered as usize)
                && question.answered_by == NONE
            {
                question.answered_by = index;
            }
        }
        self.digests.push(digest);
        learned
    }

    /// Whether a frame takes part in the analysis: if it passed the vantage point, or went
    /// between others who speak of what never did.
    fn is_judged(
        &self,
        frame: &Frame,
        facts: Option<&(Facts, u16, u16)>,
        (from, to): (HostId, HostId),
    ) -> bool {
        let Some((_, src, dst)) = facts.filter(|_| frame.fate == Fate::Elsewhere) else {
            return frame.fate.was_seen();
        };
        let mut ends = [(from, *src), (to, *dst)];
        ends.sort_unstable();
        let known = self.latest.get(&ends);
        known.is_none_or(|stream| self.elsewhere.contains(stream))
    }

    /// A segment that never passed the vantage point: its numbers only.
    fn tell(
        &mut self,
        digest: &mut Digest,
        (from, to): (HostId, HostId),
        (facts, src, dst): &(Facts, u16, u16),
        index: u32,
    ) {
        let sender = (from, *src);
        let mut ends = [sender, (to, *dst)];
        ends.sort_unstable();
        let Some(&stream) = self.latest.get(&ends) else {
            return;
        };
        let from_client = self.infos[stream as usize].client == sender;
        let tcp = self.streams[stream as usize].tell(stream, from_client, facts, index);
        digest.kind = tcp_kind(&tcp);
        digest.tcp = Some(tcp);
    }

    fn judge(
        &mut self,
        digest: &mut Digest,
        (from, to): (HostId, HostId),
        (facts, src, dst): &(Facts, u16, u16),
        index: u32,
        frame: &Frame,
    ) -> Learned {
        let (sender, receiver) = ((from, *src), (to, *dst));
        let mut ends = [sender, receiver];
        ends.sort_unstable();
        let found = self.latest.get(&ends).copied();
        let reused = found.is_some_and(|stream| {
            let from_client = self.infos[stream as usize].client == sender;
            self.streams[stream as usize].is_reused_by(facts, from_client)
        });
        // A SYN-ACK alone opens nothing.
        let stream = match found.filter(|_| !(reused && facts.opens())) {
            Some(stream) => stream,
            None => self.open(ends, sender, receiver, facts, (index, frame)),
        };
        let info = &mut self.infos[stream as usize];
        let from_client = info.client == sender;
        let (mut tcp, settled) =
            self.streams[stream as usize].judge(stream, from_client, facts, index, frame.at);
        if reused {
            tcp.verdicts.add(Verdicts::REUSED_PORTS);
        }
        info.completeness.see(tcp.flags, tcp.len);
        info.initial_rtt_ns = self.streams[stream as usize].initial_rtt_ns();
        info.last = index;
        info.packets += 1;
        let again = tcp.verdicts.has_any(Verdicts::ANY_RETRANSMISSION);
        if again {
            info.retransmissions += 1;
        } else {
            info.bytes[usize::from(!from_client)] += u64::from(tcp.len);
        }
        digest.kind = tcp_kind(&tcp);
        digest.tcp = Some(tcp);
        // The way there and back took no longer than the last that it acknowledges shows.
        let quickest = settled.rtt_of.or(settled.acked.last().copied());
        if let Some(question) = quickest {
            digest.answers = question;
        }
        let round_trip = quickest.map(|question| RoundTrip {
            host: digest.from,
            question: question as usize,
        });
        Learned {
            round_trip,
            answered: settled.acked,
        }
    }

    fn open(
        &mut self,
        ends: [(HostId, u16); 2],
        sender: (HostId, u16),
        receiver: (HostId, u16),
        facts: &Facts,
        (index, frame): (u32, &Frame),
    ) -> u32 {
        let stream = u32::try_from(self.streams.len()).unwrap_or(NONE - 1);
        self.streams.push(Stream::new());
        // Who sends the SYN calls; without one, the lesser port is taken for the server's.
        let sender_calls = facts.opens() || (!facts.is_syn_ack() && sender.1 >= receiver.1);
        let (client, server) = if sender_calls {
            (sender, receiver)
        } else {
            (receiver, sender)
        };
        self.infos.push(StreamInfo {
            client,
            server,
            first: index,
            last: index,
            packets: 0,
            bytes: [0, 0],
            retransmissions: 0,
            completeness: Completeness::default(),
            initial_rtt_ns: None,
        });
        self.latest.insert(ends, stream);
        if frame.fate == Fate::Elsewhere {
            self.elsewhere.insert(stream);
        }
        if let Some(host) = self.hosts.at_mut(client.0) {
            host.calls = true;
        }
        if let Some(host) = self.hosts.at_mut(server.0) {
            host.serves.get_or_insert(server.1);
        }
        stream
    }
}

/// The segment's facts and ports, if the packet is a TCP segment that is whole
/// enough; what an ICMP error quotes is none.
fn tcp_facts(packet: &Packet<'_>) -> Option<(Facts, u16, u16)> {
    let segment = packet.tcp()?;
    let upper = match (packet.ipv4(), packet.ipv6()) {
        (Some(ip), _) if ip.fragment_offset() == 0 => ip.payload_len(),
        (None, Some(ip)) => ip.upper_len(),
        _ => return None,
    };
    Some(facts_of(segment, upper))
}

/// `upper` is the length of header and data.
fn facts_of(segment: &Segment<'_>, upper: usize) -> (Facts, u16, u16) {
    let len = u32::try_from(upper.saturating_sub(segment.header_len())).unwrap_or(0);
    (
        Facts::new(segment, len),
        segment.src_port().0,
        segment.dst_port().0,
    )
}

/// Whether a segment with this cause carries what was sent before.
const fn sends_again(cause: Cause) -> bool {
    matches!(
        cause,
        Cause::RetransmissionTimeout
            | Cause::FastRetransmit
            | Cause::Recovery
            | Cause::Rack
            | Cause::TailLossProbe
    )
}

fn tcp_kind(tcp: &TcpDigest) -> Kind {
    if tcp.flags.rst() {
        Kind::Rst
    } else if tcp.verdicts.has_any(Verdicts::ANY_RETRANSMISSION) {
        Kind::Retransmission
    } else if tcp.flags.syn() {
        Kind::Syn
    } else if tcp.flags.fin() {
        Kind::Fin
    } else if tcp.len > 0 {
        Kind::Data
    } else {
        Kind::Ack
    }
}

#[cfg(test)]
mod tests;
