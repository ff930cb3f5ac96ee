//! A graph as SVG: as plain as the ladder, in the same colours.

use super::style::{DARK, JAPANESE, LIGHT, Palette};
use super::{Theme, escape};
use crate::graph::{GraphScene, Ink, LegendItem, Mark, Shape, Text};
use crate::layout::scene::{Anchor, Certainty};
use core::fmt::Write;

/// A graph as a whole SVG file; what it shows is its `<desc>`.
pub fn graph_svg(scene: &GraphScene, theme: Theme) -> String {
    let (width, height) = (scene.width, scene.height);
    let title = scene.texts.first().map_or("", |title| &title.text);
    let mut out = String::with_capacity(scene.marks.len() * 60 + 8_192);
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
         viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\" aria-labelledby=\"title desc\">\n\
         <title id=\"title\">{}</title>\n<desc id=\"desc\">{}</desc>\n<style>{}</style>\n\
         <rect class=\"ground\" width=\"{width:.0}\" height=\"{height:.0}\"/>\n",
        escape(title),
        escape(&scene.description),
        style(scene, theme),
    );
    axes(&mut out, scene);
    for line in &scene.lines {
        let _ = write!(out, "<path class=\"line {}\" d=\"", line.ink.class());
        for (index, corner) in line.corners.iter().enumerate() {
            let letter = if index == 0 { 'M' } else { 'L' };
            let _ = write!(out, "{letter}{:.1} {:.1}", corner.x, corner.y);
        }
        out.push_str("\"/>\n");
    }
    let mut marks = scene.marks.iter().peekable();
    while let Some(ink) = marks.peek().map(|mark| mark.ink) {
        let _ = writeln!(out, "<g class=\"mark {}\">", ink.class());
        while let Some(mark) = marks.next_if(|mark| mark.ink == ink) {
            draw_mark(&mut out, mark);
        }
        out.push_str("</g>\n");
    }
    for item in &scene.legend {
        sample(&mut out, item);
        text(&mut out, &item.text, "");
    }
    for (ink, letter) in &scene.letters {
        text(&mut out, letter, ink.class());
    }
    for title in &scene.texts {
        text(&mut out, title, "");
    }
    out.push_str("</svg>\n");
    out
}

fn axes(out: &mut String, scene: &GraphScene) {
    let plot = scene.plot;
    for tick in &scene.y_ticks {
        let _ = writeln!(
            out,
            "<path class=\"grid\" d=\"M{:.1} {y:.1}H{:.1}\"/>",
            plot.x0,
            plot.x1,
            y = tick.at
        );
        text(out, &tick.label, "");
    }
    for tick in &scene.x_ticks {
        let _ = writeln!(
            out,
            "<path class=\"axis\" d=\"M{:.1} {:.1}v4\"/>",
            tick.at, plot.y1
        );
        text(out, &tick.label, "");
    }
    let _ = writeln!(
        out,
        "<path class=\"axis\" d=\"M{:.1} {:.1}V{:.1}H{:.1}\"/>",
        plot.x0, plot.y0, plot.y1, plot.x1
    );
}

fn text(out: &mut String, text: &Text, class: &str) {
    let anchor = match text.anchor {
        Anchor::Start => "start",
        Anchor::Middle => "middle",
        Anchor::End => "end",
    };
    let space = if class.is_empty() { "" } else { " " };
    let _ = writeln!(
        out,
        "<text class=\"label {}{space}{class}\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\">{}</text>",
        text.role.class(),
        text.x,
        text.y,
        escape(&text.text)
    );
}

fn draw_mark(out: &mut String, mark: &Mark) {
    out.push_str("<path d=\"");
    shape(out, mark.ink.look().shape, mark.x, (mark.y0, mark.y1));
    out.push('"');
    if mark.packet > 0 {
        let _ = write!(out, " data-packet=\"{}\"", mark.packet);
    }
    out.push_str("/>\n");
}

