use super::*;
use synema_core::trace::{Event, Record, TcpState};

const SEED: u64 = 7;

fn segment(flags: Flags, seq: i64, ack: i64, len: u32) -> Segment {
    Segment {
        flags,
        seq,
        ack,
        len,
        window: 65_535,
        mss: flags.syn().then_some(1_460),
    }
}

fn syn() -> Move {
    Move::Send(segment(Flags::SYN, 0, 0, 0))
}

fn ack(seq: i64, ack: i64) -> Move {
    Move::Send(segment(Flags::ACK, seq, ack, 0))
}

fn data(seq: i64, ack: i64, len: u32) -> Move {
    Move::Send(segment(Flags::PSH | Flags::ACK, seq, ack, len))
}

fn fin(seq: i64, ack: i64) -> Move {
    Move::Send(segment(Flags::FIN | Flags::ACK, seq, ack, 0))
}

fn played(moves: &[Move]) -> Game {
    Game::played(moves, SEED).expect("the server's manners are right")
}

fn states(game: &Game) -> Vec<TcpState> {
    let [_, server] = game.machines();
    let to = |record: &Record| match record.event {
        Event::State { to, .. } => Some(to),
        _ => None,
    };
    server.trace.iter().filter_map(to).collect()
}

/// The sections of the rules that the last move broke.
fn broken(moves: &[Move]) -> Vec<String> {
    let game = played(moves);
    let last = game.remarks().last().expect("there was a move");
    let mistakes = last.iter().filter(|it| it.kind == RemarkKind::Mistake);
    mistakes.map(|it| it.section.clone()).collect()
}

fn outcomes(moves: &[Move]) -> Vec<String> {
    let game = played(moves);
    let last = game.remarks().last().expect("there was a move");
    let outcomes = last.iter().filter(|it| it.kind == RemarkKind::Outcome);
    outcomes.map(|it| it.text.en.clone()).collect()
}

/// A handshake, a request of 78 bytes, an ACK for each of the four packets, and the end.
fn whole() -> Vec<Move> {
    vec![
        syn(),
        ack(1, 1),
        data(1, 1, 78),
        ack(79, 111),
        ack(79, 231),
        ack(79, 431),
        ack(79, 931),
        fin(79, 931),
        ack(80, 932),
    ]
}

#[test]
fn a_good_game_goes_through_to_the_end() {
    let game = played(&whole());
    use TcpState::{CloseWait, Closed, Established, LastAck, SynReceived};
    assert_eq!(
        states(&game),
        [SynReceived, Established, CloseWait, LastAck, Closed]
    );
    let mistakes = game.remarks().iter().flatten();
    let mistakes: Vec<_> = mistakes
        .filter(|it| it.kind == RemarkKind::Mistake)
        .collect();
    assert!(mistakes.is_empty(), "{mistakes:?}");
    assert_eq!(game.proposal(), None);
    assert_eq!(game.digest(), played(&whole()).digest());
}

#[test]
fn who_does_what_is_proposed_goes_through_to_the_end() {
    let mut moves = Vec::new();
    while let Some(proposal) = played(&moves).proposal() {
        moves.push(Move::Send(proposal.segment));
        assert!(moves.len() < 20, "it never ends: {moves:?}");
    }
    let game = played(&moves);
    assert_eq!(states(&game).last(), Some(&TcpState::Closed));
    let right = |remarks: &Vec<Remark>| remarks[0].kind == RemarkKind::Right;
    assert!(game.remarks().iter().all(right), "{:?}", game.remarks());
}

