//! Bytes in flight, and what limits them: the peer's window, and the congestion
//! window where our own sender tells it.

use super::flow::Flow;
use super::ink::Ink;
use super::pen::Pen;
use synema_core::trace::Event;

pub(super) fn draw(flow: &Flow<'_>, pen: &mut impl Pen) {
    // SND.NXT and SND.UNA, as the packets show them (RFC 9293 §3.3.1).
    let (mut next, mut unacked) = (None::<i64>, None::<i64>);
    let mut sacked = 0;
    for segment in flow.segments() {
        let (at, number, tcp) = (segment.at_ns, segment.number(), &segment.tcp);
        if segment.is_forward {
            let (first, end) = segment.data();
            if segment.tcp.len == 0 {
                continue;
            }
            unacked.get_or_insert(first);
            next = Some(next.map_or(end, |next| next.max(end)));
        } else if segment.was_seen && tcp.flags.ack() && !tcp.flags.rst() {
            let ack = unacked.map_or(tcp.ack, |before| before.max(tcp.ack));
            unacked = Some(ack);
            let beyond = flow.sack_blocks(&segment);
            let beyond = beyond.iter().filter(|&&(start, _)| start >= ack);
            sacked = beyond.map(|(start, end)| end - start).sum();
            pen.step(Ink::PeerWindow, at, i64::from(tcp.window), number);
        } else {
            continue;
        }
        if let (Some(next), Some(unacked)) = (next, unacked) {
            let bytes = next.saturating_sub(unacked).saturating_sub(sacked);
            pen.step(Ink::Flight, at, bytes.max(0), number);
        }
    }
    congestion(flow, pen);
}

/// RFC 5681: what our own sender allows itself.
fn congestion(flow: &Flow<'_>, pen: &mut impl Pen) {
    let Some(own) = flow.own_sender() else {
        return;
    };
    for (at_ns, record) in flow.records() {
        if let Event::Congestion {
            conn,
            cwnd,
            ssthresh,
            ..
        } = record.event
            && conn == own
        {
            pen.step(Ink::Cwnd, at_ns, bytes(cwnd), 0);
            if ssthresh != u64::MAX {
                pen.step(Ink::Ssthresh, at_ns, bytes(ssthresh), 0);
            }
        }
    }
}

fn bytes(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