/// The path of a shape whose ends are at these heights.
fn shape(out: &mut String, shape: Shape, x: f64, (y0, y1): (f64, f64)) {
    let bar = |out: &mut String| {
        let _ = write!(out, "M{x:.1} {y0:.1}V{y1:.1}");
    };
    let y = (y0 + y1) / 2.0;
    let _ = match shape {
        Shape::Bar => {
            bar(out);
            Ok(())
        }
        Shape::Beam => {
            bar(out);
            write!(out, "M{l:.1} {y0:.1}h5M{l:.1} {y1:.1}h5", l = x - 2.5)
        }
        Shape::CrossedBar => {
            bar(out);
            // The cross is a path of its own: it has no dashes.
            write!(
                out,
                "\"/><path class=\"cross\" d=\"M{l:.1} {t:.1}l6 6M{l:.1} {b:.1}l6 -6",
                l = x + 4.0,
                t = y - 3.0,
                b = y + 3.0
            )
        }
        // A stroke with round ends: a dot where there is one only.
        Shape::Dot => write!(out, "M{x:.1} {y0:.1}V{:.1}", y1.max(y0 + 0.1)),
        Shape::Tick => write!(out, "M{x:.1} {y0:.1}V{:.1}", y1 + 5.0),
        Shape::Diamond | Shape::OpenDiamond => {
            write!(out, "M{x:.1} {:.1}l4 4l-4 4l-4 -4Z", y - 4.0)
        }
        Shape::Circle => write!(
            out,
            "M{:.1} {y:.1}a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0Z",
            x - 3.5
        ),
        Shape::CrossedSquare => write!(
            out,
            "M{l:.1} {t:.1}h8v8h-8Zl8 8M{r:.1} {t:.1}l-8 8",
            l = x - 4.0,
            r = x + 4.0,
            t = y - 4.0
        ),
        Shape::Line => Ok(()),
    };
}

fn sample(out: &mut String, item: &LegendItem) {
    let LegendItem { ink, x, y, .. } = item;
    let class = ink.class();
    let kind = ink.look().shape;
    if kind == Shape::Line {
        let _ = writeln!(
            out,
            "<path class=\"line {class}\" d=\"M{x:.1} {y:.1}h{:.1}\"/>",
            LegendItem::SAMPLE
        );
        return;
    }
    let ends = match kind {
        Shape::Bar | Shape::Beam | Shape::CrossedBar => (y - 5.0, y + 5.0),
        _ => (*y, *y),
    };
    let _ = write!(out, "<g class=\"mark {class}\"><path d=\"");
    shape(out, kind, x + LegendItem::SAMPLE / 2.0, ends);
    out.push_str("\"/></g>\n");
}

fn style(scene: &GraphScene, theme: Theme) -> String {
    // A monospaced face is 0.6 times as wide as high, or a little less.
    let size = scene.char_width / 0.605;
    let mut css = format!(
        "text{{font-family:Inter,'DejaVu Sans',{JAPANESE},sans-serif;font-size:{:.2}px}}\
         .tick{{font-family:'IBM Plex Mono','DejaVu Sans Mono',monospace;font-size:{size:.2}px}}\
         .title{{font-size:{:.2}px;font-weight:600}}.letter{{font-size:{size:.2}px;font-weight:700;paint-order:stroke;stroke-linejoin:round}}\
         .line,.mark path{{fill:none;stroke-linejoin:round}}.grid,.axis{{fill:none;stroke-width:1}}\
         .grid{{opacity:.5}}.mark .cross{{stroke-dasharray:none;stroke-width:1.6}}\
         .sacked path{{opacity:.7}}",
        size * 0.95,
        size * 1.05,
    );
    for ink in Ink::ALL {
        let look = ink.look();
        let class = ink.class();
        let _ = write!(css, ".{class}{{stroke-width:{}", look.width);
        if !look.dash.is_empty() {
            let _ = write!(css, ";stroke-dasharray:{}", look.dash);
        }
        if look.certainty == Certainty::Inferred {
            css.push_str(";opacity:.6");
        }
        if look.shape == Shape::Dot {
            css.push_str(";stroke-width:3.4;stroke-linecap:round");
        }
        css.push('}');
    }
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

fn colours(css: &mut String, palette: &Palette) {
    let Palette {
        ground,
        ink: writing,
        quiet,
        hairline,
        ..
    } = palette;
    let _ = write!(
        css,
        ".ground{{fill:{ground}}}text{{fill:{writing}}}.tick,.unit,.note{{fill:{quiet}}}\
         .grid,.axis{{stroke:{hairline}}}.axis{{stroke:{quiet}}}",
    );
    for ink in Ink::ALL {
        let colour = match ink {
            Ink::Data | Ink::Trip | Ink::Flight | Ink::Throughput => palette.data,
            Ink::Late | Ink::Again | Ink::Rto => palette.again,
            Ink::Lost | Ink::Unseen | Ink::Closed | Ink::Rst | Ink::Ssthresh => palette.red,
            Ink::Acked | Ink::Duplicate => palette.ack,
            Ink::Sacked | Ink::Syn | Ink::Fin | Ink::Cwnd => palette.syn,
            Ink::WindowEnd | Ink::Goodput | Ink::Srtt | Ink::PeerWindow | Ink::Offered => {
                palette.green
            }
        };
        let class = ink.class();
        let _ = write!(
            css,
            ".{class}{{stroke:{colour}}}text.{class}{{fill:{colour};stroke:{ground};stroke-width:3;stroke-dasharray:none}}"
        );
    }
    let _ = write!(
        css,
        ".syn path{{fill:{}}}.fin path{{fill:{ground}}}",
        palette.syn
    );
}
