use super::*;
use crate::analysis::Analysis;
use crate::testing::lab_fetch;
use proptest::prelude::*;

/// The numbers of the packets of the lab's fetch that an expression means.
fn meant(text: &str) -> Vec<usize> {
    let expression = Expression::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let capture = lab_fetch().capture;
    let mut analysis = Analysis::default();
    for frame in capture.frames() {
        analysis.push(frame, &capture.interfaces()[0]);
    }
    let story = Story {
        language: crate::words::Language::English,
        capture: &capture,
        analysis: &analysis,
    };
    (0..capture.frames().len())
        .filter(|&index| expression.matches(story, index))
        .map(|index| index + 1)
        .collect()
}

#[test]
fn fields_are_there_compared_and_joined() {
    let tcp = meant("tcp");
    assert!(tcp.len() > 10);
    assert_eq!(meant("tcp.stream == 0"), tcp);
    assert_eq!(meant("not arp and !udp"), tcp);
    assert_eq!(meant("tcp.flags.syn == 1").len(), 2);
    assert_eq!(meant("tcp.flags.syn==True && tcp.flags.ack==0").len(), 1);
    assert_eq!(meant("tcp.flags.syn"), tcp, "it is there, as 0 or as 1");
    assert_eq!(meant("tcp.flags == 0x012").len(), 1);
    let both = meant("tcp.analysis.retransmission || tcp.flags.fin == 1");
    assert!(both.len() > meant("tcp.analysis.retransmission").len());
    assert_eq!(meant("(arp or dns) and tcp"), [0_usize; 0]);
    assert_eq!(meant("frame.number in {2, 4..6}"), [2, 4, 5, 6]);
    assert_eq!(meant("frame.time_relative < 0.0000001"), [1]);
}

#[test]
fn of_several_values_any_is_equal_and_all_are_unequal() {
    let all: Vec<_> = (1..=lab_fetch().capture.frames().len()).collect();
    assert_eq!(meant("tcp.port == 80"), meant("tcp"));
    assert_eq!(
        meant("tcp.port != 80"),
        [0_usize; 0],
        "one of them always is"
    );
    assert_eq!(
        meant("!(tcp.port == 80)").len(),
        all.len() - meant("tcp").len()
    );
    assert_eq!(meant("ip.addr == 203.0.113.0/24"), meant("ip"));
    assert_eq!(
        meant("ip.dst != 203.0.113.0/24"),
        meant("ip.src == 203.0.113.0/24")
    );
    assert_eq!(
        meant("eth.addr == ff:ff:ff:ff:ff:ff"),
        meant("eth.dst == ff:ff:ff:ff:ff:ff")
    );
}

#[test]
fn what_is_wrong_is_told_with_its_place_and_a_way_out() {
    for (text, at, words) in [
        ("", 0, "it ends where a field is expected"),
        ("tcp &&", 6, "it ends where a field is expected"),
        ("tcp.prot == 80", 0, "no field is called"),
        ("retransmission", 0, "tcp.analysis.retransmission"),
        ("tcp udp", 4, "join conditions with && or ||"),
        ("ip.src == 80", 10, "192.0.2.0/24"),
        ("ip.src == 1.2.3.4/33", 10, "192.0.2.0/24"),
        ("tcp.port == http", 12, "a number, as 80 or 0x50"),
        ("(tcp", 4, "a closing bracket"),
        ("tcp.port in {80", 15, ", or }"),
        ("tcp == 1", 7, "it is there or not"),
        ("tcp.flags.syn == yes", 17, "1 or 0"),
        ("tcp.analysis.ack_rtt > 1.2.3", 23, "seconds, as 0.25"),
        ("„tcp“", 0, "a field is expected"),
    ] {
        let error = Expression::parse(text).expect_err(text);
        assert_eq!(error.at.start, at, "{text}: {error}");
        assert!(error.to_string().contains(words), "{text}: {error}");
        // Whatever is not quoted from it or a field's name is in Japanese.
        let japanese = error.what(crate::words::Language::Japanese);
        assert!(!japanese.is_ascii(), "{text}: {japanese}");
    }
    let deep = format!("{}tcp{}", "(".repeat(10_000), ")".repeat(10_000));
    assert!(
        Expression::parse(&deep)
            .expect_err("too deep")
            .what(crate::words::Language::English)
            .contains("deep")
    );
    let flat = vec!["tcp"; 10_000].join(" && ");
    assert!(Expression::parse(&flat).is_ok());
}

proptest! {
    #[test]
    fn no_text_is_too_odd_to_be_refused(text in "[ -~ä→]{0,40}") {
        if let Err(error) = Expression::parse(&text) {
            prop_assert!(text.is_char_boundary(error.at.start) && error.at.end <= text.len());
        }
    }
}
