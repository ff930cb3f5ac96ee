//! A window of the ladder as SVG: lines first, then every text above them.

use super::{Faces, Language, Shared, marks};
use crate::page::state::Action;
use crate::page::writing::{On, Pen};
use std::rc::Rc;
use synema_diagram::scene::{
    Arrow, ArrowEnd, Certainty, Gap, Label, Lane, Point, Scene, StateBar, Tail, Timer, TimerEnd,
};
use yew::prelude::*;

/// Half the width of the cut through a lane, CSS pixels.
const CUT: f64 = 8.0;
/// An arrowhead's length and half its width, CSS pixels.
const TIP: (f64, f64) = (8.0, 3.2);
/// Half the size of a cross, CSS pixels.
const CROSS: f64 = 5.0;

/// What drawing and heads are given.
#[derive(Clone, PartialEq, Properties)]
pub struct SceneProps {
    /// The window.
    pub scene: Shared<Scene>,
    /// The selected packet's number.
    pub selected: Option<u64>,
    /// The language.
    pub words: Language,
    /// The ladder whose cursor it is cut at; none if all of it is seen.
    #[prop_or_default]
    pub cut: Option<&'static str>,
    /// How wide the browser's faces are.
    pub faces: Shared<Faces>,
    /// What is done.
    pub act: Callback<Action>,
}

/// The drawing; the same as long as scene and selection are.
#[component]
pub fn SceneView(props: &SceneProps) -> Html {
    let scene = &*props.scene.0;
    let (y0, y1) = scene.window;
    let height = (y1.min(scene.height) - y0).max(0.0);
    let past = props.cut.map(|ladder| format!("{ladder}-past"));
    html! {
        <svg data-test="ladder" role="group" aria-label={props.words.ladder}
            width={px(scene.width)} height={px(height)}
            viewBox={format!("0 {} {} {}", px(y0), px(scene.width), px(height))}>
            if let Some(past) = &past {
                // How much of it is seen, the ladder says.
                <defs><clipPath id={past.clone()}><rect x="0" y={px(y0)} width={px(scene.width)} /></clipPath></defs>
            }
            { marks::bands(scene) }
            { for scene.lanes.iter().map(|lane| html! {
                <line class="lane-line" x1={px(lane.x)} x2={px(lane.x)} y1={px(y0)} y2={px(y0 + height)} />
            }) }
            <g clip-path={past.map(|past| format!("url(#{past})"))}>
                { for scene.states.iter().map(state_bar) }
                { for scene.gaps.iter().map(|gap| cut(gap, scene)) }
                { for scene.timers.iter().rev().map(timer) }
                { for scene.brackets.iter().map(marks::bracket) }
                { for scene.hidden.iter().map(|mark| marks::hidden(mark, scene)) }
                { for scene.cards.iter().map(marks::leader) }
                { for scene.arrows.iter().map(|arrow| line(arrow, props)) }
                { for scene.ticks.iter().map(|label| text(label, &props.faces.0, "")) }
                { for scene.states.iter().map(|bar| state_name(bar, props)) }
                { for scene.gaps.iter().filter_map(|gap| gap.label.as_ref())
                    .map(|label| text(label, &props.faces.0, "")) }
                { for scene.timers.iter().flat_map(|timer| [&timer.armed, &timer.ended]).flatten()
                    .map(|label| text(label, &props.faces.0, "")) }
                { for scene.brackets.iter().filter_map(|bracket| {
                    let label = bracket.label.as_ref()?;
                    Some(text(label, &props.faces.0, bracket.kind.class()))
                }) }
                { for scene.hidden.iter().filter_map(|mark| mark.label.as_ref())
                    .map(|label| text(label, &props.faces.0, "")) }
                { for scene.arrows.iter().filter_map(|arrow| arrow_label(arrow, props)) }
                { for scene.cards.iter().map(|card| marks::card(card, props)) }
            </g>
        </svg>
    }
}

/// The lane heads, which stay in sight while the ladder scrolls.
#[component]
pub fn Heads(props: &SceneProps) -> Html {
    let scene = &*props.scene.0;
    let faces = &props.faces.0;
    html! {
        <svg class="heads" role="group" aria-label={props.words.heads}
            width={px(scene.width)} height={px(scene.head_height)}>
            { text(&scene.clock, faces, "") }
            { for scene.far_clock.iter().map(|label| text(label, faces, "")) }
            { for scene.lanes.iter().map(|lane| html! {
                <g key={lane.id.clone()} data-test="lane" data-lane={lane.id.clone()} class="lane-head"
                    role={lane.address.map(|_| "button")} tabindex={lane.address.map(|_| "0")}
                    aria-label={lane.title.clone()} onclick={names(lane, props)} onkeydown={names_by_key(lane, props)}>
                    <title>{ &lane.title }</title>
                    { for lane.head.iter().map(|label| text(label, faces, "")) }
                </g>
            }) }
        </svg>
    }
}

