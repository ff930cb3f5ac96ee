//! A whole fetch, drawn as text: what the stack did, as a reader sees it.

mod common;

use common::{URL, body, lab_with_pages, server, ten_ms};
use synema_core::app::session::FetchOptions;
use synema_core::time::Duration;
use synema_diagram::Document;
use synema_diagram::render::text::text;
use synema_sim::experiment::{Machine, Text};
use synema_sim::lab::{PAGE, PAGE_MAC};
use synema_sim::{Chosen, Conditions, Lab, Page};

/// The run as the page saw it.
fn document(lab: &Lab) -> Document {
    let page = Machine {
        node: lab.page.id(),
        name: &Text {
            en: "this page".into(),
            ja: "このページ".into(),
        },
        mac: PAGE_MAC,
        addr: PAGE,
        trace: lab.network.node(lab.page).trace(),
    };
    synema_play::document(lab.network.passages(), &[page])
}

/// Whether the ladder has lines with these words, in this order.
fn reads(ladder: &str, words: &[&str]) {
    let mut lines = ladder.lines();
    for word in words {
        assert!(
            lines.any(|line| line.contains(word)),
            "\"{word}\" does not come in its turn in\n{ladder}"
        );
    }
}

#[test]
fn a_fetch_reads_as_a_ladder() {
    let mut lab = lab_with_pages(1, ten_ms(), &[("/page", Page::new(&body(5_000)))]);
    lab.fetch(1, URL, FetchOptions::default());
    lab.network.run_for(Duration::from_secs(3));
    let ladder = text(&document(&lab), 110);
    reads(
        &ladder,
        &[
            "this page",
            "10.1.0.129",
            "10.1.0.129?",
            "10.1.0.129?",
            "10.1.0.129?",
            "10.1.0.129 is mine",
            "who has 10.1.0.1?",
            "I have 10.1.0.1",
            "A www.lab.test ?",
            "www.lab.test is 10.2.0.80",
            "SYN number 0",
            "SYN ACK number 0",
            "ACK 1",
            "GET /page",
            "200 OK",
            "ACK 1449",
            "FIN",
        ],
    );
}

#[test]
fn a_lost_segment_is_drawn_where_it_died() {
    let mut lab = lab_with_pages(2, ten_ms(), &[]);
    let near = lab.add_host(80, server(&[("/", Page::new(&body(12_000)))]));
    let way = || Conditions::delay(Duration::from_millis(10));
    let (lan, page, near) = (lab.lan, lab.page.id(), near.id());
    lab.network.set_conditions(lan, page, near, way());
    lab.network
        .set_conditions(lan, near, page, way().losing(&[Chosen::TcpData(4)]));
    let fetched = lab.fetch(1, "http://10.1.0.80/", FetchOptions::default());
    assert_eq!(fetched.body, body(12_000));
    lab.network.run_for(Duration::from_secs(3));
    let ladder = text(&document(&lab), 110);
    reads(
        &ladder,
        &[
            "200 OK",
            "ACK 4345",
            "ACK 4345 again (3)",
            "R 4345–5792",
            "FIN",
        ],
    );
    // The simulator knows of it: it stands once, where it would have come, and is not inferred besides.
    let crosses = ladder.lines().filter(|line| line.contains('×'));
    assert_eq!(crosses.count(), 1, "{ladder}");
}
