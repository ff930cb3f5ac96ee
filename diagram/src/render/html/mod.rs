//! A ladder as one HTML file that needs nothing else: it opens from a disk, without
//! a network, and still when nobody remembers what made it.
//!
//! ```text
//!  <meta CSP: nothing but the styles and the script of this very file, by their hashes>
//!  title, summary, what is in it
//!  ┌ ladder: the SVG itself ──────────┬ notes, linked both ways ─────────┐
//!  │                                  │ every packet: why, fields        │
//!  └──────────────────────────────────┴──────────────────────────────────┘
//!  <script> shows one packet at a time, zooms, pans, takes keys
//! ```
//!
//! Without the script it is the same page, with all packets one below the other.
//! Everything that comes from a capture or from people is escaped text; the script
//! never makes markup from it.

mod notes;
mod packets;

use super::svg::style::{DARK, LIGHT, Palette, style};
use super::svg::{self, Theme, escape};
use crate::Document;
use crate::scene::Scene;
use crate::words::{Language, say};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use core::fmt::Write;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;

const CSS: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// How a page is made.
#[derive(Clone, Debug)]
pub struct HtmlOptions {
    /// What the page is called; the document's own title if it is empty.
    pub title: String,
    /// No more packets than this are drawn, the first ones.
    pub max_packets: usize,
    /// The document as a file, to be had from the page again.
    pub download: Option<Download>,
}

impl Default for HtmlOptions {
    fn default() -> Self {
        Self {
            title: String::new(),
            max_packets: 2_000,
            download: None,
        }
    }
}

/// A file within the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Download {
    /// What it is called.
    pub name: String,
    /// What is in it.
    pub bytes: Vec<u8>,
    /// Whether the packets' payload was left out of it.
    pub without_payload: bool,
}

/// The document as a page.
pub fn html(document: &mut Document, options: &HtmlOptions) -> String {
    let all = document.capture().frames().len();
    let extent = document.extent();
    let end = last_row(document, options.max_packets).unwrap_or(extent);
    let scene = document.window(0.0, end);
    let mut numbers: BTreeSet<u64> = scene.arrows.iter().map(|arrow| arrow.number).collect();
    if let Some(&first_out) = numbers.iter().nth(options.max_packets) {
        numbers.split_off(&first_out);
    }
    let language = document.view().language;
    let annotations = document.annotations();
    let title = [
        options.title.as_str(),
        annotations.title(),
        language.pick("A capture", "キャプチャ"),
    ]
    .into_iter()
    .find(|title| !title.is_empty())
    .unwrap_or_default()
    .to_owned();
    let description = svg::describe(document, &scene);
    let picture = svg::draw(&scene, Theme::Light, &title, &description);
    let mut out = String::with_capacity(picture.len() + numbers.len() * 4_096);
    let dark = format!("{}{}", style(&scene, Theme::Dark), variables(&DARK));
    head(&mut out, (language, &title), &scene, &dark);
    let _ = write!(
        out,
        "<header class=\"x-head\"><h1>{}</h1>\n{}",
        escape(&title),
        tools(language)
    );
    if !annotations.summary().is_empty() {
        let _ = writeln!(out, "<p>{}</p>", lines(annotations.summary()));
    }
    let left_out = scene.arrows_left_out > 0 || end < extent;
    about(
        language,
        &mut out,
        (numbers.len(), all, left_out),
        options.download.as_ref(),
    );
    let _ = write!(
        out,
        "</header>\n<main class=\"x-main\">\n<div class=\"x-view\" id=\"x-view\" tabindex=\"0\" \
         aria-label=\"{}\"><div class=\"x-sheet\" id=\"x-sheet\">\n",
        language.pick(
            "Sequence diagram; arrow keys go from packet to packet",
            "シーケンス図。矢印キーでパケットを移動"
        )
    );
    heads(&mut out, &scene);
    out.push_str(&picture);
    out.push_str("</div></div>\n<aside class=\"x-side\" id=\"x-side\" aria-live=\"polite\">\n");
    notes::write(&mut out, document);
    let _ = writeln!(
        out,
        "<p class=\"x-quiet x-none\">{}</p>",
        language.pick(
            "Choose a packet: click it, or walk with the arrow keys. + and − zoom, 0 fits, n goes \
             to the next note.",
            "クリックか矢印キーでパケットを選んでください。+ と − で拡大縮小、0 で全体に合わせ、n \
             で次のメモに移ります。"
        )
    );
    for number in numbers {
        packets::write(&mut out, document, number);
    }
    let _ = write!(
        out,
        "</aside>\n</main>\n\
         <style class=\"x-dark\" media=\"screen and (prefers-color-scheme: dark)\">{dark}</style>\n\
         <script>{SCRIPT}</script>\n</body>\n</html>\n"
    );
    out
}

