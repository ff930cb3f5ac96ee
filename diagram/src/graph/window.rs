//! The window that the receiver offers, scaled as the handshake agreed (RFC 7323 §2).

use super::flow::Flow;
use super::ink::Ink;
use super::pen::Pen;

pub(super) fn draw(flow: &Flow<'_>, pen: &mut impl Pen) {
    for segment in flow.segments() {
        let tcp = &segment.tcp;
        // A reset's window means nothing.
        if segment.is_forward || !segment.was_seen || tcp.flags.rst() {
            continue;
        }
        let (at, number) = (segment.at_ns, segment.number());
        pen.step(Ink::Offered, at, i64::from(tcp.window), number);
        if tcp.window == 0 && !tcp.flags.syn() {
            pen.dot(Ink::Closed, at, 0, number);
        }
    }
}
