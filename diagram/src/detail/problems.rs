//! What is wrong with a packet, in words.

use crate::words::{Language, say};
use synema_core::wire::{ChecksumStatus, LayerKind, Packet, Problem};

/// All of it: headers that contradict themselves, checksums that are wrong or were left to a
/// network card.
pub(super) fn problems(language: Language, packet: &Packet<'_>) -> Vec<String> {
    let headers = packet.problems.iter();
    let mut told: Vec<_> = headers.map(|problem| header(language, *problem)).collect();
    let own = packet.layers.iter().filter(|layer| !layer.quoted);
    told.extend(own.filter_map(|layer| {
        let name = layer_name(language, layer.body.kind());
        match layer.checksum {
            ChecksumStatus::Bad { found, expected } => Some(say!(
                language,
                "{name} checksum is 0x{found:04x}, should be 0x{expected:04x}",
                "{name} のチェックサムが 0x{found:04x} です。正しくは 0x{expected:04x} です"
            )),
            ChecksumStatus::Unfinished => Some(say!(
                language,
                "{name} checksum is unfinished: the sender left it to its network card",
                "{name} のチェックサムが未完成です。送信側がネットワークカードに任せたものです"
            )),
            _ => None,
        }
    }));
    told
}

/// A layer's name within a sentence.
fn layer_name(language: Language, layer: LayerKind) -> String {
    match (language, layer) {
        (Language::Japanese, LayerKind::Loopback) => "ループバックヘッダー".into(),
        (Language::Japanese, LayerKind::Vlan) => "VLAN タグ".into(),
        (Language::Japanese, LayerKind::Payload) => "ペイロード".into(),
        (Language::Japanese, LayerKind::Padding) => "パディング".into(),
        (_, layer) => layer.to_string(),
    }
}

fn header(language: Language, problem: Problem) -> String {
    if language == Language::English {
        return problem.to_string();
    }
    let layer = layer_name(language, problem.layer());
    match problem {
        Problem::Truncated {
            needed, available, ..
        } => format!(
            "{layer} が途中で切れています。{needed} バイトのはずが {available} バイトしかありません"
        ),
        Problem::Snapped { needed, kept, .. } => {
            format!("キャプチャは {layer} の {needed} バイトのうち {kept} バイトだけを残しました")
        }
        Problem::BadVersion { found, .. } => {
            format!("{layer} のバージョンが {found} になっています")
        }
        Problem::BadHeaderLength { found, .. } => {
            format!("{layer} のヘッダー長 {found} バイトはありえません")
        }
        Problem::BadTotalLength { found, .. } => {
            format!("{layer} の全長 {found} バイトはヘッダーより短いです")
        }
        Problem::BadOption { kind, offset, .. } => {
            format!("{layer} のオプション {kind}（オフセット {offset}）の長さがありえません")
        }
        Problem::UnsupportedFormat { .. } => format!("{layer} の形式に対応していません"),
        Problem::TooDeep { .. } => format!("{layer} の入れ子が深すぎます"),
        Problem::OffloadedLength { .. } => {
            format!("{layer} の長さが 0 です。セグメント分割をネットワークカードに任せたものです")
        }
        Problem::FragmentTooLong => {
            "フラグメントの終わりが 65,535 バイトを超えます（ping of death）".into()
        }
    }
}
