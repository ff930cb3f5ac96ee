//! The server on loopback, with a wire that the test holds in its hands: who gets in, what
//! goes out, and what a page is told when something goes wrong.

mod page;

use page::{Page, Said, Server, announcement, arp_frame, ipv4_frame, probe, within};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use synema_bridge::egress::RateLimit;
use synema_bridge::gate::{ClaimRules, Timing};
use synema_bridge::io::{Batch, Counters, now_ns};
use synema_bridge::serve::wire::Wire;
use synema_bridge::serve::{GRACE, Ground};
use synema_core::wire::{MacAddr, arp};
use synema_relay::frames::record_len;
use synema_relay::{
    ClaimRefusal, ClaimState, ErrorCode, Refusal, SUBPROTOCOL, Subnet, TOKEN_SUBPROTOCOL_PREFIX,
    ToBridge, ToPage, VERSION,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{Mutex as AsyncMutex, mpsc};

const OURS: MacAddr = MacAddr([2, 0, 0, 0, 0, 1]);
const OTHER: MacAddr = MacAddr([2, 0, 0, 0, 0, 2]);
const ADDR: Ipv4Addr = Ipv4Addr::new(192, 168, 0, 129);
const HOSTS: Ipv4Addr = Ipv4Addr::new(192, 168, 0, 2);
const GATEWAY: Ipv4Addr = Ipv4Addr::new(192, 168, 0, 1);
const PEER: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 80);

/// A wire whose far end is the test.
struct TestWire {
    incoming: AsyncMutex<mpsc::UnboundedReceiver<io::Result<Vec<u8>>>>,
    sent: Arc<Mutex<Vec<Vec<u8>>>>,
    admitted: Arc<Mutex<Vec<Ipv4Addr>>>,
}

/// The test's end of it.
struct FarEnd {
    incoming: mpsc::UnboundedSender<io::Result<Vec<u8>>>,
    sent: Arc<Mutex<Vec<Vec<u8>>>>,
    admitted: Arc<Mutex<Vec<Ipv4Addr>>>,
}

fn wire() -> (TestWire, FarEnd) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let sent = Arc::default();
    let admitted = Arc::default();
    let near = TestWire {
        incoming: AsyncMutex::new(receiver),
        sent: Arc::clone(&sent),
        admitted: Arc::clone(&admitted),
    };
    let far = FarEnd {
        incoming: sender,
        sent,
        admitted,
    };
    (near, far)
}

impl FarEnd {
    fn hears(&self, frame: Vec<u8>) {
        self.incoming.send(Ok(frame)).expect("the hub listens");
    }

    fn fails(&self, errno: i32) {
        let error = io::Error::from_raw_os_error(errno);
        self.incoming.send(Err(error)).expect("the hub listens");
    }

    fn sent(&self) -> Vec<Vec<u8>> {
        self.sent.lock().expect("no test panics with it").clone()
    }

    fn admitted(&self) -> Vec<Ipv4Addr> {
        self.admitted
            .lock()
            .expect("no test panics with it")
            .clone()
    }
}

impl Wire for TestWire {
    async fn recv_batch(&self, batch: &mut Batch) -> io::Result<usize> {
        let mut incoming = self.incoming.lock().await;
        let Some(first) = incoming.recv().await else {
            return std::future::pending().await;
        };
        batch.push(now_ns(), &[&first?]);
        while !batch.is_full()
            && let Ok(Ok(frame)) = incoming.try_recv()
        {
            batch.push(now_ns(), &[&frame]);
        }
        Ok(batch.len())
    }

    async fn send_batch(
        &self,
        frames: &[&[u8]],
        mut receipt: impl FnMut(usize, io::Result<u64>) + Send,
    ) -> io::Result<()> {
        for (place, frame) in frames.iter().enumerate() {
            let mut sent = self.sent.lock().expect("no test panics with it");
            sent.push(frame.to_vec());
            receipt(place, Ok(now_ns()));
        }
        Ok(())
    }

