//! The ladder as it is drawn: its arrows and states, and whether its words can be read.

use std::collections::BTreeMap;

use anyhow::Context;
use serde::Deserialize;
use serde_json::json;

use crate::page::Page;

/// Letters may come as near as this, in CSS pixels: what antialiasing blurs.
const TOLERANCE: f64 = 0.5;

/// What is drawn at one place of the scroll.
#[derive(Clone, Debug, Deserialize)]
pub struct Glance {
    /// Left, top, right and bottom of the scrolled element's inside, in CSS pixels of the window.
    pub port: [f64; 4],
    /// Every word that is drawn, ladder and lane heads.
    pub labels: Vec<Label>,
    /// Every arrow.
    pub arrows: Vec<Arrow>,
    /// Every state's beginning or bar.
    pub states: Vec<State>,
    /// The strip above it.
    pub strip: Strip,
    /// Where it was scrolled to, the whole height, and the height that is seen.
    pub scroll: [f64; 3],
}

/// Left, top, right and bottom in CSS pixels of the window.
pub type Place = [f64; 4];

/// The strip: who spoke, a letter a packet.
#[derive(Clone, Debug, Deserialize)]
pub struct Strip {
    /// Where letters may be.
    pub room: Place,
    /// The letters, their boxes, and the silences between them.
    pub marks: Vec<Mark>,
    /// What stands beside them: names of the rows, menus.
    pub beside: Vec<Mark>,
    /// What all of it stands in.
    pub within: Place,
}

/// Something in or beside the strip.
#[derive(Clone, Debug, Deserialize)]
pub struct Mark {
    /// What it says.
    pub text: String,
    /// Where it is.
    pub place: Place,
}

impl Strip {
    /// Marks that are cut, and things that stand on one another.
    fn unreadable(&self) -> Vec<String> {
        let cut = self
            .marks
            .iter()
            .filter(|mark| !is_within(&mark.place, &self.room))
            .chain(
                self.beside
                    .iter()
                    .filter(|mark| !is_within(&mark.place, &self.within)),
            );
        let mut troubles: Vec<_> = cut
            .map(|mark| format!("{:?} in the strip is cut off", mark.text))
            .collect();
        for (index, thing) in self.beside.iter().enumerate() {
            let others = self.beside[index + 1..].iter().chain(&self.marks);
            for other in others.filter(|other| overlap(&thing.place, &other.place)) {
                troubles.push(format!("{:?} covers {:?}", thing.text, other.text));
            }
        }
        troubles
    }
}

fn is_within(inner: &Place, outer: &Place) -> bool {
    (0..2).all(|side| inner[side] >= outer[side] - TOLERANCE)
        && (2..4).all(|side| inner[side] <= outer[side] + TOLERANCE)
}

fn overlap(one: &Place, other: &Place) -> bool {
    (0..2).all(|axis| {
        one[axis] + TOLERANCE < other[axis + 2] && other[axis] + TOLERANCE < one[axis + 2]
    })
}

/// A word and the four corners of its ink.
#[derive(Clone, Debug, Deserialize)]
pub struct Label {
    /// What it says.
    pub text: String,
    /// Corners in order round the box, in CSS pixels of the window.
    pub corners: [[f64; 2]; 4],
    /// Whether it scrolls with the ladder, or stays, as lane heads do.
    pub scrolls: bool,
}

/// A packet.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Arrow {
    /// The packet's number.
    pub frame: u64,
    /// `arp`, `dns`, `syn`, `data`, …
    pub kind: String,
    /// The lane that it starts from.
    pub from: String,
    /// The lane that it goes to.
    pub to: String,
    /// TCP's flags.
    pub flags: Option<String>,
    /// Relative sequence number.
    pub seq: Option<u64>,
    /// Relative acknowledgment number.
    pub ack: Option<u64>,
    /// Payload bytes.
    pub len: Option<u64>,
    /// Why it was sent, when our stack sent it.
    pub cause: Option<String>,
}

