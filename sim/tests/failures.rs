//! Everything that can go wrong with a fetch, and what it is told as.

mod common;

use common::{URL, body, failure, fetch_page, lab_with_pages, lab_with_zone, ten_ms, zone};
use core::net::{Ipv4Addr, SocketAddrV4};
use synema_core::app::dns::DnsError;
use synema_core::app::http::{HttpError, Method, UrlError};
use synema_core::app::session::{
    ClaimCommand, ClaimEvent, ClaimRefusal, ClaimTimings, Command, FetchError, FetchErrorKind,
    FetchEvent, FetchOptions, SessionEvent,
};
use synema_core::time::Duration;
use synema_core::trace::{AppEvent, Event};
use synema_core::wire::{EtherType, MacAddr, arp, ethernet};
use synema_sim::lab::{GATEWAY, PAGE, WWW};
use synema_sim::{AfterPage, Chosen, HttpServer, Lab, Page};

fn fails(url: &str, pages: &[(&str, Page)]) -> FetchError {
    let mut lab = lab_with_pages(1, ten_ms(), pages);
    let error = failure(&lab.fetch(1, url, FetchOptions::default()));
    assert!(!error.to_string().is_empty() && !error.next_step().is_empty());
    error
}

fn options(change: impl FnOnce(&mut FetchOptions)) -> FetchOptions {
    let mut options = FetchOptions::default();
    change(&mut options);
    options
}

#[test]
fn urls_that_cannot_be_fetched() {
    let tls = fails("https://www.lab.test/", &[]);
    assert_eq!(tls.kind(), FetchErrorKind::Unsupported);
    assert!(tls.to_string().contains("TLS is not there yet"), "{tls}");
    assert_eq!(fails("http://", &[]).kind(), FetchErrorKind::Url);
    assert_eq!(
        fails("http://[::1]/", &[]).kind(),
        FetchErrorKind::Unsupported
    );
}

