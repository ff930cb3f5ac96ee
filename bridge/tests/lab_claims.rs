//! Addresses in the lab: refused when in use, given up when taken, and never used by a page
//! that did not earn them. What goes out is told by an observer on the switch.
#![cfg(target_os = "linux")]

mod page;

use clap::Parser as _;
use page::{Page, Server, announcement, ipv4_frame, probe};
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};
use synema_bridge::cli::{Cli, Command, CurlArgs};
use synema_bridge::curl::fetch_through;
use synema_bridge::error::Exit;
use synema_bridge::gate::Timing;
use synema_bridge::io::{Batch, OpenOptions, PacketIo, RawSocket};
use synema_bridge::lab::{self, Lab, LabOptions, Place, plan};
use synema_bridge::serve::{GRACE, Ground};
use synema_core::wire::{EtherType, MacAddr, ethernet};
use synema_relay::{ClaimState, ErrorCode, Refusal, ToBridge};

const OURS: MacAddr = MacAddr(plan::OWN_MAC);
const GATEWAY: MacAddr = MacAddr(plan::ROUTER_MAC);

fn start() -> (Lab, RawSocket) {
    let options = LabOptions {
        program: Some(env!("CARGO_BIN_EXE_synema").into()),
        ..LabOptions::default()
    };
    lab::start(&options).expect("this system lets us make user namespaces")
}

/// Sees all that passes the end of the wire at the switch.
struct Observer(RawSocket);

impl Observer {
    fn on(lab: &Lab) -> Self {
        let options = OpenOptions::observer("port-wire");
        Self(lab.packet_socket(Place::Switch, &options).expect("a port"))
    }

    /// All that our stack has sent since it was asked last: ether type and frame.
    fn ours(&self) -> Vec<(EtherType, Vec<u8>)> {
        // Frames that were sent before this call are in the ring already: a veth has no queue.
        let mut batch = Batch::new();
        let mut seen = Vec::new();
        while self
            .0
            .wait_readable(Duration::from_millis(100))
            .expect("it can wait")
        {
            batch.clear();
            if self.0.try_recv_batch(&mut batch).is_err() {
                break;
            }
            for frame in batch.iter() {
                let parsed = ethernet::Frame::parse(frame.bytes).expect("Ethernet");
                if parsed.source() == OURS {
                    seen.push((parsed.ether_type(), frame.bytes.to_vec()));
                }
            }
        }
        seen
    }

    fn ours_of(&self, wanted: EtherType) -> usize {
        self.ours()
            .iter()
            .filter(|(kind, _)| *kind == wanted)
            .count()
    }
}

fn curl(line: &str) -> CurlArgs {
    match Cli::parse_from(format!("synema curl --lab {line}").split(' ')).command {
        Command::Curl(args) => args,
        other => unreachable!("the line says curl: {other:?}"),
    }
}

#[test]
fn an_address_in_use_is_refused_with_its_owners_mac() {
    let (lab, socket) = start();
    let observer = Observer::on(&lab);
    let ground = Ground::of_lab(&lab.facts, false);
    let args = curl("http://www.lab.test/");
    let failure = fetch_through(&args, ground, plan::HOST_IP, socket).expect_err("it is in use");
    assert_eq!(failure.exit, Exit::AddressRefused);
    let owner = MacAddr(plan::HOST_MAC).to_string();
    assert!(failure.cause.contains(&owner), "{failure}");
    assert!(failure.cause.contains("192.168.0.10"), "{failure}");
    let sent = observer.ours();
    assert!(!sent.is_empty(), "the observer sees the probe");
    assert!(sent.iter().all(|(kind, _)| *kind == EtherType::ARP));
}