    fn admit(&self, addresses: &[Ipv4Addr]) -> io::Result<()> {
        *self.admitted.lock().expect("no test panics with it") = addresses.to_vec();
        Ok(())
    }

    fn counters(&self) -> Counters {
        Counters::default()
    }
}

fn ground() -> Ground {
    Ground {
        interface: "test0".into(),
        mac: OURS,
        host_mac: false,
        mtu: 1500,
        rules: ClaimRules {
            subnet: Subnet {
                addr: HOSTS,
                prefix_len: 24,
            },
            gateway: Some(GATEWAY),
            host_addrs: vec![HOSTS],
            only: None,
        },
        dns: vec![PEER],
        heard_of: Vec::new(),
        lab: None,
        timing: Timing::LAB_QUICK,
        limit: RateLimit::GIGABIT,
        interface_mac: OTHER,
        host_addrs_now: None,
    }
}

async fn server() -> (Server, FarEnd) {
    server_with_grace(GRACE).await
}

async fn server_with_grace(grace: Duration) -> (Server, FarEnd) {
    let (near, far) = wire();
    (Server::start(near, ground(), grace).await, far)
}

/// Writes text and reads all that comes back.
async fn ask(addr: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(addr).await.expect("it listens");
    stream
        .write_all(request.as_bytes())
        .await
        .expect("it reads");
    let mut answer = String::new();
    within(stream.read_to_string(&mut answer))
        .await
        .expect("text");
    answer
}

fn packet() -> Vec<u8> {
    ipv4_frame((OURS, ADDR), (OTHER, PEER), 100)
}

/// A frame for the claimed address, `len` bytes of payload long.
fn for_us(len: usize) -> Vec<u8> {
    ipv4_frame((OTHER, PEER), (OURS, ADDR), len)
}

#[tokio::test]
async fn requests_are_judged_before_anything_else() {
    let (server, _far) = server().await;
    let own = server.addr;
    let key = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let upgrade = format!("Connection: close, Upgrade\r\nUpgrade: websocket\r\n{key}");
    let protocols = format!(
        "Sec-WebSocket-Protocol: {SUBPROTOCOL}, {TOKEN_SUBPROTOCOL_PREFIX}{}\r\n",
        server.token
    );
    let wrong = format!("Sec-WebSocket-Protocol: {SUBPROTOCOL}, {TOKEN_SUBPROTOCOL_PREFIX}00\r\n");
    let without = format!("Sec-WebSocket-Protocol: {SUBPROTOCOL}\r\n");
    let origin = format!("Origin: http://{own}\r\n");
    let close = "Connection: close\r\n";
    let host = format!("Host: {own}\r\n");
    let new_key = "may be of an earlier run";
    for (line, headers, status, cause) in [
        ("GET /", format!("{host}{close}"), 200, ""),
        ("HEAD /", format!("{host}{close}"), 200, ""),
        ("GET /index.html", format!("{host}{close}"), 200, ""),
        (
            "GET /../../etc/passwd",
            format!("{host}{close}"),
            404,
            "no such file",
        ),
        ("POST /", format!("{host}{close}"), 405, "only GET and HEAD"),
        ("GET /", close.to_owned(), 400, "one Host header"),
        (
            "GET /",
            format!("Host: evil.example\r\n{close}"),
            421,
            "under the name \"evil.example\"",
        ),
        // Rebinding: the name leads here, and nothing is served for it.
        (
            "GET /relay",
            format!(
                "Host: evil.example:{}\r\nOrigin: http://evil.example\r\n{protocols}{upgrade}",
                own.port()
            ),
            421,
            "a foreign page could have chosen it",
        ),
        (
            "GET /relay",
            format!("{host}{protocols}{upgrade}"),
            403,
            "one Origin header is needed, this request has 0",
        ),
        (
            "GET /relay",
            format!("{host}Origin: http://evil.example\r\n{protocols}{upgrade}"),
            403,
            "the page at http://evil.example may not use this bridge",
        ),
        (
            "GET /relay",
            format!("{host}Origin: http://127.0.0.1\r\n{protocols}{upgrade}"),
            403,
            "the page at http://127.0.0.1 may not use this bridge",
        ),
        (
            "GET /relay",
            format!("{host}{origin}{upgrade}"),
            401,
            "does not offer the synema-relay protocol",
        ),
        (
            "GET /relay",
            format!("{host}{origin}{without}{upgrade}"),
            401,
            "did not send the bridge's token",
        ),
        (
            "GET /relay",
            format!("{host}{origin}{wrong}{upgrade}"),
            401,
            new_key,
        ),
        (
            "GET /relay",
            format!("{host}{origin}{protocols}{close}"),
            426,
            "a WebSocket of version 13",
        ),
        (
            "POST /relay",
            format!("{host}{origin}{protocols}{upgrade}"),
            426,
            "a WebSocket of version 13",
        ),
    ] {
        let answer = ask(own, &format!("{line} HTTP/1.1\r\n{headers}\r\n")).await;
        let expected = format!("HTTP/1.1 {status} ");
        assert!(answer.starts_with(&expected), "{line}\n{headers}{answer}");
        let head = answer.to_ascii_lowercase();
        for kept in [
            "content-security-policy: default-src 'self'",
            "x-content-type-options: nosniff",
            "cache-control: no-store",
            "referrer-policy: no-referrer",
        ] {
            assert!(head.contains(kept), "{kept}: {answer}");
        }
        assert!(!answer.contains(&server.token), "{answer}");
        if status >= 400 {
            let (_, said) = answer.split_once("\r\n\r\n").expect("a head and a body");
            let (told, next) = said.split_once("\nNext: ").expect("a next step");
            assert!(told.contains(cause), "{cause}: {answer}");
            assert!(next.contains("open "), "{answer}");
        }
    }
    // After all that, our own page still gets in.
    let (_page, hello) = Page::seated(&server).await;
    assert_eq!(hello.interface, "test0");
}