/// A TCP state of one end.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
pub struct State {
    /// Whose.
    pub lane: String,
    /// RFC 9293's name for it.
    pub state: String,
    /// Whether it was only inferred.
    pub inferred: bool,
}

/// The whole ladder, gathered by scrolling through it.
#[derive(Clone, Debug, Default)]
pub struct Ladder {
    /// Packets by their number.
    pub arrows: BTreeMap<u64, Arrow>,
    /// States in the order in which they were met.
    pub states: Vec<State>,
    /// What cannot be read, in words; empty when all can.
    pub unreadable: Vec<String>,
}

impl Page {
    /// Looks at the ladder where it is scrolled to.
    ///
    /// # Errors
    /// When the page draws none.
    pub async fn glance(&self) -> anyhow::Result<Glance> {
        let seen = self.script(include_str!("glance.js"), Vec::new()).await?;
        serde_json::from_value(seen).context("the ladder is not drawn as expected")
    }

    /// Scrolls the ladder to a place and waits until that is drawn.
    ///
    /// # Errors
    /// When the page draws none.
    pub async fn scroll_to(&self, top: f64) -> anyhow::Result<()> {
        let script = include_str!("scroll.js");
        self.browser
            .driver
            .execute_async(script, vec![json!(top)])
            .await?;
        Ok(())
    }

    /// Scrolls through the ladder from the top, at most so many windows of it, and then looks at its end.
    ///
    /// # Errors
    /// When the page draws none.
    pub async fn ladder(&self, windows: usize) -> anyhow::Result<Ladder> {
        let mut ladder = Ladder::default();
        let mut top = 0.0;
        for _ in 0..windows {
            self.scroll_to(top).await?;
            let glance = self.glance().await?;
            ladder.take(&glance);
            let [at, height, seen] = glance.scroll;
            if at + seen >= height - 1.0 {
                return Ok(ladder);
            }
            top = at + seen * 0.8;
        }
        self.scroll_to(f64::from(u32::MAX)).await?;
        ladder.take(&self.glance().await?);
        Ok(ladder)
    }
}

impl Ladder {
    fn take(&mut self, glance: &Glance) {
        for arrow in &glance.arrows {
            self.arrows.insert(arrow.frame, arrow.clone());
        }
        for state in &glance.states {
            if !self.states.contains(state) {
                self.states.push(state.clone());
            }
        }
        for trouble in glance.unreadable() {
            if !self.unreadable.contains(&trouble) {
                self.unreadable.push(trouble);
            }
        }
    }

    /// The states of one end, in order.
    pub fn states_of(&self, lane: &str) -> Vec<&str> {
        let of_lane = self.states.iter().filter(|state| state.lane == lane);
        of_lane.map(|state| state.state.as_str()).collect()
    }
}

impl Glance {
    /// Labels that intersect another one, and labels that are cut off; the strip's letters too.
    pub fn unreadable(&self) -> Vec<String> {
        let [left, top, right, bottom] = self.port;
        let mut troubles = self.strip.unreadable();
        // What is above or below the window is not seen; what is half inside is cut by scrolling.
        let is_seen = |label: &&Label| {
            let (_, y) = label.extent();
            !label.scrolls || (y.1 > top && y.0 < bottom)
        };
        let seen: Vec<&Label> = self.labels.iter().filter(is_seen).collect();
        for (index, label) in seen.iter().enumerate() {
            let (x, _) = label.extent();
            if x.0 < left - TOLERANCE || x.1 > right + TOLERANCE {
                troubles.push(format!("{:?} is cut off", label.text));
            }
            for other in &seen[index + 1..] {
                if label.scrolls == other.scrolls && label.intersects(other) {
                    troubles.push(format!("{:?} intersects {:?}", label.text, other.text));
                }
            }
        }
        troubles
    }
}

impl Label {
    /// The least and greatest x, and the least and greatest y.
    fn extent(&self) -> ((f64, f64), (f64, f64)) {
        (
            project(&self.corners, [1.0, 0.0]),
            project(&self.corners, [0.0, 1.0]),
        )
    }

