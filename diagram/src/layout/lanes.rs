//! Lanes: which hosts are drawn, in which order, where, and what stands above.

use super::scene::{Anchor, Label, LabelRole, Lane};
use crate::analysis::{Analysis, Host, HostId, Role};
use crate::view::{Filter, Metrics, View};
use crate::words;
use std::collections::{BTreeMap, BTreeSet};

/// Lanes nearer than this cannot carry a label between them.
const MIN_SPACING: f64 = 84.0;
/// Between a lane and the names of its states.
const BESIDE: f64 = 24.0;
/// Between the drawing's edge and a text.
const EDGE: f64 = 8.0;
/// `SYN-RECEIVED`.
const STATE_CHARS: f64 = 12.0;
/// `123456.7`.
const TICK_CHARS: f64 = 8.0;

/// All lanes of a view.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Lanes {
    pub(super) lanes: Vec<Lane>,
    of_host: BTreeMap<HostId, u16>,
    /// The lane farthest from the first on its own link.
    pub(super) link_end: u16,
    pub(super) head_height: f64,
    pub(super) clock: Label,
    pub(super) left: f64,
    pub(super) right: f64,
}

impl Lanes {
    /// The lane of a host; hosts without one share the last.
    pub(super) fn of(&self, host: HostId) -> Option<u16> {
        self.of_host.get(&host).copied()
    }

    pub(super) fn x(&self, lane: u16) -> f64 {
        self.lanes
            .get(lane as usize)
            .map_or(self.left, |lane| lane.x)
    }

    pub(super) fn last(&self) -> u16 {
        u16::try_from(self.lanes.len().saturating_sub(1)).unwrap_or(u16::MAX)
    }
}

/// Lays out the lanes of what `view` shows; of these hosts alone, where not all are shown.
pub(super) fn lanes(analysis: &Analysis, view: &View, shown: Option<&BTreeSet<HostId>>) -> Lanes {
    let metrics = view.metrics;
    let wide = view.width >= 640.0;
    let state = STATE_CHARS * metrics.char_width * LabelRole::State.scale();
    let tick = TICK_CHARS * metrics.char_width;
    let left = EDGE + state + BESIDE + if wide { tick + EDGE } else { 0.0 };
    let right = (view.width - EDGE - state - BESIDE).max(left + MIN_SPACING);
    let mut hosts = chosen(analysis, view.filter, shown);
    let room = ((right - left) / MIN_SPACING) as usize + 1;
    // More than there is room for: the quietest share the last lane.
    let shared = if hosts.len() > room.max(2) {
        hosts.split_off(room.max(2) - 1)
    } else {
        vec![]
    };
    let count = hosts.len() + usize::from(!shared.is_empty());
    let spacing = if count > 1 {
        (right - left) / (count - 1) as f64
    } else {
        0.0
    };
    let mut lanes = Lanes {
        left,
        right,
        head_height: head_height(metrics),
        ..Lanes::default()
    };
    let mut used = BTreeMap::new();
    for (index, &id) in hosts.iter().enumerate() {
        let Some(host) = analysis.hosts().at(id) else {
            continue;
        };
        let x = left + spacing * index as f64;
        let lane = u16::try_from(index).unwrap_or(u16::MAX);
        lanes.of_host.insert(id, lane);
        if host.behind.is_none() {
            lanes.link_end = lane;
        }
        let room = Room {
            x,
            spacing,
            width: view.width,
            metrics,
        };
        lanes
            .lanes
            .push(lane_of(analysis, host, lane_id(host, &mut used), room));
    }
    if !shared.is_empty() {
        let index = lanes.lanes.len();
        let lane = u16::try_from(index).unwrap_or(u16::MAX);
        for &id in &shared {
            lanes.of_host.insert(id, lane);
        }
        let room = Room {
            x: right,
            spacing,
            width: view.width,
            metrics,
        };
        let name = format!("{} others", shared.len());
        let head = [name.clone(), "one lane for all".into(), String::new()];
        lanes
            .lanes
            .push(room.lane("others".into(), name, head.map(|text| vec![text])));
    }
    lanes.clock = clock(analysis, metrics, lanes.head_height);
    lanes
}

fn head_height(metrics: Metrics) -> f64 {
    14.0 + metrics.line_height * (LabelRole::LaneName.scale() + 2.0 + 1.4)
}

fn clock(analysis: &Analysis, metrics: Metrics, head_height: f64) -> Label {
    let page = analysis.hosts().list().iter().any(|host| host.is_page);
    let text = if page {
        "ms, page's clock"
    } else {
        "ms, capture's clock"
    };
    Label {
        text: text.into(),
        x: EDGE,
        y: head_height - 4.0,
        cos: 1.0,
        width: chars(text) * metrics.char_width * LabelRole::Clock.scale(),
        role: LabelRole::Clock,
        ..Label::default()
    }
}

/// The hosts to be drawn, from left to right: who calls, the way out, who is called.
fn chosen(analysis: &Analysis, filter: Filter, shown: Option<&BTreeSet<HostId>>) -> Vec<HostId> {
    if let Filter::Stream(stream) = filter {
        return match analysis.streams().get(stream as usize) {
            Some(info) => vec![info.client.0, info.server.0],
            None => Vec::new(),
        };
    }
    let mut hosts: Vec<_> = (0..)
        .map(HostId)
        .zip(analysis.hosts().list())
        .filter(|(_, host)| host.packets > 0)
        .filter(|(id, _)| shown.is_none_or(|shown| shown.contains(id)))
        .collect();
    // The busiest are kept when there are too many; then everybody takes their place.
    let rank = |host: &Host| match host.role() {
        Role::Page => 0,
        Role::Client => 1,
        Role::Router => 2,
        Role::NameServer => 3,
        Role::Server => 4,
        Role::Host => 5,
    };
    const MANY: usize = 24;
    if hosts.len() > MANY {
        hosts.sort_by_key(|(id, host)| (!host.is_page, core::cmp::Reverse(host.packets), *id));
    } else {
        hosts.sort_by_key(|(id, host)| (rank(host), *id));
    }
    hosts.into_iter().map(|(id, _)| id).collect()
}

