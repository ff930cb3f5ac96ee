//! Whole fetches: claim, ARP, DNS, TCP, HTTP, over wires that are good and bad.

use synema_core::app::server::files::{FileServer, MemoryDirectory, Settings};
use synema_core::app::session::{ClaimEvent, FetchEvent, FetchOptions, SessionEvent};
use synema_core::tcp::Policy;
use synema_core::time::Duration;
use synema_core::trace::{AppEvent, Event};
use synema_sim::lab::{PAGE, WWW};
use synema_sim::{Conditions, HttpServer, Lab, Page};

const URL: &str = "http://www.lab.test/page";

/// `len` bytes that are different everywhere.
fn body(len: usize) -> Vec<u8> {
    (0..len as u64)
        .map(|i| (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8)
        .collect()
}

fn lab_with(seed: u64, way: Conditions, page: Page) -> Lab {
    let mut lab = Lab::new(
        seed,
        way,
        HttpServer::new(Policy::rfc()).with_page("/page", page),
    );
    let granted = ClaimEvent::Granted {
        addr: PAGE,
        rfc_timings: false,
    };
    assert_eq!(lab.claim(), Some(granted));
    lab
}

fn ten_ms() -> Conditions {
    Conditions::delay(Duration::from_millis(10))
}

#[test]
fn a_page_is_fetched_and_every_step_is_told() {
    let mut lab = lab_with(1, ten_ms(), Page::new(b"hello"));
    let fetched = lab.fetch(7, URL, FetchOptions::default());
    assert_eq!(fetched.body, b"hello");
    let (at, end) = fetched.end.expect("an end");
    assert_eq!(end, Ok(5));
    assert!(at.as_millis() < 2_000, "{at}");
    let client = lab.network.node(lab.page);
    let told: Vec<_> = client
        .events()
        .iter()
        .filter_map(|(_, event)| match event {
            SessionEvent::Fetch { fetch: 7, event } => Some(event),
            _ => None,
        })
        .collect();
    let name = "www.lab.test".to_owned();
    assert_eq!(told[0], &FetchEvent::Resolving { name: name.clone() });
    assert_eq!(
        told[1],
        &FetchEvent::Resolved {
            name,
            addrs: vec![WWW]
        }
    );
    assert!(matches!(told[2], FetchEvent::Connecting { remote, .. } if remote.port() == 80));
    assert!(matches!(told[3], FetchEvent::Connected { .. }));
    assert!(matches!(told[4], FetchEvent::Head(head) if head.status == 200 && head.url == URL));
    assert!(matches!(told[5], FetchEvent::Done { body_len: 5, .. }));
    assert_eq!(told.len(), 6);
    let apps = client
        .trace()
        .iter()
        .filter_map(|record| match &record.event {
            Event::App(app) => Some(app),
            _ => None,
        });
    let apps: Vec<_> = apps.collect();
    assert!(matches!(
        apps[0],
        AppEvent::DnsQuery {
            attempt: 1,
            tcp: false,
            ..
        }
    ));
    assert!(matches!(apps[1], AppEvent::DnsAnswer { .. }));
    assert!(matches!(apps[2], AppEvent::HttpRequest { .. }));
    assert!(matches!(
        apps[3],
        AppEvent::HttpResponse { status: 200, .. }
    ));
    assert!(matches!(apps[4], AppEvent::HttpDone { body_len: 5, .. }));
    assert_eq!(apps.len(), 5);
}

#[test]
fn a_megabyte() {
    let body = body(1 << 20);
    let mut lab = lab_with(2, ten_ms(), Page::new(&body));
    let fetched = lab.fetch(1, URL, FetchOptions::default());
    assert_eq!(fetched.end.map(|(_, end)| end), Some(Ok(1 << 20)));
    assert!(fetched.body == body);
}

#[test]
fn our_own_file_server_serves_our_own_client() {
    let mut lab = lab_with(9, ten_ms(), Page::new(b""));
    let bytes = body(300_000);
    let directory = MemoryDirectory::new().with_file("a b/c.bin", bytes.clone(), Some(1));
    let files = FileServer::new(directory, Settings::default());
    let host = lab.add_host(77, files);
    let fetched = lab.fetch(1, "http://10.1.0.77/a%20b/c.bin", FetchOptions::default());
    assert_eq!(fetched.end.map(|(_, end)| end), Some(Ok(300_000)));
    assert!(fetched.body == bytes);
    let listed = lab.fetch(2, "http://10.1.0.77/a%20b", FetchOptions::default());
    assert_eq!(
        listed.head.map(|head| head.status),
        Some(200),
        "redirected to the folder"
    );
    assert!(String::from_utf8_lossy(&listed.body).contains("c.bin"));
    let server = lab.network.node_mut(host).app_mut();
    let statuses: Vec<_> = core::iter::from_fn(|| server.poll_served()).collect();
    let statuses: Vec<_> = statuses.iter().map(|served| served.status).collect();
    assert_eq!(statuses, [200, 301, 200]);
}
