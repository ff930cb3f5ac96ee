//! Two runs side by side, each with what it is named by: the knobs in which they differ.

use super::knobs::set_to;
use super::{said, time};
use crate::page::playing::Play;
use crate::page::playing::beside::Beside;
use crate::page::state::{Action, Source, State};
use crate::page::view::does;
use crate::page::view::ladder::{Ladder, shared};
use crate::protocol::{Told, ToldKnob, Trial};
use crate::words::fill;
use synema_sim::experiment::Setting;
use yew::prelude::*;

/// The ladder, with the one beside it if two runs are compared.
pub fn compared(state: &State, act: &Callback<Action>, ladder: Html) -> Html {
    let beside = state.playing.beside.as_ref();
    let compared = beside.zip(state.playing.told());
    let compared = compared.filter(|_| state.source == Source::Experiment);
    let Some((beside, told)) = compared else {
        return ladder;
    };
    let words = state.words;
    let is_same = beside.trial == state.playing.trial;
    html! {
        <div class="both" data-test="both" data-same={is_same.to_string()}>
            <section class="one" aria-label={words.compare_before} data-test="beside">
                <header><b>{ words.compare_before }</b>{ " " }
                    <span class="quiet">{ named(state, told, &beside.trial, &state.playing.trial) }</span></header>
                { other(state, beside, act) }
            </section>
            <section class="one" aria-label={words.compare_now}>
                <header><b>{ words.compare_now }</b>{ " " }
                    if is_same {
                        <span class="quiet">{ words.compare_same }</span>
                    } else {
                        <span class="quiet">{ named(state, told, &state.playing.trial, &beside.trial) }</span>{ " " }
                        <button class="link" data-test="pin" title={words.compare_pin_hint}
                            onclick={does(act, || Action::Play(Play::Pin))}>{ words.compare_pin }</button>
                    }
                </header>
                { ladder }
            </section>
        </div>
    }
}

/// The ladder of the run beside.
fn other(state: &State, beside: &Beside, act: &Callback<Action>) -> Html {
    let reader = &beside.reader;
    let run = beside.run.as_ref();
    let cursor = state.playing.curtain_beside().map(|y| {
        let now = state.playing.time_ns();
        let end = run.map_or(0, |run| run.track.time(run.track.end()));
        (y, AttrValue::from(time(now.min(end))))
    });
    let act = act.reform(|action: Action| Action::Beside(Box::new(action)));
    html! {
        <Ladder id="ladder-beside" scene={shared(&reader.scene)} scroll={reader.scroll} selected={None::<u64>}
            {cursor} words={state.words} empty={html! {}} overview={html! {}} {act} />
    }
}

/// The settings of a run that are others than those of the other run.
fn named(state: &State, told: &Told, trial: &Trial, other: &Trial) -> String {
    let set = |trial: &Trial, knob: &ToldKnob| -> Setting {
        let set = trial.settings.get(&knob.id);
        set.cloned().unwrap_or_else(|| knob.start())
    };
    let differing = told.knobs.iter().filter_map(|knob| {
        let setting = set(trial, knob);
        let label = said(state, &knob.label);
        (setting != set(other, knob)).then(|| format!("{label}: {}", set_to(state, knob, &setting)))
    });
    let turned = trial.turns.iter().filter_map(|turn| {
        let knob = told.knob(&turn.knob)?;
        let (at, label) = (time(turn.at.as_nanos()), said(state, &knob.label));
        let to = set_to(state, knob, &turn.setting);
        let text = state.words.knobs_turned;
        Some(fill(text, &[("time", &at), ("knob", &label), ("to", &to)]))
    });
    let mut all: Vec<String> = differing.chain(turned).collect();
    if trial.seed != other.seed {
        all.push(format!("{} {}", state.words.seed, trial.seed));
    }
    all.join(", ")
}
