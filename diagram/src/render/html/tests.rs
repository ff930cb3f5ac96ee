//! The page as text: what is in it, and what can never be.

use super::*;
use crate::annotate::{Edit, Note, NoteId, On};
use crate::testing::lab_fetch;
use crate::view::{Filter, View};

const HOSTILE: &str = "</title></script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&";

fn fetch() -> Document {
    Document::open(lab_fetch().capture, View::default())
}

fn note(document: &mut Document, id: u32, on: On, text: &str) {
    let text = text.to_owned();
    let id = NoteId(id);
    document.annotate(Edit::write(Note { id, on, text }));
}

/// The elements' names and how often each is opened.
fn elements(page: &str) -> std::collections::BTreeMap<&str, usize> {
    let mut found = std::collections::BTreeMap::new();
    for part in page.split('<').skip(1) {
        let name = part.split([' ', '>', '/', '\n']).next().unwrap_or_default();
        if !name.is_empty() {
            *found.entry(name).or_default() += 1;
        }
    }
    found
}

#[test]
fn every_packet_is_there_with_its_reason_and_its_fields() {
    let page = html(&mut fetch(), &HtmlOptions::default());
    assert!(page.starts_with("<!doctype html>\n") && page.ends_with("</html>\n"));
    for number in 1..=23 {
        assert!(
            page.contains(&format!("id=\"packet-{number}\"")),
            "{number}"
        );
    }
    assert!(page.contains("23 packets."));
    assert!(page.contains("<dt>window<dd>512 × 128 = 65\u{202f}536"));
    assert!(page.contains("<a href=\"#packet-12\">answers: packet 12</a>"));
    // Whole, and small enough to be sent to somebody.
    assert!(
        page.len() / 23 < 8_000,
        "{} bytes a packet",
        page.len() / 23
    );
}

#[test]
fn what_people_wrote_stays_text_and_is_linked_both_ways() {
    let plain = elements(&html(&mut fetch(), &HtmlOptions::default())).len();
    let mut document = fetch();
    let packet = document.capture().frames()[8].id;
    note(&mut document, 7, On::Packet(packet), HOSTILE);
    let at = document.capture().frames()[10].at;
    note(
        &mut document,
        8,
        On::Time { from: at, to: at },
        "two\nlines",
    );
    document.annotate(Edit::Title(HOSTILE.to_owned()));
    document.annotate(Edit::Summary(HOSTILE.to_owned()));
    let file = Download {
        name: HOSTILE.to_owned(),
        bytes: b"\x0a\x0d\x0d\x0a".to_vec(),
        without_payload: true,
    };
    let options = HtmlOptions {
        download: Some(file),
        ..HtmlOptions::default()
    };
    let page = html(&mut document, &options);
    let found = elements(&page);
    assert_eq!(found.get("script"), Some(&1), "ours");
    assert_eq!(found.get("img"), None);
    // A section, a list and what is in it: nothing else is new.
    assert!(found.len() <= plain + 4, "{found:?}");
    assert!(page.contains("<li id=\"note-7\"><a href=\"#packet-9\">packet 9</a>: &lt;/title"));
    assert!(page.contains("<a href=\"#note-7\">"));
    assert!(page.contains("2.9 s to 2.9 s: two\nlines</li>"));
    assert!(page.contains("base64,Cg0NCg==\"") && page.contains("payload was left out"));
}

#[test]
fn the_policy_names_all_that_is_there_and_nothing_else() {
    let page = html(&mut fetch(), &HtmlOptions::default());
    let (_, policy) = page
        .split_once("Content-Security-Policy\" content=\"")
        .expect("one");
    let (policy, _) = policy.split_once('"').expect("it ends");
    assert!(policy.starts_with("default-src 'none';"), "{policy}");
    let mut inside = 0;
    for (open, close) in [("<style", "</style>"), ("<script", "</script>")] {
        for part in page.split(open).skip(1) {
            let (_, rest) = part.split_once('>').expect("a whole tag");
            let (text, _) = rest.split_once(close).expect("it is closed");
            assert!(policy.contains(&hash(text)), "{open}");
            inside += 1;
        }
    }
    assert_eq!(inside, 4);
    assert_eq!(policy.matches("'sha256-").count(), 4);
    // Nothing is fetched, and nothing has a style or a handler of its own.
    for word in [
        " src=",
        " style=",
        " onclick",
        "@import",
        "url(http",
        "javascript:",
    ] {
        assert!(!page.contains(word), "{word}");
    }
}

#[test]
fn a_long_document_is_cut_and_says_so() {
    let options = HtmlOptions {
        max_packets: 5,
        ..HtmlOptions::default()
    };
    let page = html(&mut fetch(), &options);
    assert!(page.contains("The first 5 of 23 packets."), "{page}");
    assert_eq!(page.matches("<article ").count(), 5);
    // Of one conversation, the first of those.
    let view = View {
        filter: Filter::Stream(0),
        ..View::default()
    };
    let mut one = Document::open(lab_fetch().capture, view);
    let page = html(&mut one, &options);
    assert!(page.contains("id=\"packet-9\"") && !page.contains("id=\"packet-8\""));
    assert_eq!(page.matches("<article ").count(), 5);
}
