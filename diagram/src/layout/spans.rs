//! Stretches of time that are worth a bracket, found while packets are taken in:
//! handshakes, and the silence before a retransmission timer ran out.

use super::scene::BracketKind;
use super::source::Source;
use crate::analysis::{HostId, Verdicts};
use std::collections::BTreeMap;
use synema_core::trace::Cause;

/// RFC 6298 §2.4 wants a second; Linux, from which most captures come, takes a fifth of
/// it. What is sent again sooner was asked for otherwise.
const LEAST_RTO_NS: u64 = 190_000_000;
/// How many packets back is looked for what (re)started a timer.
const LOOKED_AT: usize = 64;

/// A packet at one of its ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    pub(super) packet: u32,
    pub(super) arrives: bool,
}

impl Moment {
    pub(super) const fn departure(packet: u32) -> Self {
        Self {
            packet,
            arrives: false,
        }
    }

    pub(super) const fn arrival(packet: u32) -> Self {
        Self {
            packet,
            arrives: true,
        }
    }

    pub(super) fn ns(self, source: Source<'_>) -> Option<u64> {
        let times = source.timing.times().get(self.packet as usize)?;
        Some(match self.arrives {
            true => times.arrival_ns,
            false => times.departure_ns,
        })
    }
}

/// From one moment to another, at one host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) kind: BracketKind,
    pub(super) host: HostId,
    pub(super) from: Moment,
    pub(super) to: Moment,
}

impl Span {
    /// How long it lasted.
    pub(super) fn ns(&self, source: Source<'_>) -> u64 {
        let (from, to) = (self.from.ns(source), self.to.ns(source));
        to.zip(from).map_or(0, |(to, from)| to.saturating_sub(from))
    }
}

/// What was found, in the order of what ended it; of one host, no two at the same time.
#[derive(Clone, Debug, Default)]
pub(super) struct Spans {
    list: Vec<Span>,
    last_of: BTreeMap<HostId, u32>,
    /// From the first packet to the last of the longest.
    longest: u32,
}

impl Spans {
    /// Looks at the next packet; whether it ends anything.
    pub(super) fn push(&mut self, source: Source<'_>, index: usize) -> bool {
        let found = handshake(source, index).or_else(|| timeout(source, index));
        let Some(span) = found else {
            return false;
        };
        let last = self.last_of.get(&span.host);
        let is_free = last.is_none_or(|&last| last <= span.from.packet);
        if is_free {
            self.last_of.insert(span.host, span.to.packet);
            self.longest = self.longest.max(span.to.packet - span.from.packet);
            self.list.push(span);
        }
        is_free
    }

    /// Those that begin not after and end not before these packets.
    pub(super) fn between(&self, first: u32, last: u32) -> impl Iterator<Item = &Span> {
        let from = self.list.partition_point(|span| span.to.packet < first);
        let beyond = last.saturating_add(self.longest);
        self.list[from..]
            .iter()
            .take_while(move |span| span.to.packet <= beyond)
            .filter(move |span| span.from.packet <= last)
    }
}

/// From the SYN to the ACK of the SYN-ACK, for whoever called. RFC 9293 §3.5.
fn handshake(source: Source<'_>, index: usize) -> Option<Span> {
    let digests = source.analysis.digests();
    let ack = digests.get(index)?;
    let tcp = ack
        .tcp
        .filter(|tcp| tcp.flags.ack() && !tcp.flags.syn() && !tcp.flags.rst())?;
    let answered = ack.answers()?;
    let syn_ack = digests.get(answered)?;
    let answers_syn = syn_ack
        .tcp
        .is_some_and(|other| other.flags.syn() && other.flags.ack() && other.stream == tcp.stream);
    if !answers_syn || syn_ack.answered_by() != Some(index) || !tcp.from_client {
        return None;
    }
    let syn = syn_ack.answers()?;
    let first = digests.get(syn)?.first_sent().unwrap_or(syn);
    Some(Span {
        kind: BracketKind::Handshake,
        host: ack.from,
        from: Moment::departure(u32::try_from(first).ok()?),
        to: Moment::departure(u32::try_from(index).ok()?),
    })
}

/// From when a retransmission timer was started last until it ran out. RFC 6298 §5.
fn timeout(source: Source<'_>, index: usize) -> Option<Span> {
    let digest = source.analysis.digests().get(index)?;
    let tcp = digest.tcp?;
    let cause = source.capture.frames().get(index)?.cause;
    let by_timer = cause.is_none_or(|cause| cause == Cause::RetransmissionTimeout);
    if !digest.is_retransmission() || tcp.verdicts.has(Verdicts::FAST_RETRANSMISSION) || !by_timer {
        return None;
    }
    // Where the trace tells of the timers, they are drawn.
    let told = source.states.timers(tcp.stream, tcp.from_client);
    if told.is_some_and(|(spans, _)| !spans.is_empty()) {
        return None;
    }
    let span = Span {
        kind: BracketKind::Timeout,
        host: digest.from,
        from: started(source, index, digest.first_sent()?)?,
        to: Moment::departure(u32::try_from(index).ok()?),
    };
    (cause.is_some() || span.ns(source) >= LEAST_RTO_NS).then_some(span)
}

/// RFC 6298 §5: the timer is started by what is sent when none runs (5.1), and again by
/// an ACK of new data (5.3) and by a retransmission (5.6).
fn started(source: Source<'_>, index: usize, first_sent: usize) -> Option<Moment> {
    let digests = source.analysis.digests();
    let own = digests.get(index)?.tcp?;
    let moment = |packet: usize, arrives| {
        let packet = u32::try_from(packet).ok()?;
        Some(Moment { packet, arrives })
    };
    let fires_ns = moment(index, false)?.ns(source)?;
    let restarts = |before: usize| {
        let digest = digests.get(before)?;
        let tcp = digest.tcp.filter(|tcp| tcp.stream == own.stream)?;
        let is_theirs = tcp.from_client != own.from_client;
        let starts = match is_theirs {
            true => digest.answers().is_some(),
            false => digest.is_retransmission() && tcp.seq == own.seq,
        };
        moment(before, is_theirs).filter(|_| starts)
    };
    let earlier = (0..index).rev().take(LOOKED_AT).filter_map(restarts);
    earlier
        .chain(moment(first_sent, false))
        .filter_map(|moment| Some((moment.ns(source)?, moment)))
        .filter(|&(ns, _)| ns < fires_ns)
        .max_by_key(|&(ns, moment)| (ns, moment.packet))
        .map(|(_, moment)| moment)
}
