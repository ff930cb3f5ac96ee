//! Moments: a stall, a storm of retransmissions, a reset, a closed window, a slow or
//! unanswered handshake, a slow answer, a name that nobody knew. Each with one sentence.

use crate::analysis::{Digest, TcpDigest, Verdicts, dns_message};
use crate::layout::scene::Kind;
use crate::words::{Story, duration, grouped, host_name, say};
use serde::{Deserialize, Serialize};
use simple_dns::PacketFlag;
use std::collections::BTreeMap;

/// A handshake that takes longer is slow: farther than this nobody is on Earth.
const SLOW_HANDSHAKE_NS: u64 = 500_000_000;
/// An answer that comes later was long in the making.
const SLOW_ANSWER_NS: u64 = 500_000_000;
/// A shorter silence before a retransmission is no stall.
const STALL_NS: u64 = 150_000_000;
/// A window closed for less is no matter.
const CLOSED_NS: u64 = 50_000_000;
/// So many retransmissions in a row are a storm, with no more than this between two.
const STORM: u32 = 5;
const STORM_GAP_NS: u64 = 1_000_000_000;

/// Something worth looking at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// The packet to look at, by its number counted from 1.
    pub packet: u64,
    /// Its conversation, if it is TCP.
    pub stream: Option<u32>,
    /// How much time it cost, in nanoseconds: by this they are ranked.
    pub cost_ns: u64,
    /// One sentence.
    pub what: String,
}

/// The moments of a capture, the costliest first.
pub fn moments(story: Story<'_>) -> Vec<Moment> {
    let mut finder = Finder {
        story,
        watches: BTreeMap::new(),
        found: Vec::new(),
    };
    for index in 0..story.analysis.digests().len() {
        finder.take(index);
    }
    finder.finish();
    let mut found = finder.found;
    found.sort_by_key(|moment| (core::cmp::Reverse(moment.cost_ns), moment.packet));
    found
}

/// What is remembered of a conversation.
#[derive(Default)]
struct Watch {
    last: usize,
    /// The first SYN, and how often it went out.
    syn: Option<(usize, u32)>,
    opened: bool,
    /// Since when the client's and the server's window are closed.
    closed: [Option<usize>; 2],
    storm: Option<Storm>,
    /// The client's last data, while the server has not answered it.
    asked: Option<usize>,
}

struct Storm {
    first: usize,
    last: usize,
    count: u32,
}

struct Finder<'a> {
    story: Story<'a>,
    watches: BTreeMap<u32, Watch>,
    found: Vec<Moment>,
}