/// Where the last packet ends that is drawn, if not all are.
fn last_row(document: &mut Document, max: usize) -> Option<f64> {
    let all = document.capture().frames().len() as u64;
    if document.packets_shown() <= max as u64 {
        return None;
    }
    let (mut number, mut left) = (0, max as u64);
    let mut end = None;
    while left > 0 && number < all {
        number += 1;
        // What is filtered out has no row.
        if let Some(row) = document.row_of(number) {
            left -= 1;
            end = Some(row.y1);
        }
    }
    end.filter(|_| number < all).map(|y| y + 10.0)
}

/// Zoom and colours.
fn tools(language: Language) -> String {
    let [smaller, larger, fit, colours, auto, light, dark] = match language {
        Language::English => [
            "smaller", "larger", "fit", "colours", "auto", "light", "dark",
        ],
        Language::Japanese => ["縮小", "拡大", "全体", "配色", "自動", "ライト", "ダーク"],
    };
    format!(
        "<div class=\"x-tools\">\
<button id=\"x-out\" aria-label=\"{smaller}\">−</button><span id=\"x-zoom\" class=\"x-quiet\">100 %</span>\
<button id=\"x-in\" aria-label=\"{larger}\">+</button><button id=\"x-fit\">{fit}</button>\
<span role=\"group\" aria-label=\"{colours}\"><button data-theme-of=\"auto\" aria-pressed=\"true\">{auto}</button>\
<button data-theme-of=\"light\" aria-pressed=\"false\">{light}</button>\
<button data-theme-of=\"dark\" aria-pressed=\"false\">{dark}</button></span></div>\n"
    )
}

/// The light styles, and a policy that lets nothing in but what is here. `dark` comes
/// later in the page, where it wins over the picture's own.
fn head(out: &mut String, (language, title): (Language, &str), scene: &Scene, dark: &str) {
    let light = format!("{CSS}{}", variables(&LIGHT));
    let styles = [light.as_str(), dark, &style(scene, Theme::Light)].map(hash);
    let _ = write!(
        out,
        "<!doctype html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
         style-src {}; script-src {}; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n<title>{}</title>\n\
         <style>{light}</style>\n</head>\n<body>\n",
        language.code(),
        styles.join(" "),
        hash(SCRIPT),
        escape(title),
    );
}

/// As a content security policy names a script or a style.
fn hash(text: &str) -> String {
    format!("'sha256-{}'", BASE64.encode(Sha256::digest(text)))
}

fn variables(palette: &Palette) -> String {
    format!(
        ":root{{--x-ground:{};--x-ink:{};--x-quiet:{};--x-hairline:{};--x-selection:{};\
         --x-link:{};--x-again:{};--x-red:{}}}",
        palette.ground,
        palette.ink,
        palette.quiet,
        palette.hairline,
        palette.selection,
        palette.data,
        palette.again,
        palette.red,
    )
}

/// How much of the document is here, and where the rest is.
fn about(
    language: Language,
    out: &mut String,
    (shown, all, left_out): (usize, usize, bool),
    download: Option<&Download>,
) {
    let count = match left_out {
        true => say!(
            language,
            "The first {shown} of {all} packets.",
            "{all} パケットのうち最初の {shown} 個です。"
        ),
        false => say!(language, "{shown} packets.", "{shown} パケットです。"),
    };
    let _ = write!(out, "<div class=\"x-quiet\">{count}");
    if let Some(file) = download {
        let without = match file.without_payload {
            true => language.pick(
                " (the packets' payload was left out)",
                "（パケットの中身は含みません）",
            ),
            false => "",
        };
        let _ = write!(
            out,
            " <a download=\"{}\" href=\"data:application/octet-stream;base64,{}\">{}</a>{without}",
            escape(&file.name),
            BASE64.encode(&file.bytes),
            language.pick("Download the capture", "キャプチャをダウンロード"),
        );
    }
    out.push_str("</div>\n");
}

/// The lanes' heads once more, to stay in sight.
fn heads(out: &mut String, scene: &Scene) {
    let (width, height) = (scene.width, scene.head_height);
    let _ = write!(
        out,
        "<svg class=\"x-heads\" viewBox=\"0 0 {width:.0} {height:.0}\" aria-hidden=\"true\">\
         <rect class=\"ground\" width=\"{width:.0}\" height=\"{height:.0}\"/>"
    );
    let clocks = [Some(&scene.clock), scene.far_clock.as_ref()];
    let labels = scene.lanes.iter().flat_map(|lane| &lane.head);
    for label in labels.chain(clocks.into_iter().flatten()) {
        svg::text(out, label, "");
    }
    out.push_str("</svg>\n");
}

/// Text that keeps its lines.
fn lines(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(escape).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests;
