//! The whole capture at a glance, on a canvas: click to go there.

use super::{Language, Shared};
use crate::page::state::{Action, Theme};
use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, MouseEvent};
use yew::prelude::*;

/// What the overview is given.
#[derive(Clone, PartialEq, Properties)]
pub struct OverviewProps {
    /// The whole in parts of equal height: packets, and troubles among them.
    pub overview: Shared<Vec<[u32; 2]>>,
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

    let bins = &props.overview.0;
    if bins.is_empty() {
        return None;
    }
    let (from, to) = props.seen;
    if to - from < 0.999 {
        context.set_fill_style_str(&colour("--soft"));
        context.fill_rect(0.0, from * height, width, ((to - from) * height).max(4.0));
    }
    let most = bins.iter().map(|bin| bin[0]).max().unwrap_or(0).max(6);
    let row = height / bins.len() as f64;
    // The square root keeps a single packet visible beside a crowd.
    let length = |count: u32| (f64::from(count) / f64::from(most)).sqrt() * (width - 8.0);
    for (at, [packets, troubles]) in bins.iter().copied().enumerate() {
        let y = at as f64 * row;
        if packets > 0 {
            context.set_fill_style_str(&colour("--ack-line"));
            context.fill_rect(4.0, y, length(packets).max(2.0), row.max(1.0));
        }
        if troubles > 0 {
            context.set_fill_style_str(&colour("--again"));
            context.fill_rect(4.0, y, length(troubles).max(6.0), row.max(2.0));
        }
    }
    Some(())
}
