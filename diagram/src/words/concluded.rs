//! Why somebody else's segment was sent, as far as its numbers and the packets around
//! it tell.

use super::why::{missing, name, push_sentence, range, since_first};
use super::{Story, duration};
use crate::analysis::sack::came_twice;
use crate::analysis::{Digest, TcpDigest, Verdicts};

/// What can be concluded of somebody else's segment.
pub(super) fn by_numbers(
    story: Story<'_>,
    index: usize,
    tcp: &TcpDigest,
    digest: &Digest,
) -> String {
    let has = |verdict| tcp.verdicts.has(verdict);
    let who = name(story, digest.from);
    if tcp.flags.rst() {
        return format!("{who} cuts the connection. Nothing sent after this is read.");
    }
    if tcp.flags.syn() {
        return syn(story, index, tcp, digest, &who);
    }
    if digest.is_overtaken() {
        let what = range(tcp);
        return format!(
            "{who} sent {what} in its turn; what was sent after it overtook it on the way."
        );
    }
    if has(Verdicts::FAST_RETRANSMISSION) {
        return format!(
            "{who} sends {} again: {} asked for it, so it did not wait for its timer. {}",
            range(tcp),
            duplicates(tcp.asked_for),
            since_first(story, index, digest)
        );
    }
    if has(Verdicts::SPURIOUS_RETRANSMISSION) {
        return format!(
            "{who} sends {} again although it was acknowledged: the ACK was lost or came too \
             late. {}",
            range(tcp),
            since_first(story, index, digest)
        );
    }
    if has(Verdicts::RETRANSMISSION) {
        let why = match tcp.asked_for {
            0..3 => "no ACK for it came in time, so its timer probably ran out".to_owned(),
            asked => format!("{} had asked for it", duplicates(asked)),
        };
        let since = since_first(story, index, digest);
        return format!("{who} sends {} again: {why}. {since}", range(tcp));
    }
    if has(Verdicts::ZERO_WINDOW_PROBE) {
        return format!("The window is closed; {who} tries one byte to learn whether it opened.");
    }
    if has(Verdicts::KEEP_ALIVE) {
        return format!("{who} asks whether the other end is still there.");
    }
    let mut text = if tcp.len > 0 {
        data(tcp, &who)
    } else if tcp.flags.fin() {
        format!(
            "{who} has nothing more to send. The FIN takes number {}.",
            tcp.seq
        )
    } else {
        ack(story, index, tcp, digest, &who)
    };
    if has(Verdicts::LOST_SEGMENT) {
        push_sentence(
            &mut text,
            "Data before it is missing here: lost, or still on its way.",
        );
    }
    if has(Verdicts::OUT_OF_ORDER) {
        push_sentence(
            &mut text,
            "It comes after what follows it, too soon to have been sent again: overtaken on the way.",
        );
    }
    if has(Verdicts::WINDOW_FULL) {
        push_sentence(
            &mut text,
            "It fills the receiver's window to the last byte.",
        );
    }
    text
}

/// `three duplicate ACKs`.
fn duplicates(count: u32) -> String {
    const WORDS: [&str; 10] = [
        "duplicate ACKs",
        "a duplicate ACK",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
    ];
    match WORDS.get(count as usize) {
        Some(words) if count < 2 => (*words).to_owned(),
        Some(word) => format!("{word} duplicate ACKs"),
        None => format!("{count} duplicate ACKs"),
    }
}

fn syn(story: Story<'_>, index: usize, tcp: &TcpDigest, digest: &Digest, who: &str) -> String {
    if digest.is_retransmission() {
        return format!(
            "{who} got no answer and asks again. {}",
            since_first(story, index, digest)
        );
    }
    let mut text = if tcp.flags.ack() {
        format!(
            "{who} takes the call: acknowledges the SYN (next wanted: {}) and says where its own \
             numbering begins.",
            tcp.ack
        )
    } else {
        format!("{who} calls, and says where its numbering begins. The SYN takes number 0.")
    };
    if tcp.verdicts.has(Verdicts::REUSED_PORTS) {
        push_sentence(
            &mut text,
            "The same ports were used by an earlier conversation.",
        );
    }
    text
}

/// What a D-SACK says.
fn came_twice_text(story: Story<'_>, index: usize, tcp: &TcpDigest) -> Option<String> {
    let packet = story.dissect(story.capture.frames().get(index)?);
    let segment = story.analysis.segment(index, &packet)?;
    let twice = came_twice(&segment)?;
    let start = tcp.ack + i64::from(twice.start.signed_distance(segment.ack()));
    let end = start + i64::from(twice.len()) - 1;
    Some(format!("bytes {start}–{end} came twice"))
}

