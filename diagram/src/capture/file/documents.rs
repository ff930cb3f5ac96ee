//! What people wrote, while a file is read: gathered from its sections and packets, and put on the
//! capture when all frames have their names.

use super::names::Names;
use super::own::{self, DocumentTold, NoteTold, Told};
use super::packet::PacketOptions;
use crate::annotate::{Edit, Note, NoteId, On};
use crate::capture::foreign::Section;
use crate::capture::{Capture, Frame};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use synema_core::trace::FrameId;

/// The comments of one packet, and our marks on it.
#[derive(Debug)]
struct OnPacket {
    index: usize,
    comments: Vec<String>,
    notes: Vec<NoteTold>,
    highlighted: bool,
    hidden: bool,
}

/// What a file's sections say of the whole, and its packets of themselves.
#[derive(Debug, Default)]
pub(super) struct Documents {
    sections: Vec<(Section, Vec<String>, DocumentTold)>,
    packets: Vec<OnPacket>,
    names: Names,
}

/// The title and the summary that a section's comments are.
pub(super) fn titled(comments: &[String], told: &DocumentTold) -> (String, String) {
    let (title, summary) = (told.title as usize, told.summary as usize);
    let parts = title.checked_add(summary).filter(|&parts| parts > 0);
    if parts == Some(comments.len()) {
        let (title, summary) = comments.split_at(title);
        return (title.concat(), summary.concat());
    }
    // Somebody else wrote them: what is one line is a title.
    match comments {
        [title, summary @ ..] if !title.contains('\n') => (title.clone(), summary.join("\n")),
        _ => (String::new(), comments.join("\n")),
    }
}

impl Documents {
    /// The number of the section that is read now.
    pub(super) fn section(&self) -> u32 {
        u32::try_from(self.sections.len().saturating_sub(1)).unwrap_or(u32::MAX)
    }

    /// Whether a section has begun.
    pub(super) fn is_begun(&self) -> bool {
        !self.sections.is_empty()
    }

    pub(super) fn begin_section(
        &mut self,
        section: Section,
        comments: Vec<String>,
        told: DocumentTold,
    ) {
        self.names.reserve(told.names());
        self.sections.push((section, comments, told));
    }

    /// Adds a frame, and gives its index.
    pub(super) fn push(
        &mut self,
        capture: &mut Capture,
        frame: Frame,
        told: PacketOptions,
    ) -> usize {
        let section = self.section();
        let index = self.names.push(capture, frame, told.own.frame, section);
        let own = told.own;
        let is_noted = !told.comments.is_empty() || !own.notes.is_empty();
        if is_noted || own.highlighted || own.hidden {
            self.packets.push(OnPacket {
                index,
                comments: told.comments,
                notes: own.notes,
                highlighted: own.highlighted,
                hidden: own.hidden,
            });
        }
        index
    }

    /// Names the frames that have no name, and puts on the capture what people wrote.
    pub(super) fn finish(mut self, capture: &mut Capture) {
        self.names.finish(capture);
        let mut ids = BTreeSet::new();
        let mut edits = Vec::new();
        let sections = std::mem::take(&mut self.sections);
        if let Some((_, comments, told)) = sections.first() {
            let (title, summary) = titled(comments, told);
            edits.extend([Edit::Title(title), Edit::Summary(summary)]);
        }
        for (_, _, told) in sections.iter().take(1) {
            for (&index, &mac) in &told.macs {
                if let Some(interface) = capture.interfaces.get_mut(index as usize) {
                    interface.mac.get_or_insert(mac);
                }
            }
        }
        keep_sections(capture, &sections);
        for (number, (_, _, told)) in (0u32..).zip(sections) {
            self.of_section(capture, number, told, &mut ids, &mut edits);
        }
        self.of_packets(capture, ids, &mut edits);
        capture.annotate(Edit::All(edits));
    }