#[tokio::test]
async fn a_socket_with_a_wrong_origin_or_token_is_not_opened() {
    let (server, _far) = server().await;
    let own = format!("http://{}", server.addr);
    let token = format!("{SUBPROTOCOL}, {TOKEN_SUBPROTOCOL_PREFIX}{}", server.token);
    let refused = |result: Result<Page, tokio_tungstenite::tungstenite::Error>| match result {
        Err(tokio_tungstenite::tungstenite::Error::Http(response)) => response.status().as_u16(),
        Err(other) => panic!("not an answer: {other}"),
        Ok(_) => panic!("it was opened"),
    };
    let foreign = Page::open_with(&server, "http://evil.example", &token).await;
    assert_eq!(refused(foreign), 403);
    let tokenless = Page::open_with(&server, &own, SUBPROTOCOL).await;
    assert_eq!(refused(tokenless), 401);
}

#[tokio::test]
async fn another_version_is_told_first() {
    let (server, _far) = server().await;
    let mut page = Page::open(&server).await;
    let mut hello = vec![0];
    hello.extend((VERSION + 1).to_le_bytes());
    hello.extend([0xff; 40]);
    page.raw(hello).await;
    let (code, cause, next_step) = page.error().await;
    assert_eq!(code, ErrorCode::Version);
    assert!(
        cause.contains(&format!("version {}", VERSION + 1)),
        "{cause}"
    );
    assert!(next_step.contains("reload"), "{next_step}");
}