/// What a lane's head does: it is written on.
fn begun(lane: &Lane) -> Option<On> {
    Some(On::Lane {
        lane: lane.address?,
        title: lane.title.clone(),
    })
}

fn names(lane: &Lane, props: &SceneProps) -> Option<Callback<MouseEvent>> {
    let on = begun(lane)?;
    Some(super::does(&props.act, move || {
        Action::Pen(Pen::Begin(on.clone()))
    }))
}

fn names_by_key(lane: &Lane, props: &SceneProps) -> Option<Callback<KeyboardEvent>> {
    let on = begun(lane)?;
    let act = props.act.clone();
    Some(Callback::from(move |event: KeyboardEvent| {
        if matches!(event.key().as_str(), "Enter" | " ") {
            event.prevent_default();
            act.emit(Action::Pen(Pen::Begin(on.clone())));
        }
    }))
}

/// A length or a place, with two digits behind the point.
pub(super) fn px(value: f64) -> String {
    let rounded = (value * 100.0).round() / 100.0;
    rounded.to_string()
}

/// One text of the drawing.
pub(super) fn text(label: &Label, faces: &Faces, class: &str) -> Html {
    if label.text.is_empty() {
        return html! {};
    }
    let inferred = (label.certainty == Certainty::Inferred).then_some("inferred");
    let squeezed = faces.squeezed(label);
    html! {
        <text class={classes!("label", label.role.class(), inferred, class.to_owned())}
            transform={label.transform()} text-anchor={label.text_anchor()}
            textLength={squeezed.map(px)} lengthAdjust={squeezed.map(|_| "spacingAndGlyphs")}>
            { &label.text }
        </text>
    }
}

fn state_bar(bar: &StateBar) -> Html {
    let inferred = (bar.certainty == Certainty::Inferred).then_some("inferred");
    html! {
        <rect class={classes!("state-bar", bar.class(), inferred)} rx="2"
            x={px(bar.x - bar.width / 2.0)} width={px(bar.width)}
            y={px(bar.y0)} height={px((bar.y1 - bar.y0).max(1.0))}>
            <title>{ bar.state.name() }</title>
        </rect>
    }
}

fn state_name(bar: &StateBar, props: &SceneProps) -> Html {
    let lanes = &props.scene.0.lanes;
    let lane = lanes.get(usize::from(bar.lane)).map(|lane| lane.id.clone());
    let is_inferred = bar.certainty == Certainty::Inferred;
    html! {
        <g data-test="state" data-lane={lane} data-state={bar.state.name()}
            data-inferred={is_inferred.to_string()}>
            { for bar.label.as_ref().map(|label| text(label, &props.faces.0, "")) }
        </g>
    }
}

fn cut(gap: &Gap, scene: &Scene) -> Html {
    let middle = (gap.y0 + gap.y1) / 2.0;
    html! {
        <g>
            <title>{ &gap.title }</title>
            { for scene.lanes.iter().map(|lane| html! {
                <>
                    <rect class="gap-cut" x={px(lane.x - CUT)} width={px(2.0 * CUT)}
                        y={px(middle - 7.0)} height="14" />
                    <path class="gap-mark" d={wave(lane.x, middle)} />
                </>
            }) }
        </g>
    }
}

/// Two small waves: here the lane is cut.
fn wave(x: f64, y: f64) -> String {
    let one = |y: f64| format!("M{} {}q3 -5 6 0t6 0", px(x - 6.0), px(y));
    format!("{} {}", one(y - 2.5), one(y + 2.5))
}

fn timer(timer: &Timer) -> Html {
    let (x, y0, y1) = (timer.x, timer.y0, timer.y1);
    html! {
        <g class="timer">
            <title>{ &timer.title }</title>
            <line class="timer-line" x1={px(x)} x2={px(x)} y1={px(y0)} y2={px(y1)} />
            <circle class="timer-armed" cx={px(x)} cy={px(y0)} r="3.2" />
            { match timer.end {
                TimerEnd::Running => html! {},
                TimerEnd::Fired => html! { <circle class="timer-fired" cx={px(x)} cy={px(y1)} r="3.2" /> },
                TimerEnd::Stopped => html! {
                    <path class="timer-stopped" d={format!("M{} {}h8", px(x - 4.0), px(y1))} />
                },
            } }
        </g>
    }
}

// ---- arrows ------------------------------------------------------------------

