//! What surrounds the arrows: states, timers, silences, times.

mod brackets;
mod ticks;
mod timers;

use super::folds::Folds;
use super::hidden;
use super::lanes::Lanes;
use super::place::Request;
use super::scene::{Anchor, Certainty, Gap, Hidden, Label, LabelRole, Scene, StateBar};
use super::slots::{offset, slot};
use super::source::Source;
use super::spans::Spans;
use super::warp::{Cut, Warp};
use crate::analysis::StreamInfo;
use crate::states::{Change, When};
use crate::view::Filter;
use crate::words::{self, say};
use brackets::Which;
use std::collections::{BTreeMap, BTreeSet};
use synema_core::trace::TcpState;
use timers::timer_texts;

/// Width of a state's bar.
const BAR: f64 = 7.0;
/// Conversations of which states are drawn in one window, and how many are looked at for that.
const MAX_STREAMS: usize = 128;
const MAX_STREAMS_SEEN: usize = 16_384;
/// From a lane to the names of its states.
const STATE_BESIDE: f64 = 24.0;
/// How long an ended state is still drawn.
const AFTERWARDS: f64 = 56.0;

/// What a text belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Arrow(u32),
    /// The packet that revealed it.
    Ghost(u32),
    /// Conversation, client's end, which of its states.
    State(u32, bool, u32),
    /// The item after the silence, and whether it arrives.
    Gap(u32, bool),
    /// Of an item, at the far end or not.
    Tick(u32, bool),
    /// Conversation and client's end, which timer, whether its end.
    Timer((u32, bool), u32, bool),
    Bracket(Which),
    /// The first of the hidden packets.
    Hidden(u32),
}

/// What is needed to draw them.
#[derive(Clone, Copy)]
pub(super) struct Surroundings<'a> {
    pub(super) source: Source<'a>,
    pub(super) warp: &'a Warp,
    pub(super) lanes: &'a Lanes,
    pub(super) spans: &'a Spans,
    pub(super) folds: &'a Folds,
    pub(super) hidden: &'a [hidden::Run],
    /// The conversations that are drawn, where not all are.
    pub(super) shown: Option<&'a BTreeSet<u32>>,
}

