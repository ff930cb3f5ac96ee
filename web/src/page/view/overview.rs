//! The whole capture at a glance, on a canvas: click to go there.

use super::{Language, Shared};
use crate::answers::Overview;
use crate::page::state::{Action, Theme};
use synema_diagram::scene::Kind;
use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, MouseEvent};
use yew::prelude::*;

/// What the overview is given.
#[derive(Clone, PartialEq, Properties)]
pub struct OverviewProps {
    /// The buckets.
    pub overview: Shared<Overview>,
    /// The part that is seen, 0 to 1: from, to.
    pub seen: (f64, f64),
    /// Colours change with it.
    pub theme: Theme,
    /// The ladder's height on the screen, CSS pixels.
    pub height: f64,
    /// The language.
    pub words: Language,
    /// What is done.
    pub act: Callback<Action>,
}

/// The overview.
#[component]
pub fn OverviewView(props: &OverviewProps) -> Html {
    let canvas = use_node_ref();
    {
        let canvas = canvas.clone();
        use_effect_with(props.clone(), move |props| {
            if let Some(canvas) = canvas.cast::<HtmlCanvasElement>() {
                draw(&canvas, props);
            }
        });
    }
    let here = canvas.clone();
    let go = props.act.clone();
    let jump = Callback::from(move |event: MouseEvent| {
        let Some(canvas) = here.cast::<HtmlCanvasElement>() else {
            return;
        };
        if event.buttons() & 1 == 1 || event.type_() == "click" {
            let height = f64::from(canvas.client_height()).max(1.0);
            go.emit(Action::Jump(f64::from(event.offset_y()) / height));
        }
    });
    html! {
        <canvas class="overview" ref={canvas} data-test="overview" role="img"
            aria-label={props.words.overview} title={props.words.overview}
            onclick={jump.clone()} onmousemove={jump} />
    }
}

fn draw(canvas: &HtmlCanvasElement, props: &OverviewProps) -> Option<()> {
    let ratio = web_sys::window()?.device_pixel_ratio().clamp(1.0, 4.0);
    let (width, height) = (
        f64::from(canvas.client_width()),
        f64::from(canvas.client_height()),
    );
    canvas.set_width((width * ratio) as u32);
    canvas.set_height((height * ratio) as u32);
    let context: CanvasRenderingContext2d = canvas.get_context("2d").ok()??.dyn_into().ok()?;
    context.scale(ratio, ratio).ok()?;
    let style = web_sys::window()?.get_computed_style(canvas).ok()??;
    let colour = |name: &str| style.get_property_value(name).unwrap_or_default();

    let buckets = &props.overview.0.buckets;
    if buckets.is_empty() {
        return None;
    }
    let (from, to) = props.seen;
    if to - from < 0.999 {
        context.set_fill_style_str(&colour("--soft"));
        context.fill_rect(0.0, from * height, width, ((to - from) * height).max(4.0));
    }
    let most = buckets
        .iter()
        .map(|b| b.page.max(b.peer))
        .max()
        .unwrap_or(1)
        .max(1);
    let row = (height / buckets.len() as f64).max(1.0);
    let middle = width / 2.0;
    let room = middle - 5.0;
    let length = |count: u32| {
        if count == 0 {
            0.0
        } else {
            (f64::from(count) / f64::from(most)).sqrt() * room + 1.0
        }
    };
    for (at, bucket) in buckets.iter().enumerate() {
        let Some(kind) = bucket.worst else { continue };
        let y = at as f64 * height / buckets.len() as f64;
        context.set_fill_style_str(&colour(variable(kind)));
        context.fill_rect(
            middle - 1.0 - length(bucket.page),
            y,
            length(bucket.page),
            row,
        );
        context.fill_rect(middle + 1.0, y, length(bucket.peer), row);
    }
    Some(())
}

/// The colour of `style.css` for a kind.
fn variable(kind: Kind) -> &'static str {
    match kind {
        Kind::Data => "--data",
        Kind::Ack => "--ack-line",
        Kind::Syn | Kind::Fin => "--ctl",
        Kind::Retransmission => "--again",
        Kind::Rst => "--rst",
        Kind::Arp | Kind::Dns => "--side",
        Kind::Icmp | Kind::Other => "--quiet",
    }
}