/// The classes that tell what an arrow is; its label has them too.
fn arrow_classes(arrow: &Arrow, props: &SceneProps) -> Classes {
    let is_chosen = props.selected == Some(arrow.number);
    classes!(
        "arrow",
        format!("kind-{}", arrow.kind.class()),
        (arrow.certainty == Certainty::Inferred).then_some("ghost"),
        (arrow.line_certainty() == Certainty::Inferred).then_some("estimated"),
        (!arrow.in_focus).then_some("aside"),
        is_chosen.then_some("chosen"),
    )
}

fn chooses(arrow: &Arrow, props: &SceneProps) -> Callback<MouseEvent> {
    let number = arrow.number;
    super::does(&props.act, move || Action::Select(Some(number)))
}

/// Two clicks on a folded arrow draw its packets each by itself, two on one of these fold them again.
fn unfolds(arrow: &Arrow, props: &SceneProps) -> Callback<MouseEvent> {
    let (packet, on) = (arrow.number, arrow.fold.is_some());
    super::does(&props.act, move || Action::Unfold { packet, on })
}

fn arrow_label(arrow: &Arrow, props: &SceneProps) -> Option<Html> {
    let label = arrow.label.as_ref()?;
    Some(html! {
        <g class={arrow_classes(arrow, props)} onclick={chooses(arrow, props)} aria-hidden="true">
            { text(label, &props.faces.0, "") }
        </g>
    })
}

fn line(arrow: &Arrow, props: &SceneProps) -> Html {
    let lanes = &props.scene.0.lanes;
    let lane = |index: u16| lanes.get(usize::from(index)).map(|lane| lane.id.clone());
    let ends = (arrow.tail, arrow.tip);
    let tcp = arrow.tcp.as_ref();
    let is_chosen = props.selected == Some(arrow.number);
    html! {
        <g class={arrow_classes(arrow, props)} onclick={chooses(arrow, props)} ondblclick={unfolds(arrow, props)}
            role="img" data-fold={arrow.fold.is_some().then_some("true")} aria-label={arrow.title.clone()} aria-current={is_chosen.then_some("true")}
            data-test="arrow" data-frame={arrow.number.to_string()} data-kind={arrow.kind.class()}
            data-from={lane(arrow.from)} data-to={lane(arrow.to)} data-end={arrow.end.class()}
            data-flags={tcp.map(|tcp| tcp.flags.clone())}
            data-seq={tcp.map(|tcp| tcp.seq.to_string())}
            data-ack={tcp.and_then(|tcp| tcp.ack).map(|ack| ack.to_string())}
            data-len={tcp.map(|tcp| tcp.len.to_string())}
            data-cause={arrow.cause.map(|cause| format!("{cause:?}"))}>
            <title>{ &arrow.title }</title>
            <path class="hit" d={straight(ends.0, ends.1)} />
            <path class="line" d={shaft(arrow)} stroke-width={px(arrow.kind.stroke_width())}
                stroke-dasharray={Some(arrow.kind.dash()).filter(|dash| !dash.is_empty())} />
            { beginning(arrow) }
            { end(arrow, &props.scene.0) }
        </g>
    }
}

fn straight(from: Point, to: Point) -> String {
    format!("M{} {}L{} {}", px(from.x), px(from.y), px(to.x), px(to.y))
}

/// The unit vector of the arrow, and the one to its left.
fn direction(from: Point, to: Point) -> (Point, Point) {
    let (dx, dy) = (to.x - from.x, to.y - from.y);
    let length = (dx * dx + dy * dy).sqrt().max(0.001);
    let along = Point {
        x: dx / length,
        y: dy / length,
    };
    let left = Point {
        x: along.y,
        y: -along.x,
    };
    (along, left)
}

fn moved(point: Point, by: Point, times: f64) -> Point {
    Point {
        x: point.x + by.x * times,
        y: point.y + by.y * times,
    }
}

/// A line that stands for several packets: three short bars across its middle.
fn folded(tail: Point, end: Point) -> String {
    let (along, left) = direction(tail, end);
    let middle = Point {
        x: (tail.x + end.x) / 2.0,
        y: (tail.y + end.y) / 2.0,
    };
    let bars = [-5.0, 0.0, 5.0].map(|by| {
        let at = moved(middle, along, by);
        straight(moved(at, left, -6.0), moved(at, left, 6.0))
    });
    format!("{}{}", straight(tail, end), bars.concat())
}

