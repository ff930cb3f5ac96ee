//! What moves the cursor: play, step, scrub, pace; and how the machines stand where it is.

use super::{said, time};
use crate::page::playing::{Goal, Pace, Play};
use crate::page::state::{Action, State};
use crate::page::view::does;
use crate::page::view::menus::menu;
use crate::words::fill;
use synema_core::trace::{TcpState, TimerKind};
use synema_play::{MachineNow, Running};
use synema_sim::experiment::Text;
use wasm_bindgen::JsCast;
use web_sys::HtmlInputElement;
use yew::prelude::*;

/// So many of a machine's timers are told, the next first.
const MOST_TIMERS: usize = 2;
/// The slider's steps.
const STEPS: f64 = 1_000.0;

/// The bar.
pub fn transport(state: &State, act: &Callback<Action>) -> Html {
    let words = state.words;
    let playing = &state.playing;
    let Some(run) = &playing.run else {
        return html! { <section class="transport" aria-label={words.transport}></section> };
    };
    let (here, end) = (playing.time_ns(), run.track.time(run.track.end()));
    let name = match (playing.is_moving(), playing.is_at_end()) {
        (true, _) => "playing",
        (false, true) => "ended",
        (false, false) => "paused",
    };
    html! {
        <section class="transport" aria-label={words.transport} data-test="transport" data-state={name}
            data-ns={here.to_string()} data-end={end.to_string()}>
            { keys(state, act) }
            { slider(state, end, act) }
            { aims(state, act) }
            <ul class="standing" data-test="standing">
                { for playing.standing().iter().zip(run.machines.iter()).enumerate()
                    // Routers and the like have no connections of their own.
                    .filter(|(place, (machine, _))| *place < 2 || !machine.conns.is_empty())
                    .map(|(_, (machine, name))| stands(state, machine, name, here)) }
            </ul>
        </section>
    }
}

fn keys(state: &State, act: &Callback<Action>) -> Html {
    let words = state.words;
    let playing = &state.playing;
    let is_moving = playing.is_moving();
    let one =
        |test: &'static str, title: &'static str, picture: &'static str, play: Play, off: bool| {
            html! {
                <button class="key" data-test={test} aria-label={title} {title} disabled={off}
                    onclick={does(act, move || Action::Play(play.clone()))}>
                    <svg viewBox="0 0 20 20" aria-hidden="true"><path d={picture} /></svg>
                </button>
            }
        };
    let (name, picture) = if is_moving {
        (words.transport_pause, "M5 4h3.5v12H5zM11.5 4H15v12h-3.5z")
    } else {
        (words.transport_play, "M6 3.5L16 10L6 16.5z")
    };
    let (at_start, at_end) = (playing.is_at_start(), playing.is_at_end());
    html! {
        <div class="keys-row">
            { one("to-start", words.transport_start, "M4 4h2v12H4zM16 4v12L7 10z", Play::Start, at_start) }
            { one("step-back", words.transport_back, "M14 4v12L5 10z", Play::Step(-1), at_start) }
            { one("play", name, picture, Play::Toggle, false) }
            { one("step", words.transport_step, "M5 4l7 6l-7 6zM13 4h2v12h-2z", Play::Step(1), at_end) }
            { one("to-end", words.transport_end, "M4 4l9 6l-9 6zM14 4h2v12h-2z", Play::End, at_end) }
            { clock(state, act) }
        </div>
    }
}

/// The time in the run, and where another is typed. It stands still while that is done.
fn clock(state: &State, act: &Callback<Action>) -> Html {
    let playing = &state.playing;
    let now = time(playing.time_ns());
    let pause = playing.is_moving().then(|| act.clone());
    let onfocus = Callback::from(move |_: FocusEvent| {
        if let Some(act) = &pause {
            act.emit(Action::Play(Play::Toggle));
        }
    });
    let (go, before) = (act.clone(), now.clone());
    let onchange = Callback::from(move |event: Event| {
        let input = event
            .target()
            .and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
        let Some(input) = input else { return };
        match nanoseconds(&input.value()) {
            Some(ns) => go.emit(Action::Play(Play::At(ns))),
            None => input.set_value(&before),
        }
    });
    html! {
        <input type="text" class="clock mono" data-test="clock" autocomplete="off" spellcheck="false"
            aria-label={state.words.transport_time} title={state.words.transport_clock} value={now} {onfocus} {onchange} />
    }
}

/// `34.2 ms`, `1.2 s`; a bare number is milliseconds.
fn nanoseconds(text: &str) -> Option<u64> {
    let text = text.trim();
    let (number, unit_ns) = match text.strip_suffix("ms") {
        Some(number) => (number, 1e6),
        None => match text.strip_suffix('s') {
            Some(number) => (number, 1e9),
            None => (text, 1e6),
        },
    };
    let number: f64 = number.trim().parse().ok()?;
    let ns = (number * unit_ns).round();
    (0.0..1e18).contains(&ns).then_some(ns as u64)
}