#[tokio::test]
async fn malformed_messages_end_the_socket_and_say_why() {
    let (server, _far) = server().await;
    // Before the hello.
    for message in [vec![], vec![9, 9, 9], vec![1], vec![0, 1], vec![2, 0, 0]] {
        let mut page = Page::open(&server).await;
        page.raw(message.clone()).await;
        let (code, cause, next_step) = page.error().await;
        assert!(
            matches!(code, ErrorCode::Malformed | ErrorCode::HelloExpected),
            "{message:?}: {code:?}"
        );
        assert!(!cause.is_empty(), "{message:?}");
        assert!(next_step.contains("reload"), "{message:?}: {next_step}");
    }
    // After it: cut records, lengths that lie, unknown kinds, what only a bridge says, and
    // more than a message may hold.
    let mut lying = vec![2];
    lying.extend([0; 16]);
    lying.extend(u32::MAX.to_le_bytes());
    for message in [
        vec![2, 1, 2, 3],
        lying,
        vec![77],
        vec![3],
        vec![1, 200],
        vec![2; synema_relay::MAX_MESSAGE + 1],
    ] {
        let (mut page, _) = Page::seated(&server).await;
        let start = message[..message.len().min(8)].to_vec();
        page.raw(message).await;
        let (code, cause, next_step) = page.error().await;
        assert_eq!(code, ErrorCode::Malformed, "{start:?}: {cause}");
        assert!(cause.len() > 20, "{start:?}: {cause}");
        assert!(next_step.contains("reload"), "{start:?}: {next_step}");
    }
    let (mut page, _) = Page::seated(&server).await;
    page.say_hello(None, false).await;
    assert_eq!(page.error().await.0, ErrorCode::HelloExpected);
}

#[tokio::test]
async fn an_honest_claim_opens_the_gate_and_frames_flow() {
    let (server, far) = server().await;
    let (mut page, hello) = Page::seated(&server).await;
    assert_eq!((hello.mac, hello.mtu), (OURS, 1500));
    assert_eq!(hello.gateway, Some(GATEWAY));
    assert_eq!(hello.proposed[0], ADDR);
    assert_eq!(hello.claim, ClaimState::Nothing);
    assert!(!hello.resumed);

    let early = page.send(&packet()).await;
    assert_eq!(early.outcome, Err(Refusal::NothingClaimed));
    page.say(ToBridge::Claim { addr: ADDR }).await;
    assert_eq!(page.send(&packet()).await.outcome, Err(Refusal::GateClosed));
    let hasty = page.send(&announcement(OURS, ADDR)).await;
    assert_eq!(hasty.outcome, Err(Refusal::GateClosed));
    assert_eq!(far.sent(), Vec::<Vec<u8>>::new());
    assert_eq!(far.admitted(), [ADDR]);

    page.claim(OURS, ADDR).await;
    let before = now_ns();
    let receipt = page.send(&packet()).await;
    assert_eq!(receipt.outcome, Ok(()));
    assert!((before..=now_ns()).contains(&receipt.time_ns));
    assert_eq!(far.sent().last(), Some(&packet()));

    page.say(ToBridge::Credit {
        total_bytes: 1 << 20,
    })
    .await;
    page.send(&packet()).await;
    far.hears(for_us(200));
    far.hears(ipv4_frame((OTHER, PEER), (OURS, GATEWAY), 200));
    far.hears(for_us(300));
    let mut heard = Vec::new();
    while heard.len() < 2 {
        heard.extend(
            page.until(|said| match said {
                Said::Frames(frames) => Some(frames),
                _ => None,
            })
            .await,
        );
    }
    let what: Vec<_> = heard
        .iter()
        .map(|(id, _, bytes)| (id.number(), bytes.len()))
        .collect();
    assert_eq!(what, [(0, 234), (1, 334)]);
    let stats = page.stats_until(|stats| stats.delivered == 2).await;
    assert_eq!((stats.received, stats.sent, stats.refused), (2, 5, 3));
}

#[tokio::test]
async fn addresses_of_others_are_not_to_be_claimed() {
    let (server, far) = server().await;
    let (mut page, _) = Page::seated(&server).await;
    for (addr, expected) in [
        (HOSTS, ClaimRefusal::HostsOwn),
        (GATEWAY, ClaimRefusal::Gateways),
        (Ipv4Addr::BROADCAST, ClaimRefusal::NotAStation),
    ] {
        page.say(ToBridge::Claim { addr }).await;
        let state = page.claim_until(|_| true).await;
        let why = expected;
        assert_eq!(state, ClaimState::Refused { addr, why });
        let receipt = page.send(&probe(OURS, addr)).await;
        assert_eq!(receipt.outcome, Err(Refusal::NothingClaimed));
    }
    assert_eq!(far.sent(), Vec::<Vec<u8>>::new());
}