#[test]
fn names_that_do_not_resolve() {
    let error = |name: &str| match fails(&format!("http://{name}/"), &[]) {
        FetchError::Name { name: told, error } => {
            assert_eq!(told, name);
            error
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(error("nowhere.lab.test"), DnsError::NoSuchName);
    assert_eq!(error("broken.lab.test"), DnsError::ServerFailure);
    assert_eq!(error("silent.lab.test"), DnsError::Timeout);
    assert_eq!(error("empty.lab.test"), DnsError::NoAddress);
}

#[test]
fn a_long_answer_is_fetched_over_tcp_and_kept() {
    let pages = [("/", Page::new(b"hello"))];
    let mut lab = lab_with_zone(2, zone(), &pages);
    let fetched = lab.fetch(1, "http://many.lab.test/", FetchOptions::default());
    assert_eq!(fetched.body, b"hello");
    let queries = |lab: &Lab| {
        let trace = lab.network.node(lab.page).trace();
        let over_tcp = trace.iter().filter_map(|record| match &record.event {
            Event::App(AppEvent::DnsQuery { tcp, .. }) => Some(*tcp),
            _ => None,
        });
        over_tcp.collect::<Vec<_>>()
    };
    assert_eq!(queries(&lab), [false, true]);
    let fetched = lab.fetch(2, "http://MANY.lab.test./", FetchOptions::default());
    assert_eq!(fetched.body, b"hello");
    assert_eq!(queries(&lab).len(), 2, "the second time it was known");
    let fetched = lab.fetch(3, "http://alias.lab.test/", FetchOptions::default());
    assert_eq!(fetched.body, b"hello");
}

#[test]
fn no_name_server_is_needed_for_an_address() {
    let mut lab = Lab::new(3, ten_ms(), common::server(&[("/", Page::new(b"hello"))]));
    let claim = ClaimCommand {
        dns: Vec::new(),
        ..Lab::claim_command(ClaimTimings::Rfc5227)
    };
    lab.command(Command::Claim(claim));
    lab.network.run_for(Duration::from_secs(8));
    let granted = ClaimEvent::Granted {
        addr: PAGE,
        rfc_timings: true,
    };
    let (at, event) = &lab.network.node(lab.page).events()[0];
    assert_eq!(event, &SessionEvent::Claim(granted));
    // RFC 5227 §1.1: two probe intervals of a second and ANNOUNCE_WAIT at least.
    assert!(at.as_millis() >= 4_000, "{at}");
    let fetched = lab.fetch(1, "http://10.2.0.80/", FetchOptions::default());
    assert_eq!(fetched.body, b"hello");
    let error = failure(&lab.fetch(2, "http://www.lab.test/", FetchOptions::default()));
    assert_eq!(
        error,
        FetchError::NoNameServer {
            name: "www.lab.test".to_owned()
        }
    );
}

#[test]
fn ports_and_hosts_that_do_not_answer() {
    let refused = fails("http://www.lab.test:81/", &[]);
    assert_eq!(
        refused,
        FetchError::Refused {
            remote: SocketAddrV4::new(WWW, 81)
        }
    );

    let nobody = SocketAddrV4::new(Ipv4Addr::new(10, 1, 0, 77), 80);
    assert_eq!(
        fails("http://10.1.0.77/", &[]),
        FetchError::NoNeighbour { remote: nobody }
    );

    // The router asks for it in vain, and says so.
    let remote = SocketAddrV4::new(Ipv4Addr::new(10, 2, 0, 77), 80);
    assert_eq!(
        fails("http://10.2.0.77/", &[]),
        FetchError::Unreachable { remote, code: 1 }
    );

    // The router knows no way.
    let remote = SocketAddrV4::new(Ipv4Addr::new(10, 9, 9, 9), 80);
    assert_eq!(
        fails("http://10.9.9.9/", &[]),
        FetchError::Unreachable { remote, code: 0 }
    );
}

#[test]
fn a_silent_host_is_given_up_in_time() {
    let mut lab = lab_with_pages(4, ten_ms(), &[]);
    let (from, to) = (lab.router.id(), lab.www.id());
    // ARP is answered, SYNs are not: so do firewalls.
    let syns: Vec<_> = (1..50).map(Chosen::TcpSyn).collect();
    lab.network
        .set_conditions(lab.servers, from, to, ten_ms().losing(&syns));
    let start = lab.network.now();
    let fetched = lab.fetch(1, "http://10.2.0.80/", FetchOptions::default());
    let remote = SocketAddrV4::new(WWW, 80);
    let waited = Duration::from_secs(20);
    assert_eq!(
        failure(&fetched),
        FetchError::ConnectTimeout { remote, waited }
    );
    let (at, _) = fetched.end.expect("an end");
    assert_eq!(at.since(start), waited);

    let patient = options(|it| {
        it.timeouts.connect = Duration::from_secs(500);
        it.policy.timing.syn_retries = 2;
    });
    let fetched = lab.fetch(2, "http://10.2.0.80/", patient);
    assert_eq!(failure(&fetched), FetchError::NoAnswer { remote });
}

#[test]
fn without_a_gateway_other_subnets_are_out_of_reach() {
    let mut lab = Lab::new(5, ten_ms(), HttpServer::default());
    let claim = ClaimCommand {
        gateway: None,
        ..Lab::claim_command(ClaimTimings::QuickLab)
    };
    lab.command(Command::Claim(claim));
    lab.network.run_for(Duration::from_secs(2));
    let error = failure(&lab.fetch(1, "http://10.2.0.80/", FetchOptions::default()));
    assert_eq!(
        error,
        FetchError::NoRoute {
            remote: SocketAddrV4::new(WWW, 80)
        }
    );
    assert_eq!(error.kind(), FetchErrorKind::Unreachable);
}

#[test]
fn responses_that_break_off() {
    let whole = Page::new(&body(50_000));
    let head_len = 118;
    let cut = whole.clone().cut_at(head_len + 20_000);
    let (_, fetched) = fetch_page(6, ten_ms(), cut.clone());
    let FetchError::CutOff {
        received,
        expected: Some(50_000),
    } = failure(&fetched)
    else {
        panic!("{:?}", fetched.end);
    };
    assert_eq!(fetched.body.len() as u64, received);
    assert!(received > 15_000 && fetched.body == body(50_000)[..received as usize]);

    let (_, fetched) = fetch_page(6, ten_ms(), cut.clone().then(AfterPage::Reset));
    assert_eq!(failure(&fetched), FetchError::Reset { received });
    assert_eq!(fetched.body.len() as u64, received);

    let (_, fetched) = fetch_page(6, ten_ms(), cut.then(AfterPage::Hang));
    let waited = Duration::from_secs(30);
    assert_eq!(
        failure(&fetched),
        FetchError::IdleTimeout { received, waited }
    );

    let (_, fetched) = fetch_page(
        6,
        ten_ms(),
        Page::chunked(&body(5_000), 1_000).cut_at(3_000),
    );
    assert!(matches!(
        failure(&fetched),
        FetchError::CutOff {
            expected: None,
            received: 2_001..
        }
    ));

    let (_, fetched) = fetch_page(6, ten_ms(), Page::raw("HTTP/1.1 200 O"));
    assert_eq!(failure(&fetched), FetchError::NoResponse { received: 14 });
    let (_, fetched) = fetch_page(6, ten_ms(), Page::raw(""));
    assert_eq!(failure(&fetched), FetchError::NoResponse { received: 0 });
    let (_, fetched) = fetch_page(6, ten_ms(), Page::raw("").then(AfterPage::Hang));
    assert_eq!(failure(&fetched), FetchError::FirstByteTimeout { waited });
    let (_, fetched) = fetch_page(
        6,
        ten_ms(),
        Page::until_close(&body(9_000)).then(AfterPage::Reset),
    );
    assert_eq!(failure(&fetched), FetchError::Reset { received: 9_000 });
}

#[test]
fn responses_that_break_the_rules() {
    let response = |bytes: &str| {
        let (_, fetched) = fetch_page(7, ten_ms(), Page::raw(bytes));
        match failure(&fetched) {
            FetchError::Response(error) => error,
            other => panic!("{other:?}"),
        }
    };
    let endless = format!("HTTP/1.1 200 OK\r\n{}", "X: y\r\n".repeat(20_000));
    assert_eq!(response(&endless), HttpError::HeadTooLong { limit: 65_536 });
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "X: y\r\n".repeat(200));
    assert_eq!(response(&many), HttpError::TooManyFields { limit: 128 });
    assert!(matches!(
        response("220 mail ESMTP\r\n"),
        HttpError::NotHttp { .. }
    ));
    let both =
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n";
    assert_eq!(response(both), HttpError::LengthAndCoding);
    let (_, fetched) = {
        let mut lab = lab_with_pages(7, ten_ms(), &[("/page", Page::new(&body(9_000)))]);
        let small = options(|it| it.limits.body_len = 5_000);
        let fetched = lab.fetch(1, URL, small);
        (lab, fetched)
    };
    let too_long = FetchError::Response(HttpError::BodyTooLong { limit: 5_000 });
    assert_eq!(failure(&fetched), too_long);
}

#[test]
fn redirects() {
    let pages = [
        ("/page", Page::redirect(302, "/second")),
        ("/second", Page::redirect(308, "http://10.2.0.80/third?x#y")),
        ("/third?x", Page::new(b"there")),
        ("/loop", Page::redirect(301, "/loop#again")),
        ("/tls", Page::redirect(301, "https://www.lab.test/")),
        (
            "/nowhere",
            Page::raw("HTTP/1.1 302 Found\r\nContent-Length: 2\r\n\r\nhm"),
        ),
        (
            "/cut",
            Page::raw("HTTP/1.1 302 Found\r\nLocation: /third?x\r\nContent-Length: 20\r\n\r\nhm"),
        ),
        (
            "/empty",
            Page::raw("HTTP/1.1 307 Found\r\nLocation: /third?x\r\nContent-Length: 0\r\n\r\n")
                .then(AfterPage::Hang),
        ),
        ("/a", Page::redirect(303, "/b")),
        ("/b", Page::redirect(303, "/c")),
        ("/c", Page::new(b"deep")),
    ];
    let mut lab = lab_with_pages(8, ten_ms(), &pages);
    let mut number = 0;
    let mut fetch = |lab: &mut Lab, path: &str, options: FetchOptions| {
        number += 1;
        lab.fetch(number, &format!("http://www.lab.test{path}"), options)
    };
    let fetched = fetch(&mut lab, "/page", FetchOptions::default());
    assert_eq!(fetched.body, b"there");
    assert_eq!(
        fetched.head.expect("a head").url,
        "http://10.2.0.80/third?x#y"
    );
    for path in ["/cut", "/empty"] {
        assert_eq!(
            fetch(&mut lab, path, FetchOptions::default()).body,
            b"there",
            "{path}"
        );
    }
    let error = failure(&fetch(&mut lab, "/loop", FetchOptions::default()));
    assert!(
        matches!(error, FetchError::RedirectLoop { .. }),
        "{error:?}"
    );
    let error = failure(&fetch(&mut lab, "/tls", FetchOptions::default()));
    assert!(
        matches!(error, FetchError::Url(UrlError::Tls { .. })),
        "{error:?}"
    );
    let fetched = fetch(&mut lab, "/nowhere", FetchOptions::default());
    assert_eq!(
        (
            fetched.body.as_slice(),
            fetched.head.expect("a head").status
        ),
        (&b"hm"[..], 302)
    );
    let one = options(|it| it.limits.redirects = 1);
    let error = failure(&fetch(&mut lab, "/a", one));
    assert_eq!(error, FetchError::TooManyRedirects { limit: 1 });
    assert_eq!(fetch(&mut lab, "/a", FetchOptions::default()).body, b"deep");
    let none = options(|it| it.limits.redirects = 0);
    assert_eq!(
        fetch(&mut lab, "/a", none).head.expect("a head").status,
        303
    );
}

#[test]
fn head_requests_and_other_framings() {
    let text = body(40_000);
    let pages = [
        ("/page", Page::new(&text)),
        ("/chunked", Page::chunked(&text, 777)),
        ("/close", Page::until_close(&text)),
        (
            "/204",
            Page::raw("HTTP/1.1 204 No Content\r\n\r\n").then(AfterPage::Hang),
        ),
        (
            "/100",
            Page::raw(
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
            ),
        ),
    ];
    let mut lab = lab_with_pages(9, ten_ms(), &pages);
    let head = options(|it| it.method = Method::Head);
    let fetched = lab.fetch(1, URL, head);
    assert_eq!(fetched.end.map(|(_, end)| end), Some(Ok(0)));
    let length = fetched.head.expect("a head");
    assert_eq!(
        length
            .header("content-length")
            .map(|it| it.text().into_owned())
            .as_deref(),
        Some("40000")
    );
    for (number, path) in [(2, "/chunked"), (3, "/close")] {
        let fetched = lab.fetch(
            number,
            &format!("http://www.lab.test{path}"),
            FetchOptions::default(),
        );
        assert!(fetched.body == text, "{path}");
    }
    let fetched = lab.fetch(4, "http://www.lab.test/204", FetchOptions::default());
    assert_eq!(fetched.end.map(|(_, end)| end), Some(Ok(0)));
    let fetched = lab.fetch(5, "http://www.lab.test/100", FetchOptions::default());
    assert_eq!(fetched.body, b"ok");
    let requests = lab.network.node_mut(lab.www).app_mut().requests().to_vec();
    assert!(
        requests[0].starts_with("HEAD /page HTTP/1.1\r\nHost: www.lab.test\r\n"),
        "{}",
        requests[0]
    );
}

#[test]
fn fetches_are_cancelled_and_counted() {
    let mut lab = lab_with_pages(10, ten_ms(), &[("/page", Page::new(&body(1 << 20)))]);
    lab.begin_fetch(1, URL, FetchOptions::default());
    lab.begin_fetch(1, URL, FetchOptions::default());
    lab.network.run_for(Duration::from_millis(120));
    let busy = lab
        .network
        .node(lab.page)
        .events()
        .iter()
        .any(|(_, event)| {
            matches!(
                event,
                SessionEvent::Fetch {
                    fetch: 1,
                    event: FetchEvent::Failed(FetchError::Busy)
                }
            )
        });
    assert!(busy);
    lab.command(Command::Cancel { fetch: 1 });
    let fetched = lab.finish_fetch(1);
    assert_eq!(failure(&fetched), FetchError::Cancelled);
    assert!(!fetched.body.is_empty() && fetched.body.len() < 1 << 20);
    lab.network.run_for(Duration::from_secs(1));
    let server = lab.network.node_mut(lab.www).stack_mut();
    assert_eq!(server.connections_len(), 0, "the server was told");
}

#[test]
fn several_fetches_at_once() {
    let text = body(300_000);
    let mut lab = lab_with_pages(11, ten_ms(), &[("/page", Page::new(&text))]);
    for number in 1..=8 {
        lab.begin_fetch(number, URL, FetchOptions::default());
    }
    for number in 1..=8 {
        assert!(lab.finish_fetch(number).body == text, "{number}");
    }
}

#[test]
fn whoever_does_not_read_closes_the_window() {
    let text = body(3 << 20);
    let mut lab = lab_with_pages(12, ten_ms(), &[("/page", Page::new(&text))]);
    let small = options(|it| it.policy.receive.buffer_len = 64 << 10);
    lab.network.node_mut(lab.page).set_reading(false);
    lab.begin_fetch(1, URL, small);
    lab.network.run_for(Duration::from_secs(40));
    let client = lab.network.node(lab.page);
    let in_order = client
        .trace()
        .iter()
        .filter_map(|record| match record.event {
            Event::InOrder { total, .. } => Some(total),
            _ => None,
        });
    let held = in_order.max().expect("some data");
    assert!((60_000..=64 << 10).contains(&held), "{held} bytes are held");
    lab.network.node_mut(lab.page).set_reading(true);
    assert!(
        lab.finish_fetch(1).body == text,
        "our own delay is not the server's"
    );
}

#[test]
fn addresses_that_cannot_be_claimed() {
    let refusal = |change: &dyn Fn(&mut ClaimCommand)| {
        let mut lab = Lab::new(13, ten_ms(), HttpServer::default());
        lab.add_neighbour(7);
        let mut claim = Lab::claim_command(ClaimTimings::QuickLab);
        change(&mut claim);
        lab.command(Command::Claim(claim));
        lab.network.run_for(Duration::from_secs(3));
        match lab.network.node(lab.page).events() {
            [(_, SessionEvent::Claim(ClaimEvent::Refused { why, .. }))] => *why,
            other => panic!("{other:?}"),
        }
    };
    let ip = |text: &str| text.parse::<Ipv4Addr>().expect("an address");
    let in_use = refusal(&|it| it.addr = ip("10.1.0.7"));
    assert_eq!(
        in_use,
        ClaimRefusal::InUse {
            by: MacAddr([2, 0, 0, 0, 1, 7])
        }
    );
    assert!(in_use.to_string().contains("02:00:00:00:01:07"), "{in_use}");
    let outside = ClaimRefusal::OutsideSubnet {
        subnet: ip("10.1.0.0"),
        prefix_len: 24,
    };
    assert_eq!(refusal(&|it| it.addr = ip("10.7.0.129")), outside);
    assert_eq!(
        refusal(&|it| it.addr = GATEWAY),
        ClaimRefusal::Infrastructure
    );
    assert_eq!(
        refusal(&|it| it.dns = vec![PAGE]),
        ClaimRefusal::Infrastructure
    );
    assert_eq!(
        refusal(&|it| it.addr = ip("10.1.0.255")),
        ClaimRefusal::SubnetItself
    );
    assert_eq!(
        refusal(&|it| it.addr = ip("10.1.0.0")),
        ClaimRefusal::SubnetItself
    );
    assert_eq!(
        refusal(&|it| it.addr = ip("224.0.0.1")),
        ClaimRefusal::NotAHost
    );
    assert_eq!(refusal(&|it| it.prefix_len = 31), ClaimRefusal::PrefixLen);
}

#[test]
fn nothing_is_fetched_without_an_address() {
    let mut lab = Lab::new(14, ten_ms(), HttpServer::default());
    let fetched = lab.fetch(1, URL, FetchOptions::default());
    assert_eq!(failure(&fetched), FetchError::NoAddress);
    assert!(lab.network.passages().is_empty());
    lab.claim();
    lab.command(Command::Claim(Lab::claim_command(ClaimTimings::QuickLab)));
    lab.network.run_for(Duration::from_millis(1));
    let last = lab
        .network
        .node(lab.page)
        .events()
        .last()
        .map(|(_, event)| event.clone());
    let busy = ClaimEvent::Refused {
        addr: PAGE,
        why: ClaimRefusal::Busy,
    };
    assert_eq!(last, Some(SessionEvent::Claim(busy)));
    lab.command(Command::Release);
    let fetched = lab.fetch(2, URL, FetchOptions::default());
    assert_eq!(failure(&fetched), FetchError::NoAddress);
}

/// An announcement of the page's address by somebody else.
fn stolen(by: MacAddr) -> Vec<u8> {
    let mut frame = Vec::new();
    let destination = MacAddr::BROADCAST;
    ethernet::Header {
        destination,
        source: by,
        ether_type: EtherType::ARP,
    }
    .emit(&mut frame);
    arp::Packet {
        operation: arp::Operation::Request,
        sender_mac: by,
        sender_ip: PAGE,
        target_mac: MacAddr::ZERO,
        target_ip: PAGE,
    }
    .emit(&mut frame);
    frame
}

#[test]
fn an_address_that_is_taken_ends_the_session_and_silences_it() {
    let mut lab = lab_with_pages(15, ten_ms(), &[("/page", Page::new(&body(1 << 20)))]);
    let thief = MacAddr([2, 0xbd, 0, 0, 0, 1]);
    let mut network_thief = common::Shouter::default();
    network_thief
        .frames
        .push_back((Duration::from_millis(100), stolen(thief)));
    network_thief
        .frames
        .push_back((Duration::from_millis(110), stolen(thief)));
    network_thief.start(lab.network.now());
    let node = lab.network.add(network_thief);
    lab.network.plug(node, 0, lab.lan);
    let fetched = lab.fetch(1, URL, FetchOptions::default());
    let error = failure(&fetched);
    assert_eq!(error, FetchError::AddressLost { to: thief });
    assert_eq!(error.kind(), FetchErrorKind::Address);
    let events: Vec<_> = lab
        .network
        .node(lab.page)
        .events()
        .iter()
        .map(|(_, it)| it.clone())
        .collect();
    assert!(events.contains(&SessionEvent::Claim(ClaimEvent::Lost {
        addr: PAGE,
        to: thief
    })));
    let page = lab.page.id();
    let sent = |lab: &Lab| {
        lab.network
            .passages()
            .iter()
            .filter(|it| it.from == page)
            .count()
    };
    let before = sent(&lab);
    lab.network.run_for(Duration::from_secs(60));
    assert_eq!(sent(&lab), before, "no more frames go out");
}