#[test]
fn addresses_of_the_network_itself_are_not_even_probed() {
    for ip in [
        plan::WIRE_IP,
        plan::GATEWAY_IP,
        Ipv4Addr::new(192, 168, 0, 255),
        plan::WEB_IP,
    ] {
        let (lab, socket) = start();
        let observer = Observer::on(&lab);
        let ground = Ground::of_lab(&lab.facts, false);
        let args = curl("http://www.lab.test/");
        let failure = fetch_through(&args, ground, ip, socket).expect_err("not ours to claim");
        assert_eq!(failure.exit, Exit::AddressRefused, "{ip}");
        assert!(observer.ours().is_empty(), "{ip}");
    }
}

#[test]
fn an_address_taken_later_ends_the_fetch_and_the_sending() {
    let (lab, socket) = start();
    let observer = Observer::on(&lab);
    let ground = Ground::of_lab(&lab.facts, false);
    let file = std::env::temp_dir().join(format!("synema-taken-{}.pcapng", std::process::id()));
    let line = format!("--capture {} http://www.lab.test/hang", file.display());
    let args = curl(&line);
    let fetching = std::thread::spawn(move || fetch_through(&args, ground, plan::FREE_IP, socket));
    // Not before the address is in use: the request is out.
    let until = Instant::now() + Duration::from_secs(10);
    let mut before = 0;
    while before < 3 && Instant::now() < until {
        before += observer.ours_of(EtherType::IPV4);
    }
    assert!(before >= 3, "DNS, SYN, ACK: {before}");

    lab.take_address(plan::FREE_IP)
        .expect("the lab does as told");
    let failure = fetching
        .join()
        .expect("no panic")
        .expect_err("it was taken");
    assert_eq!(failure.exit, Exit::AddressRefused, "{failure}");
    let taker = MacAddr(plan::HOST_MAC).to_string();
    assert!(failure.cause.contains(&taker), "{failure}");
    let _ = observer.ours();
    std::thread::sleep(Duration::from_secs(1));
    assert!(observer.ours().is_empty(), "nothing goes out after the end");
    let capture = std::fs::read(&file).expect("what was seen is kept");
    std::fs::remove_file(&file).expect("ours");
    assert!(capture.len() > 1000);
}

/// A bridge for pages in the lab.
async fn serve(lab: &Lab, socket: RawSocket) -> Server {
    serve_with(lab, socket, Timing::LAB_QUICK).await
}

async fn serve_with(lab: &Lab, socket: RawSocket, timing: Timing) -> Server {
    let ground = Ground {
        timing,
        ..Ground::of_lab(&lab.facts, false)
    };
    let wire = PacketIo::new(socket).expect("inside a runtime");
    Server::start(wire, ground, GRACE).await
}

fn packet(source: Ipv4Addr) -> Vec<u8> {
    ipv4_frame((OURS, source), (GATEWAY, plan::WEB_IP), 100)
}

