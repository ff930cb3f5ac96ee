//! The page's session over the relay, on a real wire of the lab: a whole body arrives, also
//! when the socket dies in the middle and the page sits down again.
#![cfg(target_os = "linux")]

mod page;

use page::{PATIENCE, Page, Said, Server};
use sha2::{Digest, Sha256};
use std::time::{Duration, Instant as Watch};
use synema_bridge::io::PacketIo;
use synema_bridge::lab::{self, LabOptions, content, plan};
use synema_bridge::serve::{GRACE, Ground};
use synema_core::app::session::{
    ClaimCommand, ClaimEvent, ClaimTimings, Command, FetchEvent, FetchOptions, Input, Session,
    SessionConfig, SessionEvent,
};
use synema_core::time::Instant;
use synema_core::trace::FrameId;
use synema_relay::{
    BridgeHello, ClaimState, FramesEncoder, Granter, Stats, ToBridge, ToPage, frames::Full,
};
use tokio::time::timeout;

/// What a page lets be under way.
const WINDOW: u64 = 4 << 20;

/// A page without a browser: the same session, the same relay.
struct Native {
    session: Session<()>,
    page: Page,
    hello: BridgeHello,
    granter: Granter,
    started: Watch,
    digest: Sha256,
    received: u64,
    /// Messages of frames, and the frames in them.
    heard: (u64, u64),
    refused: u64,
    stats: Stats,
    is_done: bool,
    encoder: FramesEncoder,
}

impl Native {
    async fn sit(server: &Server) -> Self {
        let (page, hello) = Page::seated(server).await;
        let config = SessionConfig {
            mac: hello.mac,
            mtu: u16::try_from(hello.mtu).expect("an Ethernet's"),
            seed: [7; 32],
        };
        let mut native = Self {
            session: Session::new(config, ()),
            page,
            hello,
            granter: Granter::new(WINDOW),
            started: Watch::now(),
            digest: Sha256::new(),
            received: 0,
            heard: (0, 0),
            refused: 0,
            stats: Stats::default(),
            is_done: false,
            encoder: FramesEncoder::new(),
        };
        let credit = native.granter.first();
        native.page.say(credit).await;
        native
    }

    /// The socket dies without a word, and another takes its place.
    async fn lose_socket(&mut self, server: &Server) {
        let lost = std::mem::replace(&mut self.page, Page::open(server).await);
        drop(lost);
        let back = self.page.hello(Some(self.hello.session), false).await;
        assert!(back.resumed);
        assert_eq!(
            back.claim,
            ClaimState::Open {
                addr: plan::FREE_IP
            }
        );
        self.granter = Granter::new(WINDOW);
        let credit = self.granter.first();
        self.page.say(credit).await;
    }

    fn now(&self) -> Instant {
        Instant::ZERO + self.started.elapsed()
    }

    fn command(&mut self, command: Command) {
        self.session.handle(self.now(), Input::Command(command));
    }

    async fn claim(&mut self) {
        let addr = plan::FREE_IP;
        self.page.say(ToBridge::Claim { addr }).await;
        self.command(Command::Claim(ClaimCommand {
            addr,
            prefix_len: self.hello.subnet.prefix_len,
            gateway: self.hello.gateway,
            dns: self.hello.dns.clone(),
            timings: ClaimTimings::QuickLab,
        }));
    }

    /// Goes on until the body is complete, or `pause` bytes of it are here.
    async fn fetch(&mut self, url: &str, pause: u64) {
        let until = Watch::now() + 3 * PATIENCE;
        while !self.is_done && self.received < pause {
            assert!(Watch::now() < until, "{} bytes so far", self.received);
            self.drain(url).await;
            let due = self.session.poll_timeout();
            let due = due.map_or(PATIENCE, |due| due.since(self.now()));
            match timeout(due, self.page.next()).await {
                Ok(said) => self.hear(said.expect("the bridge stays")).await,
                Err(_) => self.session.handle(self.now(), Input::Timeout),
            }
        }
        self.drain(url).await;
    }

