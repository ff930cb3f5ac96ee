//! One direction's data and the segments that answer it, in the order of one clock.

use super::{GraphOptions, NoGraph, Way};
use crate::analysis::{HostId, StreamInfo, TcpDigest};
use crate::capture::{Fate, MachineId};
use crate::layout::Source;
use crate::words::{Language, say};
use core::net::IpAddr;
use synema_core::time::Instant;
use synema_core::trace::{ConnId, Record};
use synema_core::wire::tcp::TcpOption;

/// One direction of a conversation.
pub(super) struct Flow<'a> {
    source: Source<'a>,
    stream: u32,
    info: StreamInfo,
    /// Whether the data goes from the client.
    from_client: bool,
    /// Whether the times are those at the sender of the data.
    at_sender: bool,
    /// Packets by their time at the sender, where that is not the capture's own order.
    order: Option<Vec<u32>>,
    range: (u64, u64),
}

/// A segment of the conversation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Segment {
    /// The packet's index.
    index: usize,
    /// When, in ns since the capture's first packet.
    pub(super) at_ns: u64,
    /// Its numbers.
    pub(super) tcp: TcpDigest,
    /// Whether it goes the way of the data; it answers if not.
    pub(super) is_forward: bool,
    /// Whether it is known not to have arrived.
    pub(super) is_lost: bool,
    /// Whether it passed the place where the capture was taken.
    pub(super) was_seen: bool,
    /// Its data was carried before.
    pub(super) is_again: bool,
    /// Bytes on the wire.
    pub(super) wire_len: u32,
}

impl Segment {
    /// Its number, counted from 1.
    pub(super) fn number(&self) -> u64 {
        self.index as u64 + 1
    }

    /// The first number of its data, and one past the last.
    pub(super) fn data(&self) -> (i64, i64) {
        let syn = i64::from(self.tcp.flags.syn());
        let first = self.tcp.seq.saturating_add(syn);
        (first, first.saturating_add(i64::from(self.tcp.len)))
    }

    /// When its data must have been lost before the capture saw it: the packet that
    /// jumped over it.
    fn unseen_before(&self) -> Option<usize> {
        let index = self.tcp.unseen_before;
        (index != crate::analysis::tcp::NONE).then_some(index as usize)
    }
}

impl<'a> Flow<'a> {
    /// The direction that is asked for.
    pub(super) fn new(source: Source<'a>, options: &GraphOptions) -> Result<Self, NoGraph> {
        let streams = source.analysis.streams();
        let count = streams.len();
        let info = *streams
            .get(options.stream as usize)
            .ok_or(NoGraph::NoStream { count })?;
        let busier = info.bytes[0] >= info.bytes[1];
        let mut flow = Self {
            source,
            stream: options.stream,
            info,
            from_client: busier == (options.way == Way::Busier),
            at_sender: false,
            order: None,
            range: (0, 0),
        };
        flow.choose_clock();
        let (from, to) = match (options.from_ns, options.to_ns) {
            (Some(from), Some(to)) => (from, to),
            (from, to) => {
                let (first, last) = flow.span();
                (from.unwrap_or(first), to.unwrap_or(last))
            }
        };
        if from > to {
            return Err(NoGraph::NoTime);
        }
        // A microsecond at the least, so that one packet has a place.
        flow.range = (from, to.max(from.saturating_add(1_000)));
        Ok(flow)
    }

    /// The sender's clock, where every time there is known; the capture's if not.
    fn choose_clock(&mut self) {
        let mut moved = false;
        for segment in self.segments() {
            let Some(times) = self.source.timing.times().get(segment.index) else {
                return;
            };
            let (ns, is_known) = if segment.is_forward {
                (times.departure_ns, times.departure_known)
            } else {
                (times.arrival_ns, times.arrival_known)
            };
            if !is_known {
                return;
            }
            moved |= ns != self.source.capture.frames()[segment.index].at.as_nanos();
        }
        self.at_sender = true;
        if moved {
            let mut order: Vec<u32> = (self.info.first..=self.info.last)
                .filter(|&index| self.segment(index as usize).is_some())
                .collect();
            order.sort_by_key(|&index| self.ns_of(index as usize));
            self.order = Some(order);
        }
    }

    /// The times of the first and the last segment.
    fn span(&self) -> (u64, u64) {
        let mut span = (u64::MAX, 0);
        for segment in self.segments() {
            span = (span.0.min(segment.at_ns), span.1.max(segment.at_ns));
        }
        (span.0.min(span.1), span.1)
    }

    /// From when to when it is drawn, in ns since the capture's first packet.
    pub(super) fn range(&self) -> (u64, u64) {
        self.range
    }

    /// Whether a segment lies within the range.
    pub(super) fn shows(&self, segment: &Segment) -> bool {
        (self.range.0..=self.range.1).contains(&segment.at_ns)
    }

    /// All segments, also those before and after the range.
    pub(super) fn segments(&self) -> impl Iterator<Item = Segment> {
        let in_order = match &self.order {
            Some(_) => 0..0,
            None => self.info.first..self.info.last.saturating_add(1),
        };
        let sorted = self.order.iter().flatten().copied();
        sorted
            .chain(in_order)
            .filter_map(|index| self.segment(index as usize))
    }

