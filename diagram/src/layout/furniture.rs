//! What surrounds the arrows: states, timers, silences, times.

use super::ladder::{Source, is_timed, near_departs};
use super::lanes::{Lanes, chars};
use super::place::Request;
use super::scene::{Anchor, Certainty, Gap, Label, LabelRole, Scene, StateBar, Timer, TimerEnd};
use super::warp::{Cut, Warp};
use crate::analysis::StreamInfo;
use crate::layout::scene::Kind;
use crate::states::{Change, TimerSpan, When};
use crate::view::Filter;
use crate::words::{self, Story};
use std::collections::BTreeMap;
use synema_core::trace::{TcpState, TimerKind};

/// Width of a state's bar, and from one conversation's to the next.
const BAR: f64 = 7.0;
const BAR_STEP: f64 = 9.0;
/// More conversations beside each other than this share the last place.
const MAX_BARS: usize = 3;
/// From a lane to the timers beside it, and to the names of its states.
const TIMER_BESIDE: f64 = 15.0;
const STATE_BESIDE: f64 = 24.0;
/// How long an ended state is still drawn.
const AFTERWARDS: f64 = 56.0;
/// Times at the left edge are at least this far apart.
const TICK_CELL: f64 = 44.0;
/// A timer that ran for longer than this is drawn from where it was armed only if
/// that is in the window.
const LONGEST_TIMER_NS: u64 = 300_000_000_000;

/// What a text belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Arrow(u32),
    /// The packet that revealed it.
    Ghost(u32),
    /// Conversation, client's end, which of its states.
    State(u32, bool, u32),
    /// The item after the silence.
    Gap(u32),
    Tick(u32),
    /// Conversation, which timer, whether its end.
    Timer(u32, u32, bool),
}

/// What is needed to draw them.
#[derive(Clone, Copy)]
pub(super) struct Surroundings<'a> {
    pub(super) source: Source<'a>,
    pub(super) warp: &'a Warp,
    pub(super) lanes: &'a Lanes,
}

