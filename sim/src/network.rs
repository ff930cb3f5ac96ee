//! Nodes on LANs, driven in virtual time.
//!
//! A LAN is a switch. Each pair of members has a [`Wire`] in each direction,
//! so that conditions hold from one machine to another and not for a cable that nobody draws.

use crate::conditions::{Conditions, Fate, LossReason, Wire};
use crate::node::{Node, NodeId, NodeRef, Port};
use crate::switch::{Member, Switch};
use core::any::Any;
use core::marker::PhantomData;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use synema_core::time::{Duration, Instant};
use synema_core::trace::FrameId;
use synema_core::wire::MacAddr;

/// A LAN's number within its network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LanId(pub u32);

/// More steps than this without time going on: somebody talks to himself.
const MAX_STEPS_AT_ONCE: u32 = 1_000_000;

/// One frame's way from one node to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passage {
    /// On which LAN.
    pub lan: LanId,
    /// Who sent it.
    pub from: NodeId,
    /// What its sender calls it.
    pub sent_as: FrameId,
    /// When it was sent.
    pub departed: Instant,
    /// To whom it went.
    pub to: NodeId,
    /// What became of it.
    pub end: PassageEnd,
    /// The frame as it was sent, without FCS.
    #[serde(with = "serde_bytes")]
    pub bytes: Vec<u8>,
}

/// What became of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PassageEnd {
    /// It arrived, or will: see `at`.
    Arrived {
        /// When.
        at: Instant,
        /// What its receiver calls it.
        received_as: FrameId,
        /// The bit that was changed on the way, counted from the frame's first.
        corrupted: Option<u64>,
        /// Whether this is the second copy of a frame that arrives twice.
        duplicate: bool,
    },
    /// It died on the way.
    Lost {
        /// When; half-way unless it found no room to leave.
        at: Instant,
        /// Why.
        why: LossReason,
    },
}

/// A network in virtual time.
pub struct Network {
    now: Instant,
    seed: u64,
    nodes: Vec<Slot>,
    lans: Vec<Lan>,
    /// Frames on their way, by arrival and then by departure.
    on_the_way: BTreeMap<(Instant, u64), Arrival>,
    departures: u64,
    passages: Vec<Passage>,
    keep_passages: bool,
}

struct Slot {
    node: Box<dyn Node>,
    /// Where each port is plugged in.
    ports: Vec<Option<LanId>>,
    received: u64,
    /// Whether it was touched since it was drained last.
    touched: bool,
}

struct Lan {
    conditions: Conditions,
    switch: Switch,
    wires: BTreeMap<(NodeId, NodeId), Wire>,
}

struct Arrival {
    to: Member,
    frame: FrameId,
    bytes: Vec<u8>,
}

impl Network {
    /// An empty network; all its chances come from `seed`.
    pub fn new(seed: u64) -> Self {
        Self {
            now: Instant::ZERO,
            seed,
            nodes: Vec::new(),
            lans: Vec::new(),
            on_the_way: BTreeMap::new(),
            departures: 0,
            passages: Vec::new(),
            keep_passages: true,
        }
    }

    /// The time.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// Adds a machine, not yet plugged in.
    pub fn add<T: Node>(&mut self, node: T) -> NodeRef<T> {
        let id =
            NodeId(u32::try_from(self.nodes.len()).expect("fewer than 2^32 nodes fit in memory"));
        self.nodes.push(Slot {
            node: Box::new(node),
            ports: Vec::new(),
            received: 0,
            touched: true,
        });
        NodeRef {
            id,
            node: PhantomData,
        }
    }

    /// Adds a LAN; `conditions` hold in each direction between any two members.
    pub fn add_lan(&mut self, conditions: Conditions) -> LanId {
        let id = LanId(u32::try_from(self.lans.len()).expect("fewer than 2^32 LANs fit in memory"));
        self.lans.push(Lan {
            conditions,
            switch: Switch::default(),
            wires: BTreeMap::new(),
        });
        id
    }

    /// Plugs a machine's port into a LAN.
    pub fn plug<T>(&mut self, node: NodeRef<T>, port: Port, lan: LanId) {
        self.wire_up(node.id, port, lan);
        self.lans[lan.0 as usize].switch.plug(node.id, port);
    }