#[tokio::test]
async fn an_address_in_use_is_refused_and_another_may_be_tried() {
    let (server, far) = server().await;
    let (mut page, _) = Page::seated(&server).await;
    page.say(ToBridge::Claim { addr: ADDR }).await;
    page.send(&probe(OURS, ADDR)).await;
    far.hears(arp_frame(
        OURS,
        arp::Packet {
            operation: arp::Operation::Reply,
            sender_mac: OTHER,
            sender_ip: ADDR,
            target_mac: OURS,
            target_ip: Ipv4Addr::UNSPECIFIED,
        },
    ));
    let state = page
        .claim_until(|state| matches!(state, ClaimState::Conflict { .. }))
        .await;
    let conflict = ClaimState::Conflict {
        addr: ADDR,
        by: OTHER,
        lost: false,
    };
    assert_eq!(state, conflict);
    page.claim(OURS, Ipv4Addr::new(192, 168, 0, 130)).await;
}

#[tokio::test]
async fn an_address_taken_later_ends_the_session() {
    let (server, far) = server().await;
    let (mut page, hello) = Page::seated(&server).await;
    page.claim(OURS, ADDR).await;
    let taken = announcement(OTHER, ADDR);
    far.hears(taken.clone());
    far.hears(taken);
    let state = page
        .claim_until(|state| matches!(state, ClaimState::Conflict { .. }))
        .await;
    assert!(matches!(
        state,
        ClaimState::Conflict {
            lost: true,
            by: OTHER,
            ..
        }
    ));
    let (code, cause, _) = page.error().await;
    assert_eq!(code, ErrorCode::Conflict);
    assert!(cause.contains(&OTHER.to_string()), "{cause}");
    assert_eq!(far.admitted(), Vec::<Ipv4Addr>::new());
    // The session is over: asking for it again gives a new one, without a claim.
    let mut again = Page::open(&server).await;
    let fresh = again.hello(Some(hello.session), false).await;
    assert!(!fresh.resumed);
    let before = far.sent().len();
    assert_eq!(
        again.send(&packet()).await.outcome,
        Err(Refusal::NothingClaimed)
    );
    assert_eq!(far.sent().len(), before);
}

#[tokio::test]
async fn an_address_that_the_host_has_got_meanwhile_is_not_to_be_claimed() {
    let (near, far) = wire();
    let ground = Ground {
        // As if somebody had said `ip addr add`: the socket does not hear its own host.
        host_addrs_now: Some(|| vec![HOSTS, ADDR]),
        ..ground()
    };
    let server = Server::start(near, ground, GRACE).await;
    let (mut page, _) = Page::seated(&server).await;
    page.say(ToBridge::Claim { addr: ADDR }).await;
    let state = page.claim_until(|_| true).await;
    let why = ClaimRefusal::HostsOwn;
    assert_eq!(state, ClaimState::Refused { addr: ADDR, why });
    assert_eq!(far.sent(), Vec::<Vec<u8>>::new());
}

#[tokio::test]
async fn frames_beyond_the_credit_are_dropped_and_counted() {
    let (server, far) = server().await;
    let (mut page, _) = Page::seated(&server).await;
    page.claim(OURS, ADDR).await;
    // Without any credit nothing comes.
    far.hears(for_us(100));
    let stats = page.stats_until(|stats| stats.dropped_by_queue == 1).await;
    assert_eq!((stats.received, stats.delivered), (1, 0));
    // Credit for two frames in one message each, or in one together: not for three.
    let two = 2 * (1 + record_len(&for_us(1000))) as u64;
    page.say(ToBridge::Credit { total_bytes: two }).await;
    page.send(&packet()).await;
    for _ in 0..5 {
        far.hears(for_us(1000));
    }
    let stats = page.stats_until(|stats| stats.received == 6).await;
    assert_eq!((stats.delivered, stats.dropped_by_queue), (2, 4));
}