impl Surroundings<'_> {
    /// Texts that are placed before the arrows' labels.
    pub(super) fn first_requests(&self, y0: f64, y1: f64) -> Vec<Request<Key>> {
        let mut requests = Vec::new();
        for cut in self.warp.cuts_between(y0, y1) {
            if (y0..y1).contains(&cut.y0) {
                requests.push(self.gap_request(&cut));
            }
        }
        for (key, bar) in self.bars(y0, y1) {
            if (y0..y1).contains(&bar.y0) {
                requests.push(self.state_request(key, &bar));
            }
        }
        for (key, timer) in self.timers(y0, y1) {
            let Key::Timer(stream, index, _) = key else {
                continue;
            };
            for (end, y, text) in timer_texts(&timer) {
                if (y0..y1).contains(&y) {
                    let key = Key::Timer(stream, index, end);
                    requests.push(self.timer_request(key, &timer, y, &text));
                }
            }
        }
        requests
    }

    /// Texts that take what room is left.
    pub(super) fn last_requests(&self, y0: f64, y1: f64) -> Vec<Request<Key>> {
        self.tick_labels(y0, y1)
            .into_iter()
            .map(|(key, label)| Request {
                key,
                candidates: vec![label],
            })
            .collect()
    }

    /// Puts all of it into a scene.
    pub(super) fn add(&self, scene: &mut Scene, texts: &BTreeMap<Key, Label>) {
        let (y0, y1) = scene.window;
        for cut in self.warp.cuts_between(y0, y1) {
            let awaited = self.awaited(&cut);
            scene.gaps.push(Gap {
                y0: cut.y0 + 15.0,
                y1: cut.y1 - 15.0,
                label: texts.get(&Key::Gap(cut.after)).cloned(),
                title: words::silence_labels(cut.ns, awaited).swap_remove(0),
            });
        }
        for (key, mut bar) in self.bars(y0, y1) {
            bar.label = texts.get(&key).cloned();
            scene.states.push(bar);
        }
        for (key, mut timer) in self.timers(y0, y1) {
            let Key::Timer(stream, index, _) = key else {
                continue;
            };
            timer.armed = texts.get(&Key::Timer(stream, index, false)).cloned();
            timer.ended = texts.get(&Key::Timer(stream, index, true)).cloned();
            scene.timers.push(timer);
        }
        for (key, label) in texts {
            if matches!(key, Key::Tick(_)) && (y0 - 10.0..=y1 + 10.0).contains(&label.y) {
                scene.ticks.push(label.clone());
            }
        }
    }

    fn label(&self, text: &str, role: LabelRole, anchor: Anchor, x: f64, y: f64) -> Label {
        Label {
            text: text.to_owned(),
            x,
            y,
            cos: 1.0,
            sin: 0.0,
            anchor,
            width: chars(text) * self.source.view.metrics.char_width * role.scale(),
            role,
            certainty: Certainty::Firm,
        }
    }

    fn gap_request(&self, cut: &Cut) -> Request<Key> {
        let middle = (cut.y0 + cut.y1) / 2.0 + 4.0;
        let (left, right) = (self.lanes.left, self.lanes.right);
        let wordings = words::silence_labels(cut.ns, self.awaited(cut));
        let mut candidates = Vec::new();
        for text in wordings {
            for part in [0.5, 0.4, 0.6, 0.3, 0.7] {
                let x = left + (right - left) * part;
                candidates.push(self.label(&text, LabelRole::Gap, Anchor::Middle, x, middle));
            }
        }
        Request {
            key: Key::Gap(cut.after),
            candidates,
        }
    }

    /// What was being waited for.
    fn awaited(&self, cut: &Cut) -> &'static str {
        let packet = |item: u32| self.warp.items()[item as usize].packet as usize;
        awaited(self.source.story(), packet(cut.before), packet(cut.after))
    }

    /// The state bars that touch a window.
    fn bars(&self, y0: f64, y1: f64) -> Vec<(Key, StateBar)> {
        let mut bars = Vec::new();
        for (stream, info) in (0u32..).zip(self.source.analysis.streams()) {
            if let Filter::Stream(only) = self.source.view.filter
                && only != stream
            {
                continue;
            }
            let begins = self.departure_y(info.first) - 80.0;
            if begins > y1 {
                // Conversations begin one after the other.
                break;
            }
            for client in [true, false] {
                self.bars_of_end(stream, info, client, (y0, y1), &mut bars);
            }
        }
        bars
    }

    fn bars_of_end(
        &self,
        stream: u32,
        info: &StreamInfo,
        client: bool,
        (y0, y1): (f64, f64),
        bars: &mut Vec<(Key, StateBar)>,
    ) {
        let host = if client { info.client.0 } else { info.server.0 };
        let Some(lane) = self.lanes.of(host) else {
            return;
        };
        let (changes, certainty) = self.source.states.changes(stream, client);
        let offset = self.slot(stream, info) as f64 * BAR_STEP;
        let toward = if lane == self.lanes.last() && lane > 0 {
            1.0
        } else {
            -1.0
        };
        let x = self.lanes.x(lane) + offset * toward;
        let mut push = |state, from: f64, to: f64, index: u32, certainty| {
            if state != TcpState::Closed && to > y0 - 20.0 && from < y1 + 20.0 && to > from {
                let key = Key::State(stream, client, index);
                let bar = StateBar {
                    lane,
                    stream,
                    state,
                    x,
                    width: BAR,
                    y0: from,
                    y1: to,
                    certainty,
                    label: None,
                };
                bars.push((key, bar));
            }
        };
        let heights: Vec<_> = changes.iter().map(|change| self.when_y(change)).collect();
        // Who is called was listening before.
        if let (Some(first), Some(&y)) = (changes.first(), heights.first())
            && first.state == TcpState::SynReceived
        {
            push(
                TcpState::Listen,
                (y - 46.0).max(6.0),
                y,
                u32::MAX,
                Certainty::Inferred,
            );
        }
        let bottom = self.warp.height() - 8.0;
        for (index, change) in changes.iter().enumerate() {
            let from = heights[index];
            let over = matches!(change.state, TcpState::TimeWait);
            let to = match heights.get(index + 1) {
                Some(&next) if over => next.min(from + 2.0 * AFTERWARDS),
                Some(&next) => next,
                None if over => (from + AFTERWARDS).min(bottom),
                None => bottom,
            };
            push(
                change.state,
                from,
                to,
                u32::try_from(index).unwrap_or(u32::MAX),
                certainty,
            );
        }
    }

    /// Conversations that run at the same time have bars beside each other.
    fn slot(&self, stream: u32, info: &StreamInfo) -> usize {
        if matches!(self.source.view.filter, Filter::Stream(_)) {
            return 0;
        }
        let streams = self.source.analysis.streams();
        let earlier = streams[..stream as usize].iter().rev().take(8);
        let overlapping = earlier.filter(|other| {
            other.last >= info.first
                && (other.client.0 == info.client.0 || other.server.0 == info.server.0)
        });
        overlapping.count().min(MAX_BARS - 1)
    }

    fn when_y(&self, change: &Change) -> f64 {
        let found = |id| self.source.capture.index_of(id);
        match change.when {
            When::Departure(index) => self.departure_y(index),
            When::Arrival(index) => self.arrival_y(index),
            When::Frame(id) => {
                match found(id).map(|index| u32::try_from(index).unwrap_or(u32::MAX)) {
                    Some(index) if id.is_sent() => self.departure_y(index),
                    Some(index) => self.arrival_y(index),
                    None => self.warp.height(),
                }
            }
            When::Clock(at) => self
                .warp
                .of_time(self.source.clock.to_frames(at).as_nanos()),
        }
    }

    fn departure_y(&self, packet: u32) -> f64 {
        self.y_of(packet, false)
    }

    fn arrival_y(&self, packet: u32) -> f64 {
        self.y_of(packet, true)
    }

    fn y_of(&self, packet: u32, arrival: bool) -> f64 {
        // Items stand in the order of their packets.
        let items = self.warp.items();
        let at = items.partition_point(|item| item.packet < packet);
        if items.get(at).is_none_or(|item| item.packet != packet) {
            return self.warp.height();
        }
        let (departs, arrives) = self.warp.of_item(at);
        if arrival { arrives } else { departs }
    }

    fn state_request(&self, key: Key, bar: &StateBar) -> Request<Key> {
        let name = bar.state.name();
        let lane_x = self.lanes.x(bar.lane);
        let outer_left = bar.lane == 0;
        let mut candidates = Vec::new();
        let sides: [(f64, Anchor); 2] = match outer_left {
            true => [(-STATE_BESIDE, Anchor::End), (STATE_BESIDE, Anchor::Start)],
            false => [(STATE_BESIDE, Anchor::Start), (-STATE_BESIDE, Anchor::End)],
        };
        for (beside, anchor) in sides {
            for step in 0..7 {
                let y = bar.y0 + 9.0 + f64::from(step) * 7.0;
                if y > bar.y1 + 14.0 {
                    break;
                }
                let mut label = self.label(name, LabelRole::State, anchor, lane_x + beside, y);
                label.certainty = bar.certainty;
                candidates.push(label);
            }
        }
        Request { key, candidates }
    }

    /// The timers that touch a window: what ran out, and what still runs.
    fn timers(&self, y0: f64, y1: f64) -> Vec<(Key, Timer)> {
        let mut timers = Vec::new();
        if !is_timed(self.source.view.axis) {
            return timers;
        }
        for (stream, info) in (0u32..).zip(self.source.analysis.streams()) {
            let Some((client, spans, running)) = self.source.states.timers(stream) else {
                continue;
            };
            let host = if client { info.client.0 } else { info.server.0 };
            let Some(lane) = self.lanes.of(host) else {
                continue;
            };
            let from_ns = self.warp.time_at(y0);
            let to_ns = self.warp.time_at(y1);
            let ns = |span: &TimerSpan| self.source.clock.to_frames(span.ends).as_nanos();
            let first = spans.partition_point(|span| ns(span) < from_ns.saturating_sub(1_000_000));
            let over = spans.get(first..).unwrap_or(&[]).iter().enumerate();
            let past = over
                .take_while(|(_, span)| ns(span) <= to_ns.saturating_add(LONGEST_TIMER_NS))
                .map(|(index, span)| (first + index, *span));
            let now = running.into_iter().enumerate().map(|(index, span)| {
                // Numbers of their own, above all that have ended.
                (u32::MAX as usize - index, span)
            });
            for (index, span) in past.chain(now) {
                let Some(timer) = self.timer(lane, &span) else {
                    continue;
                };
                if timer.y1 >= y0 - 20.0 && timer.y0 <= y1 + 20.0 {
                    let index = u32::try_from(index).unwrap_or(u32::MAX);
                    timers.push((Key::Timer(stream, index, false), timer));
                }
            }
        }
        timers
    }

    fn timer(&self, lane: u16, span: &TimerSpan) -> Option<Timer> {
        // Only those that say something: what ran out, and what may send again.
        let told = match span.kind {
            TimerKind::Retransmission | TimerKind::Persist | TimerKind::TailLossProbe => true,
            TimerKind::DelayedAck | TimerKind::KeepAlive | TimerKind::Reordering => span.fired,
            _ => false,
        };
        if !told {
            return None;
        }
        let at = |instant| self.source.clock.to_frames(instant).as_nanos();
        let (armed, ends) = (at(span.armed), at(span.ends));
        let y0 = self.warp.of_time(armed);
        let bottom = self.warp.height() - 14.0;
        let y1 = if span.fired {
            self.warp.of_time(ends)
        } else {
            bottom
        };
        let outward = if lane == 0 { -1.0 } else { 1.0 };
        let name = timer_name(span.kind);
        let lasted = words::duration(ends.saturating_sub(armed));
        let title = match span.fired {
            true => format!("{name}: armed, ran out {lasted} later"),
            false => format!("{name}: armed for {lasted}, still running"),
        };
        Some(Timer {
            lane,
            kind: span.kind,
            x: self.lanes.x(lane) + outward * TIMER_BESIDE,
            y0: y0.min(y1),
            y1: y1.max(y0),
            end: if span.fired {
                TimerEnd::Fired
            } else {
                TimerEnd::Running
            },
            armed: None,
            ended: None,
            title,
        })
    }

    fn timer_request(&self, key: Key, timer: &Timer, y: f64, text: &str) -> Request<Key> {
        let outward = if timer.lane == 0 { -1.0 } else { 1.0 };
        let mut candidates = Vec::new();
        for side in [outward, -outward] {
            let anchor = if side < 0.0 {
                Anchor::End
            } else {
                Anchor::Start
            };
            let beside = if side == outward {
                8.0
            } else {
                2.0 * TIMER_BESIDE
            };
            for step in [0.0, 10.0, -10.0, 18.0, -18.0] {
                let x = timer.x + side * beside;
                candidates.push(self.label(text, LabelRole::Timer, anchor, x, y + 4.0 + step));
            }
        }
        Request { key, candidates }
    }

    /// A time now and then, at the height of something that happened at the
    /// vantage point.
    fn tick_labels(&self, y0: f64, y1: f64) -> Vec<(Key, Label)> {
        let mut labels: Vec<(Key, Label)> = Vec::new();
        let decimals = usize::from(self.warp.scale() >= 6.0) + 1;
        let origin = self.source.origin_ns();
        let mut last_cell = f64::NEG_INFINITY;
        let mut items: Vec<_> = self
            .warp
            .items_between(y0, y1)
            .into_iter()
            .filter_map(|item| self.seen_at(item))
            .filter(|&(y, _, _)| (y0..y1).contains(&y))
            .collect();
        items.sort_by(|a, b| a.0.total_cmp(&b.0));
        for (y, ns, item) in items {
            let cell = (y / TICK_CELL).floor();
            if cell <= last_cell {
                continue;
            }
            last_cell = cell;
            let text = milliseconds(ns.saturating_sub(origin), decimals);
            let mut label = self.label(&text, LabelRole::Tick, Anchor::Start, 8.0, y + 4.0);
            // Times stand in a column, right-aligned to their point.
            label.anchor = Anchor::End;
            label.x = 8.0 + 8.0 * self.source.view.metrics.char_width;
            labels.push((Key::Tick(item), label));
        }
        labels
    }

    /// The height at which the vantage point saw an item's packet, and the time.
    fn seen_at(&self, item: u32) -> Option<(f64, u64, u32)> {
        let kept = self.warp.items().get(item as usize)?;
        let frame = self.source.capture.frames().get(kept.packet as usize)?;
        let times = self.source.timing.times().get(kept.packet as usize)?;
        let (departs, arrives) = self.warp.of_item(item as usize);
        let ns = frame.at.as_nanos();
        let departure = near_departs(ns, times);
        Some((if departure { departs } else { arrives }, ns, item))
    }
}

