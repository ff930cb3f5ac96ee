//! What stands beside the ladder.

use super::{escape, text};
use crate::scene::{Band, Card, Scene};
use core::fmt::Write;

/// Brackets with their texts.
pub(super) fn brackets(out: &mut String, scene: &Scene) {
    for bracket in &scene.brackets {
        let _ = writeln!(
            out,
            "<g class=\"bracket {}\"><title>{}</title>\
             <path d=\"M{end:.1} {y0:.1}H{x:.1}V{y1:.1}H{end:.1}\"/></g>",
            bracket.kind.class(),
            escape(&bracket.title),
            end = bracket.end_x,
            x = bracket.x,
            y0 = bracket.y0,
            y1 = bracket.y1,
        );
        if let Some(label) = &bracket.label {
            text(out, label, bracket.kind.class());
        }
    }
}

/// A stripe across the ladder.
pub(super) fn band(out: &mut String, class: &str, band: &Band, scene: &Scene) {
    let width = scene.ladder_width - 8.0;
    let _ = writeln!(
        out,
        "<rect class=\"{class}\" x=\"4\" y=\"{:.1}\" width=\"{width:.1}\" height=\"{:.1}\" rx=\"4\"/>",
        band.y0,
        band.y1 - band.y0
    );
}

/// Where packets are not shown.
pub(super) fn hidden(out: &mut String, scene: &Scene) {
    let lanes = || scene.lanes.iter().map(|lane| lane.x);
    let (left, right) = (
        lanes().fold(scene.width, f64::min),
        lanes().fold(0.0, f64::max),
    );
    for mark in &scene.hidden {
        let _ = writeln!(
            out,
            "<g class=\"hidden\"><title>{}</title><path d=\"M{:.1} {:.1}H{:.1}\"/></g>",
            escape(&mark.title),
            left - 10.0,
            mark.y,
            right + 10.0
        );
        if let Some(label) = &mark.label {
            text(out, label, "");
        }
    }
}

/// The dotted lines from notes to what they are on.
pub(super) fn leaders(out: &mut String, scene: &Scene) {
    for path in scene.cards.iter().filter_map(Card::leader_path) {
        let _ = writeln!(out, "<path class=\"leader\" d=\"{path}\"/>");
    }
}

/// Notes on their cards.
pub(super) fn cards(out: &mut String, scene: &Scene) {
    for card in &scene.cards {
        let _ = writeln!(
            out,
            "<g class=\"card\"><title>{}</title>\
             <rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"5\"/>",
            escape(&card.title),
            card.x,
            card.y,
            card.width,
            card.height
        );
        for line in core::iter::once(&card.head).chain(&card.lines) {
            text(out, line, "");
        }
        out.push_str("</g>\n");
    }
}
