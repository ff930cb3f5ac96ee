//! Doubts: what a capture got wrong, so that nobody looks for it in the network.

use crate::analysis::Verdicts;
use crate::capture::LINK_TYPE_ETHERNET;
use crate::words::{Language, Story, grouped};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use synema_core::wire::{ChecksumStatus, LayerKind, Packet};

/// What fits an Ethernet frame where no SYN told more: jumbo frames of 9,000 bytes.
const MOST_PAYLOAD: u32 = 8_960;

/// Something in which a capture cannot be trusted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doubt {
    /// The first packet that shows it, by its number counted from 1.
    pub packet: u64,
    /// How many show it.
    pub count: u64,
    /// What it is, and what it means, in one or two sentences.
    pub what: String,
}

#[derive(Clone, Copy, Default)]
struct Seen {
    first: u64,
    count: u64,
}

impl Seen {
    fn note(&mut self, packet: u64, count: u64) {
        if count > 0 && self.count == 0 {
            self.first = packet;
        }
        self.count = self.count.saturating_add(count);
    }
}

#[derive(Default)]
struct Tally {
    oversized: Seen,
    unfinished: Seen,
    bad_sums: Seen,
    unseen: Seen,
    dropped: Seen,
    snapped: Seen,
    backwards: Seen,
}

/// The doubts about a capture.
pub fn doubts(story: Story<'_>) -> Vec<Doubt> {
    let mut tally = Tally::default();
    let mut limits = BTreeMap::new();
    let frames = story.capture.frames();
    for (index, frame) in frames.iter().enumerate() {
        let number = index as u64 + 1;
        let packet = story.dissect(frame);
        tally.dropped.note(number, frame.drops_before);
        tally.snapped.note(number, packet.is_snapped().into());
        let before = index.checked_sub(1).and_then(|before| frames.get(before));
        let earlier = before.is_some_and(|before| before.at > frame.at);
        tally.backwards.note(number, earlier.into());
        tally.sums(number, &packet);
        let link = story.capture.interfaces().get(frame.interface as usize);
        let is_ethernet = link.is_some_and(|link| link.link_type == LINK_TYPE_ETHERNET);
        tally.segment(story, index, &packet, is_ethernet, &mut limits);
    }
    tally.told(story.language)
}

impl Tally {
    fn sums(&mut self, number: u64, packet: &Packet<'_>) {
        for kind in [LayerKind::Ipv4, LayerKind::Tcp, LayerKind::Udp] {
            match packet.layer(kind).map(|layer| layer.checksum) {
                Some(ChecksumStatus::Unfinished) => self.unfinished.note(number, 1),
                Some(ChecksumStatus::Bad { .. }) => self.bad_sums.note(number, 1),
                _ => {}
            }
        }
    }

    fn segment(
        &mut self,
        story: Story<'_>,
        index: usize,
        packet: &Packet<'_>,
        is_ethernet: bool,
        limits: &mut BTreeMap<u32, u32>,
    ) {
        let number = index as u64 + 1;
        let tcp = story
            .analysis
            .digests()
            .get(index)
            .and_then(|digest| digest.tcp);
        let (Some(tcp), Some(segment)) = (tcp, packet.tcp()) else {
            return;
        };
        if let Some(mss) = segment.options().mss.filter(|_| tcp.flags.syn()) {
            // The larger of the two: a segment beyond both fits neither way.
            let limit = limits.entry(tcp.stream).or_default();
            *limit = (*limit).max(mss.into());
        }
        let limit = limits.get(&tcp.stream).copied().unwrap_or(MOST_PAYLOAD);
        self.oversized
            .note(number, (is_ethernet && tcp.len > limit).into());
        let unseen = tcp.verdicts.has(Verdicts::ACK_LOST_SEGMENT);
        self.unseen.note(number, unseen.into());
    }

    fn told(self, language: Language) -> Vec<Doubt> {
        let told = |seen: Seen, english: &str, japanese: &str| {
            let what = language.pick(english, japanese);
            let count = seen.count;
            let what = what.replace("{n}", &grouped(count));
            (count > 0).then_some(Doubt {
                packet: seen.first,
                count,
                what,
            })
        };
        [
            told(
                self.dropped,
                "{n} packets were dropped by the capture itself, which says so: what is missing \
                 may have been there.",
                "キャプチャ自身が {n} パケットを取りこぼしたと記録しています。ここにないものも、実際にはあったかもしれません。",
            ),
            told(
                self.unseen,
                "{n} times something was acknowledged that is not in the capture: it missed \
                 packets, or began too late.",
                "キャプチャにないものへの確認応答が {n} 回あります。取りこぼしたか、始めるのが遅すぎました。",
            ),
            told(
                self.oversized,
                "{n} segments are larger than either end's MSS: the capture was taken before the \
                 network card cut them up, or after it joined them. The wire carried smaller ones.",
                "{n} セグメントが両端の MSS より大きいです。ネットワークカードが分割する前か、結合した後に取られたもので、回線上ではもっと小さかったはずです。",
            ),
            told(
                self.unfinished,
                "{n} checksums are unfinished: the sender's network card completes them after the \
                 place of the capture. They are not wrong on the wire.",
                "{n} 個のチェックサムが未完成です。キャプチャの後で送信側のネットワークカードが完成させるもので、回線上では誤りではありません。",
            ),
            told(
                self.bad_sums,
                "{n} checksums are wrong: those packets were damaged.",
                "{n} 個のチェックサムが誤っています。これらのパケットは壊れていました。",
            ),
            told(
                self.snapped,
                "{n} packets were cut short by the capture (its snap length): what they carried \
                 is only partly there.",
                "{n} パケットがキャプチャ時に切り詰められました（snaplen）。中身は一部しかありません。",
            ),
            told(
                self.backwards,
                "{n} times a packet is older than the one before it: the capture's clock was set \
                 back, or several were joined.",
                "直前より古い時刻のパケットが {n} 回あります。キャプチャの時計が戻されたか、複数のキャプチャをつないだものです。",
            ),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}