    fn segment(&self, index: usize) -> Option<Segment> {
        let digest = self.source.analysis.digests().get(index)?;
        let tcp = digest.tcp.filter(|tcp| tcp.stream == self.stream)?;
        let frame = self.source.capture.frames().get(index)?;
        // The bridge did not let it out: nobody sent it.
        if matches!(frame.fate, Fate::Refused(_)) {
            return None;
        }
        Some(Segment {
            index,
            at_ns: self.ns_of(index),
            tcp,
            is_forward: tcp.from_client == self.from_client,
            is_lost: matches!(frame.fate, Fate::LostLater | Fate::NeverSeen)
                || frame.died.is_some(),
            was_seen: frame.fate.was_seen() || frame.fate == Fate::Elsewhere,
            is_again: digest.is_retransmission(),
            wire_len: frame.original_len,
        })
    }

    /// When a packet was where the clock is, in ns since the capture's first packet.
    fn ns_of(&self, index: usize) -> u64 {
        let times = self.source.timing.times().get(index);
        let ns = match times {
            Some(times) if self.at_sender => {
                let digest = self.source.analysis.digests()[index].tcp;
                if digest.is_some_and(|tcp| tcp.from_client == self.from_client) {
                    times.departure_ns
                } else {
                    times.arrival_ns
                }
            }
            _ => self.source.capture.frames()[index].at.as_nanos(),
        };
        ns.saturating_sub(self.source.origin_ns())
    }

    /// When the data of a segment was lost that was never seen before.
    pub(super) fn unseen_ns(&self, segment: &Segment) -> Option<u64> {
        Some(self.ns_of(segment.unseen_before()?))
    }

    /// The blocks of an answer's SACK option, as the data's numbers: the first, and one
    /// past the last.
    pub(super) fn sack_blocks(&self, answer: &Segment) -> Vec<(i64, i64)> {
        let frame = &self.source.capture.frames()[answer.index];
        let packet = self.source.story().dissect(frame);
        let Some(segment) = packet.tcp().filter(|segment| segment.flags().ack()) else {
            return Vec::new();
        };
        let mut found = Vec::new();
        for option in segment.option_iter().flatten() {
            if let TcpOption::Sack(blocks) = option {
                found.extend(blocks.iter().map(|block| {
                    let start =
                        answer.tcp.ack + i64::from(block.start.signed_distance(segment.ack()));
                    (start, start + i64::from(block.len()))
                }));
            }
        }
        found
    }

    /// The connection that sends the data, if its stack tells of it.
    pub(super) fn own_sender(&self) -> Option<ConnId> {
        let end = self.source.states.end_of(self.stream, self.from_client)?;
        Some(end.1)
    }

    /// Whether the SYN of who answers was seen, which tells how its windows are scaled
    /// (RFC 7323 §2.2).
    pub(super) fn saw_answers_begin(&self) -> bool {
        let answers = self.segments().filter(|segment| !segment.is_forward);
        answers.take(8).any(|segment| segment.tcp.flags.syn())
    }

    /// Whether the capture was taken much nearer to who takes the data.
    pub(super) fn is_near_receiver(&self) -> bool {
        let [from, to] = self
            .ends()
            .map(|(host, _)| self.source.timing.distance_ns(host));
        match (from, to) {
            (Some(from), Some(to)) => to < from / 4,
            _ => false,
        }
    }

    /// What the stack that sends the data told, with its time as ns since the capture's first
    /// packet.
    pub(super) fn records(&self) -> impl Iterator<Item = (u64, &'a Record)> {
        let (clock, origin) = (self.source.clock, self.source.origin_ns());
        let end = self.source.states.end_of(self.stream, self.from_client);
        let machine = end.map_or(MachineId::OWN, |(machine, _)| machine);
        self.source
            .capture
            .records_of(machine)
            .iter()
            .map(move |record| {
                let at: Instant = clock.to_frames(record.at);
                (at.as_nanos().saturating_sub(origin), record)
            })
    }

    /// Who sends the data, and who takes it.
    fn ends(&self) -> [(HostId, u16); 2] {
        if self.from_client {
            [self.info.client, self.info.server]
        } else {
            [self.info.server, self.info.client]
        }
    }

    /// `www.lab.test → page`.
    pub(super) fn way(&self) -> String {
        let [from, to] = self.ends().map(|end| self.name(end));
        format!("{from} → {to}")
    }

    /// What is spoken.
    pub(super) fn language(&self) -> Language {
        self.source.view.language
    }

    /// `page's clock`.
    pub(super) fn clock(&self) -> String {
        let language = self.language();
        let hosts = self.source.analysis.hosts();
        let [from, _] = self.ends();
        let own = hosts.list().iter().any(|host| host.is_page);
        if self.at_sender {
            say!(
                language,
                "{name}'s clock",
                "{name} の時計",
                name = self.name(from)
            )
        } else if own {
            language.pick("page's clock", "ページの時計").into()
        } else {
            language.pick("capture's clock", "キャプチャの時計").into()
        }
    }

    fn name(&self, (id, port): (HostId, u16)) -> String {
        let Some(host) = self.source.analysis.hosts().at(id) else {
            return self.language().pick("somebody", "不明なホスト").into();
        };
        match (&host.name, host.ip) {
            _ if host.is_page => self.language().pick("page", "ページ").into(),
            (Some(name), _) => crate::words::cut(name, 40),
            (None, Some(IpAddr::V6(ip))) => format!("[{ip}]:{port}"),
            (None, Some(ip)) => format!("{ip}:{port}"),
            (None, None) => host.address(),
        }
    }
}
