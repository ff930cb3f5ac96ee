//! What only a simulator knows of a capture, as columns behind the others: its machines,
//! between which of them each frame went, where one died, and what the other stacks told.

use crate::capture::{Between, Capture, Frame, Machine, MachineId};
use serde::{Deserialize, Serialize};
use synema_core::time::Instant;
use synema_core::trace::Record;

/// The columns, one value a frame.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Simulated {
    machines: Vec<Machine>,
    between: Vec<Between>,
    /// Nanoseconds from the frame's own time to its death.
    died: Vec<Option<i64>>,
    /// Of each machine but the first, nanoseconds between its records.
    record_times: Vec<Vec<i64>>,
    /// And their events in JSON, one a line.
    events: Vec<String>,
}

impl Simulated {
    /// None of a capture that no simulator made.
    pub(super) fn of(capture: &Capture) -> Option<Self> {
        let frames = capture.frames();
        let is_plain = |frame: &Frame| frame.died.is_none() && frame.between == Between::UNKNOWN;
        if capture.machines().is_empty() && frames.iter().all(is_plain) {
            return None;
        }
        let since =
            |at: Instant, from: Instant| at.as_nanos().wrapping_sub(from.as_nanos()).cast_signed();
        let mut columns = Self {
            machines: capture.machines().to_vec(),
            between: frames.iter().map(|frame| frame.between).collect(),
            died: frames
                .iter()
                .map(|frame| frame.died.map(|died| since(died, frame.at)))
                .collect(),
            ..Self::default()
        };
        for machine in capture.machine_ids().skip(1) {
            let (mut times, mut events) = (Vec::new(), String::new());
            let mut last = Instant::ZERO;
            for record in capture.records_of(machine) {
                let Ok(event) = serde_json::to_string(&record.event) else {
                    continue;
                };
                times.push(since(record.at, last));
                last = record.at;
                events.push_str(&event);
                events.push('\n');
            }
            columns.record_times.push(times);
            columns.events.push(events);
        }
        Some(columns)
    }

    /// Puts it on the capture whose other columns were read.
    pub(super) fn put_on(self, capture: &mut Capture) {
        for machine in self.machines {
            capture.add_machine(machine);
        }
        for (index, between) in self.between.into_iter().enumerate() {
            let died = self.died.get(index).copied().flatten();
            capture.tell_way(index, between, died);
        }
        for (machine, (times, events)) in
            (1..=u8::MAX).zip(self.record_times.iter().zip(&self.events))
        {
            let mut at = 0u64;
            for (since, event) in times.iter().zip(events.lines()) {
                at = at.wrapping_add_signed(*since);
                // What a later version said is passed over.
                if let Ok(event) = serde_json::from_str(event) {
                    let at = Instant::from_nanos(at);
                    capture.record_of(MachineId(machine), Record { at, event });
                }
            }
        }
    }
}
