//! The same events with frames called otherwise: each stack of a network has its own names
//! for frames, and who looks at all of them needs one.

use super::{ClaimStep, Event, FrameId, NeighbourStep, Trigger};

impl Event {
    /// The same event, with every frame called what `name` calls it.
    #[must_use]
    pub fn with_frames(mut self, name: impl Fn(FrameId) -> FrameId) -> Self {
        match &mut self {
            Self::Received { frame, .. }
            | Self::Sent { frame, .. }
            | Self::Dropped { frame, .. }
            | Self::OutOfOrder { frame, .. }
            | Self::SoftError { frame, .. }
            | Self::Urgent { frame, .. }
            | Self::Claim {
                step:
                    ClaimStep::InUse { frame, .. }
                    | ClaimStep::Defended { frame, .. }
                    | ClaimStep::Lost { frame, .. },
                ..
            }
            | Self::Neighbour {
                step: NeighbourStep::Resolved { frame, .. },
                ..
            }
            | Self::State {
                by: Trigger::Frame(frame) | Trigger::Icmp(frame),
                ..
            }
            | Self::Recovery {
                by: Trigger::Frame(frame) | Trigger::Icmp(frame),
                ..
            }
            | Self::PathMtu {
                by: Trigger::Frame(frame) | Trigger::Icmp(frame),
                ..
            } => *frame = name(*frame),
            _ => {}
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::{ConnId, TcpState, TimerKind};

    #[test]
    fn a_frame_is_called_otherwise_wherever_it_is_spoken_of() {
        let frame = FrameId::received(1);
        let state = |by| Event::State {
            conn: ConnId(1),
            from: TcpState::Listen,
            to: TcpState::SynReceived,
            by,
        };
        let renamed = |event: Event| event.with_frames(|id| FrameId::sent(id.number() + 6));
        let by_frame = renamed(state(Trigger::Frame(frame)));
        assert_eq!(by_frame, state(Trigger::Frame(FrameId::sent(7))));
        let by_timer = state(Trigger::Timer(TimerKind::TimeWait));
        assert_eq!(renamed(by_timer.clone()), by_timer);
        let received = Event::Received { frame, len: 60 };
        let frame = FrameId::sent(7);
        assert_eq!(renamed(received), Event::Received { frame, len: 60 });
    }
}
