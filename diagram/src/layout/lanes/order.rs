//! Which hosts have a lane, and in which order: who calls, the way out, who is called;
//! and those that talk with each other beside each other.

use crate::analysis::{Analysis, Host, HostId, Role};
use crate::view::Filter;
use std::collections::{BTreeMap, BTreeSet};

/// Who has a lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// One host.
    Host(HostId),
    /// Those for whom there is no room.
    Shared(Vec<HostId>),
}

impl Place {
    pub(super) fn hosts(&self) -> &[HostId] {
        match self {
            Self::Host(id) => core::slice::from_ref(id),
            Self::Shared(hosts) => hosts,
        }
    }
}

/// The hosts to be drawn, in the order of their appearance.
pub(super) fn chosen(
    analysis: &Analysis,
    filter: Filter,
    shown: Option<&BTreeSet<HostId>>,
) -> Vec<HostId> {
    if let Filter::Stream(stream) = filter {
        let ends = analysis.streams().get(stream as usize);
        let ends = ends.map_or_else(Vec::new, |info| vec![info.client.0, info.server.0]);
        // Who speaks TCP to everybody has a lane, everybody has none.
        let is_host = |id: &HostId| analysis.hosts().at(*id).is_some();
        return ends.into_iter().filter(is_host).collect();
    }
    let is_empty = analysis.digests().is_empty();
    (0..)
        .map(HostId)
        .zip(analysis.hosts().list())
        // Of a run in which nothing was sent yet, those who are there.
        .filter(|(_, host)| host.packets > 0 || (is_empty && host.machine.is_some()))
        .filter(|(id, _)| shown.is_none_or(|shown| shown.contains(id)))
        .map(|(id, _)| id)
        .collect()
}

/// Their places from left to right, `room` at the most: the quietest share one.
pub(super) fn places(analysis: &Analysis, mut hosts: Vec<HostId>, room: usize) -> Vec<Place> {
    let host = |id: HostId| analysis.hosts().at(id);
    let shared = if hosts.len() > room {
        let loudness = |id: &HostId| host(*id).map_or((false, 0), |h| (h.is_page, h.packets));
        hosts.sort_by_key(|id| (core::cmp::Reverse(loudness(id)), *id));
        hosts.split_off(room - 1)
    } else {
        Vec::new()
    };
    let groups = groups(analysis, &hosts);
    let group = |id: &HostId| groups.get(id).copied().unwrap_or(*id);
    hosts.sort_by_key(|id| (group(id), host(*id).map(rank), *id));
    let mut places: Vec<_> = hosts.into_iter().map(Place::Host).collect();
    if !shared.is_empty() {
        // Callers stand at the left.
        let calls = |id: &&HostId| host(**id).is_some_and(|h| rank(h) <= rank_of(Role::Client));
        let at_left = shared.iter().filter(calls).count() * 2 > shared.len();
        let is_page = |place: &Place| match place {
            Place::Host(id) => host(*id).is_some_and(|host| host.is_page),
            Place::Shared(_) => false,
        };
        let at = match at_left {
            true => usize::from(places.first().is_some_and(is_page)),
            false => places.len(),
        };
        places.insert(at, Place::Shared(shared));
    }
    places
}

fn rank(host: &Host) -> u8 {
    rank_of(host.role())
}

const fn rank_of(role: Role) -> u8 {
    match role {
        Role::Page => 0,
        Role::Client => 1,
        Role::Router => 2,
        Role::NameServer => 3,
        Role::Server => 4,
        Role::Host => 5,
    }
}

/// Who talks with whom by TCP, or through whom: each host's group has the name of its
/// first host. With our own stack in it all are one group, for all talk with it.
fn groups(analysis: &Analysis, hosts: &[HostId]) -> BTreeMap<HostId, HostId> {
    let mut groups: BTreeMap<HostId, HostId> = hosts.iter().map(|&id| (id, id)).collect();
    if analysis.hosts().page().is_some() {
        groups.values_mut().for_each(|group| *group = HostId(0));
        return groups;
    }
    let mut join = |one: HostId, other: HostId| {
        let (Some(&a), Some(&b)) = (groups.get(&one), groups.get(&other)) else {
            return;
        };
        if a != b {
            let (first, second) = (a.min(b), a.max(b));
            let members = groups.values_mut().filter(|group| **group == second);
            members.for_each(|group| *group = first);
        }
    };
    for info in analysis.streams() {
        join(info.client.0, info.server.0);
    }
    for &id in hosts {
        if let Some(router) = analysis.hosts().at(id).and_then(|host| host.behind) {
            join(id, router);
        }
    }
    groups
}