    async fn hear(&mut self, said: Said) {
        match said {
            Said::Frames(frames) => {
                let mut len = 1;
                for (id, _, bytes) in &frames {
                    len += synema_relay::frames::record_len(bytes);
                    let (id, now) = (*id, self.now());
                    self.session.handle(now, Input::Frame { id, bytes });
                }
                self.heard.0 += 1;
                self.heard.1 += frames.len() as u64;
                if let Some(credit) = self.granter.consumed(len) {
                    self.page.say(credit).await;
                }
            }
            Said::Receipts(receipts) => {
                let refused = receipts.iter().filter(|receipt| receipt.outcome.is_err());
                self.refused += refused.count() as u64;
            }
            Said::Control(ToPage::Stats(stats)) => self.stats = stats,
            Said::Control(ToPage::Error { cause, .. }) => panic!("{cause}"),
            Said::Control(_) | Said::Hello(_) => {}
        }
    }

    async fn drain(&mut self, url: &str) {
        while let Some(event) = self.session.poll_event() {
            match event {
                SessionEvent::Claim(ClaimEvent::Granted { .. }) => {
                    self.command(Command::Fetch {
                        fetch: 1,
                        url: url.to_owned(),
                        options: Box::new(FetchOptions::default()),
                    });
                }
                SessionEvent::Claim(other) => panic!("{other:?}"),
                SessionEvent::Fetch { event, .. } => match event {
                    FetchEvent::Body(bytes) => {
                        self.received += bytes.len() as u64;
                        self.digest.update(&bytes);
                    }
                    FetchEvent::Done { .. } => self.is_done = true,
                    FetchEvent::Failed(error) => panic!("{error}"),
                    _ => {}
                },
            }
        }
        let mut frame = Vec::new();
        while let Some(id) = self.session.poll_transmit(self.now(), &mut frame) {
            self.push(id, &frame).await;
        }
        self.flush().await;
    }

    async fn push(&mut self, id: FrameId, frame: &[u8]) {
        if self.encoder.push(id, 0, frame) == Err(Full::Message) {
            self.flush().await;
            let pushed = self.encoder.push(id, 0, frame);
            pushed.expect("an empty message takes any frame");
        }
    }

    async fn flush(&mut self) {
        if !self.encoder.is_empty() {
            let message = self.encoder.as_bytes().to_vec();
            self.encoder.clear();
            self.page.raw(message).await;
        }
    }

    fn sha256_hex(&self) -> String {
        let digest = self.digest.clone().finalize();
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_arrives_whole_over_the_relay_also_when_the_socket_dies() {
    let options = LabOptions {
        program: Some(env!("CARGO_BIN_EXE_synema").into()),
        ..LabOptions::default()
    };
    let (lab, socket) = lab::start(&options).expect("this system lets us make user namespaces");
    let ground = Ground::of_lab(&lab.facts, false);
    let wire = PacketIo::new(socket).expect("inside a runtime");
    let server = Server::start(wire, ground, GRACE).await;
    let len = 20_000_000;
    let url = format!("http://www.lab.test/size/{len}");

    let mut native = Native::sit(&server).await;
    native.claim().await;
    native.fetch(&url, 3_000_000).await;
    assert!(!native.is_done);
    native.lose_socket(&server).await;
    native.fetch(&url, 9_000_000).await;
    assert!(!native.is_done);
    native.lose_socket(&server).await;
    native.fetch(&url, u64::MAX).await;

    assert_eq!(native.received, len);
    assert_eq!(native.sha256_hex(), content::sha256_hex(len));
    assert_eq!(native.refused, 0);
    // Under load frames travel together.
    let (messages, frames) = native.heard;
    assert!(frames > len / 1460, "{frames}");
    assert!(
        messages * 2 < frames,
        "{messages} messages, {frames} frames"
    );
    // Nothing was lost in silence: what the hub heard it handed on, or counted.
    tokio::time::sleep(Duration::from_millis(1100)).await;
    while let Ok(Some(said)) = timeout(Duration::from_millis(200), native.page.next()).await {
        native.hear(said).await;
    }
    let stats = native.stats;
    let dropped = stats.dropped_by_queue + stats.dropped_while_away;
    assert_eq!(stats.received, stats.delivered + dropped, "{stats:?}");
    println!(
        "{len} bytes in {:?}: {frames} frames in {messages} messages, {stats:?}",
        native.started.elapsed()
    );
}
