//! The cursor across the ladder: the time that has come, and each packet that is on its way.

use crate::page::view::Shared;
use crate::page::view::scene::px;
use synema_diagram::scene::{Arrow, Point, Scene};
use yew::prelude::*;

/// What the cursor is given.
#[derive(Clone, PartialEq, Properties)]
pub struct CursorProps {
    /// The window of the ladder.
    pub scene: Shared<Scene>,
    /// Its height, CSS pixels from the ladder's top.
    pub y: f64,
    /// Its time.
    pub time: AttrValue,
}

/// The cursor.
#[component]
pub fn Cursor(props: &CursorProps) -> Html {
    let scene = &*props.scene.0;
    let (y0, y1) = scene.window;
    let height = (y1.min(scene.height) - y0).max(0.0);
    let y = props.y;
    let width = props.time.chars().count() as f64 * scene.char_width + 10.0;
    let heads = scene.arrows.iter().filter_map(|arrow| head(arrow, y));
    html! {
        <svg class="cursor" width={px(scene.width)} height={px(height)} aria-hidden="true"
            viewBox={format!("0 {} {} {}", px(y0), px(scene.width), px(height))}>
            <line class="cursor-line" data-test="cursor" x1="0" x2={px(scene.width)} y1={px(y)} y2={px(y)} />
            <rect class="cursor-box" x="2" y={px(y - 9.0)} width={px(width)} height="18" rx="4" />
            <text class="cursor-time" x={px(2.0 + width / 2.0)} y={px(y + 4.0)}>{ &props.time }</text>
            { for heads.map(|at| html! {
                <circle class="in-flight" data-test="in-flight" cx={px(at.x)} cy={px(at.y)} r="4.2" />
            }) }
        </svg>
    }
}

/// Where a packet is when the cursor is at this height; none if it is not on its way.
fn head(arrow: &Arrow, y: f64) -> Option<Point> {
    let (tail, tip) = (arrow.tail, arrow.tip);
    if y <= tail.y || y >= tip.y {
        return None;
    }
    let part = (y - tail.y) / (tip.y - tail.y);
    Some(Point {
        x: tail.x + part * (tip.x - tail.x),
        y,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_is_seen_between_its_departure_and_its_end() {
        let arrow = Arrow {
            tail: Point { x: 100.0, y: 50.0 },
            tip: Point { x: 300.0, y: 90.0 },
            ..Arrow::default()
        };
        assert_eq!(head(&arrow, 50.0), None);
        assert_eq!(head(&arrow, 60.0), Some(Point { x: 150.0, y: 60.0 }));
        assert_eq!(head(&arrow, 90.0), None);
    }
}
