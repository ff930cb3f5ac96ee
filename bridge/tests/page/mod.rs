//! A page as a test plays it: honest or not, over a real WebSocket on loopback.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test program uses another part of what a page can do"
)]

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use http::Request;
use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use synema_bridge::serve::wire::Wire;
use synema_bridge::serve::{Ground, Hub, Shared, Site, WireLost, accept};
use synema_bridge::trust::{Token, Trust};
use synema_core::trace::FrameId;
use synema_core::wire::{EtherType, MacAddr, Protocol, arp, ethernet, ipv4};
use synema_relay::{
    BridgeHello, ClaimState, ErrorCode, FramesEncoder, FromBridge, PageHello, Receipt, SUBPROTOCOL,
    Stats, TOKEN_SUBPROTOCOL_PREFIX, ToBridge, ToPage, encode_hello, encode_to_bridge,
};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

/// Longer than anything here may take.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A bridge on loopback, with a wire of the test's choice.
pub struct Server {
    pub addr: SocketAddr,
    pub token: String,
    stop: Option<oneshot::Sender<()>>,
    hub: JoinHandle<Result<(), WireLost>>,
    accepting: JoinHandle<()>,
}

impl Server {
    pub async fn start(wire: impl Wire, ground: Ground, grace: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        let addr = listener.local_addr().expect("bound");
        let token = Token::random().expect("random numbers");
        let text = token.as_str().to_owned();
        let (hub, handle) = Hub::new(wire, ground, grace);
        let (stop, stopped) = oneshot::channel::<()>();
        let shared = Shared {
            trust: Trust::new(addr, &[], token),
            site: site(),
            hub: handle,
        };
        Self {
            addr,
            token: text,
            stop: Some(stop),
            hub: tokio::spawn(hub.run(async move {
                let _ = stopped.await;
            })),
            accepting: tokio::spawn(accept(listener, Arc::new(shared))),
        }
    }

    /// Ends the hub; how it ended.
    pub async fn stop(mut self) -> Result<(), WireLost> {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        within(&mut self.hub).await.expect("the hub does not panic")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.hub.abort();
        self.accepting.abort();
    }
}

/// A site of one page.
fn site() -> Site {
    let unique = format!("{:?}-{}", std::thread::current().id(), std::process::id());
    let unique: String = unique.chars().filter(char::is_ascii_alphanumeric).collect();
    let root = std::env::temp_dir().join(format!("synema-page-{unique}"));
    std::fs::create_dir_all(&root).expect("a folder");
    std::fs::write(root.join("index.html"), "<!doctype html>").expect("a page");
    let site = Site::read(&root).expect("a readable page");
    std::fs::remove_dir_all(&root).expect("removed");
    site
}

/// What the bridge said, owned.
#[derive(Clone, Debug)]
pub enum Said {
    Hello(Box<BridgeHello>),
    Control(ToPage),
    Frames(Vec<(FrameId, u64, Vec<u8>)>),
    Receipts(Vec<Receipt>),
}

/// One page's socket.
pub struct Page {
    pub socket: WebSocketStream<TcpStream>,
    next: u64,
}

impl Page {
    /// Opens the socket as our own page would.
    pub async fn open(server: &Server) -> Self {
        let origin = format!("http://{}", server.addr);
        let protocols = format!("{SUBPROTOCOL}, {TOKEN_SUBPROTOCOL_PREFIX}{}", server.token);
        Self::open_with(server, &origin, &protocols)
            .await
            .expect("our own page may")
    }

    /// Opens it as anybody would.
    pub async fn open_with(
        server: &Server,
        origin: &str,
        protocols: &str,
    ) -> Result<Self, tungstenite::Error> {
        let stream = TcpStream::connect(server.addr).await.expect("it listens");
        let request = Request::get(format!("ws://{}/relay", server.addr))
            .header("Host", server.addr.to_string())
            .header("Origin", origin)
            .header("Connection", "Upgrade")
            .header("Upgrade", "websocket")
            .header("Sec-WebSocket-Version", "13")
            .header(
                "Sec-WebSocket-Key",
                tungstenite::handshake::client::generate_key(),
            )
            .header("Sec-WebSocket-Protocol", protocols)
            .body(())
            .expect("a request");
        let (socket, _) = within(client_async(request, stream)).await?;
        Ok(Self { socket, next: 0 })
    }

    /// Opens it and says hello.
    pub async fn seated(server: &Server) -> (Self, BridgeHello) {
        let mut page = Self::open(server).await;
        let hello = page.hello(None, false).await;
        (page, hello)
    }

    pub async fn hello(
        &mut self,
        session: Option<synema_relay::SessionId>,
        take_over: bool,
    ) -> BridgeHello {
        self.say_hello(session, take_over).await;
        match self.next().await {
            Some(Said::Hello(hello)) => *hello,
            other => panic!("a hello was awaited: {other:?}"),
        }
    }

    pub async fn say_hello(&mut self, session: Option<synema_relay::SessionId>, take_over: bool) {
        self.raw(encode_hello(&PageHello { session, take_over }))
            .await;
    }

    /// Sends any bytes as one message.
    pub async fn raw(&mut self, message: impl Into<Bytes>) {
        let message = Message::Binary(message.into());
        within(self.socket.send(message))
            .await
            .expect("the socket takes it");
    }

    pub async fn say(&mut self, message: ToBridge) {
        self.raw(encode_to_bridge(&message)).await;
    }

    /// Asks the bridge to send a frame, and waits for its receipt.
    pub async fn send(&mut self, frame: &[u8]) -> Receipt {
        self.send_all(&[frame]).await[0]
    }