#[tokio::test]
async fn a_page_that_lies_gets_no_ipv4_out() {
    let (lab, socket) = start();
    let observer = Observer::on(&lab);
    // As on a real wire: a lie is not to be had by being quick.
    let server = serve_with(&lab, socket, Timing::RFC).await;
    let (mut page, hello) = Page::seated(&server).await;
    assert_eq!(hello.mac, OURS);

    // It claims nothing.
    let free = plan::FREE_IP;
    for frame in [packet(free), announcement(OURS, free), probe(OURS, free)] {
        let receipt = page.send(&frame).await;
        assert_eq!(receipt.outcome, Err(Refusal::NothingClaimed));
    }
    // It claims what is not to be had, and sends all the same.
    for addr in [plan::WIRE_IP, plan::GATEWAY_IP] {
        page.say(ToBridge::Claim { addr }).await;
        assert!(page.send(&packet(addr)).await.outcome.is_err());
        assert!(page.send(&announcement(OURS, addr)).await.outcome.is_err());
    }
    // It claims, and does not wait; or probes too fast; or speaks for others.
    page.say(ToBridge::Claim { addr: free }).await;
    assert!(observer.ours().is_empty(), "nothing has gone out so far");
    for _ in 0..5 {
        assert_eq!(page.send(&probe(OURS, free)).await.outcome, Ok(()));
        assert_eq!(
            page.send(&packet(free)).await.outcome,
            Err(Refusal::GateClosed)
        );
    }
    let others_mac = MacAddr(plan::WIRE_MAC);
    for (frame, why) in [
        (announcement(OURS, free), Refusal::GateClosed),
        (announcement(OURS, plan::GATEWAY_IP), Refusal::ArpSender),
        (probe(OURS, plan::HOST_IP), Refusal::ArpTarget),
        (announcement(others_mac, free), Refusal::SourceMac),
        (packet(plan::WIRE_IP), Refusal::GateClosed),
    ] {
        assert_eq!(page.send(&frame).await.outcome, Err(why));
    }
    // Even with the gate open: as nobody else, and to one station at a time.
    page.say(ToBridge::Release).await;
    page.claim_slowly(OURS, free, Duration::from_secs(1)).await;
    let sent = observer.ours();
    assert!(sent.iter().all(|(kind, _)| *kind == EtherType::ARP));
    assert!(sent.len() >= 8, "the observer sees the probes");
    let broadcast = Ipv4Addr::new(192, 168, 0, 255);
    for (frame, why) in [
        (packet(plan::WIRE_IP), Refusal::SourceAddress),
        (packet(plan::HOST_IP), Refusal::SourceAddress),
        (
            ipv4_frame((OURS, free), (MacAddr::BROADCAST, broadcast), 9),
            Refusal::Destination,
        ),
        (
            ipv4_frame((others_mac, free), (GATEWAY, plan::WEB_IP), 9),
            Refusal::SourceMac,
        ),
    ] {
        assert_eq!(page.send(&frame).await.outcome, Err(why));
    }
    assert_eq!(observer.ours_of(EtherType::IPV4), 0);
    // The positive control: the observer does see what an honest page sends.
    assert_eq!(page.send(&packet(free)).await.outcome, Ok(()));
    assert_eq!(observer.ours_of(EtherType::IPV4), 1);
}

#[tokio::test]
async fn a_page_is_told_whose_address_it_wanted() {
    let (lab, socket) = start();
    let observer = Observer::on(&lab);
    let server = serve(&lab, socket).await;
    let (mut page, _) = Page::seated(&server).await;
    let addr = plan::HOST_IP;
    page.say(ToBridge::Claim { addr }).await;
    page.send(&probe(OURS, addr)).await;
    let state = page
        .claim_until(|state| matches!(state, ClaimState::Conflict { .. }))
        .await;
    let conflict = ClaimState::Conflict {
        addr,
        by: MacAddr(plan::HOST_MAC),
        lost: false,
    };
    assert_eq!(state, conflict);
    let receipt = page.send(&packet(addr)).await;
    assert_eq!(receipt.outcome, Err(Refusal::AddressLost));
    assert_eq!(observer.ours_of(EtherType::IPV4), 0);
}

#[tokio::test]
async fn a_page_whose_address_is_taken_is_told_by_whom_and_sends_no_more() {
    let (lab, socket) = start();
    let observer = Observer::on(&lab);
    let server = serve(&lab, socket).await;
    let (mut page, hello) = Page::seated(&server).await;
    let free = plan::FREE_IP;
    page.claim(OURS, free).await;
    assert_eq!(page.send(&packet(free)).await.outcome, Ok(()));
    lab.take_address(free).expect("the lab does as told");
    // An honest page defends its address once; the other's kernel answers.
    let _ = page.send(&announcement(OURS, free)).await;
    let (code, cause, _) = page.error().await;
    assert_eq!(code, ErrorCode::Conflict);
    assert!(
        cause.contains(&MacAddr(plan::HOST_MAC).to_string()),
        "{cause}"
    );

    let _ = observer.ours();
    let mut again = Page::open(&server).await;
    assert!(!again.hello(Some(hello.session), false).await.resumed);
    for frame in [packet(free), announcement(OURS, free)] {
        let receipt = again.send(&frame).await;
        assert_eq!(receipt.outcome, Err(Refusal::NothingClaimed));
    }
    assert!(observer.ours().is_empty());
}