#[tokio::test]
async fn many_frames_share_few_messages() {
    let (server, far) = server().await;
    let (mut page, _) = Page::seated(&server).await;
    page.claim(OURS, ADDR).await;
    page.say(ToBridge::Credit {
        total_bytes: u64::MAX,
    })
    .await;
    page.send(&packet()).await;
    let (count, mut messages, mut ids) = (2000, 0, Vec::new());
    for _ in 0..count {
        far.hears(for_us(1000));
    }
    while ids.len() < count {
        let frames = page
            .until(|said| match said {
                Said::Frames(frames) => Some(frames),
                _ => None,
            })
            .await;
        messages += 1;
        ids.extend(frames.iter().map(|(id, ..)| id.number()));
    }
    assert_eq!(ids, (0..count as u64).collect::<Vec<_>>());
    assert!(messages < count / 10, "{messages} messages");
}

#[tokio::test]
async fn a_second_page_is_told_that_the_bridge_is_busy_or_takes_over() {
    let (server, _far) = server().await;
    let (mut first, _) = Page::seated(&server).await;
    first.claim(OURS, ADDR).await;
    let mut second = Page::open(&server).await;
    second.say_hello(None, false).await;
    let (code, ..) = second.error().await;
    assert_eq!(code, ErrorCode::Busy);
    assert_eq!(first.send(&packet()).await.outcome, Ok(()));

    let mut third = Page::open(&server).await;
    let hello = third.hello(None, true).await;
    assert_eq!((hello.resumed, hello.claim), (false, ClaimState::Nothing));
    assert_eq!(first.error().await.0, ErrorCode::TakenOver);
}

#[tokio::test]
async fn a_page_whose_socket_died_sits_down_again() {
    let (server, far) = server().await;
    let (mut page, hello) = Page::seated(&server).await;
    page.claim(OURS, ADDR).await;
    drop(page);
    // Frames for it meanwhile are dropped, and counted.
    tokio::time::sleep(Duration::from_millis(200)).await;
    far.hears(for_us(100));
    tokio::time::sleep(Duration::from_millis(100)).await;

    let mut again = Page::open(&server).await;
    let back = again.hello(Some(hello.session), false).await;
    assert_eq!((back.resumed, back.session), (true, hello.session));
    assert_eq!(back.claim, ClaimState::Open { addr: ADDR });
    again
        .say(ToBridge::Credit {
            total_bytes: 1 << 20,
        })
        .await;
    assert_eq!(again.send(&packet()).await.outcome, Ok(()));
    far.hears(for_us(100));
    let frames = again
        .until(|said| match said {
            Said::Frames(frames) => Some(frames),
            _ => None,
        })
        .await;
    assert_eq!(frames[0].0.number(), 1, "the one that was dropped was 0");
    let stats = again.stats_until(|stats| stats.delivered == 1).await;
    assert_eq!(stats.dropped_while_away, 1);
}

#[tokio::test]
async fn a_page_that_is_still_there_is_replaced_by_its_own_new_socket() {
    let (server, _far) = server().await;
    let (mut old, hello) = Page::seated(&server).await;
    old.claim(OURS, ADDR).await;
    let mut new = Page::open(&server).await;
    let back = new.hello(Some(hello.session), false).await;
    assert!(back.resumed);
    assert!(old.next().await.is_none(), "the old socket is closed");
    assert_eq!(new.send(&packet()).await.outcome, Ok(()));
}

#[tokio::test]
async fn a_seat_is_not_kept_for_ever() {
    let (server, far) = server_with_grace(Duration::from_millis(300)).await;
    let (mut page, hello) = Page::seated(&server).await;
    page.claim(OURS, ADDR).await;
    drop(page);
    tokio::time::sleep(Duration::from_millis(800)).await;
    assert_eq!(far.admitted(), Vec::<Ipv4Addr>::new());
    let mut late = Page::open(&server).await;
    let back = late.hello(Some(hello.session), false).await;
    assert_eq!((back.resumed, back.claim), (false, ClaimState::Nothing));
    assert_eq!(
        late.send(&packet()).await.outcome,
        Err(Refusal::NothingClaimed)
    );
}

