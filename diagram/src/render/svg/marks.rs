//! What stands beside the ladder.

use super::{escape, text};
use crate::scene::Scene;
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