    fn of_section(
        &self,
        capture: &mut Capture,
        section: u32,
        told: DocumentTold,
        ids: &mut BTreeSet<NoteId>,
        edits: &mut Vec<Edit>,
    ) {
        let now = |capture: &Capture, id| self.names.now(capture, section, id);
        for (mut note, rest) in told.notes {
            note.on = match note.on {
                On::Packet(packet) => On::Packet(now(capture, packet)),
                On::Field { packet, field } => On::Field {
                    packet: now(capture, packet),
                    field,
                },
                on @ (On::Time { .. } | On::Lane(_)) => on,
            };
            note.id = free(ids, Some(note.id));
            keep_rest(capture, note.id, rest);
            edits.push(Edit::write(note));
        }
        for (mut bracket, rest) in told.brackets {
            bracket.from = now(capture, bracket.from);
            bracket.to = now(capture, bracket.to);
            bracket.id = free(ids, Some(bracket.id));
            keep_rest(capture, bracket.id, rest);
            edits.push(Edit::draw(bracket));
        }
        edits.push(Edit::highlight(told.highlights, true));
        edits.push(Edit::hide(told.hidden, true));
        let names = told.lane_names.into_iter();
        edits.extend(names.map(|(lane, name)| Edit::LaneName(lane, Some(name))));
        if !told.rest.is_empty() {
            capture.foreign_mut().document.extend(told.rest);
        }
    }

    fn of_packets(
        &mut self,
        capture: &mut Capture,
        mut ids: BTreeSet<NoteId>,
        edits: &mut Vec<Edit>,
    ) {
        let mut highlighted = BTreeSet::new();
        let mut hidden = BTreeSet::new();
        let mut notes: Vec<(FrameId, Told)> = Vec::new();
        for on in self.packets.drain(..) {
            let id = capture.frames()[on.index].id;
            if on.highlighted {
                highlighted.insert(id);
            }
            if on.hidden {
                hidden.insert(id);
            }
            let told = own::understand(on.comments, on.notes);
            notes.extend(told.into_iter().map(|told| (id, told)));
        }
        edits.push(Edit::Highlight(highlighted, true));
        edits.push(Edit::Hide(hidden, true));
        // Those first whose number is told; the others take what is left.
        let mut numbers: Vec<Option<NoteId>> = Vec::with_capacity(notes.len());
        for (_, told) in &notes {
            let own = told.note.as_ref().map(|note| NoteId(note.id));
            numbers.push(own.filter(|id| ids.insert(*id)));
        }
        let mut next = 1;
        for ((packet, told), number) in notes.into_iter().zip(numbers) {
            let id = number.unwrap_or_else(|| free_from(&mut ids, &mut next));
            let on = match told.note.as_ref().and_then(|note| note.field.clone()) {
                Some(field) => On::Field { packet, field },
                None => On::Packet(packet),
            };
            keep_rest(
                capture,
                id,
                told.note.map_or_else(Map::new, |note| note.rest),
            );
            let text = told.text;
            edits.push(Edit::write(Note { id, on, text }));
        }
    }
}

/// A number that is free: the one that is wished for, if it is.
fn free(ids: &mut BTreeSet<NoteId>, wish: Option<NoteId>) -> NoteId {
    let wished = wish.filter(|id| ids.insert(*id));
    wished.unwrap_or_else(|| free_from(ids, &mut 1))
}

/// The first free number from `next` on.
fn free_from(ids: &mut BTreeSet<NoteId>, next: &mut u32) -> NoteId {
    loop {
        let id = NoteId(*next);
        *next = next.wrapping_add(1);
        if ids.insert(id) {
            return id;
        }
    }
}

fn keep_rest(capture: &mut Capture, id: NoteId, rest: Map<String, Value>) {
    if !rest.is_empty() {
        capture.foreign_mut().notes.insert(id, rest);
    }
}

/// Keeps what the sections are, unless there is one like those that we write.
fn keep_sections(capture: &mut Capture, sections: &[(Section, Vec<String>, DocumentTold)]) {
    let mut kept: Vec<_> = sections
        .iter()
        .map(|(section, comments, told)| {
            let mut section = section.clone();
            let is_first = section.first_frame == 0 && section.first_interface == 0;
            if !is_first || !are_ours(comments, told) {
                section.comments.clone_from(comments);
            }
            section
        })
        .collect();
    if kept.iter().all(|section| *section == Section::default()) && kept.len() <= 1 {
        kept.clear();
    }
    if !kept.is_empty() {
        capture.foreign_mut().sections = kept;
    }
}

/// Whether the comments would be written like this again.
fn are_ours(comments: &[String], told: &DocumentTold) -> bool {
    let (title, summary) = titled(comments, told);
    let again = [title, summary].into_iter().filter(|text| !text.is_empty());
    again
        .flat_map(|text| {
            own::parts_of(&text)
                .into_iter()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .eq(comments.iter().cloned())
}
