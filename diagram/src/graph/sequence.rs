//! Sequence numbers over time, as tcptrace draws them.
//!
//! ```text
//!      ┊ window's end
//!   ···┊······┌─
//!      │   ▮  ┊ ┌─ ─   ▮ data: from its first number to its last
//!      │ ▮    ┌─┘       ┄ acknowledged: everything below has arrived
//!      ▮ ┄ ┄ ┄┘
//! ```

use super::flow::{Flow, Segment};
use super::ink::Ink;
use super::pen::Pen;
use crate::analysis::Verdicts;

pub(super) fn draw(flow: &Flow<'_>, pen: &mut impl Pen) {
    for segment in flow.segments() {
        if segment.is_forward {
            data(flow, &segment, pen);
        } else if segment.was_seen {
            answer(flow, &segment, pen);
        }
    }
}

fn data(flow: &Flow<'_>, segment: &Segment, pen: &mut impl Pen) {
    let (first, end) = segment.data();
    let (at, number) = (segment.at_ns, segment.number());
    if segment.tcp.flags.syn() {
        pen.dot(Ink::Syn, at, segment.tcp.seq, number);
    }
    if segment.tcp.flags.rst() {
        pen.dot(Ink::Rst, at, first, number);
    } else if segment.tcp.flags.fin() {
        pen.dot(Ink::Fin, at, end, number);
    }
    if segment.tcp.len == 0 {
        return;
    }
    let ink = if segment.is_lost {
        Ink::Lost
    } else if segment.is_again {
        Ink::Again
    } else if segment.tcp.verdicts.has(Verdicts::OUT_OF_ORDER) {
        Ink::Late
    } else {
        Ink::Data
    };
    pen.bar(ink, at, (first, end), number);
    if let Some(unseen) = flow.unseen_ns(segment) {
        pen.bar(Ink::Unseen, unseen, (first, end), number);
    }
}

/// What comes back: it says how far the data has come, and how far it may go.
fn answer(flow: &Flow<'_>, segment: &Segment, pen: &mut impl Pen) {
    let (at, number, tcp) = (segment.at_ns, segment.number(), &segment.tcp);
    if tcp.flags.rst() {
        pen.dot(Ink::Rst, at, tcp.ack, number);
    }
    if !tcp.flags.ack() || tcp.flags.rst() {
        return;
    }
    pen.step(Ink::Acked, at, tcp.ack, number);
    let end = tcp.ack.saturating_add(i64::from(tcp.window));
    pen.step(Ink::WindowEnd, at, end, number);
    if tcp.verdicts.has(Verdicts::DUPLICATE_ACK) {
        pen.dot(Ink::Duplicate, at, tcp.ack, number);
    }
    if tcp.window == 0 && !tcp.flags.syn() {
        pen.dot(Ink::Closed, at, tcp.ack, number);
    }
    // To look into a packet takes longer than all else.
    if !flow.shows(segment) {
        return;
    }
    for block in flow.sack_blocks(segment) {
        pen.bar(Ink::Sacked, at, block, number);
    }
}
