//! Colours and sizes.

use super::Theme;
use crate::scene::{Kind, LabelRole, Scene};
use core::fmt::Write;

/// What a theme is made of.
pub(in crate::render) struct Palette {
    pub(in crate::render) ground: &'static str,
    pub(in crate::render) ink: &'static str,
    pub(in crate::render) quiet: &'static str,
    pub(in crate::render) hairline: &'static str,
    pub(in crate::render) selection: &'static str,
    /// A note's card, its edge, and what it lies on.
    note: [&'static str; 3],
    pub(in crate::render) data: &'static str,
    pub(in crate::render) ack: &'static str,
    pub(in crate::render) syn: &'static str,
    pub(in crate::render) again: &'static str,
    pub(in crate::render) red: &'static str,
    pub(in crate::render) green: &'static str,
    /// Idle, opening, open, closing, waiting.
    states: [&'static str; 5],
}

pub(in crate::render) const LIGHT: Palette = Palette {
    ground: "#fbfaf7",
    ink: "#1c1e22",
    quiet: "#5d646d",
    hairline: "#d9d6cf",
    selection: "#e7f0fb",
    note: ["#fff4c2", "#d4b106", "#fbf3d3"],
    data: "#0b5cad",
    ack: "#6b7680",
    syn: "#6f3ba8",
    again: "#b85000",
    red: "#b3261e",
    green: "#00706a",
    states: ["#e4e2dc", "#cbb4e8", "#a9ceb4", "#ecd0a5", "#dcd6c8"],
};

pub(in crate::render) const DARK: Palette = Palette {
    ground: "#15181d",
    ink: "#e8e9eb",
    quiet: "#a3abb5",
    hairline: "#3a3f47",
    selection: "#1e2f45",
    note: ["#3a3318", "#b39a2e", "#2c281a"],
    data: "#6fb1f5",
    ack: "#9aa5b0",
    syn: "#c59bf2",
    again: "#f59a4a",
    red: "#ff8178",
    green: "#4fc0b6",
    states: ["#3a3e45", "#5d4585", "#2f5f43", "#6b5026", "#4a473d"],
};

/// Faces for what is written in Japanese: of Linux and Android, of Apple, of Windows. Latin letters
/// are in the faces before them.
pub(in crate::render) const JAPANESE: &str =
    "'Noto Sans CJK JP','Noto Sans JP','Hiragino Sans','Yu Gothic',Meiryo";

/// The style sheet of a scene.
pub(in crate::render) fn style(scene: &Scene, theme: Theme) -> String {
    let mut css = String::new();
    sizes(&mut css, scene);
    match theme {
        Theme::Light => colours(&mut css, &LIGHT),
        Theme::Dark => colours(&mut css, &DARK),
        Theme::Auto => {
            colours(&mut css, &LIGHT);
            css.push_str("@media (prefers-color-scheme:dark){");
            colours(&mut css, &DARK);
            css.push('}');
        }
    }
    css
}

fn sizes(css: &mut String, scene: &Scene) {
    // A monospaced face is 0.6 times as wide as high, or a little less.
    let size = scene.char_width / 0.605;
    let at = |role: LabelRole| size * role.scale();
    let _ = write!(
        css,
        "text{{font-family:'IBM Plex Mono','DejaVu Sans Mono',{JAPANESE},monospace;font-size:{:.2}px;\
         paint-order:stroke;stroke-width:4px;stroke-linejoin:round}}\
         .lane-name,.state-name,.gap-text,.timer-text,.bracket-text,.clock,.note-head,.note-text,\
         .hidden-text,.title-text,.summary-text\
         {{font-family:Inter,'DejaVu Sans',{JAPANESE},sans-serif}}\
         .lane-name{{font-size:{:.2}px;font-weight:700}}\
         .state-name{{font-size:{:.2}px;font-weight:600;letter-spacing:.02em}}\
         .gap-text{{font-size:{:.2}px}}.tick,.lane-address,.lane-note{{font-size:{:.2}px}}\
         .timer-text,.bracket-text,.clock,.note-head,.note-text,.hidden-text{{font-size:{:.2}px}}\
         .note-head,.title-text{{font-weight:700}}.title-text{{font-size:{:.2}px}}\
         .note-head,.note-text{{stroke:none}}.card rect{{stroke-width:1}}\
         .leader,.hidden path{{fill:none;stroke-width:1.1;stroke-dasharray:2 3}}\
         .bracket path{{fill:none;stroke-width:1.2}}\
         .retransmission.label{{font-weight:700}}\
         .arrow line,.arrow .cross,.arrow .break,.arrow .passes,.timer line,.wave,.stopped{{fill:none}}\
         .estimated{{opacity:.55}}.ghost{{opacity:.6}}.aside{{opacity:.5}}.state.inferred{{opacity:.6}}\
         .cross{{stroke-width:1.8;stroke-dasharray:none}}.timer line{{stroke-width:1.3;stroke-dasharray:2 3}}\
         .lane{{stroke-width:1}}.wave{{stroke-width:1.3}}.head{{stroke:none}}",
        size,
        at(LabelRole::LaneName) * 0.92,
        at(LabelRole::State) * 0.9,
        at(LabelRole::Gap) * 0.98,
        size,
        at(LabelRole::Timer) * 0.95,
        at(LabelRole::Title) * 0.92,
    );
    for kind in Kind::ALL {
        let class = kind.class();
        let dash = match kind.dash() {
            "" => String::new(),
            dash => format!(";stroke-dasharray:{dash}"),
        };
        let _ = write!(
            css,
            ".{class} line{{stroke-width:{}{dash}}}",
            kind.stroke_width()
        );
    }
    css.push_str(".ghost line{stroke-dasharray:4 4}");
    if scene.arrows.iter().any(|arrow| arrow.fold.is_some()) {
        css.push_str(".fold line{stroke-width:5}");
    }
}

fn colours(css: &mut String, palette: &Palette) {
    let Palette {
        ground,
        ink,
        quiet,
        hairline,
        selection,
        note: [card, edge, under],
        red,
        again,
        ..
    } = palette;
    let _ = write!(
        css,
        ".ground,.cut{{fill:{ground}}}text{{fill:{ink};stroke:{ground}}}\
         .tick,.lane-address,.lane-note,.clock,.state-name,.bracket-text,.hidden-text{{fill:{quiet}}}\
         .card rect{{fill:{card};stroke:{edge}}}.leader{{stroke:{edge}}}.hidden path{{stroke:{quiet}}}\
         .period{{fill:{under}}}.highlight{{fill:{card}}}\
         .bracket path{{stroke:{quiet}}}.bracket.timeout path{{stroke:{again}}}.bracket-text.timeout{{fill:{again}}}\
         .lane{{stroke:{hairline}}}.selection{{fill:{selection}}}\
         .gap-text,.timer-text{{fill:{again}}}.wave{{stroke:{quiet}}}\
         .timer line,.armed,.stopped{{stroke:{again}}}.armed{{fill:{ground}}}.fired{{fill:{again}}}\
         .arrow .cross{{stroke:{red}}}.passes{{fill:{ground}}}",
    );
    for kind in Kind::ALL {
        let colour = match kind {
            Kind::Syn | Kind::Fin => palette.syn,
            Kind::Data => palette.data,
            Kind::Ack | Kind::Other => palette.ack,
            Kind::Rst => palette.red,
            Kind::Retransmission => palette.again,
            Kind::Arp | Kind::Dns | Kind::Icmp => palette.green,
        };
        let class = kind.class();
        let _ = write!(
            css,
            ".{class} line,.{class} .break,.{class} .passes{{stroke:{colour}}}\
             .{class} .head,text.{class}{{fill:{colour}}}"
        );
    }
    let names = ["idle", "opening", "open", "closing", "waiting"];
    for (name, colour) in names.iter().zip(palette.states) {
        let _ = write!(css, ".state.{name}{{fill:{colour}}}");
    }
}
