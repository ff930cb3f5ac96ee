//! How wide texts are, and how they are cut and broken to fit: Japanese characters are wider
//! than others, and lines may break between any two of them.

use crate::view::Metrics;

/// A terminal's columns.
const TERMINAL: Metrics = Metrics {
    char_width: 1.0,
    wide_width: 2.0,
    line_height: 1.0,
};

/// Whether a character is as wide as high (Unicode's East Asian Width, W and F).
const fn is_wide(character: char) -> bool {
    matches!(
        character,
        '\u{1100}'..='\u{115f}'
            | '\u{2e80}'..='\u{303e}'
            | '\u{3041}'..='\u{a4cf}'
            | '\u{a960}'..='\u{a97f}'
            | '\u{ac00}'..='\u{d7a3}'
            | '\u{f900}'..='\u{faff}'
            | '\u{fe30}'..='\u{fe6f}'
            | '\u{ff01}'..='\u{ff60}'
            | '\u{ffe0}'..='\u{ffe6}'
            | '\u{1f300}'..='\u{1f64f}'
            | '\u{1f680}'..='\u{1f9ff}'
            | '\u{20000}'..='\u{3fffd}'
    )
}

/// A sentence without spaces between its Japanese words: they are there for names in other
/// letters, and it is not known before which of both a name is in.
pub(crate) fn closed_up(mut text: String) -> String {
    let mut from = 0;
    while let Some(space) = text[from..].find(' ').map(|at| from + at) {
        let before = text[..space].chars().next_back();
        let after = text[space + 1..].chars().next();
        from = match (before, after) {
            (Some(before), Some(after)) if is_wide(before) && is_wide(after) => {
                text.remove(space);
                space
            }
            _ => space + 1,
        };
    }
    text
}

/// What no line begins with (JIS X 4051: line-start prohibition).
const NEVER_FIRST: &str =
    "、。，．・：；？！」』）］｝〕〉》】ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ…";
/// What no line ends with.
const NEVER_LAST: &str = "「『（［｛〔〈《【";

impl Metrics {
    const fn of(&self, character: char) -> f64 {
        match is_wide(character) {
            true => self.wide_width,
            false => self.char_width,
        }
    }

    /// How long a text is in the face that labels are set in, CSS pixels.
    pub fn width(&self, text: &str) -> f64 {
        text.chars().map(|character| self.of(character)).sum()
    }

    /// As much of a text as has room, the last of it an ellipsis where it was cut.
    pub(crate) fn cut(&self, text: &str, room: f64) -> String {
        if self.width(text) <= room {
            return text.to_owned();
        }
        let room = room - self.char_width;
        let mut used = 0.0;
        let fits = |character: &char| {
            used += self.of(*character);
            used <= room
        };
        let mut short: String = text.chars().take_while(fits).collect();
        short.push('…');
        short
    }

    /// The lines of a text, none longer than the room: broken between words and between
    /// Japanese characters, and within words that are longer than a line. The text's own ends of
    /// lines are kept.
    pub(crate) fn wrapped(&self, text: &str, room: f64) -> Vec<String> {
        let mut lines = Vec::new();
        for paragraph in text.lines() {
            let mut line = String::new();
            let mut used = 0.0;
            for (space, piece) in pieces(paragraph) {
                let gap = if space && used > 0.0 {
                    self.char_width
                } else {
                    0.0
                };
                if used > 0.0 && used + gap + self.width(&piece) > room {
                    lines.push(core::mem::take(&mut line));
                    used = 0.0;
                } else if gap > 0.0 {
                    line.push(' ');
                    used += gap;
                }
                for character in piece.chars() {
                    let wide = self.of(character);
                    if used > 0.0 && used + wide > room {
                        lines.push(core::mem::take(&mut line));
                        used = 0.0;
                    }
                    line.push(character);
                    used += wide;
                }
            }
            lines.push(line);
        }
        lines
    }
}

/// What is not broken unless it must be, and whether a space is before it.
fn pieces(text: &str) -> Vec<(bool, String)> {
    let mut pieces: Vec<(bool, String)> = Vec::new();
    for word in text.split_whitespace() {
        let mut space = true;
        for character in word.chars() {
            let joins = pieces.last().is_some_and(|(_, piece)| {
                let before = piece.chars().next_back().unwrap_or(' ');
                !(is_wide(before) || is_wide(character))
                    || NEVER_FIRST.contains(character)
                    || NEVER_LAST.contains(before)
            });
            match pieces.last_mut() {
                Some((_, piece)) if joins && !space => piece.push(character),
                _ => pieces.push((space, character.to_string())),
            }
            space = false;
        }
    }
    pieces
}

/// How many of a terminal's columns a text takes.
pub(crate) fn columns(text: &str) -> usize {
    TERMINAL.width(text) as usize
}

/// At most `most` columns, the last of them an ellipsis where it was cut.
pub(crate) fn cut(text: &str, most: usize) -> String {
    TERMINAL.cut(text, most.max(1) as f64)
}

/// The lines of a text, none of more columns than these: see [`Metrics::wrapped`].
pub(crate) fn wrapped(text: &str, most: usize) -> Vec<String> {
    TERMINAL.wrapped(text, most.max(1) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_end_between_words() {
        assert_eq!(wrapped("one two  three", 7), ["one two", "three"]);
        assert_eq!(wrapped("a\n\nb", 7), ["a", "", "b"]);
        assert_eq!(
            wrapped("ab abcdefghij k", 4),
            ["ab", "abcd", "efgh", "ij k"]
        );
        assert_eq!(wrapped("", 4), [""; 0]);
    }

    #[test]
    fn japanese_lines_end_anywhere_but_before_a_full_stop() {
        assert_eq!(
            wrapped("パケット 12 を再送しました。", 8),
            ["パケット", "12 を再", "送しまし", "た。"]
        );
        assert_eq!(wrapped("前の「窓」です", 6), ["前の", "「窓」", "です"]);
    }

    #[test]
    fn japanese_names_close_up_with_what_follows() {
        let told = |who: &str| closed_up(format!("{who} は {who}"));
        assert_eq!(told("このページ"), "このページはこのページ");
        assert_eq!(told("192.0.2.1"), "192.0.2.1 は 192.0.2.1");
        assert_eq!(closed_up(" あ  い ".to_owned()), " あ  い ");
    }

    #[test]
    fn what_is_too_long_is_cut_and_wide_characters_take_more() {
        assert_eq!(cut("再送タイマー", 7), "再送タ…");
        assert_eq!(cut("再送", 4), "再送");
        assert_eq!(cut("retransmission", 8), "retrans…");
        assert_eq!(columns("再送 R"), 6);
    }

    proptest! {
        #[test]
        fn no_line_is_too_long_and_no_letter_is_lost(
            text in prop_oneof![any::<String>(), "[a-z 「」。、あ-ん再送]{0,60}"],
            columns in 2usize..30,
        ) {
            let lines = wrapped(&text, columns);
            prop_assert!(lines.iter().all(|line| super::columns(line) <= columns));
            let letters = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert_eq!(letters(&lines.concat()), letters(&text));
        }
    }
}
