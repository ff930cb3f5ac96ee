//! Every sentence about every kept scene in Japanese: English is in none but where it is a name.

use super::{ALL, AXES, LABELS, WIDTHS, check_order};
use crate::Document;
use crate::analysis::Verdicts;
use crate::graph::{GraphKind, GraphOptions, Way};
use crate::notable::overview;
use crate::render::{HtmlOptions, html};
use crate::scene::Scene;
use crate::testing::apart::{check_texts, texts};
use crate::view::View;
use crate::words::Language;
use std::collections::BTreeSet;

fn view() -> View {
    View {
        language: Language::Japanese,
        ..View::default()
    }
}

/// What has an English name in every language: units, protocols, flags, states, timers, the terse
/// labels' fields, and what the scenes' hosts say and are called.
const NAMES: &str = "\
    ns ms min kB MB bit kbit Mbit SVG \
    ACK SYN FIN RST PSH ECN DSCP TCP UDP IP IPv4 IPv6 ARP DNS ICMP ICMPv6 TLS MAC RFC ID VLAN II \
    Ethernet Linux MSS SACK Cookie snaplen \
    LISTEN SENT RECEIVED ESTABLISHED WAIT CLOSE LAST CLOSING TIME \
    RTO SRTT TLP RACK cwnd ssthresh \
    win ack mss ws sackOK ts dup sack flight len who has raw \
    GET OK NoError SSH OpenSSH Debian ClientHello ServerHello ChangeCipherSpec failure handshake \
    Incomplete Complete CLIENT DATA NO WITH www lab test db8 four reset shop ff the";

/// What a scene says of itself: labels and titles.
fn said_by(scene: &Scene) -> Vec<String> {
    let mut said: Vec<String> = texts(scene).into_iter().map(|label| label.text).collect();
    let heads = scene.lanes.iter().flat_map(|lane| &lane.head);
    let clocks = [Some(&scene.clock), scene.far_clock.as_ref()];
    said.extend(
        heads
            .chain(clocks.into_iter().flatten())
            .map(|label| label.text.clone()),
    );
    said.extend(scene.lanes.iter().map(|lane| lane.title.clone()));
    said.extend(scene.arrows.iter().map(|arrow| arrow.title.clone()));
    said.extend(scene.gaps.iter().map(|gap| gap.title.clone()));
    said.extend(scene.timers.iter().map(|timer| timer.title.clone()));
    said.extend(scene.brackets.iter().map(|bracket| bracket.title.clone()));
    said.extend(scene.hidden.iter().map(|mark| mark.title.clone()));
    said
}

/// What is said of each packet.
fn said_of_packets(document: &Document) -> Vec<String> {
    let count = document.capture().frames().len() as u64;
    let details = (1..=count).filter_map(|number| document.detail(number));
    let mut said = Vec::new();
    for detail in details {
        said.extend([detail.title, detail.why, detail.when]);
        said.extend(detail.links.into_iter().map(|link| link.relation));
        said.extend(detail.problems);
        for layer in detail.layers {
            said.push(layer.title);
            for field in layer.fields {
                said.extend([field.name, field.value]);
            }
        }
    }
    said
}

/// The words of a text that are English and no name.
fn english_in(text: &str) -> Vec<&str> {
    // Verdicts are tshark's.
    let verdicts = Verdicts::all().flat_map(|(_, name)| name.split('_'));
    let names: BTreeSet<_> = NAMES.split_whitespace().chain(verdicts).collect();
    let is_word =
        |word: &&str| word.len() > 1 && word.starts_with(|c: char| c.is_ascii_alphabetic());
    text.split(|c: char| !c.is_ascii_alphanumeric())
        .filter(is_word)
        .filter(|word| !names.contains(word))
        .collect()
}

/// The text of a page, without its markup, styles, scripts and what it carries.
fn text_of(page: &str) -> String {
    let mut out = String::new();
    let mut rest = page;
    while let Some((before, after)) = rest.split_once('<') {
        out.push_str(before);
        out.push(' ');
        let (tag, after) = after.split_once('>').unwrap_or((after, ""));
        let closing = match tag.split(' ').next().unwrap_or_default() {
            "style" => "</style>",
            "script" => "</script>",
            _ => "",
        };
        rest = match after.split_once(closing) {
            Some((_, after)) if !closing.is_empty() => after,
            _ => after,
        };
    }
    out
}

#[test]
fn nothing_is_left_in_english() {
    // What people wrote in it is English.
    let silent = ALL.iter().filter(|(name, _)| *name != "noted");
    for (name, capture) in silent {
        let mut document = Document::open(capture(), view());
        let mut said = said_of_packets(&document);
        for labels in LABELS {
            document.set_view(View { labels, ..view() });
            let extent = document.extent();
            said.extend(said_by(&document.window(0.0, extent)));
        }
        said.extend(said_in_graphs(&document));
        said.push(overview(document.story()));
        said.push(text_of(&html(&mut document, &HtmlOptions::default())));
        for text in &said {
            let left = english_in(text);
            assert!(left.is_empty(), "{name}: {left:?} in {text}");
        }
    }
}

fn said_in_graphs(document: &Document) -> Vec<String> {
    let mut said = Vec::new();
    for kind in GraphKind::ALL {
        for way in [Way::Busier, Way::Quieter] {
            let options = GraphOptions {
                kind,
                way,
                ..GraphOptions::default()
            };
            match document.graph(&options) {
                Ok(graph) => {
                    said.extend(graph.all_texts().map(|text| text.text.clone()));
                    said.push(graph.description);
                }
                Err(none) => said.push(none.words(Language::Japanese)),
            }
        }
    }
    said
}

#[test]
fn texts_keep_apart_in_japanese_too() {
    for (name, capture) in ALL {
        let mut document = Document::open(capture(), view());
        for axis in AXES {
            for labels in LABELS {
                for width in WIDTHS {
                    document.set_view(View {
                        axis,
                        labels,
                        width,
                        ..view()
                    });
                    let extent = document.extent();
                    let scene = document.window(0.0, extent);
                    let checked = check_texts(&scene).and_then(|()| check_order(&scene));
                    if let Err(problem) = checked {
                        panic!("{name}, {axis:?}, {labels:?}, {width} wide: {problem}");
                    }
                }
            }
        }
    }
}