    /// Lets `node` share a card with `other`: another stack of the same computer.
    ///
    /// # Panics
    /// When `other` is not plugged into this LAN.
    pub fn plug_beside<T>(&mut self, node: NodeRef<T>, other: NodeId, lan: LanId) {
        self.wire_up(node.id, 0, lan);
        let switch = &mut self.lans[lan.0 as usize].switch;
        let has_card = switch.plug_beside(node.id, 0, other);
        assert!(has_card, "the other one is plugged in first");
    }

    fn wire_up(&mut self, node: NodeId, port: Port, lan: LanId) {
        let slot = &mut self.nodes[node.0 as usize];
        let index = usize::from(port);
        if slot.ports.len() <= index {
            slot.ports.resize(index + 1, None);
        }
        slot.ports[index] = Some(lan);
        slot.touched = true;
    }

    /// Tells the switch behind whose socket a MAC address is, as if it had sent before.
    pub fn introduce(&mut self, lan: LanId, mac: MacAddr, node: NodeId) {
        self.lans[lan.0 as usize].switch.learn(mac, node);
    }

    /// Sets what happens to frames from one machine to another, from now on.
    pub fn set_conditions(&mut self, lan: LanId, from: NodeId, to: NodeId, conditions: Conditions) {
        self.wire(lan, from, to).set_conditions(conditions);
    }

    /// A machine.
    pub fn node<T: Node>(&self, node: NodeRef<T>) -> &T {
        let any: &dyn Any = self.nodes[node.id.0 as usize].node.as_ref();
        any.downcast_ref()
            .expect("a NodeRef names a node of its type")
    }

    /// A machine, to be given something to do: it is drained when time goes on.
    pub fn node_mut<T: Node>(&mut self, node: NodeRef<T>) -> &mut T {
        let slot = &mut self.nodes[node.id.0 as usize];
        slot.touched = true;
        let any: &mut dyn Any = slot.node.as_mut();
        any.downcast_mut()
            .expect("a NodeRef names a node of its type")
    }

    /// Every frame's way so far, in the order of departure.
    pub fn passages(&self) -> &[Passage] {
        &self.passages
    }

    /// Whether ways are kept; long runs can do without.
    pub fn keep_passages(&mut self, keep: bool) {
        self.keep_passages = keep;
    }

    /// Goes on until `deadline`. Time then is `deadline`.
    pub fn run_until(&mut self, deadline: Instant) {
        self.run_while(deadline, |_| true);
    }

    /// Goes on for so long.
    pub fn run_for(&mut self, duration: Duration) {
        self.run_until(self.now + duration);
    }

    /// Goes on while `condition` holds, asked after each step, until `deadline`
    /// at the latest. Whether the condition ended it: if not, time then is
    /// `deadline`, or no node will ever do anything again.
    pub fn run_while(
        &mut self,
        deadline: Instant,
        mut condition: impl FnMut(&mut Self) -> bool,
    ) -> bool {
        let mut steps = 0;
        loop {
            self.settle();
            if !condition(self) {
                return true;
            }
            let before = self.now;
            if !self.step_until(deadline) {
                return false;
            }
            steps = if self.now > before { 0 } else { steps + 1 };
            assert!(
                steps < MAX_STEPS_AT_ONCE,
                "a node asks for the same moment again and again"
            );
        }
    }

    /// Does the next thing that happens by `deadline`, and all that is said to it. Whether
    /// there was one: if not, time then is `deadline`, or no node will ever do anything again.
    pub fn step_until(&mut self, deadline: Instant) -> bool {
        self.settle();
        let Some(next) = self.next_time().filter(|next| *next <= deadline) else {
            if deadline != Instant::FAR_FUTURE {
                self.now = self.now.max(deadline);
            }
            return false;
        };
        self.now = self.now.max(next);
        self.step();
        self.settle();
        true
    }

    /// When the next of the frames that are on their way arrives; none if there are none.
    pub fn next_arrival(&self) -> Option<Instant> {
        self.on_the_way.keys().next().map(|(at, _)| *at)
    }

