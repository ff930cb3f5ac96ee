//! The machines of a simulation: who sent a frame to whom, and what each of their stacks
//! told.
//!
//! ```text
//!   machine 0   the one whose capture it is     Capture::records
//!   machine 1   another one                     Capture::records_of(1)
//! ```
//!
//! Addresses need not tell machines apart: a kernel may answer for the address that a page
//! uses, an attacker may write another's into what it sends. Only a simulator knows. All
//! records name frames as the capture does, and connections as their own stack.

use super::Capture;
use crate::words::Language;
use core::net::Ipv4Addr;
use serde::{Deserialize, Serialize};
use synema_core::time::Instant;
use synema_core::trace::{Event, Record};
use synema_core::wire::MacAddr;

/// A machine's number within its capture.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct MachineId(pub u8);

impl MachineId {
    /// The machine whose capture it is.
    pub const OWN: Self = Self(0);
}

/// A machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// What people call it, in English.
    pub name: String,
    /// And in Japanese; empty if that is the same.
    #[serde(default)]
    pub name_ja: String,
    /// Its MAC address; two machines may have the same.
    pub mac: MacAddr,
    /// Its address; two machines may have the same.
    pub addr: Ipv4Addr,
}

/// Between which machines a frame went, as far as they are known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Between {
    /// Who sent it.
    pub from: Option<MachineId>,
    /// To whom; nobody alone, if it was for everybody.
    pub to: Option<MachineId>,
}

impl Machine {
    /// What people call it in a language.
    pub(crate) fn name_in(&self, language: Language) -> &str {
        match language {
            Language::Japanese if !self.name_ja.is_empty() => &self.name_ja,
            Language::Japanese | Language::English => &self.name,
        }
    }
}

impl Between {
    /// Nothing is known of them.
    pub const UNKNOWN: Self = Self {
        from: None,
        to: None,
    };
}

/// What only a simulator knows of a capture's machines.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Machines {
    list: Vec<Machine>,
    /// What the stacks of the others told, from machine 1 on.
    others: Vec<Vec<Record>>,
}

impl Capture {
    /// Adds a machine and gives its number: the first is the one whose capture it is. More
    /// than 255 have none of their own.
    pub fn add_machine(&mut self, machine: Machine) -> MachineId {
        let number = self.machines.list.len();
        self.machines.list.push(machine);
        self.machines.others.resize(number, Vec::new());
        MachineId(u8::try_from(number).unwrap_or(u8::MAX))
    }

    /// The machines of the simulation that it is a capture of; none of any other capture.
    pub fn machines(&self) -> &[Machine] {
        &self.machines.list
    }

    /// A machine by its number.
    pub(crate) fn machine(&self, id: MachineId) -> Option<&Machine> {
        self.machines.list.get(usize::from(id.0))
    }

    /// All machines' numbers; that of the own one where none is known.
    pub(crate) fn machine_ids(&self) -> impl Iterator<Item = MachineId> + use<> {
        let count = self.machines.list.len().clamp(1, usize::from(u8::MAX));
        (0..=u8::MAX).take(count).map(MachineId)
    }

    /// What a machine's stack told, in its order.
    pub fn records_of(&self, machine: MachineId) -> &[Record] {
        match usize::from(machine.0).checked_sub(1) {
            None => self.records(),
            Some(other) => self.machines.others.get(other).map_or(&[], Vec::as_slice),
        }
    }

    /// Takes what a machine's stack told; frames are called as the capture calls them. Gives
    /// the index of the frame that it changed, if that frame is here already.
    pub fn record_of(&mut self, machine: MachineId, record: Record) -> Option<usize> {
        let Some(other) = usize::from(machine.0).checked_sub(1) else {
            return self.record(record);
        };
        let changed = self.changed_by(machine, &record.event);
        if let Some(records) = self.machines.others.get_mut(other) {
            records.push(record);
        }
        changed
    }

    /// Puts the cause on a frame that another machine sent, and on one that came to it why it
    /// made nothing of it.
    fn changed_by(&mut self, machine: MachineId, event: &Event) -> Option<usize> {
        let (Event::Sent { frame: id, .. } | Event::Dropped { frame: id, .. }) = *event else {
            return None;
        };
        let index = self.index_of(id)?;
        let frame = &mut self.frames[index];
        let Between { from, to } = frame.between;
        match *event {
            Event::Sent { cause, .. } if from == Some(machine) => {
                frame.cause.get_or_insert(cause);
            }
            Event::Dropped { reason, .. } if to == Some(machine) => {
                frame.dropped.get_or_insert(reason);
            }
            _ => return None,
        }
        Some(index)
    }

    /// Says of a frame between which machines it went, and how long after its own time it
    /// died, ns.
    pub(crate) fn tell_way(&mut self, index: usize, between: Between, died: Option<i64>) {
        if let Some(frame) = self.frames.get_mut(index) {
            let ns = frame.at.as_nanos();
            frame.between = between;
            frame.died = died.map(|since| Instant::from_nanos(ns.wrapping_add_signed(since)));
        }
    }

    /// The same machines as another capture's, with what the others of them told as far as
    /// `part` keeps it.
    pub(crate) fn adopt_machines(
        &mut self,
        from: &Self,
        mut part: impl FnMut(&[Record]) -> Vec<Record>,
    ) {
        self.machines.list.clone_from(&from.machines.list);
        let others = from.machines.others.iter();
        self.machines.others = others.map(|records| part(records)).collect();
    }

    /// Keeps these records alone of what the other machines told.
    pub(super) fn keep_records_of_others(&mut self, mut wanted: impl FnMut(&Record) -> bool) {
        for records in &mut self.machines.others {
            records.retain(&mut wanted);
        }
    }
}
