//! Round trips: for each ACK, how long ago the data was seen that it acknowledges;
//! and what our own sender made of its measurements (RFC 6298).

use super::flow::Flow;
use super::ink::Ink;
use super::pen::Pen;
use core::time::Duration;
use synema_core::trace::Event;

pub(super) fn draw(flow: &Flow<'_>, pen: &mut impl Pen) {
    for segment in flow.segments() {
        if !segment.is_forward && segment.tcp.ack_rtt_ns > 0 {
            let trip = i64::try_from(segment.tcp.ack_rtt_ns).unwrap_or(i64::MAX);
            pen.dot(Ink::Trip, segment.at_ns, trip, segment.number());
        }
    }
    let Some(own) = flow.own_sender() else {
        return;
    };
    for (at_ns, record) in flow.records() {
        if let Event::Rtt {
            conn, srtt, rto, ..
        } = record.event
            && conn == own
        {
            pen.step(Ink::Srtt, at_ns, nanos(srtt), 0);
            pen.step(Ink::Rto, at_ns, nanos(rto), 0);
        }
    }
}

fn nanos(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}