#[tokio::test]
async fn a_page_that_says_goodbye_leaves_nothing_behind() {
    let (server, far) = server().await;
    let (mut page, hello) = Page::seated(&server).await;
    page.claim(OURS, ADDR).await;
    page.say(ToBridge::Bye).await;
    while page.next().await.is_some() {}
    assert_eq!(far.admitted(), Vec::<Ipv4Addr>::new());
    let mut next = Page::open(&server).await;
    assert!(!next.hello(Some(hello.session), false).await.resumed);
}

#[tokio::test]
async fn a_flood_is_cut_and_the_bridge_stays_awake() {
    let (server, far) = server().await;
    let (mut page, _) = Page::seated(&server).await;
    page.claim(OURS, ADDR).await;
    let storm = announcement(OURS, ADDR);
    let storm: Vec<&[u8]> = vec![&storm; 500];
    let (mut sent, mut limited) = (0, 0);
    for _ in 0..20 {
        for receipt in page.send_all(&storm).await {
            match receipt.outcome {
                Ok(()) => sent += 1,
                Err(why) => {
                    assert_eq!(why, Refusal::RateLimited);
                    limited += 1;
                }
            }
        }
    }
    assert_eq!(sent + limited, 10_000);
    assert!(limited > 9_000, "{sent} of 10000 broadcasts went out");
    assert_eq!(far.sent().len(), sent + 3);
    assert_eq!(page.send(&packet()).await.outcome, Ok(()));
}

#[tokio::test]
async fn a_page_that_reads_nothing_is_cut_off_and_memory_stays_bounded() {
    let (server, _far) = server().await;
    let (mut deaf, _) = Page::seated(&server).await;
    let storm = packet();
    let mut encoder = synema_relay::FramesEncoder::new();
    while encoder
        .push(synema_core::trace::FrameId::sent(0), 0, &storm)
        .is_ok()
    {}
    let message = bytes::Bytes::copy_from_slice(encoder.as_bytes());
    // Receipts pile up in its socket, then in the queue; then the bridge lets go of it.
    let ended = within(async {
        use futures_util::SinkExt as _;
        use tokio_tungstenite::tungstenite::Message;
        for _ in 0..200_000 {
            let message = Message::Binary(message.clone());
            if deaf.socket.send(message).await.is_err() {
                return true;
            }
        }
        false
    })
    .await;
    assert!(
        ended,
        "200,000 messages were taken from a page that reads nothing"
    );
    let (_page, hello) = Page::seated(&server).await;
    assert!(!hello.resumed);
}

#[tokio::test]
async fn a_down_interface_is_told_and_a_gone_one_ends_the_bridge() {
    let (server, far) = server().await;
    let (mut page, _) = Page::seated(&server).await;
    page.claim(OURS, ADDR).await;
    far.fails(libc::ENETDOWN);
    let (code, cause, next_step) = page.error().await;
    assert_eq!(code, ErrorCode::InterfaceDown);
    assert!(cause.contains("test0 went down"), "{cause}");
    assert!(next_step.contains("ip link set test0 up"), "{next_step}");
    // It came up again.
    let (mut page, _) = Page::seated(&server).await;
    page.claim(OURS, ADDR).await;
    far.fails(libc::ENXIO);
    assert_eq!(page.error().await.0, ErrorCode::InterfaceDown);
    assert!(server.stop().await.is_err());
}

#[tokio::test]
async fn a_bridge_that_ends_says_goodbye() {
    let (server, _far) = server().await;
    let (mut page, _) = Page::seated(&server).await;
    let stopping = tokio::spawn(server.stop());
    let bye = page
        .until(|said| matches!(said, Said::Control(ToPage::Bye)).then_some(()))
        .await;
    assert_eq!(bye, ());
    assert!(page.next().await.is_none());
    assert!(within(stopping).await.expect("it ends").is_ok());
}
