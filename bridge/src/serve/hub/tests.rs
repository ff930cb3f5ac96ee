//! The hub alone, between a page and a wire that race each other.

use super::*;
use crate::egress::RateLimit;
use crate::egress::tests::{arp, arp_frame, ipv4_frame, probe};
use crate::gate::{ClaimRules, Timing};
use crate::io::Counters;
use crate::io::now_ns;
use std::collections::VecDeque;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use synema_core::wire::MacAddr;
use synema_relay::SessionId;
use synema_relay::{FramesEncoder, FromBridge, Subnet};
use tokio::sync::Notify;
use tokio::time::sleep;
use tokio::time::timeout;

const OURS: MacAddr = MacAddr([2, 0, 0, 0, 0, 1]);
const OTHER: MacAddr = MacAddr([2, 0, 0, 0, 0, 2]);
const ADDR: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 129);
const PEER: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 80);

/// One probe, and a silence of 7 ms as the gate sees it.
const TIMING: Timing = Timing {
    probe_num: 1,
    probe_min: Duration::from_millis(1),
    announce_wait: Duration::from_millis(8),
    defend_interval: Duration::from_secs(10),
};
/// Longer than that silence.
const LONG: Duration = Duration::from_millis(12);
/// Which of two things that are ready comes first is a matter of chance.
const ROUNDS: usize = 30;

#[derive(Clone, Default)]
struct TestWire(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    heard: Notify,
}

#[derive(Default)]
struct State {
    incoming: VecDeque<Vec<u8>>,
    sent: Vec<Vec<u8>>,
    deaf: bool,
}

impl TestWire {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hears(&self, frame: Vec<u8>) {
        self.state().incoming.push_back(frame);
        self.0.heard.notify_one();
    }

    fn sent_ipv4(&self) -> usize {
        let state = self.state();
        state.sent.iter().filter(|f| f[12..14] == [8, 0]).count()
    }
}

impl Wire for TestWire {
    async fn recv_batch(&self, batch: &mut Batch) -> io::Result<usize> {
        loop {
            match self.try_recv_batch(batch) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                outcome => return outcome,
            }
            self.0.heard.notified().await;
        }
    }

    fn try_recv_batch(&self, batch: &mut Batch) -> io::Result<usize> {
        for frame in self.state().incoming.drain(..) {
            batch.push(now_ns(), &[&frame]);
        }
        match batch.len() {
            0 => Err(io::ErrorKind::WouldBlock.into()),
            taken => Ok(taken),
        }
    }

    async fn send_batch(
        &self,
        frames: &[&[u8]],
        mut receipt: impl FnMut(usize, io::Result<u64>) + Send,
    ) -> io::Result<()> {
        for (place, frame) in frames.iter().enumerate() {
            self.state().sent.push(frame.to_vec());
            receipt(place, Ok(now_ns()));
        }
        Ok(())
    }

    fn admit(&self, _addresses: &[Ipv4Addr]) -> io::Result<()> {
        match self.state().deaf {
            true => Err(io::Error::from_raw_os_error(libc::ENOMEM)),
            false => Ok(()),
        }
    }

    fn counters(&self) -> Counters {
        Counters::default()
    }
}

fn ground(limit: RateLimit) -> Ground {
    Ground {
        interface: "test0".into(),
        mac: OURS,
        host_mac: false,
        mtu: 1500,
        rules: ClaimRules {
            subnet: Subnet {
                addr: Ipv4Addr::new(10, 0, 0, 2),
                prefix_len: 24,
            },
            gateway: None,
            host_addrs: Vec::new(),
            only: None,
        },
        dns: Vec::new(),
        heard_of: Vec::new(),
        lab: None,
        timing: TIMING,
        limit,
        interface_mac: OTHER,
        host_addrs_now: None,
    }
}

/// A hub on a task of its own, which runs while the test waits and not else.
struct Bench {
    wire: TestWire,
    hub: HubHandle,
    task: tokio::task::JoinHandle<Result<(), WireLost>>,
}

