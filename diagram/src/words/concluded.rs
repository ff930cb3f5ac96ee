//! Why somebody else's segment was sent, as far as its numbers and the packets around
//! it tell.

use super::why::{bytes, missing, name, push_sentence, range, since_first};
use super::{Language, Story, duration, say};
use crate::analysis::sack::came_twice;
use crate::analysis::{Digest, TcpDigest, Verdicts};

/// What can be concluded of somebody else's segment.
pub(super) fn by_numbers(
    story: Story<'_>,
    index: usize,
    tcp: &TcpDigest,
    digest: &Digest,
) -> String {
    let language = story.language;
    let has = |verdict| tcp.verdicts.has(verdict);
    let who = name(story, digest.from);
    if tcp.flags.rst() {
        return say!(
            language,
            "{who} cuts the connection. Nothing sent after this is read.",
            "{who} が接続を打ち切りました。この後に送られたものは読まれません。"
        );
    }
    if tcp.flags.syn() {
        return syn(story, index, tcp, digest, &who);
    }
    if digest.is_overtaken() {
        return say!(
            language,
            "{who} sent {what} in its turn; what was sent after it overtook it on the way.",
            "{who} は {what}を順番どおりに送りましたが、後から送られたものに途中で追い越されました。",
            what = range(language, tcp)
        );
    }
    if let Some(mut text) = again(language, tcp, &who) {
        push_sentence(&mut text, &since_first(story, index, digest));
        return text;
    }
    if has(Verdicts::ZERO_WINDOW_PROBE) {
        return say!(
            language,
            "The window is closed; {who} tries one byte to learn whether it opened.",
            "ウィンドウが閉じています。{who} は、開いたかどうかを 1 バイトで確かめています。"
        );
    }
    if has(Verdicts::KEEP_ALIVE) {
        return say!(
            language,
            "{who} asks whether the other end is still there.",
            "{who} は、相手がまだいるか確かめています。"
        );
    }
    let mut text = if tcp.len > 0 {
        data(language, tcp, &who)
    } else if tcp.flags.fin() {
        say!(
            language,
            "{who} has nothing more to send. The FIN takes number {seq}.",
            "{who} にはもう送るものがありません。FIN は番号 {seq} を使います。",
            seq = tcp.seq
        )
    } else {
        ack(story, index, tcp, digest, &who)
    };
    let also = [
        (
            Verdicts::LOST_SEGMENT,
            "Data before it is missing here: lost, or still on its way.",
            "これより前のデータがここにはありません。失われたか、まだ途中です。",
        ),
        (
            Verdicts::OUT_OF_ORDER,
            "It comes after what follows it, too soon to have been sent again: overtaken on the way.",
            "後続のものより遅れて届きましたが、再送にしては早すぎます。途中で追い越されたのです。",
        ),
        (
            Verdicts::WINDOW_FULL,
            "It fills the receiver's window to the last byte.",
            "受信側のウィンドウを最後の 1 バイトまで使い切っています。",
        ),
    ];
    for (verdict, english, japanese) in also {
        if has(verdict) {
            push_sentence(&mut text, language.pick(english, japanese));
        }
    }
    text
}

/// What was sent again, and what may have made its sender do so.
fn again(language: Language, tcp: &TcpDigest, who: &str) -> Option<String> {
    let has = |verdict| tcp.verdicts.has(verdict);
    let what = range(language, tcp);
    let asked = duplicates(language, tcp.asked_for);
    Some(if has(Verdicts::FAST_RETRANSMISSION) {
        say!(
            language,
            "{who} sends {what} again: {asked} asked for it, so it did not wait for its timer.",
            "{who} が {what}を再送しました。{asked}に求められたので、タイマーを待ちませんでした。"
        )
    } else if has(Verdicts::SPURIOUS_RETRANSMISSION) {
        say!(
            language,
            "{who} sends {what} again although it was acknowledged: the ACK was lost or came too \
             late.",
            "{who} が、確認応答済みの {what}を再送しました。ACK が失われたか、間に合わなかった\
             のです。"
        )
    } else if !has(Verdicts::RETRANSMISSION) {
        return None;
    } else if tcp.asked_for < 3 {
        say!(
            language,
            "{who} sends {what} again: no ACK for it came in time, so its timer probably ran out.",
            "{who} が {what}を再送しました。ACK が間に合わず、おそらくタイマーが切れました。"
        )
    } else {
        say!(
            language,
            "{who} sends {what} again: {asked} had asked for it.",
            "{who} が {what}を再送しました。{asked}に求められていました。"
        )
    })
}

/// `three duplicate ACKs`.
fn duplicates(language: Language, count: u32) -> String {
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
        _ if language == Language::Japanese && count == 0 => "重複 ACK ".to_owned(),
        _ if language == Language::Japanese => format!("{count} 個の重複 ACK "),
        Some(words) if count < 2 => (*words).to_owned(),
        Some(word) => format!("{word} duplicate ACKs"),
        None => format!("{count} duplicate ACKs"),
    }
}

