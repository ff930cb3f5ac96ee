//! One document: a capture and what is drawn from it.

use crate::answers::{Detail, Overview, Strip};
use crate::protocol::Extent;
use synema_core::trace::Record;
use synema_diagram::capture::{Capture, Direction, Frame, Interface, MemoryPolicy, file};
use synema_diagram::scene::{Anchor, Arrow, Kind, Label, LabelRole, Lane, Point, Scene};
use synema_diagram::view::View;
use synema_relay::BridgeHello;

/// A document.
pub struct Shown {
    capture: Capture,
}

const ROW: f64 = 26.0;

impl Shown {
    /// The live capture, before it begins.
    pub fn wire() -> Self {
        Self {
            capture: Capture::with_policy(MemoryPolicy::default()),
        }
    }

    /// A new run begins.
    pub fn begin(&mut self, hello: &BridgeHello, _offset_ns: u64) {
        self.capture
            .add_interface(Interface::ethernet(&hello.interface, Some(hello.mac)));
    }

    /// A file's content; and what was wrong with it from some packet on.
    pub fn file(bytes: &[u8]) -> Result<(Self, Option<String>), String> {
        let opened = file::read(bytes).map_err(|problem| problem.to_string())?;
        let partly = opened.stopped.map(|problem| problem.to_string());
        Ok((
            Self {
                capture: opened.capture,
            },
            partly,
        ))
    }

    /// Frames and records of the run.
    pub fn add(&mut self, frames: Vec<Frame>, records: Vec<Record>) {
        for record in records {
            self.capture.record(record);
        }
        for frame in frames {
            self.capture.push(frame);
        }
    }

    fn packets(&self) -> u64 {
        self.capture.frames().len() as u64
    }

    /// How large it is.
    pub fn extent(&mut self, version: u64, _view: &View) -> Extent {
        Extent {
            version,
            packets: self.packets(),
            height: self.packets() as f64 * ROW + 60.0,
            let_go: self.capture.payloads_let_go(),
        }
    }

    /// A part of the ladder.
    pub fn scene(&mut self, view: &View, y0: f64, y1: f64) -> Scene {
        let height = self.packets() as f64 * ROW + 60.0;
        let lanes: Vec<Lane> = ["page", "wire"]
            .iter()
            .enumerate()
            .map(|(i, id)| {
                let x = if i == 0 { 150.0 } else { view.width - 150.0 };
                Lane {
                    id: (*id).into(),
                    x,
                    title: (*id).into(),
                    head: vec![Label {
                        text: (*id).into(),
                        x,
                        y: 20.0,
                        cos: 1.0,
                        sin: 0.0,
                        anchor: Anchor::Middle,
                        width: 60.0,
                        role: LabelRole::LaneName,
                        ..Label::default()
                    }],
                }
            })
            .collect();
        let arrows = self
            .capture
            .frames()
            .iter()
            .enumerate()
            .filter_map(|(i, frame)| {
                let y = 30.0 + i as f64 * ROW;
                if y + 30.0 < y0 || y > y1 {
                    return None;
                }
                let sent = frame.direction != Direction::Received;
                let (a, b) = if sent { (0_u16, 1_u16) } else { (1, 0) };
                let (xa, xb) = (lanes[usize::from(a)].x, lanes[usize::from(b)].x);
                let dx = xb - xa;
                let l = (dx * dx + 400.0_f64).sqrt();
                let (cos, sin) = if dx > 0.0 {
                    (dx / l, 20.0 / l)
                } else {
                    (-dx / l, -20.0 / l)
                };
                Some(Arrow {
                    number: i as u64 + 1,
                    frame: Some(frame.id),
                    kind: Kind::Other,
                    from: a,
                    to: b,
                    tail: Point { x: xa, y },
                    tip: Point { x: xb, y: y + 20.0 },
                    label: Some(Label {
                        text: format!("packet {} ({} B)", i + 1, frame.original_len),
                        x: (xa + xb) / 2.0,
                        y: y + 7.0,
                        cos,
                        sin,
                        anchor: Anchor::Middle,
                        width: 120.0,
                        ..Label::default()
                    }),
                    title: format!("packet {}", i + 1),
                    in_focus: true,
                    ..Arrow::default()
                })
            })
            .collect();
        Scene {
            width: view.width,
            height,
            window: (y0, y1.min(height)),
            head_height: 50.0,
            lanes,
            arrows,
            ..Scene::default()
        }
    }

    /// A part of the strip.
    pub fn strip(&mut self, _view: &View, from: u64, count: u32) -> Strip {
        let _ = (from, count);
        Strip::default()
    }

    /// The whole at a glance.
    pub fn overview(&mut self, _view: &View, buckets: u32) -> Overview {
        let _ = buckets;
        Overview::default()
    }

    /// All about a packet.
    pub fn detail(&mut self, _view: &View, number: u64) -> Option<Detail> {
        let frame = self
            .capture
            .frames()
            .get(usize::try_from(number).ok()?.checked_sub(1)?)?;
        Some(Detail {
            number,
            title: "Packet".into(),
            bytes: frame.bytes.to_vec(),
            original_len: frame.original_len,
            ..Detail::default()
        })
    }

    /// Where a packet's row is.
    pub fn row(&mut self, _view: &View, number: u64) -> Option<(f64, f64)> {
        let y = 30.0 + number.checked_sub(1)? as f64 * ROW;
        Some((y, y + ROW))
    }

    /// A capture file.
    ///
    /// # Errors
    /// None that a memory buffer has.
    pub fn pcapng(&self) -> std::io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        file::write_pcapng(&self.capture, &mut bytes)?;
        Ok(bytes)
    }
}