impl Bench {
    fn new(limit: RateLimit, grace: Duration) -> Self {
        let wire = TestWire::default();
        let (hub, handle) = Hub::new(wire.clone(), ground(limit), grace);
        Self {
            wire,
            hub: handle,
            task: tokio::spawn(hub.run(std::future::pending())),
        }
    }

    async fn page(&self, session: Option<SessionId>, room: usize) -> Page {
        let (control, said) = mpsc::channel(room);
        let (frames, heard) = mpsc::channel(8);
        let (reply, answer) = oneshot::channel();
        let hello = PageHello {
            session,
            take_over: false,
        };
        let (held, _let_go) = oneshot::channel();
        let outbox = Outbox {
            control,
            frames,
            held,
        };
        let attach = Command::Attach {
            hello,
            outbox,
            reply,
        };
        assert!(self.hub.ask(attach).await);
        Page {
            conn: answer.await.expect("the hub answers").expect("a seat"),
            said,
            _heard: heard,
        }
    }

    fn order(&self, command: Command) {
        self.hub
            .commands
            .try_send(command)
            .expect("room for a command");
    }

    fn claim(&self, page: &Page) {
        let message = ToBridge::Claim { addr: ADDR };
        let conn = page.conn;
        self.order(Command::Control { conn, message });
    }

    fn sends(&self, page: &Page, frame: &[u8]) {
        let mut message = FramesEncoder::new();
        message
            .push(FrameId::received(0), 0, frame)
            .expect("one small frame");
        let message = Bytes::copy_from_slice(message.as_bytes());
        let conn = page.conn;
        self.order(Command::Frames { conn, message });
    }

