//! Whether the texts of a scene keep apart: the layout is not its own witness.

use crate::scene::{Anchor, Card, Label, Scene};

/// Corners of the room that a text takes, the bounds that a browser would give.
fn corners(label: &Label, line_height: f64) -> [(f64, f64); 4] {
    let height = line_height * label.role.scale();
    let start = match label.anchor {
        Anchor::Start => 0.0,
        Anchor::Middle => -label.width / 2.0,
        Anchor::End => -label.width,
    };
    let at = |along: f64, up: f64| {
        (
            label.x + along * label.cos + up * label.sin,
            label.y + along * label.sin - up * label.cos,
        )
    };
    let (top, bottom) = (height * 0.78, -height * 0.22);
    [
        at(start, top),
        at(start + label.width, top),
        at(start + label.width, bottom),
        at(start, bottom),
    ]
}

/// Separating axes, written anew so that the layout is not its own witness.
fn intersect(a: &[(f64, f64); 4], b: &[(f64, f64); 4]) -> bool {
    for polygon in [a, b] {
        for edge in 0..2 {
            let (p, q) = (polygon[edge], polygon[edge + 1]);
            let axis = (q.1 - p.1, p.0 - q.0);
            let spread = |shape: &[(f64, f64); 4]| {
                shape
                    .iter()
                    .map(|c| c.0 * axis.0 + c.1 * axis.1)
                    .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), at| {
                        (low.min(at), high.max(at))
                    })
            };
            let ((a0, a1), (b0, b1)) = (spread(a), spread(b));
            if a1 <= b0 || b1 <= a0 {
                return false;
            }
        }
    }
    true
}

pub(crate) fn texts(scene: &Scene) -> Vec<Label> {
    let mut texts: Vec<_> = scene
        .arrows
        .iter()
        .filter_map(|arrow| arrow.label.clone())
        .collect();
    texts.extend(scene.states.iter().filter_map(|bar| bar.label.clone()));
    texts.extend(scene.gaps.iter().filter_map(|gap| gap.label.clone()));
    texts.extend(scene.ticks.iter().cloned());
    texts.extend(scene.brackets.iter().filter_map(|b| b.label.clone()));
    texts.extend(scene.hidden.iter().filter_map(|mark| mark.label.clone()));
    for card in &scene.cards {
        texts.extend(core::iter::once(&card.head).chain(&card.lines).cloned());
    }
    for timer in &scene.timers {
        texts.extend(timer.armed.iter().chain(&timer.ended).cloned());
    }
    texts
}

/// No two texts touch, and none leaves the drawing.
pub(crate) fn check_texts(scene: &Scene) -> Result<(), String> {
    let rooms: Vec<_> = texts(scene)
        .into_iter()
        .map(|label| (corners(&label, scene.line_height), label))
        .collect();
    for (index, (room, label)) in rooms.iter().enumerate() {
        let inside = room
            .iter()
            .all(|&(x, y)| (0.0..=scene.width).contains(&x) && (0.0..=scene.height).contains(&y));
        if !inside {
            return Err(format!("{label:?} leaves the drawing"));
        }
        for (other, with) in &rooms[..index] {
            if intersect(room, other) {
                return Err(format!("{label:?} touches {with:?}"));
            }
        }
    }
    check_cards(scene, &rooms)?;
    let heads: Vec<_> = scene
        .lanes
        .iter()
        .flat_map(|lane| &lane.head)
        .chain([&scene.clock])
        .chain(&scene.far_clock)
        .collect();
    for (index, label) in heads.iter().enumerate() {
        let room = corners(label, scene.line_height);
        if room
            .iter()
            .any(|&(x, y)| !(0.0..=scene.width).contains(&x) || y > scene.head_height)
        {
            return Err(format!("head {label:?} leaves the drawing"));
        }
        for other in &heads[..index] {
            if intersect(&room, &corners(other, scene.line_height)) {
                return Err(format!("head {label:?} touches {other:?}"));
            }
        }
    }
    Ok(())
}

/// No two cards touch, none leaves the drawing, and each holds its own texts and no
/// other.
fn check_cards(scene: &Scene, rooms: &[([(f64, f64); 4], Label)]) -> Result<(), String> {
    let edges = |card: &Card| {
        let (x, y) = (card.x + card.width, card.y + card.height);
        [(card.x, card.y), (x, card.y), (x, y), (card.x, y)]
    };
    for (index, card) in scene.cards.iter().enumerate() {
        let inside = card.x >= 0.0
            && card.x + card.width <= scene.width
            && card.y >= 0.0
            && card.y + card.height <= scene.height;
        if !inside {
            return Err(format!("{card:?} leaves the drawing"));
        }
        let touches = |other: &&Card| intersect(&edges(card), &edges(other));
        if let Some(other) = scene.cards[..index].iter().find(touches) {
            return Err(format!("{card:?} touches {other:?}"));
        }
        for (room, label) in rooms {
            let own = core::iter::once(&card.head)
                .chain(&card.lines)
                .any(|line| line == label);
            let held = room.iter().all(|&(x, y)| {
                (card.x..=card.x + card.width).contains(&x)
                    && (card.y..=card.y + card.height).contains(&y)
            });
            if own && !held {
                return Err(format!("{label:?} leaves its {card:?}"));
            }
            if !own && intersect(room, &edges(card)) {
                return Err(format!("{label:?} lies under {card:?}"));
            }
        }
    }
    Ok(())
}