    /// Goes on until nothing is on its way and no node waits for a time.
    pub fn run_until_idle(&mut self) {
        self.run_while(Instant::FAR_FUTURE, |_| true);
    }

    /// Drains every touched node until none has more to say.
    fn settle(&mut self) {
        let mut frame = Vec::new();
        for index in 0..self.nodes.len() {
            if !core::mem::take(&mut self.nodes[index].touched) {
                continue;
            }
            self.nodes[index].node.run(self.now);
            while let Some((port, sent_as)) =
                self.nodes[index].node.poll_transmit(self.now, &mut frame)
            {
                self.depart(index, port, sent_as, &frame);
            }
        }
    }

    fn next_time(&self) -> Option<Instant> {
        let arrival = self.on_the_way.keys().next().map(|(at, _)| *at);
        let timeouts = self
            .nodes
            .iter()
            .filter_map(|slot| slot.node.poll_timeout());
        timeouts.chain(arrival).min()
    }

    /// Does one thing that is due now: the arrival of a frame, or if none is due
    /// the timeouts, nodes in their order. One frame at a time, for a node must be
    /// drained after each.
    fn step(&mut self) {
        if let Some(entry) = self.on_the_way.first_entry()
            && entry.key().0 <= self.now
        {
            let arrival = entry.remove();
            let slot = &mut self.nodes[arrival.to.node.0 as usize];
            slot.node
                .on_frame(self.now, arrival.to.port, arrival.frame, &arrival.bytes);
            slot.touched = true;
            return;
        }
        for slot in &mut self.nodes {
            if slot.node.poll_timeout().is_some_and(|at| at <= self.now) {
                slot.node.on_timeout(self.now);
                slot.touched = true;
            }
        }
    }

    fn depart(&mut self, index: usize, port: Port, sent_as: FrameId, bytes: &[u8]) {
        let from = NodeId(index as u32);
        let plugged = self.nodes[index].ports.get(usize::from(port)).copied();
        let Some(lan) = plugged.flatten() else {
            return; // an unplugged port: nobody hears it
        };
        for to in self.lans[lan.0 as usize]
            .switch
            .receivers((from, port), bytes)
        {
            let now = self.now;
            let fates = self.wire(lan, from, to.node).send(now, bytes);
            for fate in fates {
                let end = self.end_of(fate, to, bytes);
                if self.keep_passages {
                    self.passages.push(Passage {
                        lan,
                        from,
                        sent_as,
                        departed: self.now,
                        to: to.node,
                        end,
                        bytes: bytes.to_vec(),
                    });
                }
            }
        }
    }

    fn end_of(&mut self, fate: Fate, to: Member, bytes: &[u8]) -> PassageEnd {
        match fate {
            Fate::Lost { at, why } => PassageEnd::Lost { at, why },
            Fate::Arrives {
                at,
                corrupted,
                duplicate,
            } => {
                let slot = &mut self.nodes[to.node.0 as usize];
                let received_as = FrameId::received(slot.received);
                slot.received += 1;
                let mut bytes = bytes.to_vec();
                if let Some(bit) = corrupted {
                    bytes[(bit / 8) as usize] ^= 0x80 >> (bit % 8);
                }
                self.departures += 1;
                let arrival = Arrival {
                    to,
                    frame: received_as,
                    bytes,
                };
                self.on_the_way.insert((at, self.departures), arrival);
                PassageEnd::Arrived {
                    at,
                    received_as,
                    corrupted,
                    duplicate,
                }
            }
        }
    }

    fn wire(&mut self, lan: LanId, from: NodeId, to: NodeId) -> &mut Wire {
        // Each direction has numbers of its own, so that traffic on one moves no other's chances.
        let own = (u64::from(lan.0) << 42) ^ (u64::from(from.0) << 21) ^ u64::from(to.0);
        let seed = self.seed ^ own.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let lan = &mut self.lans[lan.0 as usize];
        lan.wires
            .entry((from, to))
            .or_insert_with(|| Wire::new(lan.conditions.clone(), seed))
    }
}