#[test]
fn each_mistake_is_told_with_its_rule() {
    let open = [syn(), ack(1, 1)];
    let after = |first: &[Move], last: Move| broken(&[first, &[last]].concat());
    let asked = &whole()[..3];
    let closing = &whole()[..8];
    // Before there is a connection.
    assert_eq!(after(&[], ack(0, 1)), ["RFC 9293 §3.10.7.2"]);
    let bare = Move::Send(segment(Flags::PSH, 0, 0, 10));
    assert_eq!(after(&[], bare), ["RFC 9293 §3.10.7.2"]);
    let syn_ack = Move::Send(segment(Flags::SYN | Flags::ACK, 0, 1, 0));
    assert_eq!(after(&[], syn_ack), ["RFC 9293 §3.10.7.2"]);
    // The SYN takes a number at either end.
    assert_eq!(after(&[syn()], ack(0, 1)), ["RFC 9293 §3.4"]);
    assert_eq!(after(&[syn()], ack(1, 0)), ["RFC 9293 §3.4"]);
    // What nobody sent is acknowledged.
    assert_eq!(after(&[syn()], ack(1, 2)), ["RFC 9293 §3.10.7.4"]);
    assert_eq!(after(&open, ack(1, 5_000)), ["RFC 9293 §3.10.7.4"]);
    // No ACK, a SYN, in the middle.
    let no_ack = Move::Send(segment(Flags::PSH, 1, 0, 78));
    assert_eq!(after(&open, no_ack), ["RFC 9293 §3.10.7.4"]);
    let again = Move::Send(segment(Flags::SYN | Flags::ACK, 1, 1, 0));
    assert_eq!(after(&open, again), ["RFC 9293 §3.10.7.4, RFC 5961 §4.2"]);
    // A hole, and beyond the window.
    assert_eq!(
        after(&open, data(2_000, 1, 100)),
        ["RFC 9293 §3.4, §3.10.7.4"]
    );
    assert_eq!(after(&open, data(90_000, 1, 100)), ["RFC 9293 §3.10.7.4"]);
    assert_eq!(after(&open, data(1, 1, 1_461)), ["RFC 9293 §3.7.1"]);
    // A bare ACK with the request's own number.
    assert_eq!(after(asked, ack(1, 931)), ["RFC 9293 §3.10.7.4"]);
    // The FIN takes a number at either end.
    assert_eq!(after(closing, ack(79, 932)), ["RFC 9293 §3.4"]);
    assert_eq!(after(closing, ack(80, 931)), ["RFC 9293 §3.4"]);
    let more = data(80, 932, 10);
    assert_eq!(after(closing, more), ["RFC 9293 §3.6"]);
    let rst = Move::Send(segment(Flags::RST, 50, 0, 0));
    assert_eq!(after(asked, rst), ["RFC 5961 §3.2"]);
}

#[test]
fn what_the_server_made_of_it_is_told() {
    let open = [syn(), ack(1, 1)];
    assert_eq!(outcomes(&open), ["The server is in ESTABLISHED now."]);
    let after = |last: Move| outcomes(&[&open[..], &[last]].concat());
    let no_ack = Move::Send(segment(Flags::PSH, 1, 0, 78));
    assert_eq!(
        after(no_ack),
        ["The server made nothing of it: it has no ACK."]
    );
    assert_eq!(
        after(data(101, 1, 10)),
        ["The server keeps it for later: something before it is missing."]
    );
    let wrong = [syn(), ack(1, 2)];
    let game = played(&wrong);
    assert!(game.ledger().is_cut, "a RST came: {:?}", game.remarks());
}

#[test]
fn who_waits_sees_the_servers_timers() {
    // Nobody acknowledges the SYN-ACK.
    let waited = played(&[syn(), Move::WaitForServer]);
    let [_, server] = waited.machines();
    let sent = waited.passages().iter().filter(|it| it.from == server.node);
    assert_eq!(sent.count(), 2);
    let remarks = &waited.remarks()[1];
    assert!(
        remarks
            .iter()
            .any(|it| it.text.en.contains("timer ran out")),
        "{remarks:?}"
    );
    let slept = played(&[syn(), Move::Wait(Duration::from_millis(500))]);
    assert_eq!(slept.now(), Instant::from_millis(520));
}

#[test]
fn an_ack_that_the_server_does_not_read_stays_due() {
    let due = |moves: &[Move]| played(moves).proposal().map(|it| it.segment);
    let right = segment(Flags::ACK, 1, 1, 0);
    assert_eq!(due(&[syn()]), Some(right));
    assert_eq!(due(&[syn(), ack(0, 1)]), Some(right));
    let asks = due(&[syn(), Move::Send(right)]).expect("a request");
    assert_eq!((asks.seq, asks.len), (1, 78));
}

#[test]
fn a_segment_is_judged_before_it_is_sent() {
    let game = played(&[syn()]);
    let judged = game.judge(&segment(Flags::ACK, 0, 1, 0));
    assert_eq!(judged[0].kind, RemarkKind::Mistake);
    assert!(judged.iter().all(|it| !it.text.ja.is_empty()));
    let judged = game.judge(&segment(Flags::ACK, 1, 1, 0));
    assert_eq!(judged[0].kind, RemarkKind::Right);
}
