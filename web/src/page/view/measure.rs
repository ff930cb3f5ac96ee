//! How wide the browser's faces really are.

use std::cell::RefCell;
use std::collections::BTreeMap;
use synema_diagram::scene::{Label, LabelRole};
use synema_diagram::view::Metrics;
use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

/// The faces of `style.css`, for a canvas.
const SANS: &str = "Inter, 'Inter Variable', system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'DejaVu Sans', 'Hiragino Sans', 'Noto Sans CJK JP', 'Noto Sans JP', 'Yu Gothic', Meiryo, sans-serif";
const MONO: &str = "'IBM Plex Mono', ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', 'Noto Sans Mono CJK JP', 'Hiragino Sans', 'Noto Sans CJK JP', 'Yu Gothic', Meiryo, monospace";
/// Characters that are as wide as high.
const WIDE: &str = "再送ウィンドウ";
/// The labels' size, CSS pixels.
const SIZE: f64 = 11.0;
/// So many widths are remembered before they are forgotten.
const REMEMBERED: usize = 512;

/// Measures texts as the browser sets them.
pub struct Faces {
    canvas: Option<CanvasRenderingContext2d>,
    widths: RefCell<BTreeMap<(&'static str, String), f64>>,
}

impl Default for Faces {
    fn default() -> Self {
        Self {
            canvas: canvas(),
            widths: RefCell::default(),
        }
    }
}

impl Faces {
    /// The labels' face, for the layout.
    pub fn metrics(&self) -> Metrics {
        let fallback = Metrics::default();
        let Some(canvas) = &self.canvas else {
            return fallback;
        };
        // The bold cut is the widest that is used.
        canvas.set_font(&format!("700 {SIZE}px {MONO}"));
        let sample = "0123456789 SYN ACK–win";
        let width = canvas
            .measure_text(sample)
            .map_or(0.0, |measured| measured.width());
        let char_width = width / sample.chars().count() as f64;
        let wide = canvas
            .measure_text(WIDE)
            .map_or(0.0, |measured| measured.width());
        let wide_width = wide / WIDE.chars().count() as f64;
        let or = |width: f64, fallback| if width > 1.0 { width } else { fallback };
        Metrics {
            char_width: or(char_width, fallback.char_width),
            wide_width: or(wide_width, fallback.wide_width),
            ..fallback
        }
    }

    /// The `textLength` that a label needs so as not to be longer than its place; none if it fits.
    pub fn squeezed(&self, label: &Label) -> Option<f64> {
        let font = match label.role {
            LabelRole::LaneName => "700 14px",
            LabelRole::State => "600 9.5px",
            LabelRole::Gap => "400 11.5px",
            LabelRole::Clock
            | LabelRole::Timer
            | LabelRole::Bracket
            | LabelRole::Note
            | LabelRole::Hidden => "400 10px",
            LabelRole::NoteHead => "700 10px",
            LabelRole::Title => "700 15px",
            LabelRole::Summary => "400 11px",
            LabelRole::Arrow | LabelRole::LaneAddress | LabelRole::LaneNote | LabelRole::Tick => {
                return None;
            }
        };
        let width = self.width(font, &label.text);
        (width > label.width && label.width > 0.0).then_some(label.width)
    }

    fn width(&self, font: &'static str, text: &str) -> f64 {
        let Some(canvas) = &self.canvas else {
            return f64::MAX;
        };
        let mut widths = self.widths.borrow_mut();
        if widths.len() >= REMEMBERED {
            widths.clear();
        }
        *widths.entry((font, text.to_owned())).or_insert_with(|| {
            canvas.set_font(&format!("{font} {SANS}"));
            let width = canvas
                .measure_text(text)
                .map_or(f64::MAX, |measured| measured.width());
            // Letters of states stand 0.04 em apart.
            let apart = if font.starts_with("600") {
                0.38 * text.chars().count() as f64
            } else {
                0.0
            };
            width + apart
        })
    }
}

fn canvas() -> Option<CanvasRenderingContext2d> {
    let document = web_sys::window()?.document()?;
    let canvas: HtmlCanvasElement = document.create_element("canvas").ok()?.dyn_into().ok()?;
    canvas.get_context("2d").ok()??.dyn_into().ok()
}
