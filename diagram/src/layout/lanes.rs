//! Lanes: which hosts are drawn, in which order, where, and what stands above.

mod order;

use super::notes;
use super::scene::{Anchor, Label, LabelRole, Lane};
use super::source::Source;
use crate::analysis::{Analysis, Host, HostId, Role};
use crate::annotate::HostAddress;
use crate::view::{Metrics, View};
use crate::words::{Language, say};
use order::Place;
use std::collections::{BTreeMap, BTreeSet};

/// Lanes nearer than this cannot carry a label between them.
const MIN_SPACING: f64 = 84.0;
/// Between a lane and the names of its states.
const BESIDE: f64 = 24.0;
/// Between the drawing's edge and a text.
const EDGE: f64 = 8.0;
/// `SYN-RECEIVED`.
const STATE_CHARS: f64 = 12.0;
/// ` :49152`.
const PORT_CHARS: f64 = 7.0;
/// A drawing at least so wide, with a ladder at least so wide, has times and brackets.
const WIDE: (f64, f64) = (640.0, 540.0);
/// A bracket with its text along it, and where in it the line runs.
const BRACKET: f64 = 22.0;
const BRACKET_LINE: f64 = 6.0;
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
    /// Where the lines of brackets run, at the left and at the right.
    pub(super) brackets: [Option<f64>; 2],
    /// Where the times at the right are told.
    pub(super) far_clock: Option<Label>,
    /// The lane that several hosts share.
    shared: Option<u16>,
    pub(super) left: f64,
    pub(super) right: f64,
    /// Of the ladder, without the notes' column.
    pub(super) width: f64,
}

impl Lanes {
    /// The lane of a host; hosts without one share the last.
    pub(super) fn of(&self, host: HostId) -> Option<u16> {
        self.of_host.get(&host).copied()
    }