fn lane_id(host: &Host, used: &mut BTreeMap<&'static str, u32>) -> String {
    let base = match host.role() {
        Role::Page => "page",
        Role::Client => "client",
        Role::Router => "router",
        Role::NameServer => "dns",
        Role::Server => "server",
        Role::Host => "host",
    };
    let count = used.entry(base).or_default();
    *count += 1;
    if *count == 1 {
        base.to_owned()
    } else {
        format!("{base}-{count}")
    }
}

fn lane_of(analysis: &Analysis, host: &Host, id: String, room: Room) -> Lane {
    let address = host.address();
    let (name, address) = match (host.role(), &host.name) {
        (Role::Page, _) => ("this page".to_owned(), address),
        (_, Some(name)) => (name.clone(), address),
        (Role::Router, None) => ("router".to_owned(), address),
        (Role::NameServer, None) => ("name server".to_owned(), address),
        (Role::Server, None) => ("server".to_owned(), address),
        (Role::Client, None) => ("client".to_owned(), address),
        (Role::Host, None) => (address, String::new()),
    };
    let title = join(&name, &address);
    room.lane(
        id,
        title,
        [vec![name], vec![address], notes(analysis, host)],
    )
}

/// What else is worth saying of a host, from the longest wording to the shortest.
fn notes(analysis: &Analysis, host: &Host) -> Vec<String> {
    let router = host
        .behind
        .and_then(|id| analysis.hosts().at(id))
        .map(Host::address);
    let mac = host.mac.map(|mac| mac.to_string());
    match host.role() {
        Role::Page => match (mac, analysis.hosts().is_claimed(host)) {
            (Some(mac), true) => vec![format!("claimed, {mac}"), "claimed".into()],
            (Some(mac), false) => vec![mac],
            (None, _) => vec![],
        },
        Role::Router => {
            let also = if host.is_name_server {
                ", name server"
            } else {
                ""
            };
            match mac {
                Some(mac) => vec![format!("{mac}{also}"), mac],
                None => vec![],
            }
        }
        _ => {
            let port = match (host.is_name_server, host.serves, host.port) {
                (true, _, _) => "port 53".to_owned(),
                (_, Some(port), None) => format!("port {port}"),
                _ => String::new(),
            };
            match (router, mac) {
                (Some(router), _) => vec![
                    join(&port, &format!("behind router {router}")),
                    join(&port, "behind router"),
                    port,
                ],
                (None, Some(mac)) => vec![join(&port, &mac), port, mac],
                (None, None) => vec![port],
            }
        }
    }
}

fn join(one: &str, other: &str) -> String {
    match (one, other) {
        ("", only) | (only, "") => only.to_owned(),
        (one, other) => format!("{one}, {other}"),
    }
}

/// The place that a head has.
#[derive(Clone, Copy)]
struct Room {
    x: f64,
    spacing: f64,
    width: f64,
    metrics: Metrics,
}

impl Room {
    fn lane(self, id: String, title: String, lines: [Vec<String>; 3]) -> Lane {
        const ROLES: [LabelRole; 3] = [
            LabelRole::LaneName,
            LabelRole::LaneAddress,
            LabelRole::LaneNote,
        ];
        let mut y = 6.0;
        let mut head = Vec::new();
        for (role, wordings) in ROLES.into_iter().zip(lines) {
            y += self.metrics.line_height * role.scale() + 1.0;
            head.extend(self.line(&wordings, role, y));
        }
        Lane {
            id,
            x: self.x,
            title,
            head,
        }
    }

    /// The first wording that fits, or the last, cut.
    fn line(self, wordings: &[String], role: LabelRole, y: f64) -> Option<Label> {
        let advance = self.metrics.char_width * role.scale();
        // Half of the way to the next lane on either side, or all to the edge.
        let spare = if self.spacing > 0.0 {
            self.spacing - 10.0
        } else {
            self.width - 2.0 * EDGE
        };
        // A text at the edge is moved inwards, but not beyond half of the way.
        let edge = (self.width - self.x).min(self.x) - EDGE + self.spacing / 2.0 - 5.0;
        let spare = if self.spacing > 0.0 {
            spare.min(edge)
        } else {
            spare
        };
        let fits = |text: &String| chars(text) * advance <= spare;
        let text = match wordings.iter().find(|text| fits(text)) {
            Some(text) => text.clone(),
            None => words::cut(wordings.last()?, (spare / advance).max(1.0) as usize),
        };
        if text.is_empty() {
            return None;
        }
        let width = chars(&text) * advance;
        let half = width / 2.0;
        let x = self
            .x
            .clamp(half + EDGE, (self.width - half - EDGE).max(half + EDGE));
        Some(Label {
            text,
            x,
            y,
            cos: 1.0,
            anchor: Anchor::Middle,
            width,
            role,
            ..Label::default()
        })
    }
}

/// How many characters a text has, as a length.
pub(super) fn chars(text: &str) -> f64 {
    text.chars().count() as f64
}