    /// Whether two rotated boxes overlap: unless an edge's normal separates them.
    pub fn intersects(&self, other: &Self) -> bool {
        let separates = |axis: [f64; 2]| {
            let ours = project(&self.corners, axis);
            let theirs = project(&other.corners, axis);
            ours.1 <= theirs.0 + TOLERANCE || theirs.1 <= ours.0 + TOLERANCE
        };
        let mut axes = self.axes().into_iter().chain(other.axes());
        !axes.any(separates)
    }

    fn axes(&self) -> [[f64; 2]; 2] {
        let axis = |from: [f64; 2], to: [f64; 2]| {
            let (dx, dy) = (to[0] - from[0], to[1] - from[1]);
            let length = dx.hypot(dy).max(f64::MIN_POSITIVE);
            [dx / length, dy / length]
        };
        let [a, b, _, d] = self.corners;
        [axis(a, b), axis(a, d)]
    }
}

fn project(corners: &[[f64; 2]; 4], axis: [f64; 2]) -> (f64, f64) {
    let places = corners.map(|[x, y]| x * axis[0] + y * axis[1]);
    let least = places.into_iter().fold(f64::INFINITY, f64::min);
    let most = places.into_iter().fold(f64::NEG_INFINITY, f64::max);
    (least, most)
}

#[cfg(test)]
mod tests {
    use super::{Glance, Label, Mark, Strip};

    fn label(text: &str, x: f64, y: f64, slope: f64) -> Label {
        let (width, height) = (100.0, 10.0);
        let along = |dx: f64, dy: f64| [x + dx - dy * slope, y + dx * slope + dy];
        Label {
            text: text.to_owned(),
            corners: [
                along(0.0, 0.0),
                along(width, 0.0),
                along(width, height),
                along(0.0, height),
            ],
            scrolls: true,
        }
    }

    fn glance(labels: Vec<Label>) -> Glance {
        Glance {
            port: [0.0, 0.0, 400.0, 300.0],
            labels,
            arrows: Vec::new(),
            states: Vec::new(),
            strip: Strip {
                room: [60.0, 0.0, 300.0, 44.0],
                marks: Vec::new(),
                beside: Vec::new(),
                within: [0.0, 0.0, 400.0, 50.0],
            },
            scroll: [0.0, 300.0, 300.0],
        }
    }

    #[test]
    fn parallel_slopes_do_not_intersect_though_their_upright_boxes_do() {
        let labels = vec![label("a", 10.0, 50.0, 0.3), label("b", 10.0, 64.0, 0.3)];
        assert_eq!(glance(labels).unreadable(), [] as [&str; 0]);
    }

    #[test]
    fn crossing_labels_and_those_beyond_an_edge_are_found() {
        let labels = vec![
            label("a", 10.0, 50.0, 0.3),
            label("b", 10.0, 60.0, -0.1),
            label("c", 350.0, 100.0, 0.0),
        ];
        assert_eq!(
            glance(labels).unreadable(),
            ["\"a\" intersects \"b\"", "\"c\" is cut off"]
        );
    }

    #[test]
    fn a_letter_that_is_cut_and_a_menu_on_a_letter_are_found() {
        let mark = |text: &str, place| Mark {
            text: text.to_owned(),
            place,
        };
        let mut glance = glance(Vec::new());
        glance.strip.marks = vec![
            mark("P", [280.0, 2.0, 298.0, 20.0]),
            mark("A", [290.0, 24.0, 308.0, 42.0]),
        ];
        glance.strip.beside = vec![mark("time:", [305.0, 0.0, 390.0, 30.0])];
        assert_eq!(
            glance.unreadable(),
            ["\"A\" in the strip is cut off", "\"time:\" covers \"A\""]
        );
    }

    #[test]
    fn what_is_scrolled_away_troubles_nobody() {
        let labels = vec![label("a", 10.0, 400.0, 0.0), label("b", 10.0, 402.0, 0.0)];
        assert_eq!(glance(labels).unreadable(), [] as [&str; 0]);
    }
}