fn slider(state: &State, end: u64, act: &Callback<Action>) -> Html {
    let playing = &state.playing;
    let part = playing
        .run
        .as_ref()
        .map_or(0.0, |run| run.track.part(playing.place));
    let act = act.clone();
    let oninput = Callback::from(move |event: InputEvent| {
        let input = event
            .target()
            .and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
        if let Some(step) = input.and_then(|input| input.value().parse::<f64>().ok()) {
            act.emit(Action::Play(Play::Scrub(step / STEPS)));
        }
    });
    let text = format!("{} / {}", time(playing.time_ns()), time(end));
    html! {
        <input type="range" class="scrub" data-test="scrub" min="0" max={STEPS.to_string()}
            value={(part * STEPS).round().to_string()} aria-label={state.words.transport_time}
            aria-valuetext={text} {oninput} />
    }
}

/// The pace, and what to run to.
fn aims(state: &State, act: &Callback<Action>) -> Html {
    let words = state.words;
    let playing = &state.playing;
    let Some(run) = &playing.run else {
        return html! {};
    };
    let pace = playing.pace();
    let paces = Pace::ALL.map(|pace| (pace, pace.name, pace.name));
    let aim = |goal: Goal, test: &'static str, text: &'static str| {
        let is_none = run.track.next_of(playing.place, goal).is_none();
        html! {
            <button class="link" data-test={test} disabled={is_none}
                onclick={does(act, move || Action::Play(Play::Until(goal)))}>{ text }</button>
        }
    };
    let silence = run.track.silence(playing.place, pace);
    html! {
        <div class="aims">
            { menu("pace", words.transport_pace, &paces, pace, act, |pace| Action::Play(Play::Pace(pace))) }
            if let (true, Some(silence)) = (playing.is_moving(), silence) {
                <span class="quiet" data-test="silence">
                    { fill(words.transport_silence, &[("time", &time(silence.as_nanos() as u64))]) }
                </span>
            } else {
                <span class="to">
                    <span class="quiet">{ words.transport_to }</span>
                    { aim(Goal::Loss, "to-loss", words.transport_loss) }
                    { aim(Goal::State, "to-state", words.transport_state) }
                    { aim(Goal::Timer, "to-timer", words.transport_timer) }
                </span>
            }
        </div>
    }
}

/// A machine: its state, and how long its timers still run.
fn stands(state: &State, machine: &MachineNow, name: &Text, now_ns: u64) -> Html {
    let words = state.words;
    let timer = |running: &Running| {
        let left = time(running.fires.as_nanos().saturating_sub(now_ns));
        let name = timer_name(state, running.timer);
        let text = fill(words.timer_left, &[("timer", &name), ("time", &left)]);
        html! { <span class="timer-left" data-test="timer">{ text }</span> }
    };
    let tcp = machine.state();
    let others = machine.conns.len().saturating_sub(1);
    let timers = machine.conns.iter().flat_map(|conn| &conn.timers);
    let mut timers: Vec<_> = timers
        .filter(|timer| timer.fires.as_nanos() > now_ns)
        .collect();
    timers.sort_by_key(|timer| timer.fires);
    timers.truncate(MOST_TIMERS);
    html! {
        <li data-test="stands" data-state={tcp.map(TcpState::name)}>
            <b>{ said(state, name) }</b>{ " " }
            <span class="mono">{ tcp.map_or("–", TcpState::name) }</span>
            if others > 0 {
                <span class="quiet">{ fill(words.standing_others, &[("n", &others)]) }</span>
            }
            { for timers.into_iter().map(timer) }
        </li>
    }
}

fn timer_name(state: &State, kind: TimerKind) -> &'static str {
    let words = state.words;
    match kind {
        TimerKind::Retransmission => words.timer_retransmission,
        TimerKind::Persist => words.timer_persist,
        TimerKind::DelayedAck => words.timer_delayed_ack,
        TimerKind::KeepAlive => words.timer_keep_alive,
        TimerKind::TimeWait => words.timer_time_wait,
        TimerKind::TailLossProbe => words.timer_probe,
        TimerKind::Reordering => words.timer_reordering,
        TimerKind::FinWait2 | TimerKind::User | TimerKind::Pacing | TimerKind::Thinking => {
            words.timer_other
        }
    }
}

#[cfg(test)]
mod tests {
    use super::nanoseconds;

    #[test]
    fn times_are_read_as_they_are_shown() {
        assert_eq!(nanoseconds("34.2 ms"), Some(34_200_000));
        assert_eq!(nanoseconds(" 1.204s "), Some(1_204_000_000));
        assert_eq!(nanoseconds("250"), Some(250_000_000));
        for bad in ["", "soon", "-1", "ms", "NaN", "inf s"] {
            assert_eq!(nanoseconds(bad), None, "{bad}");
        }
    }
}