    /// Whether several hosts share a lane.
    pub(super) fn is_shared(&self, lane: u16) -> bool {
        self.shared == Some(lane)
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

/// What stands beside the ladder and needs room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Beside {
    /// Times at the far end.
    pub(super) far_times: bool,
    /// The ports of conversations that run at the same time.
    pub(super) ports: bool,
    /// Brackets at the left and at the right.
    pub(super) brackets: [bool; 2],
}

/// Lays out the lanes of what the view shows; of these hosts alone, where not all are shown.
pub(super) fn lanes(source: Source<'_>, beside: Beside, shown: Option<&BTreeSet<HostId>>) -> Lanes {
    let (analysis, view) = (source.analysis, source.view);
    let metrics = view.metrics;
    let width = view.width - notes::column(source);
    let wide = view.width >= WIDE.0 && width >= WIDE.1;
    let chars = STATE_CHARS
        + if wide && beside.ports {
            PORT_CHARS
        } else {
            0.0
        };
    let state = chars * metrics.char_width * LabelRole::State.scale();
    let tick = TICK_CHARS * metrics.char_width + EDGE;
    let ticks = |there: bool| if wide && there { tick } else { 0.0 };
    let bracket = |side: usize| {
        if wide && beside.brackets[side] {
            BRACKET
        } else {
            0.0
        }
    };
    let outside = [ticks(true), ticks(beside.far_times)];
    let left = EDGE + outside[0] + bracket(0) + state + BESIDE;
    let right = width - EDGE - outside[1] - bracket(1) - state - BESIDE;
    let right = right.max(left + MIN_SPACING);
    let hosts = order::chosen(analysis, view.filter, shown);
    let room = ((right - left) / MIN_SPACING) as usize + 1;
    let places = order::places(analysis, hosts, room.max(2));
    let spacing = if places.len() > 1 {
        (right - left) / (places.len() - 1) as f64
    } else {
        0.0
    };
    let mut lanes = Lanes {
        left,
        right,
        width,
        head_height: head_height(metrics),
        brackets: [
            (bracket(0) > 0.0).then_some(EDGE + outside[0] + BRACKET - BRACKET_LINE),
            (bracket(1) > 0.0).then_some(width - EDGE - outside[1] - BRACKET + BRACKET_LINE),
        ],
        ..Lanes::default()
    };
    let mut used = BTreeMap::new();
    for (index, place) in places.iter().enumerate() {
        let lane = u16::try_from(index).unwrap_or(u16::MAX);
        let room = Room {
            x: left + spacing * index as f64,
            spacing,
            width,
            metrics,
        };
        lanes
            .of_host
            .extend(place.hosts().iter().map(|&id| (id, lane)));
        match place {
            Place::Host(id) => {
                let Some(host) = analysis.hosts().at(*id) else {
                    continue;
                };
                if host.behind.is_none() {
                    lanes.link_end = lane;
                }
                let given = source.capture.annotations().lane_name(host);
                let id = lane_id(host, &mut used);
                lanes.lanes.push(lane_of(source, host, given, id, room));
            }
            Place::Shared(hosts) => {
                lanes.shared = Some(lane);
                lanes.lanes.push(room.shared(view.language, hosts.len()));
            }
        }
    }
    let page = analysis.hosts().list().iter().any(|host| host.is_page);
    lanes.clock = clock(page, view, lanes.head_height);
    if wide && beside.far_times {
        lanes.far_clock = Some(far_clock(view, &lanes));
    }
    lanes
}

fn head_height(metrics: Metrics) -> f64 {
    14.0 + metrics.line_height * (LabelRole::LaneName.scale() + 2.0 + 1.4)
}

fn clock(page: bool, view: &View, head_height: f64) -> Label {
    let text = if page {
        view.language.pick("ms, page's clock", "ms、ページの時計")
    } else {
        view.language
            .pick("ms, capture's clock", "ms、キャプチャの時計")
    };
    Label {
        text: text.into(),
        x: EDGE,
        y: head_height - 4.0,
        cos: 1.0,
        width: view.metrics.width(text) * LabelRole::Clock.scale(),
        role: LabelRole::Clock,
        ..Label::default()
    }
}

/// What the times at the right are.
fn far_clock(view: &View, lanes: &Lanes) -> Label {
    let last = lanes.lanes.last();
    let is_server = last.is_some_and(|lane| lane.id.starts_with("server"));
    let text = if is_server {
        view.language
            .pick("ms, server's clock", "ms、サーバーの時計")
    } else {
        view.language
            .pick("ms, the other end's clock", "ms、相手の時計")
    };
    Label {
        x: lanes.width - EDGE,
        anchor: Anchor::End,
        text: text.into(),
        width: view.metrics.width(text) * LabelRole::Clock.scale(),
        ..clock(false, view, lanes.head_height)
    }
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

fn lane_of(source: Source<'_>, host: &Host, given: Option<&str>, id: String, room: Room) -> Lane {
    let language = source.view.language;
    let pick = |english, japanese| language.pick(english, japanese).to_owned();
    let address = host.address();
    let machine = host.machine.and_then(|id| source.capture.machine(id));
    let given = given.or(machine.map(|machine| machine.name_in(language)));
    let (name, address) = match (host.role(), &host.name) {
        _ if given.is_some() => (given.unwrap_or_default().to_owned(), address),
        (Role::Page, _) => (pick("this page", "このページ"), address),
        (_, Some(name)) => (name.clone(), address),
        (Role::Router, None) => (pick("router", "ルーター"), address),
        (Role::NameServer, None) => (pick("name server", "DNS サーバー"), address),
        (Role::Server, None) => (pick("server", "サーバー"), address),
        (Role::Client, None) => (pick("client", "クライアント"), address),
        (Role::Host, None) if room.fits(&address, LabelRole::LaneName) => (address, String::new()),
        (Role::Host, None) => (pick("host", "ホスト"), address),
    };
    let title = join(language, &name, &address);
    Lane {
        address: HostAddress::of(host),
        ..room.lane(
            id,
            title,
            [
                vec![name],
                vec![address],
                notes(language, source.analysis, host),
            ],
        )
    }
}

/// What else is worth saying of a host, from the longest wording to the shortest.
fn notes(language: Language, analysis: &Analysis, host: &Host) -> Vec<String> {
    let router = host
        .behind
        .and_then(|id| analysis.hosts().at(id))
        .map(Host::address);
    let mac = host.mac.map(|mac| mac.to_string());
    match host.role() {
        Role::Page => match (mac, analysis.hosts().is_claimed(host)) {
            (Some(mac), true) => vec![
                say!(language, "claimed, {mac}", "確保、{mac}"),
                language.pick("claimed", "確保").into(),
            ],
            (Some(mac), false) => vec![mac],
            (None, _) => vec![],
        },
        Role::Router => {
            let also = if host.is_name_server {
                language.pick(", name server", "、DNS サーバー")
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
                (true, _, _) => language.pick("port 53", "ポート 53").to_owned(),
                (_, Some(port), None) => say!(language, "port {port}", "ポート {port}"),
                _ => String::new(),
            };
            match (router, mac) {
                (Some(router), _) => vec![
                    join(
                        language,
                        &port,
                        &say!(language, "behind router {router}", "ルーター {router} の先"),
                    ),
                    join(
                        language,
                        &port,
                        language.pick("behind router", "ルーターの先"),
                    ),
                    port,
                ],
                (None, Some(mac)) => vec![join(language, &port, &mac), port, mac],
                (None, None) => vec![port],
            }
        }
    }
}

fn join(language: Language, one: &str, other: &str) -> String {
    match (one, other) {
        ("", only) | (only, "") => only.to_owned(),
        (one, other) => say!(language, "{one}, {other}", "{one}、{other}"),
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
    /// Hosts that have no lane of their own.
    fn shared(self, language: Language, count: usize) -> Lane {
        let name = say!(language, "{count} others", "ほか {count} 台");
        let head = [
            vec![name.clone()],
            vec![
                language
                    .pick("one lane for all", "まとめて 1 レーン")
                    .into(),
                language.pick("together", "まとめて").into(),
            ],
            vec![],
        ];
        self.lane("others".into(), name, head)
    }

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
            address: None,
            x: self.x,
            title,
            head,
        }
    }

    /// How wide a line of a head may be.
    fn spare(self) -> f64 {
        if self.spacing <= 0.0 {
            return self.width - 2.0 * EDGE;
        }
        // Half of the way to the next lane on either side, or all to the edge. A text at
        // the edge is moved inwards, but not beyond half of the way.
        let edge = (self.width - self.x).min(self.x) - EDGE + self.spacing / 2.0 - 5.0;
        (self.spacing - 10.0).min(edge)
    }

    fn fits(self, text: &str, role: LabelRole) -> bool {
        self.metrics.width(text) * role.scale() <= self.spare()
    }

    /// The first wording that fits, or the last, cut.
    fn line(self, wordings: &[String], role: LabelRole, y: f64) -> Option<Label> {
        let spare = self.spare();
        let text = match wordings.iter().find(|text| self.fits(text, role)) {
            Some(text) => text.clone(),
            None => self.metrics.cut(wordings.last()?, spare / role.scale()),
        };
        if text.is_empty() {
            return None;
        }
        let width = self.metrics.width(&text) * role.scale();
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