/// The line; with a break in its middle where the slope was shortened.
fn shaft(arrow: &Arrow) -> String {
    let (tail, tip) = (arrow.tail, arrow.tip);
    let (along, left) = direction(tail, tip);
    // The head covers the line's end.
    let end = if has_head(arrow.end) {
        moved(tip, along, -TIP.0 * 0.7)
    } else {
        tip
    };
    if arrow.fold.is_some() {
        return folded(tail, end);
    }
    if !arrow.shortened {
        return straight(tail, end);
    }
    let middle = Point {
        x: (tail.x + tip.x) / 2.0,
        y: (tail.y + tip.y) / 2.0,
    };
    let (before, after) = (moved(middle, along, -3.0), moved(middle, along, 3.0));
    let tick = |at: Point| straight(moved(at, left, -4.0), moved(at, left, 4.0));
    let halves = [straight(tail, before), straight(after, end)];
    format!("{}{}{}{}", halves[0], halves[1], tick(before), tick(after))
}

fn has_head(end: ArrowEnd) -> bool {
    matches!(
        end,
        ArrowEnd::Arrives | ArrowEnd::Dropped | ArrowEnd::Everyone
    )
}

/// What stands where an arrow begins: its kind is told without colour, too.
fn beginning(arrow: &Arrow) -> Html {
    let (along, _) = direction(arrow.tail, arrow.tip);
    // Clear of the lane's bar.
    tail(arrow.kind.tail(), moved(arrow.tail, along, 8.0), along)
}

/// The mark of a tail; the arrow runs along the unit vector `along`.
pub(super) fn tail(tail: Tail, at: Point, along: Point) -> Html {
    let left = Point {
        x: along.y,
        y: -along.x,
    };
    let corner = |by: f64, across: f64| moved(moved(at, along, by), left, across);
    let polygon = |corners: [Point; 4]| {
        let points = corners
            .map(|p| format!("{},{}", px(p.x), px(p.y)))
            .join(" ");
        html! { <polygon class="tip" {points} /> }
    };
    match tail {
        Tail::Plain => html! {},
        Tail::Dot => html! { <circle class="tip" cx={px(at.x)} cy={px(at.y)} r="2.8" /> },
        Tail::Bar => polygon(
            [(-0.9, -4.2), (0.9, -4.2), (0.9, 4.2), (-0.9, 4.2)]
                .map(|(by, across)| corner(by, across)),
        ),
        Tail::Diamond => polygon(
            [(-4.0, 0.0), (0.0, 4.0), (4.0, 0.0), (0.0, -4.0)]
                .map(|(by, across)| corner(by, across)),
        ),
    }
}

fn end(arrow: &Arrow, scene: &Scene) -> Html {
    let (tail, tip) = (arrow.tail, arrow.tip);
    let (along, left) = direction(tail, tip);
    let head = || {
        let back = moved(tip, along, -TIP.0);
        let (a, b) = (moved(back, left, TIP.1), moved(back, left, -TIP.1));
        let points = [tip, a, b]
            .map(|p| format!("{},{}", px(p.x), px(p.y)))
            .join(" ");
        html! { <polygon class="tip" {points} /> }
    };
    let cross = |at: Point| {
        let d = format!(
            "M{0} {1}l{2} {2}m0 -{2}l-{2} {2}",
            px(at.x - CROSS),
            px(at.y - CROSS),
            px(2.0 * CROSS)
        );
        html! { <path class="cross" {d} /> }
    };
    match arrow.end {
        ArrowEnd::Arrives => head(),
        ArrowEnd::Lost => cross(tip),
        ArrowEnd::Refused => {
            let d = straight(moved(tip, left, -6.0), moved(tip, left, 6.0));
            html! { <path class="cross" {d} /> }
        }
        ArrowEnd::Dropped => html! { <>{ head() }{ cross(moved(tip, along, -TIP.0 - 8.0)) }</> },
        ArrowEnd::Everyone => html! { <>{ passed(arrow, scene) }{ head() }</> },
    }
}

/// A small ring at every lane that a broadcast passes.
fn passed(arrow: &Arrow, scene: &Scene) -> Html {
    let (tail, tip) = (arrow.tail, arrow.tip);
    let (low, high) = (tail.x.min(tip.x) + 12.0, tail.x.max(tip.x) - 12.0);
    let between = scene
        .lanes
        .iter()
        .filter(|lane| low < lane.x && lane.x < high);
    between
        .map(|lane| {
            let part = (lane.x - tail.x) / (tip.x - tail.x);
            let y = tail.y + part * (tip.y - tail.y);
            html! { <circle class="passed" cx={px(lane.x)} cy={px(y)} r="3.2" /> }
        })
        .collect()
}

/// The faces, shared by all that draw.
pub fn shared_faces() -> Shared<Faces> {
    Shared(Rc::new(Faces::default()))
}