fn timer_texts(timer: &Timer) -> Vec<(bool, f64, String)> {
    let name = timer_name(timer.kind);
    let armed = (false, timer.y0, format!("{name} armed"));
    match timer.end {
        TimerEnd::Fired if timer.y1 - timer.y0 < 16.0 => {
            vec![(true, timer.y1, format!("{name} fired"))]
        }
        TimerEnd::Fired => vec![armed, (true, timer.y1, "fired".into())],
        TimerEnd::Running => vec![armed],
        TimerEnd::Stopped => vec![armed, (true, timer.y1, "stopped".into())],
    }
}

const fn timer_name(kind: TimerKind) -> &'static str {
    match kind {
        TimerKind::Retransmission => "RTO",
        TimerKind::Persist => "persist",
        TimerKind::DelayedAck => "delayed ACK",
        TimerKind::KeepAlive => "keep-alive",
        TimerKind::TimeWait => "2 MSL",
        TimerKind::FinWait2 => "FIN-WAIT-2",
        TimerKind::User => "user timeout",
        TimerKind::TailLossProbe => "TLP",
        TimerKind::Reordering => "RACK",
        TimerKind::Pacing => "pacing",
        TimerKind::Thinking => "thinking",
    }
}

/// Milliseconds with one or two decimals.
fn milliseconds(ns: u64, decimals: usize) -> String {
    match decimals {
        0 | 1 => format!("{}.{}", ns / 1_000_000, ns / 100_000 % 10),
        _ => format!("{}.{:02}", ns / 1_000_000, ns / 10_000 % 100),
    }
}