    /// Asks the bridge to send frames in one message, and waits for all receipts.
    pub async fn send_all(&mut self, frames: &[&[u8]]) -> Vec<Receipt> {
        let first = self.next;
        let mut encoder = FramesEncoder::new();
        for frame in frames {
            encoder
                .push(FrameId::sent(self.next), 0, frame)
                .expect("a test sends few at once");
            self.next += 1;
        }
        self.raw(encoder.as_bytes().to_vec()).await;
        let mut all = Vec::new();
        while all.len() < frames.len() {
            all.extend(
                self.until(|said| match said {
                    Said::Receipts(receipts) => Some(receipts),
                    _ => None,
                })
                .await,
            );
        }
        let ids: Vec<u64> = all.iter().map(|receipt| receipt.id.number()).collect();
        let expected: Vec<u64> = (first..self.next).collect();
        assert_eq!(ids, expected, "one receipt for each frame, in order");
        all
    }

    /// The next that the bridge says; `None` when the socket is closed.
    pub async fn next(&mut self) -> Option<Said> {
        loop {
            let message = match within(self.socket.next()).await {
                Some(Ok(Message::Binary(message))) => message,
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => continue,
            };
            let said = match FromBridge::decode(&message).expect("the bridge speaks well") {
                FromBridge::Hello(hello) => Said::Hello(hello),
                FromBridge::Control(control) => Said::Control(control),
                FromBridge::Frames(frames) => {
                    assert!(message.len() <= synema_relay::TARGET_MESSAGE);
                    Said::Frames(
                        frames
                            .map(|frame| (frame.id, frame.time_ns, frame.bytes.to_vec()))
                            .collect(),
                    )
                }
                FromBridge::Receipts(receipts) => Said::Receipts(receipts.collect()),
            };
            return Some(said);
        }
    }

    /// What `wanted` looks for; everything before it is passed over.
    pub async fn until<T>(&mut self, mut wanted: impl FnMut(Said) -> Option<T>) -> T {
        loop {
            let said = self
                .next()
                .await
                .expect("it comes before the socket closes");
            if let Some(found) = wanted(said) {
                return found;
            }
        }
    }

    pub async fn claim_until(&mut self, wanted: impl Fn(&ClaimState) -> bool) -> ClaimState {
        self.until(|said| match said {
            Said::Control(ToPage::Claim(state)) if wanted(&state) => Some(state),
            _ => None,
        })
        .await
    }

    pub async fn stats_until(&mut self, wanted: impl Fn(&Stats) -> bool) -> Stats {
        self.until(|said| match said {
            Said::Control(ToPage::Stats(stats)) if wanted(&stats) => Some(stats),
            _ => None,
        })
        .await
    }

    /// The error that the bridge ends with: its code, cause and next step.
    pub async fn error(&mut self) -> (ErrorCode, String, String) {
        let error = self
            .until(|said| match said {
                Said::Control(ToPage::Error {
                    code,
                    cause,
                    next_step,
                }) => Some((code, cause, next_step)),
                _ => None,
            })
            .await;
        assert!(!error.1.is_empty() && !error.2.is_empty(), "{error:?}");
        while self.next().await.is_some() {}
        error
    }

    /// Claims as an honest page does, and waits until the bridge's gate is open.
    pub async fn claim(&mut self, mac: MacAddr, addr: Ipv4Addr) {
        self.claim_slowly(mac, addr, Duration::from_millis(20))
            .await;
    }

    /// The same, with so much time between the probes.
    pub async fn claim_slowly(&mut self, mac: MacAddr, addr: Ipv4Addr, pause: Duration) {
        self.say(ToBridge::Claim { addr }).await;
        for _ in 0..3 {
            let receipt = self.send(&probe(mac, addr)).await;
            assert_eq!(receipt.outcome, Ok(()));
            tokio::time::sleep(pause).await;
        }
        self.claim_until(|state| matches!(state, ClaimState::Open { .. }))
            .await;
    }
}

/// Waits, but not for ever.
pub async fn within<T>(what: impl Future<Output = T>) -> T {
    timeout(PATIENCE, what)
        .await
        .expect("it does not take so long")
}

pub fn arp_frame(to: MacAddr, packet: arp::Packet) -> Vec<u8> {
    let mut frame = Vec::new();
    ethernet::Header {
        destination: to,
        source: packet.sender_mac,
        ether_type: EtherType::ARP,
    }
    .emit(&mut frame);
    packet.emit(&mut frame);
    frame
}

pub fn probe(mac: MacAddr, target_ip: Ipv4Addr) -> Vec<u8> {
    arp_frame(
        MacAddr::BROADCAST,
        arp::Packet {
            operation: arp::Operation::Request,
            sender_mac: mac,
            sender_ip: Ipv4Addr::UNSPECIFIED,
            target_mac: MacAddr::default(),
            target_ip,
        },
    )
}

pub fn announcement(mac: MacAddr, addr: Ipv4Addr) -> Vec<u8> {
    arp_frame(
        MacAddr::BROADCAST,
        arp::Packet {
            operation: arp::Operation::Request,
            sender_mac: mac,
            sender_ip: addr,
            target_mac: MacAddr::default(),
            target_ip: addr,
        },
    )
}

/// A UDP-shaped packet of `len` bytes of payload.
pub fn ipv4_frame(from: (MacAddr, Ipv4Addr), to: (MacAddr, Ipv4Addr), len: usize) -> Vec<u8> {
    let mut frame = Vec::new();
    ethernet::Header {
        destination: to.0,
        source: from.0,
        ether_type: EtherType::IPV4,
    }
    .emit(&mut frame);
    ipv4::Header::new(from.1, to.1, Protocol::UDP).emit(len, &mut frame);
    frame.resize(frame.len() + len, 0xa5);
    frame
}
