//! The fields that no header holds: what the analysis concluded.

use super::field::{Field, Read, Value, number};
use crate::analysis::sack::came_twice;
use crate::analysis::{TcpDigest, Verdicts};
use synema_core::wire::SeqNum;
use synema_core::wire::tcp::Segment;

impl Read<'_> {
    /// Hands out each value that a segment has of a field of `tcp.analysis` and the like.
    pub(super) fn concluded(
        &self,
        field: Field,
        tcp: &TcpDigest,
        segment: &Segment<'_>,
        give: &mut dyn FnMut(Value),
    ) {
        of_analysis(field, tcp, segment, give);
        of_sack(field, tcp, segment, give);
        self.of_conversation(field, tcp, give);
    }

    /// What is known of the whole conversation, and of other packets in it.
    fn of_conversation(&self, field: Field, tcp: &TcpDigest, give: &mut dyn FnMut(Value)) {
        let info = self.story.analysis.streams().get(tcp.stream as usize);
        let packet = |index: usize| Value::Number(index as u64 + 1);
        match field {
            Field::TcpAcksFrame => {
                self.digest
                    .acks()
                    .into_iter()
                    .for_each(|index| give(packet(index)));
            }
            Field::TcpRtoFrame => {
                let waited = self.story.waited(self.index);
                waited
                    .into_iter()
                    .for_each(|(_, since)| give(packet(since)));
            }
            Field::TcpRto => {
                let waited = self.story.waited(self.index);
                waited
                    .into_iter()
                    .for_each(|(ns, _)| give(Value::Seconds(ns.into())));
            }
            Field::TcpInitialRtt => {
                let rtt = info.and_then(|info| info.initial_rtt_ns);
                rtt.into_iter()
                    .for_each(|ns| give(Value::Seconds(ns.into())));
            }
            Field::TcpCompleteness => {
                info.into_iter()
                    .for_each(|info| give(number(info.completeness.bits())));
            }
            _ => {}
        }
    }
}

/// Edges of SACK blocks, relative as tshark tells them.
fn of_sack(field: Field, tcp: &TcpDigest, segment: &Segment<'_>, give: &mut dyn FnMut(Value)) {
    let blocks = segment.options().sack;
    let relative = |seq: SeqNum| {
        let ahead = i64::from(seq.signed_distance(segment.ack()));
        number((tcp.ack + ahead) as u32)
    };
    match field {
        Field::TcpSackCount if !blocks.is_empty() => give(Value::Number(blocks.len() as u64)),
        Field::TcpSackLeft => blocks.iter().for_each(|block| give(relative(block.start))),
        Field::TcpSackRight => blocks.iter().for_each(|block| give(relative(block.end))),
        _ => {}
    }
    let Some(twice) = came_twice(segment) else {
        return;
    };
    match field {
        Field::TcpDsack => give(Value::Nothing),
        Field::TcpDsackLeft => give(relative(twice.start)),
        Field::TcpDsackRight => give(relative(twice.end)),
        _ => {}
    }
}

fn of_analysis(field: Field, tcp: &TcpDigest, segment: &Segment<'_>, give: &mut dyn FnMut(Value)) {
    let mut unless_zero = |value: u32| {
        if value > 0 {
            give(number(value));
        }
    };
    match field {
        Field::TcpDuplicateAck => unless_zero(tcp.duplicate_ack),
        Field::TcpBytesInFlight => unless_zero(tcp.in_flight),
        Field::Conversation => give(number(tcp.stream)),
        Field::TcpLen => give(number(tcp.len)),
        // Relative numbers wrap as those on the wire do.
        Field::TcpSeq => give(number(tcp.seq as u32)),
        Field::TcpAck if segment.flags().ack() => give(number(tcp.ack as u32)),
        Field::TcpAck => give(number(segment.ack().0)),
        Field::TcpWindow => give(number(tcp.window)),
        Field::TcpAckRtt if tcp.ack_rtt_ns > 0 => give(Value::Seconds(tcp.ack_rtt_ns.into())),
        Field::TcpAnalysisFlags if tcp.verdicts != Verdicts::NONE => give(Value::Nothing),
        _ => {}
    }
}