    /// A page whose claim is open.
    async fn open_page(&self) -> Page {
        let mut page = self.page(None, 64).await;
        self.claim(&page);
        self.sends(&page, &probe(OURS, ADDR));
        let open = ToPage::Claim(ClaimState::Open { addr: ADDR });
        page.hears_until(|said| *said == open).await;
        page
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Page {
    conn: u64,
    said: mpsc::Receiver<Bytes>,
    _heard: mpsc::Receiver<Bytes>,
}

impl Page {
    /// The hello, as (session, resumed).
    async fn hello(&mut self) -> (SessionId, bool) {
        let message = self.next().await;
        match FromBridge::decode(&message).expect("ours") {
            FromBridge::Hello(hello) => (hello.session, hello.resumed),
            other => panic!("no hello: {other:?}"),
        }
    }

    async fn next(&mut self) -> Bytes {
        timeout(Duration::from_secs(5), self.said.recv())
            .await
            .expect("in time")
            .expect("the page is not cut off")
    }

    async fn hears_until(&mut self, wanted: impl Fn(&ToPage) -> bool) -> ToPage {
        loop {
            let message = self.next().await;
            if let FromBridge::Control(said) = FromBridge::decode(&message).expect("ours")
                && wanted(&said)
            {
                return said;
            }
        }
    }

    /// What became of one frame.
    async fn receipt(&mut self) -> Result<(), Refusal> {
        loop {
            let message = self.next().await;
            if let FromBridge::Receipts(mut receipts) = FromBridge::decode(&message).expect("ours")
            {
                return receipts.next().expect("one at least").outcome;
            }
        }
    }
}

fn challenge() -> Vec<u8> {
    arp_frame(MacAddr::BROADCAST, OTHER, arp(OTHER, ADDR, ADDR))
}

fn packet() -> Vec<u8> {
    ipv4_frame(OTHER, OURS, ADDR, PEER, 20)
}

#[tokio::test]
async fn what_was_heard_before_a_frame_is_judged_before_it() {
    for round in 0..ROUNDS {
        let bench = Bench::new(RateLimit::GIGABIT, GRACE);
        let mut page = bench.open_page().await;
        bench.wire.hears(challenge());
        bench.wire.hears(challenge());
        bench.sends(&page, &packet());
        page.hears_until(|said| matches!(said, ToPage::Error { .. }))
            .await;
        assert_eq!(bench.wire.sent_ipv4(), 0, "round {round}");
    }
}

#[tokio::test]
async fn an_answer_that_came_in_time_counts_however_late_it_is_read() {
    for round in 0..ROUNDS {
        let bench = Bench::new(RateLimit::GIGABIT, GRACE);
        let mut page = bench.page(None, 64).await;
        bench.claim(&page);
        bench.sends(&page, &probe(OURS, ADDR));
        page.receipt().await.expect("it was sent");
        bench.wire.hears(challenge());
        // The whole machine is busy with something else.
        std::thread::sleep(LONG);
        let said = page
            .hears_until(|said| match said {
                ToPage::Claim(state) => !matches!(
                    state,
                    ClaimState::Probing { .. } | ClaimState::Waiting { .. }
                ),
                _ => false,
            })
            .await;
        let conflict = ClaimState::Conflict {
            addr: ADDR,
            by: OTHER,
            lost: false,
        };
        assert_eq!(said, ToPage::Claim(conflict), "round {round}");
    }
}

#[tokio::test]
async fn who_cannot_listen_may_not_claim() {
    let bench = Bench::new(RateLimit::GIGABIT, GRACE);
    let mut page = bench.page(None, 64).await;
    bench.wire.state().deaf = true;
    bench.claim(&page);
    let said = page
        .hears_until(|said| matches!(said, ToPage::Error { .. }))
        .await;
    let ToPage::Error { code, cause, .. } = said else {
        unreachable!("just matched")
    };
    assert_eq!(code, ErrorCode::WireFailed);
    assert!(cause.contains("test0"), "{cause}");
    bench.sends(&page, &probe(OURS, ADDR));
    assert_eq!(page.receipt().await, Err(Refusal::NothingClaimed));
}

#[tokio::test]
async fn a_new_session_does_not_fill_the_bucket_anew() {
    let limit = RateLimit {
        bytes_per_second: 1,
        burst_bytes: 1000,
        arp_per_second: 50,
    };
    let bench = Bench::new(limit, GRACE);
    let mut outcomes = Vec::new();
    for _ in 0..20 {
        let mut page = bench.page(None, 64).await;
        bench.claim(&page);
        bench.sends(&page, &probe(OURS, ADDR));
        outcomes.push(page.receipt().await);
        let conn = page.conn;
        let message = ToBridge::Bye;
        bench.order(Command::Control { conn, message });
    }
    // A probe takes 84 bytes of the wire.
    let sent = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert_eq!(sent, 11, "{outcomes:?}");
    assert_eq!(outcomes.last(), Some(&Err(Refusal::RateLimited)));
}

#[tokio::test]
async fn a_page_that_is_cut_off_may_come_back_as_any_other() {
    let grace = Duration::from_millis(400);
    let bench = Bench::new(RateLimit::GIGABIT, grace);
    let mut slow = bench.page(None, 1).await;
    let (session, _) = slow.hello().await;
    // It has been here for longer than a seat is kept.
    sleep(grace * 2).await;
    for _ in 0..3 {
        bench.sends(&slow, &packet());
    }
    sleep(grace / 8).await;
    let mut again = bench.page(Some(session), 64).await;
    assert_eq!(again.hello().await, (session, true));
}

#[tokio::test]
async fn an_address_that_nobody_is_there_to_defend_is_given_up() {
    for frame in [challenge(), probe(OTHER, ADDR)] {
        let bench = Bench::new(RateLimit::GIGABIT, GRACE);
        let mut first = bench.page(None, 64).await;
        let (session, _) = first.hello().await;
        bench.claim(&first);
        bench.sends(&first, &probe(OURS, ADDR));
        let open = ToPage::Claim(ClaimState::Open { addr: ADDR });
        first.hears_until(|said| *said == open).await;
        bench.order(Command::Detach { conn: first.conn });
        sleep(Duration::from_millis(2)).await;
        bench.wire.hears(frame);
        sleep(Duration::from_millis(2)).await;
        let mut back = bench.page(Some(session), 64).await;
        let (now, resumed) = back.hello().await;
        assert!(!resumed && now != session);
        bench.sends(&back, &packet());
        assert_eq!(back.receipt().await, Err(Refusal::NothingClaimed));
    }
}