impl Finder<'_> {
    fn at(&self, index: usize) -> u64 {
        let frame = self.story.capture.frames().get(index);
        frame.map_or(0, |frame| frame.at.as_nanos())
    }

    fn between(&self, earlier: usize, later: usize) -> u64 {
        self.at(later).saturating_sub(self.at(earlier))
    }

    fn add(&mut self, index: usize, stream: Option<u32>, cost_ns: u64, mut what: String) {
        // Names keep their letters; this one is none.
        if what.starts_with("this page") {
            what.replace_range(..1, "T");
        }
        self.found.push(Moment {
            packet: index as u64 + 1,
            stream,
            cost_ns,
            what,
        });
    }

    fn take(&mut self, index: usize) {
        let Some((_, digest)) = self.story.packet(index) else {
            return;
        };
        match digest.tcp {
            Some(tcp) => self.take_segment(index, digest, &tcp),
            None if digest.kind == Kind::Dns => self.take_name(index, digest),
            None => {}
        }
    }

    fn take_segment(&mut self, index: usize, digest: &Digest, tcp: &TcpDigest) {
        let mut watch = self.watches.remove(&tcp.stream).unwrap_or(Watch {
            last: index,
            ..Watch::default()
        });
        if tcp.flags.syn() {
            self.handshake(index, tcp, &mut watch);
        } else {
            watch.opened |= tcp.len > 0;
        }
        if tcp.flags.rst() {
            self.reset(index, digest, tcp, &mut watch);
        } else {
            self.window(index, digest, tcp, &mut watch);
            self.answer(index, digest, tcp, &mut watch);
            self.sent_again(index, digest, tcp, &mut watch);
        }
        watch.last = index;
        self.watches.insert(tcp.stream, watch);
    }

    fn handshake(&mut self, index: usize, tcp: &TcpDigest, watch: &mut Watch) {
        if !tcp.flags.ack() {
            let (_, times) = watch.syn.get_or_insert((index, 0));
            *times += 1;
            return;
        }
        let Some((first, times)) = watch.syn.filter(|_| !watch.opened) else {
            return;
        };
        watch.opened = true;
        let language = self.story.language;
        let took = self.between(first, index);
        if took >= SLOW_HANDSHAKE_NS || times > 1 {
            let what = match times {
                1 => say!(
                    language,
                    "The SYN was answered after {took}.",
                    "SYN への応答まで {took} かかりました。",
                    took = duration(took)
                ),
                times => say!(
                    language,
                    "The SYN was answered after {took}: the SYN had to be sent {times} times.",
                    "SYN への応答まで {took} かかり、SYN を {times} 回送りました。",
                    took = duration(took)
                ),
            };
            self.add(first, Some(tcp.stream), took, what);
        }
    }

    fn reset(&mut self, index: usize, digest: &Digest, tcp: &TcpDigest, watch: &mut Watch) {
        let language = self.story.language;
        let who = host_name(self.story, digest.from);
        let (first, what) = match watch.syn {
            Some((first, _)) if !watch.opened && !tcp.from_client => (
                first,
                say!(
                    language,
                    "{who} refuses the connection.",
                    "{who} が接続を拒否しました。"
                ),
            ),
            _ => (
                index,
                say!(
                    language,
                    "{who} cuts the connection (RST).",
                    "{who} が接続を打ち切りました (RST)。"
                ),
            ),
        };
        // Whatever waits for this connection waits in vain: above all that only cost time.
        let cost = self.between(first, index).max(SLOW_HANDSHAKE_NS);
        self.add(index, Some(tcp.stream), cost, what);
        watch.opened = true;
        watch.closed = [None, None];
    }

    fn window(&mut self, index: usize, digest: &Digest, tcp: &TcpDigest, watch: &mut Watch) {
        let end = usize::from(!tcp.from_client);
        if tcp.verdicts.has(Verdicts::ZERO_WINDOW) {
            watch.closed[end].get_or_insert(index);
        } else if tcp.window > 0
            && let Some(since) = watch.closed[end].take()
        {
            let closed = self.between(since, index);
            if closed >= CLOSED_NS {
                let who = host_name(self.story, digest.from);
                let what = say!(
                    self.story.language,
                    "{who} had no room for {closed}: its window was closed, for nobody read what had come.",
                    "{who} は {closed} の間空きがなく、ウィンドウを閉じていました。届いたものが読まれなかったためです。",
                    closed = duration(closed)
                );
                self.add(since, Some(tcp.stream), closed, what);
            }
        }
    }

    /// The server's first data after the client's.
    fn answer(&mut self, index: usize, digest: &Digest, tcp: &TcpDigest, watch: &mut Watch) {
        if tcp.len == 0 || digest.is_retransmission() {
            return;
        }
        if tcp.from_client {
            watch.asked = Some(index);
            return;
        }
        let Some(asked) = watch.asked.take() else {
            return;
        };
        let took = self.between(asked, index);
        if took >= SLOW_ANSWER_NS {
            let who = host_name(self.story, digest.from);
            let what = say!(
                self.story.language,
                "{who} took {took} to answer.",
                "{who} の応答まで {took} かかりました。",
                took = duration(took)
            );
            self.add(asked, Some(tcp.stream), took, what);
        }
    }

    fn sent_again(&mut self, index: usize, digest: &Digest, tcp: &TcpDigest, watch: &mut Watch) {
        if !digest.is_retransmission() || tcp.flags.syn() {
            return;
        }
        let silence = self.between(watch.last, index);
        if silence >= STALL_NS {
            let who = host_name(self.story, digest.from);
            let what = say!(
                self.story.language,
                "Nothing for {silent}, until {who} sent {first}\u{2013}{last} again: only its timer told it of the loss.",
                "{silent} の間何もなく、{who} が {first}\u{2013}{last} を再送しました。損失に気づけたのはタイマーだけです。",
                silent = duration(silence),
                first = tcp.seq,
                last = tcp.seq + i64::from(tcp.len.max(1)) - 1,
            );
            self.add(index, Some(tcp.stream), silence, what);
        }
        match &mut watch.storm {
            Some(storm) if self.between(storm.last, index) <= STORM_GAP_NS => {
                storm.last = index;
                storm.count += 1;
            }
            _ => {
                let fresh = Storm {
                    first: index,
                    last: index,
                    count: 1,
                };
                if let Some(over) = watch.storm.replace(fresh) {
                    self.storm(tcp.stream, &over);
                }
            }
        }
    }

    fn storm(&mut self, stream: u32, storm: &Storm) {
        if storm.count < STORM {
            return;
        }
        let lasted = self.between(storm.first, storm.last);
        let what = say!(
            self.story.language,
            "{n} segments were sent again within {time}.",
            "{time} の間に {n} セグメントが再送されました。",
            n = grouped(storm.count.into()),
            time = duration(lasted)
        );
        self.add(storm.first, Some(stream), lasted, what);
    }

    /// A question that nobody answered.
    fn take_name(&mut self, index: usize, digest: &Digest) {
        if digest.answered_by().is_some() || digest.answers().is_some() {
            return;
        }
        let Some((frame, _)) = self.story.packet(index) else {
            return;
        };
        let packet = self.story.dissect(frame);
        let question = dns_message(&packet)
            .filter(|message| !message.has_flags(PacketFlag::RESPONSE))
            .and_then(|message| Some(message.questions.first()?.qname.to_string()));
        if let Some(name) = question {
            let what = say!(
                self.story.language,
                "Nobody answered the question for {name}.",
                "{name} の問い合わせに応答がありませんでした。"
            );
            self.add(index, None, SLOW_HANDSHAKE_NS, what);
        }
    }

    fn finish(&mut self) {
        let language = self.story.language;
        let last = self.story.capture.frames().len().saturating_sub(1);
        for (stream, watch) in std::mem::take(&mut self.watches) {
            if let Some(storm) = &watch.storm {
                self.storm(stream, storm);
            }
            if let Some((first, times)) = watch.syn.filter(|_| !watch.opened) {
                let waited = self.between(first, watch.last);
                let what = match times {
                    1 => say!(
                        language,
                        "The SYN was sent once, and never answered.",
                        "SYN を 1 回送りましたが、応答がありませんでした。"
                    ),
                    times => say!(
                        language,
                        "The SYN was sent {times} times, and never answered.",
                        "SYN を {times} 回送りましたが、応答がありませんでした。"
                    ),
                };
                self.add(first, Some(stream), waited.max(SLOW_HANDSHAKE_NS), what);
            }
            for since in watch.closed.into_iter().flatten() {
                let closed = self.between(since, last);
                if closed >= CLOSED_NS {
                    let what = language
                        .pick(
                            "The window was closed here, and never opened again.",
                            "ここでウィンドウが閉じ、二度と開きませんでした。",
                        )
                        .to_owned();
                    self.add(since, Some(stream), closed, what);
                }
            }
        }
    }
}
