//! What people wrote, as sentences that say what it is written on.

use super::{Story, duration, host_name, say};
use crate::analysis::HostId;
use crate::annotate::{Note, On};

/// All notes, each with what it is on.
pub(crate) fn all_notes(story: Story<'_>) -> Vec<String> {
    let language = story.language;
    let notes = story.capture.annotations().notes();
    let told = notes.map(|note| {
        let on = match note.on.packet().and_then(|id| story.capture.index_of(id)) {
            Some(index) => say!(language, "packet {n}", "パケット {n}", n = index + 1),
            None => on(story, note)
                .unwrap_or_else(|| language.pick("what is not here", "ここにないもの").into()),
        };
        say!(
            language,
            "Note on {on}: {words}",
            "{on} へのメモ: {words}",
            words = note.words()
        )
    });
    told.collect()
}

/// The notes that are on no packet, each with what it is on.
pub(crate) fn elsewhere(story: Story<'_>) -> Vec<(String, &str)> {
    let notes = story.capture.annotations().notes();
    notes
        .filter_map(|note| Some((on(story, note)?, note.text.as_str())))
        .collect()
}

/// What a note is on that is on no packet.
fn on(story: Story<'_>, note: &Note) -> Option<String> {
    match &note.on {
        On::Packet(_) | On::Field { .. } => None,
        On::Time { from, to } => {
            let origin = story.capture.frames().first()?.at.as_nanos();
            let since = duration(from.as_nanos().saturating_sub(origin));
            let lasts = duration(to.as_nanos().saturating_sub(from.as_nanos()));
            Some(say!(
                story.language,
                "{lasts} from {since} on",
                "{since} からの {lasts}"
            ))
        }
        On::Lane(address) => {
            let hosts = story.analysis.hosts().list();
            let index = hosts.iter().position(|host| address.means(host));
            let host = index.and_then(|index| u32::try_from(index).ok());
            Some(host.map_or_else(|| address.to_string(), |id| host_name(story, HostId(id))))
        }
    }
}
