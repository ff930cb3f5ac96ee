use crate::testing::script::{Ends, Script, Seen, Tcp};
use crate::testing::{PAGE, ROUTER, Seg, Story, icmp_frame, tcp_frame};
use crate::view::View;
use crate::{Document, scene::StateBar};
use synema_core::trace::Cause;
use synema_core::trace::TcpState::{self, Established, Listen, SynReceived};
use synema_core::wire::icmpv4::{Message, Unreachable};
use synema_core::wire::tcp::{Flags, Options};

const SYN: Seg = Seg::new(Flags::SYN, 0, 0, 0);
const SYN_ACK: Seg = Seg::new(Flags::SYN.with(Flags::ACK), 0, 1, 0);

/// The bars of the lane of whoever was called (or all but the page's).
fn far_states(story: Story) -> Vec<StateBar> {
    let mut document = Document::open(story.capture, View::default());
    let height = document.extent();
    let scene = document.window(0.0, height);
    let near = scene.lanes.iter().position(|lane| lane.id == "page");
    let bars = scene.states.into_iter();
    bars.filter(|bar| Some(usize::from(bar.lane)) != near)
        .collect()
}

fn states(bars: &[StateBar]) -> Vec<TcpState> {
    bars.iter().map(|bar| bar.state).collect()
}

fn syn(story: &mut Story, us: u64) {
    story.sends(us, Cause::Syn, &tcp_frame(true, SYN, Options::NONE, b""));
}

#[test]
fn of_a_host_that_never_spoke_no_state_is_claimed() {
    let mut story = Story::new();
    syn(&mut story, 0);
    let quote = &tcp_frame(true, SYN, Options::NONE, b"")[14..];
    let unreachable = Message::DestinationUnreachable {
        reason: Unreachable::Host,
        quote,
    };
    story.receives(1_000, &icmp_frame(ROUTER, PAGE, unreachable));
    syn(&mut story, 1_000_000);
    assert_eq!(states(&far_states(story)), []);
}

#[test]
fn who_answers_a_syn_with_a_reset_was_closed_all_along() {
    let mut story = Story::new();
    syn(&mut story, 0);
    let reset = Seg::new(Flags::RST.with(Flags::ACK), 0, 1, 0);
    story.receives(1_000, &tcp_frame(false, reset, Options::NONE, b""));
    assert_eq!(states(&far_states(story)), []);
}

#[test]
fn who_answers_at_last_has_been_listening_before_the_syn_that_it_answers() {
    let mut story = Story::new();
    syn(&mut story, 0);
    syn(&mut story, 1_000_000);
    story.receives(1_010_000, &tcp_frame(false, SYN_ACK, Options::NONE, b""));
    let ack = Seg::new(Flags::ACK, 1, 1, 0);
    story.sends(
        1_010_100,
        Cause::HandshakeAck,
        &tcp_frame(true, ack, Options::NONE, b""),
    );
    let mut document = Document::open(story.capture.clone(), View::default());
    let second = document.row_of(2).expect("the second SYN is drawn");
    let bars = far_states(story);
    assert_eq!(states(&bars), [Listen, SynReceived, Established]);
    assert!(second.y0 < bars[1].y0 && bars[1].y0 < second.y1, "{bars:?}");
}

/// A capture that holds one direction only: the ACK numbers speak for the other end.
#[test]
fn who_is_acknowledged_has_spoken() {
    let mut story = Story::new();
    syn(&mut story, 0);
    let ack = Seg::new(Flags::ACK, 1, 1, 0);
    story.sends(
        10_100,
        Cause::HandshakeAck,
        &tcp_frame(true, ack, Options::NONE, b""),
    );
    assert_eq!(
        states(&far_states(story)),
        [Listen, SynReceived, Established]
    );
}

/// RFC 9293 figures 7 and 13: neither knew of the other's SYN, nor of its FIN. The far
/// end's are seen late, and yet it sent them first.
#[test]
fn both_ends_open_and_close_at_the_same_time() {
    use TcpState::{Closing, FinWait1, SynSent, TimeWait};
    let ends = Ends::v4([10, 0, 0, 1], 5_000, [10, 0, 0, 2], 80);
    let mut made = Script::new(Seen::AtClient, 10_000, ends);
    made.client(0, Tcp::syn());
    made.server(2_000, Tcp::syn());
    made.server(10_100, Tcp::syn_ack());
    made.client(12_100, Tcp::syn_ack());
    made.client(60_000, Tcp::fin(1, 1));
    made.server(63_000, Tcp::fin(1, 1));
    made.server(70_100, Tcp::ack(2, 2));
    made.client(73_100, Tcp::ack(2, 2));
    let mut document = Document::open(made.capture(), View::default());
    let height = document.extent();
    let scene = document.window(0.0, height);
    for lane in [0, 1] {
        let mut bars: Vec<_> = scene.states.clone();
        bars.retain(|bar| bar.lane == lane);
        assert_eq!(
            states(&bars),
            [
                SynSent,
                SynReceived,
                Established,
                FinWait1,
                Closing,
                TimeWait
            ],
            "lane {lane}"
        );
        assert!(
            bars.windows(2).all(|pair| pair[0].y1 <= pair[1].y0),
            "{bars:?}"
        );
    }
}

/// RFC 9293 §3.10.7.4: a FIN that comes again in TIME-WAIT is answered, by somebody who is there.
#[test]
fn who_waits_is_there_for_a_fin_that_comes_again() {
    let ends = Ends::v4([10, 0, 0, 1], 5_000, [10, 0, 0, 2], 80);
    let mut made = Script::new(Seen::AtClient, 10_000, ends);
    made.client(0, Tcp::syn());
    made.server(5_000, Tcp::syn_ack());
    made.client(10_000, Tcp::ack(1, 1));
    made.client(20_000, Tcp::fin(1, 1));
    made.server(25_000, Tcp::fin(1, 2));
    made.client(30_000, Tcp::ack(2, 2));
    for again in 1..4 {
        made.server(30_000 + again * 400_000, Tcp::fin(1, 2));
        made.client(35_000 + again * 400_000, Tcp::ack(2, 2));
    }
    let mut document = Document::open(made.capture(), View::default());
    let last = document.row_of(11).expect("the last FIN is drawn");
    let height = document.extent();
    let scene = document.window(0.0, height);
    let mut waits = scene.states.iter();
    let wait = waits.find(|bar| bar.lane == 0 && bar.state == TcpState::TimeWait);
    assert!(
        wait.is_some_and(|bar| bar.y1 >= last.y1),
        "{wait:?} {last:?}"
    );
}
