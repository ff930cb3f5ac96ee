//! Sessions of seeds, as many as one likes, and which states they reach. `SYNEMA_SESSIONS` says how
//! many, `SYNEMA_FIRST_SESSION` with which seed they begin.

use synema_core::trace::TcpState;
use synema_fuzz::Choices;
use synema_fuzz::session::Session;

fn setting(name: &str, default: u64) -> u64 {
    let value = std::env::var(name).ok();
    value.map_or(default, |value| value.parse().expect("a number"))
}

#[test]
fn sessions_with_somebody_on_the_wire_are_survived() {
    let count = setting("SYNEMA_SESSIONS", 2_000);
    let first = setting("SYNEMA_FIRST_SESSION", 0);
    let (mut reached, mut in_states, mut frames) = (0, [0_u64; 16], 0);
    for seed in first..first + count {
        let played = std::panic::catch_unwind(|| {
            let mut session = Session::new(Choices::seeded(seed));
            session.run();
            session
        });
        let Ok(session) = played else {
            panic!("session {seed}: SYNEMA_FIRST_SESSION={seed} SYNEMA_SESSIONS=1");
        };
        reached += u64::from(session.has_seen(TcpState::Established));
        for state in STATES {
            in_states[state as usize] += u64::from(session.has_seen(state));
        }
        frames += session.frames();
    }
    println!("{count} sessions, {frames} frames; sessions that reached each state:");
    for state in STATES {
        println!("  {:<13}{:>10}", state.name(), in_states[state as usize]);
    }
    assert!(
        reached * 10 >= count * 3,
        "only {reached} of {count} got through the handshake"
    );
    if count >= 2_000 {
        let missed = STATES.iter().find(|state| in_states[**state as usize] == 0);
        assert_eq!(missed, None, "a state that no session reached");
    }
}

/// All that a connection can be in; nobody steps into LISTEN.
const STATES: [TcpState; 10] = [
    TcpState::SynSent,
    TcpState::SynReceived,
    TcpState::Established,
    TcpState::FinWait1,
    TcpState::FinWait2,
    TcpState::CloseWait,
    TcpState::Closing,
    TcpState::LastAck,
    TcpState::TimeWait,
    TcpState::Closed,
];
