//! Timers beside the lanes.

use super::{Key, Surroundings};
use crate::layout::ladder::is_timed;
use crate::layout::place::Request;
use crate::layout::scene::{Anchor, LabelRole, Timer, TimerEnd};
use crate::states::TimerSpan;
use crate::words::{self, Language, say};
use synema_core::trace::TimerKind;

/// From a lane to the timers beside it.
const TIMER_BESIDE: f64 = 15.0;
/// A timer that ran for longer than this is drawn from where it was armed only if
/// that is in the window.
const LONGEST_TIMER_NS: u64 = 300_000_000_000;

impl Surroundings<'_> {
    /// The timers that touch a window: what ran out, and what still runs.
    pub(super) fn timers(&self, y0: f64, y1: f64) -> Vec<(Key, Timer)> {
        let mut timers = Vec::new();
        if !is_timed(self.source.view.axis) {
            return timers;
        }
        let streams = (0u32..).zip(self.source.analysis.streams());
        for (client, (stream, info)) in streams.flat_map(|it| [(true, it), (false, it)]) {
            let Some((spans, running)) = self.source.states.timers(stream, client) else {
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
                    timers.push((Key::Timer((stream, client), index, false), timer));
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
        let language = self.source.view.language;
        let name = timer_name(language, span.kind);
        let lasted = words::duration(ends.saturating_sub(armed));
        let title = match span.fired {
            true => say!(
                language,
                "{name}: armed, ran out {lasted} later",
                "{name}: 始動し、{lasted} 後に満了"
            ),
            false => say!(
                language,
                "{name}: armed for {lasted}, still running",
                "{name}: {lasted} で始動し、まだ動作中"
            ),
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

    pub(super) fn timer_request(
        &self,
        key: Key,
        timer: &Timer,
        y: f64,
        text: &str,
    ) -> Request<Key> {
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
}

/// The texts of a timer: whether it is its end's, where, and what.
pub(super) fn timer_texts(language: Language, timer: &Timer) -> Vec<(bool, f64, String)> {
    let name = timer_name(language, timer.kind);
    let armed = say!(language, "{name} armed", "{name} 始動");
    let armed = (false, timer.y0, armed);
    match timer.end {
        TimerEnd::Fired if timer.y1 - timer.y0 < 16.0 => {
            vec![(
                true,
                timer.y1,
                say!(language, "{name} fired", "{name} 満了"),
            )]
        }
        TimerEnd::Fired => vec![
            armed,
            (true, timer.y1, language.pick("fired", "満了").into()),
        ],
        TimerEnd::Running => vec![armed],
        TimerEnd::Stopped => vec![
            armed,
            (true, timer.y1, language.pick("stopped", "停止").into()),
        ],
    }
}

const fn timer_name(language: Language, kind: TimerKind) -> &'static str {
    match kind {
        TimerKind::Retransmission => "RTO",
        TimerKind::Persist => language.pick("persist", "持続"),
        TimerKind::DelayedAck => language.pick("delayed ACK", "遅延 ACK"),
        TimerKind::KeepAlive => language.pick("keep-alive", "キープアライブ"),
        TimerKind::TimeWait => "2 MSL",
        TimerKind::FinWait2 => "FIN-WAIT-2",
        TimerKind::User => language.pick("user timeout", "ユーザータイムアウト"),
        TimerKind::TailLossProbe => "TLP",
        TimerKind::Reordering => "RACK",
        TimerKind::Pacing => language.pick("pacing", "ペーシング"),
        TimerKind::Thinking => language.pick("thinking", "思考時間"),
    }
}