impl Surroundings<'_> {
    /// Texts that are placed before the arrows' labels.
    pub(super) fn first_requests(&self, y0: f64, y1: f64) -> Vec<Request<Key>> {
        let language = self.source.view.language;
        let mut requests = self.bracket_requests(y0, y1);
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
            for (end, y, text) in timer_texts(language, &timer) {
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
        let far = match self.lanes.far_clock {
            Some(_) => self.tick_labels(y0, y1, true),
            None => Vec::new(),
        };
        let near = self.tick_labels(y0, y1, false);
        let hidden = self.hidden_marks(y0, y1).into_iter();
        let hidden = hidden.filter(|(_, mark)| (y0..y1).contains(&mark.y));
        let columns = (self.lanes.left, self.lanes.right);
        let view = self.source.view;
        let hidden = hidden.map(|(key, mark)| Request {
            key,
            candidates: hidden::texts(&mark, view, columns),
        });
        let ticks = near.into_iter().chain(far);
        let ticks = ticks.map(|(key, label)| Request {
            key,
            candidates: vec![label],
        });
        hidden.chain(ticks).collect()
    }

    /// Puts all of it into a scene.
    pub(super) fn add(&self, scene: &mut Scene, texts: &BTreeMap<Key, Label>) {
        let (y0, y1) = scene.window;
        for cut in self.warp.cuts_between(y0, y1) {
            scene.gaps.push(Gap {
                y0: cut.y0 + 15.0,
                y1: cut.y1 - 15.0,
                label: texts.get(&Key::Gap(cut.after, cut.arrives)).cloned(),
                title: self.silence(&cut).swap_remove(0),
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
        for (key, mut mark) in self.hidden_marks(y0, y1) {
            mark.label = texts.get(&key).cloned();
            scene.hidden.push(mark);
        }
        for (which, mut bracket) in self.brackets(y0, y1) {
            bracket.label = match which {
                Which::Selected => self.bracket_texts(&bracket).into_iter().next(),
                _ => texts.get(&Key::Bracket(which)).cloned(),
            };
            scene.brackets.push(bracket);
        }
        for (key, label) in texts {
            if matches!(key, Key::Tick(..)) && (y0 - 10.0..=y1 + 10.0).contains(&label.y) {
                scene.ticks.push(label.clone());
            }
        }
    }

    /// Where packets are hidden within a window.
    fn hidden_marks(&self, y0: f64, y1: f64) -> Vec<(Key, Hidden)> {
        let height_of = |run: &hidden::Run| match self.seen_at(run.item) {
            Some((y, _, _)) => y,
            None => self.warp.height() - 20.0,
        };
        let top_of = |run: &hidden::Run| match self.warp.items().get(run.item as usize) {
            Some(_) => self.warp.of_item(run.item as usize).0,
            None => height_of(run),
        };
        let language = self.source.view.language;
        let first = self.hidden.partition_point(|run| height_of(run) < y0);
        self.hidden[first..]
            .iter()
            .map(|run| {
                (
                    Key::Hidden(run.first),
                    hidden::mark(language, *run, top_of(run)),
                )
            })
            .take_while(|(_, mark)| mark.y <= y1 + 20.0)
            .collect()
    }

    fn label(&self, text: &str, role: LabelRole, anchor: Anchor, x: f64, y: f64) -> Label {
        Label {
            text: text.to_owned(),
            x,
            y,
            cos: 1.0,
            sin: 0.0,
            anchor,
            width: self.source.view.metrics.width(text) * role.scale(),
            role,
            certainty: Certainty::Firm,
        }
    }

    fn gap_request(&self, cut: &Cut) -> Request<Key> {
        let middle = (cut.y0 + cut.y1) / 2.0 + 4.0;
        let (left, right) = (self.lanes.left, self.lanes.right);
        let wordings = self.silence(cut);
        let mut candidates = Vec::new();
        for text in wordings {
            for part in [0.5, 0.4, 0.6, 0.3, 0.7] {
                let x = left + (right - left) * part;
                candidates.push(self.label(&text, LabelRole::Gap, Anchor::Middle, x, middle));
            }
        }
        Request {
            key: Key::Gap(cut.after, cut.arrives),
            candidates,
        }
    }

    /// What is said of a time that was cut out, the longest wording first.
    fn silence(&self, cut: &Cut) -> Vec<String> {
        let language = self.source.view.language;
        let time = words::duration(cut.ns);
        match self.awaited(cut) {
            Some(awaited) => words::silence_labels(language, cut.ns, awaited),
            None if self.is_folded(cut) => {
                vec![say!(language, "{time} folded", "{time} 分をまとめた"), time]
            }
            None => vec![
                say!(language, "{time} on the way", "{time} かけて移動中"),
                time,
            ],
        }
    }

    /// What was being waited for; none where a packet was under way all the time.
    fn awaited(&self, cut: &Cut) -> Option<&'static str> {
        if cut.is_crossed {
            return None;
        }
        let packet = |item: u32| self.warp.items()[item as usize].packet as usize;
        let awaited = words::awaited(self.source.story(), packet(cut.before), packet(cut.after));
        Some(awaited)
    }

    /// Whether packets went to and fro all the time, drawn as one.
    fn is_folded(&self, cut: &Cut) -> bool {
        let before = self.warp.items().get(cut.before as usize);
        cut.is_crossed && before.is_some_and(|item| self.folds.headed_by(item.packet).is_some())
    }

    /// The state bars that touch a window.
    fn bars(&self, y0: f64, y1: f64) -> Vec<(Key, StateBar)> {
        let mut bars = Vec::new();
        for stream in self.streams_between(y0, y1) {
            if self.shown.is_some_and(|shown| !shown.contains(&stream)) {
                continue;
            }
            let info = &self.source.analysis.streams()[stream as usize];
            for client in [true, false] {
                self.bars_of_end(stream, info, client, (y0, y1), &mut bars);
            }
        }
        bars
    }

    /// The conversations that may have a state between two heights. They begin one after the
    /// other; of a flood of them that never end, the latest.
    fn streams_between(&self, y0: f64, y1: f64) -> Vec<u32> {
        let streams = self.source.analysis.streams();
        if let Filter::Stream(only) = self.source.view.filter {
            return Vec::from_iter(Some(only).filter(|&only| (only as usize) < streams.len()));
        }
        let begun = streams.partition_point(|info| self.departure_y(info.first) - 80.0 <= y1);
        let first = self.warp.first_below(y0 - 4.0 * AFTERWARDS);
        let lasts = |stream: u32| {
            streams[stream as usize].last >= first || !self.source.states.is_over(stream)
        };
        let begun = u32::try_from(begun).unwrap_or(u32::MAX);
        let mut found: Vec<_> = (0..begun)
            .rev()
            .take(MAX_STREAMS_SEEN)
            .filter(|&stream| lasts(stream))
            .take(MAX_STREAMS)
            .collect();
        found.reverse();
        found
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
        // Whose they are could not be told where hosts share a lane, or many run at once.
        let slot = slot(self.source, stream, host).filter(|_| !self.lanes.is_shared(lane));
        let Some(slot) = slot else {
            return;
        };
        let (changes, certainty) = self.source.states.changes(stream, client);
        let x = self.lanes.x(lane) + offset(self.lanes, lane, slot);
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
        // Rows stand in the order in which packets were seen, which is not the far end's.
        let mut last = 0.0_f64;
        let heights: Vec<_> = changes
            .iter()
            .map(|change| {
                let y = self.when_y(change).max(last);
                // What is not here yet holds nothing back.
                if y < self.warp.height() {
                    last = y;
                }
                y
            })
            .collect();
        // Who is called was listening before.
        if let (Some(first), Some(&y)) = (changes.first(), heights.first())
            && first.state == TcpState::SynReceived
            && slot == 0
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
        // All is said: what is left of the wait is of no interest, unless more was said.
        let said = self.last_y(stream);
        for (index, change) in changes.iter().enumerate() {
            let from = heights[index];
            let over = matches!(change.state, TcpState::TimeWait);
            let to = match heights.get(index + 1) {
                Some(&next) if over => next.min(said.max(from + 2.0 * AFTERWARDS)),
                Some(&next) => next,
                None if over => said.max(from + AFTERWARDS).min(bottom),
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

    /// How far down a conversation's last packet is.
    fn last_y(&self, stream: u32) -> f64 {
        let info = self.source.analysis.streams().get(stream as usize);
        info.map_or(0.0, |info| {
            self.departure_y(info.last).max(self.arrival_y(info.last))
        })
    }

    fn when_y(&self, change: &Change) -> f64 {
        let found = |id| {
            let index = self.source.capture.index_of(id)?;
            u32::try_from(index).ok()
        };
        match change.when {
            When::Departure(index) => self.departure_y(index),
            When::Arrival(index) => self.arrival_y(index),
            When::Frame(id) => match found(id) {
                Some(index) if id.is_sent() => self.departure_y(index),
                Some(index) => self.arrival_y(index),
                None => self.warp.height(),
            },
            When::Left(id) => found(id).map_or(self.warp.height(), |it| self.departure_y(it)),
            When::Came(id) => found(id).map_or(self.warp.height(), |it| self.arrival_y(it)),
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
            // Not drawn, but it has its time.
            let times = self.source.timing.times().get(packet as usize);
            return times.map_or(self.warp.height(), |times| {
                self.warp.of_time(if arrival {
                    times.arrival_ns
                } else {
                    times.departure_ns
                })
            });
        }
        let (departs, arrives) = self.warp.of_item(at);
        if arrival { arrives } else { departs }
    }

    fn state_request(&self, key: Key, bar: &StateBar) -> Request<Key> {
        let name = bar.state.name();
        // The second conversation and those after it say whose state it is.
        let streams = self.source.analysis.streams();
        let port = streams.get(bar.stream as usize).filter(|info| {
            let is_client = matches!(key, Key::State(_, true, _));
            let host = if is_client {
                info.client.0
            } else {
                info.server.0
            };
            slot(self.source, bar.stream, host).is_some_and(|slot| slot > 0)
        });
        let long = port.map(|info| format!("{name} :{}", info.client.1));
        let wordings = long.as_deref().into_iter().chain([name]);
        let lane_x = self.lanes.x(bar.lane);
        let outer_left = bar.lane == 0;
        let mut candidates = Vec::new();
        let sides: [(f64, Anchor); 2] = match outer_left {
            true => [(-STATE_BESIDE, Anchor::End), (STATE_BESIDE, Anchor::Start)],
            false => [(STATE_BESIDE, Anchor::Start), (-STATE_BESIDE, Anchor::End)],
        };
        let steps = (0..7).map(|step| bar.y0 + 9.0 + f64::from(step) * 7.0);
        let heights: Vec<f64> = steps.take_while(|&y| y <= bar.y1 + 14.0).collect();
        for name in wordings {
            for (beside, anchor) in sides {
                for &y in &heights {
                    let mut label = self.label(name, LabelRole::State, anchor, lane_x + beside, y);
                    label.certainty = bar.certainty;
                    candidates.push(label);
                }
            }
        }
        Request { key, candidates }
    }
}