fn data(tcp: &TcpDigest, who: &str) -> String {
    let also = if tcp.flags.fin() {
        ", and says that it was the last"
    } else {
        ""
    };
    format!("{who} sends {}, {} bytes{also}.", range(tcp), tcp.len)
}

fn ack(story: Story<'_>, index: usize, tcp: &TcpDigest, digest: &Digest, who: &str) -> String {
    let has = |verdict| tcp.verdicts.has(verdict);
    if let Some(twice) = came_twice_text(story, index, tcp) {
        return format!("{who} says that {twice}: sent again in vain (RFC 2883).");
    }
    if tcp.duplicate_ack > 0 {
        let frame = story.capture.frames().get(index);
        let missing = frame.map_or_else(String::new, |frame| missing(story, frame, tcp));
        return format!(
            "{who} repeats itself: {missing} are missing, and something after that came \
             (duplicate ACK {}).",
            tcp.duplicate_ack
        );
    }
    if has(Verdicts::ZERO_WINDOW) {
        return format!("{who} has no room left: nothing may be sent until it says otherwise.");
    }
    if has(Verdicts::WINDOW_UPDATE) {
        return format!("{who} has room again: {} bytes.", tcp.window);
    }
    if has(Verdicts::KEEP_ALIVE_ACK) {
        return format!("{who} is still there.");
    }
    let mut text = format!(
        "{who} has all before {}, and wants that byte next.",
        tcp.ack
    );
    if let Some(question) = digest.answers()
        && tcp.ack_rtt_ns > 0
    {
        let answer = format!(
            "It answers packet {}, {} after it was seen.",
            question + 1,
            duration(tcp.ack_rtt_ns)
        );
        push_sentence(&mut text, &answer);
    }
    if has(Verdicts::ACK_LOST_SEGMENT) {
        push_sentence(
            &mut text,
            "It acknowledges data that this capture never saw.",
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Analysis;
    use crate::detail::{Detail, detail};
    use crate::testing::{Seg, Story as Made, page_number, tcp_frame};
    use synema_core::trace::Cause;
    use synema_core::wire::SeqRange;
    use synema_core::wire::checksum::Sum;
    use synema_core::wire::tcp::{Flags, Options, SackBlocks};

    const ACK: Flags = Flags::ACK;

    fn details(made: &Made) -> Vec<Detail> {
        let mut analysis = Analysis::default();
        for frame in made.capture.frames() {
            analysis.push(frame, &made.capture.interfaces()[0]);
        }
        let story = Story {
            capture: &made.capture,
            analysis: &analysis,
        };
        let all = 0..made.capture.frames().len();
        all.filter_map(|index| detail(story, index)).collect()
    }

    fn from_server(made: &mut Made, us: u64, seg: Seg, options: Options) {
        made.receives(us, &tcp_frame(false, seg, options, b""));
    }

    fn from_page(made: &mut Made, us: u64, seg: Seg) {
        made.sends(us, Cause::Data, &tcp_frame(true, seg, Options::NONE, b""));
    }

    fn field(detail: &Detail, name: &str) -> Option<String> {
        let mut fields = detail.layers.iter().flat_map(|layer| &layer.fields);
        let found = fields.find(|field| field.name == name);
        found.map(|field| field.value.clone())
    }

    #[test]
    fn what_is_sent_again_says_who_asked_for_it_and_when_it_was_sent_first() {
        let mut made = Made::new();
        from_page(&mut made, 0, Seg::new(Flags::SYN, 0, 0, 0));
        let syn_ack = Seg::new(Flags::SYN.with(ACK), 0, 1, 0);
        from_server(&mut made, 20_000, syn_ack, Options::NONE);
        from_page(&mut made, 20_100, Seg::new(ACK, 1, 1, 0));
        for (us, seq) in [
            (30_000, 1),
            (30_100, 1_001),
            (30_200, 2_001),
            (30_300, 3_001),
        ] {
            from_server(&mut made, us, Seg::new(ACK, seq, 1, 1_000), Options::NONE);
        }
        for us in [30_110, 30_120, 30_130, 30_140] {
            from_page(&mut made, 100 + us, Seg::new(ACK, 1, 1_001, 0));
        }
        let again = Seg::new(ACK, 1_001, 1, 1_000);
        from_server(&mut made, 33_100, again, Options::NONE);
        from_page(&mut made, 33_200, Seg::new(ACK, 1, 4_001, 0));
        let details = details(&made);
        assert_eq!(
            details[11].why,
            "203.0.113.80 sends bytes 1001–2000 again: three duplicate ACKs asked for it, so it \
             did not wait for its timer. First sent 3.0 ms earlier, in packet 5."
        );
        let links = |detail: &Detail| {
            let links = detail.links.iter();
            links
                .map(|l| (l.relation.clone(), l.number))
                .collect::<Vec<_>>()
        };
        let link = |relation: &str, number| (relation.to_owned(), number);
        assert!(links(&details[11]).contains(&link("first sent", 5)));
        assert!(links(&details[11]).contains(&link("answered by", 13)));
        assert!(links(&details[4]).contains(&link("sent again", 12)));
        assert_eq!(
            field(&details[11], "first round trip").as_deref(),
            Some("20.1 ms")
        );
        assert_eq!(
            field(&details[11], "conversation").as_deref(),
            Some("Incomplete, DATA (15)")
        );
    }

    #[test]
    fn without_duplicates_a_timer_is_presumed_and_told_how_long_it_ran() {
        let mut made = Made::new();
        from_server(&mut made, 0, Seg::new(ACK, 1, 1, 1_000), Options::NONE);
        from_server(
            &mut made,
            400_000,
            Seg::new(ACK, 1, 1, 1_000),
            Options::NONE,
        );
        let details = details(&made);
        assert!(
            details[1].why.contains("so its timer probably ran out."),
            "{}",
            details[1].why
        );
        assert_eq!(
            field(&details[1], "waited before it").as_deref(),
            Some("400 ms, since packet 1")
        );
    }

    #[test]
    fn an_ack_that_says_that_bytes_came_twice_is_told_so() {
        let mut made = Made::new();
        from_page(&mut made, 0, Seg::new(ACK, 1, 1, 1_000));
        from_page(&mut made, 300_000, Seg::new(ACK, 1, 1, 1_000));
        let mut sack = SackBlocks::NONE;
        sack.push(SeqRange {
            start: page_number(1),
            end: page_number(1_001),
        });
        let options = Options {
            sack,
            ..Options::NONE
        };
        from_server(&mut made, 320_000, Seg::new(ACK, 1, 1_001, 0), options);
        let details = details(&made);
        assert_eq!(
            details[2].why,
            "203.0.113.80 says that bytes 1–1000 came twice: sent again in vain (RFC 2883)."
        );
        assert_eq!(
            field(&details[2], "D-SACK: came twice").as_deref(),
            Some("1–1000")
        );
        assert_eq!(field(&details[2], "SACK: is here"), None);
    }

    #[test]
    fn a_segment_in_fragments_is_told_with_its_last_one() {
        let seg = Seg::new(ACK, 1, 1, 1_000);
        let whole = tcp_frame(false, seg, Options::NONE, b"");
        let mut made = Made::new();
        for (from, to) in [(0, 520), (520, 1_020)] {
            let mut piece = whole[..34].to_vec();
            let len = u16::try_from(20 + to - from).expect("a frame is short");
            piece[16..18].copy_from_slice(&len.to_be_bytes());
            let more = if to < 1_020 { 0x2000 } else { 0 };
            let field = more | u16::try_from(from / 8).expect("a frame is short");
            piece[20..22].copy_from_slice(&field.to_be_bytes());
            piece[24..26].fill(0);
            let sum = Sum::new().with(&piece[14..34]).finish();
            piece[24..26].copy_from_slice(&sum.to_be_bytes());
            piece.extend_from_slice(&whole[34 + from..34 + to]);
            made.receives(from as u64, &piece);
        }
        let details = details(&made);
        assert_eq!(details[0].title, "IP fragment");
        assert!(details[0].why.contains("bytes 0–519"), "{}", details[0].why);
        assert_eq!(details[1].title, "Data");
        assert_eq!(
            details[1].why,
            "203.0.113.80 sends bytes 1–1000, 1000 bytes."
        );
        let last = details[1].layers.last().expect("it has layers");
        assert_eq!(last.title, "TCP 80 → 49152, put together from fragments");
        assert_eq!(
            field(&details[1], "sequence").as_deref(),
            Some("1 (raw 4\u{202f}294\u{202f}967\u{202f}001)")
        );
    }
}
