//! What is known of a segment beyond its own bytes: of its conversation, and of why it
//! was sent again.

use super::names::named;
use super::{DetailLayer, Field};
use crate::words::{Story, duration, say};
use synema_core::wire::{Body, LayerKind, Packet};

/// Adds it to the layer of the segment itself; to the last one, if it was put together.
pub(super) fn add(story: Story<'_>, index: usize, packet: &Packet<'_>, shown: &mut [DetailLayer]) {
    let own = |body: &Body<'_>, quoted: bool| matches!(body, Body::Tcp(_)) && !quoted;
    let at = match story.analysis.is_put_together(index) {
        true => shown.len().checked_sub(1),
        false => packet
            .layers
            .iter()
            .position(|layer| own(&layer.body, layer.quoted)),
    };
    let (Some(at), Some((_, digest))) = (at, story.packet(index)) else {
        return;
    };
    let info = digest
        .tcp
        .and_then(|tcp| story.analysis.streams().get(tcp.stream as usize));
    let (Some(layer), Some(info)) = (shown.get_mut(at), info) else {
        return;
    };
    let range = layer.range;
    let language = story.language;
    let mut add = |name: &'static str, value: String| {
        let (name, id) = named(language, LayerKind::Tcp, name);
        layer.fields.push(Field {
            name: name.to_owned(),
            id: id.to_owned(),
            value,
            range,
        });
    };
    if let Some((ns, since)) = story.waited(index) {
        let text = say!(
            language,
            "{waited}, since packet {n}",
            "{waited}、パケット {n} から",
            waited = duration(ns),
            n = since + 1
        );
        add("waited before it", text);
    }
    if let Some(ns) = info.initial_rtt_ns {
        add("first round trip", duration(ns));
    }
    let bits = info.completeness.bits();
    add("conversation", format!("{} ({bits})", info.completeness));
}
