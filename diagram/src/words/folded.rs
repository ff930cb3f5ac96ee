//! Words for packets that are drawn as one.

use super::{Language, grouped, say};
use crate::scene::Fold;
use crate::view::LabelMode;

/// The label of a folded arrow, the longest wording first.
pub(crate) fn folded_labels(language: Language, fold: &Fold, mode: LabelMode) -> Vec<String> {
    let (packets, bytes) = (grouped(fold.packets), size(language, fold.bytes));
    match (fold.bytes, mode) {
        (0, _) if fold.packets == 1 => vec!["1 ACK".to_owned()],
        (0, _) => vec![say!(language, "{packets} ACKs", "ACK × {packets}")],
        (_, LabelMode::Words) => vec![
            say!(
                language,
                "{packets} data segments, {bytes}",
                "データ {packets} セグメント、{bytes}"
            ),
            say!(
                language,
                "{packets} segments, {bytes}",
                "{packets} セグメント、{bytes}"
            ),
            bytes,
        ],
        (len, LabelMode::Numbers) => vec![
            say!(
                language,
                "{packets} segments len {len}",
                "{packets} × len {len}",
                len = grouped(len)
            ),
            format!("{packets} × {bytes}"),
        ],
    }
}

/// What a folded arrow stands for, in one sentence.
pub(crate) fn folded_title(language: Language, fold: &Fold) -> String {
    let label = folded_labels(language, fold, LabelMode::Words).swap_remove(0);
    let (first, last) = (fold.first, fold.last);
    say!(
        language,
        "Packets {first} to {last}, folded: {label}",
        "パケット {first}〜{last} をまとめたもの: {label}"
    )
}

/// `52 kB`, rounded.
fn size(language: Language, bytes: u64) -> String {
    match bytes {
        0..1_000 => say!(language, "{bytes} bytes", "{bytes} バイト"),
        1_000..999_500 => format!("{} kB", (bytes + 500) / 1_000),
        _ => {
            let tenths = (bytes + 50_000) / 100_000;
            format!("{}.{} MB", tenths / 10, tenths % 10)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_is_told_with_its_size_and_acks_by_their_number() {
        let fold = |packets, bytes| Fold {
            first: 12,
            last: 66,
            packets,
            bytes,
        };
        let words =
            |fold: &Fold| folded_labels(Language::English, fold, LabelMode::Words).swap_remove(0);
        assert_eq!(words(&fold(37, 52_101)), "37 data segments, 52 kB");
        assert_eq!(words(&fold(18, 0)), "18 ACKs");
        assert_eq!(words(&fold(9, 999)), "9 data segments, 999 bytes");
        assert_eq!(words(&fold(900, 999_500)), "900 data segments, 1.0 MB");
        assert_eq!(
            folded_title(Language::English, &fold(37, 52_101)),
            "Packets 12 to 66, folded: 37 data segments, 52 kB"
        );
    }
}