/// Whether the last data before this packet, in its conversation, came from the
/// other end.
fn answers_request(story: Story<'_>, after: usize) -> bool {
    let digests = story.analysis.digests();
    let Some(next) = digests[after].tcp else {
        return false;
    };
    let before = digests[..after]
        .iter()
        .rev()
        .take(64)
        .filter_map(|digest| digest.tcp);
    before
        .filter(|tcp| tcp.stream == next.stream)
        .find(|tcp| tcp.len > 0)
        .is_some_and(|tcp| tcp.from_client != next.from_client)
}

/// What was being waited for between two packets.
pub(crate) fn awaited(story: Story<'_>, before: usize, after: usize) -> &'static str {
    let (Some((_, last)), Some((frame, next))) = (story.packet(before), story.packet(after)) else {
        return "nothing happens";
    };
    let page = |host| {
        story
            .analysis
            .hosts()
            .at(host)
            .is_some_and(|host| host.is_page)
    };
    use synema_core::trace::Cause;
    match (last.kind, next.kind) {
        (_, Kind::Retransmission) => match (page(next.from), frame.cause) {
            (true, _) => "only our retransmission timer runs",
            (false, _) => "only the sender's timer runs",
        },
        (Kind::Arp, Kind::Arp)
            if matches!(frame.cause, Some(Cause::ArpProbe | Cause::ArpAnnounce)) =>
        {
            "does anybody object?"
        }
        (Kind::Arp, Kind::Arp) if frame.cause == Some(Cause::ArpRequest) => {
            "nobody asks for anything"
        }
        (Kind::Arp, _) if last.answers().is_none() && last.answered_by() == Some(after) => {
            "waiting for the neighbour's answer"
        }
        (Kind::Dns, Kind::Dns) if last.answered_by() == Some(after) => {
            "waiting for the name server"
        }
        (Kind::Dns, Kind::Dns) => "no answer; asked again",
        (Kind::Icmp, Kind::Icmp) if last.answered_by() == Some(after) => "waiting for the echo",
        (Kind::Syn, _) if last.answered_by() == Some(after) => "waiting for the other end",
        (_, Kind::Syn) => "nobody has anything to say",
        (_, Kind::Fin) => "nobody has more to say",
        (_, Kind::Rst) => "then somebody gives up",
        _ if frame.cause == Some(Cause::DelayedAckTimer) => "only the delayed-ACK timer runs",
        (Kind::Data, Kind::Ack) if last.answered_by() == Some(after) => {
            "the receiver waits before its ACK"
        }
        (_, Kind::Data) if answers_request(story, after) => "the other end is working on it",
        (_, Kind::Data) if page(next.from) => "the application has nothing to send",
        (_, Kind::Data) => "nothing comes from the other end",
        _ => "nothing happens",
    }
}