fn syn(story: Story<'_>, index: usize, tcp: &TcpDigest, digest: &Digest, who: &str) -> String {
    let language = story.language;
    if digest.is_retransmission() {
        let mut text = say!(
            language,
            "{who} got no answer and asks again.",
            "{who} は応答がないので、もう一度送りました。"
        );
        push_sentence(&mut text, &since_first(story, index, digest));
        return text;
    }
    let mut text = if tcp.flags.ack() {
        say!(
            language,
            "{who} takes the call: acknowledges the SYN (next wanted: {ack}) and says where its own \
             numbering begins.",
            "{who} が接続に応じました。SYN に確認応答し（次に欲しいのは {ack}）、自分の番号がどこ\
             から始まるかを伝えます。",
            ack = tcp.ack
        )
    } else {
        say!(
            language,
            "{who} calls, and says where its numbering begins. The SYN takes number 0.",
            "{who} が接続を求め、自分の番号がどこから始まるかを伝えます。SYN は番号 0 を使います。"
        )
    };
    if tcp.verdicts.has(Verdicts::REUSED_PORTS) {
        push_sentence(
            &mut text,
            language.pick(
                "The same ports were used by an earlier conversation.",
                "同じポートの組が、以前の通信でも使われていました。",
            ),
        );
    }
    text
}

/// The bytes that a D-SACK says came twice.
fn twice(story: Story<'_>, index: usize, tcp: &TcpDigest) -> Option<String> {
    let packet = story.dissect(story.capture.frames().get(index)?);
    let segment = story.analysis.segment(index, &packet)?;
    let twice = came_twice(&segment)?;
    let start = tcp.ack + i64::from(twice.start.signed_distance(segment.ack()));
    let end = start + i64::from(twice.len()) - 1;
    Some(bytes(story.language, start, end))
}

fn data(language: Language, tcp: &TcpDigest, who: &str) -> String {
    let (what, len) = (range(language, tcp), tcp.len);
    if tcp.flags.fin() {
        say!(
            language,
            "{who} sends {what}, {len} bytes, and says that it was the last.",
            "{who} が {what}の {len} バイトを送り、これで最後だと告げています。"
        )
    } else {
        say!(
            language,
            "{who} sends {what}, {len} bytes.",
            "{who} が {what}の {len} バイトを送りました。"
        )
    }
}

fn ack(story: Story<'_>, index: usize, tcp: &TcpDigest, digest: &Digest, who: &str) -> String {
    let language = story.language;
    let has = |verdict| tcp.verdicts.has(verdict);
    if let Some(what) = twice(story, index, tcp) {
        return say!(
            language,
            "{who} says that {what} came twice: sent again in vain (RFC 2883).",
            "{who} は、{what}が二度届いたと知らせています。再送は不要でした (RFC 2883)。"
        );
    }
    if tcp.duplicate_ack > 0 {
        let frame = story.capture.frames().get(index);
        let missing = frame.map_or_else(String::new, |frame| missing(story, frame, tcp));
        return say!(
            language,
            "{who} repeats itself: {missing} are missing, and something after that came \
             (duplicate ACK {n}).",
            "{who} が同じ ACK を繰り返しています。{missing}が欠けたまま、その後のものが届きました\
             （重複 ACK {n}）。",
            n = tcp.duplicate_ack
        );
    }
    if has(Verdicts::ZERO_WINDOW) {
        return say!(
            language,
            "{who} has no room left: nothing may be sent until it says otherwise.",
            "{who} にはもう空きがありません。知らせがあるまで何も送れません。"
        );
    }
    if has(Verdicts::WINDOW_UPDATE) {
        return say!(
            language,
            "{who} has room again: {window} bytes.",
            "{who} に再び {window} バイトの空きができました。",
            window = tcp.window
        );
    }
    if has(Verdicts::KEEP_ALIVE_ACK) {
        return say!(
            language,
            "{who} is still there.",
            "{who} はまだそこにいます。"
        );
    }
    let mut text = say!(
        language,
        "{who} has all before {ack}, and wants that byte next.",
        "{who} は {ack} より前をすべて受け取り、次に {ack} バイト目を求めています。",
        ack = tcp.ack
    );
    if let Some(question) = digest.answers()
        && tcp.ack_rtt_ns > 0
    {
        let answer = say!(
            language,
            "It answers packet {n}, {after} after it was seen.",
            "パケット {n} への応答で、それが見えてから {after} 後です。",
            n = question + 1,
            after = duration(tcp.ack_rtt_ns)
        );
        push_sentence(&mut text, &answer);
    }
    if has(Verdicts::ACK_LOST_SEGMENT) {
        push_sentence(
            &mut text,
            language.pick(
                "It acknowledges data that this capture never saw.",
                "このキャプチャにないデータに確認応答しています。",
            ),
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
            language: Language::English,
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
