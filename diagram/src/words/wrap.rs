//! Text broken into lines.

/// The lines of a text, none longer than `columns`: broken between words, and within
/// those that are longer than a line. The text's own ends of lines are kept.
pub(crate) fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(1);
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        let mut len = 0;
        for word in paragraph.split_whitespace() {
            let word: Vec<char> = word.chars().collect();
            if len > 0 && len + 1 + word.len() > columns {
                lines.push(core::mem::take(&mut line));
                len = 0;
            }
            if len > 0 {
                line.push(' ');
                len += 1;
            }
            for piece in word.chunks(columns) {
                if len + piece.len() > columns {
                    lines.push(core::mem::take(&mut line));
                    len = 0;
                }
                line.extend(piece);
                len += piece.len();
            }
        }
        lines.push(line);
    }
    lines
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

    proptest! {
        #[test]
        fn no_line_is_too_long_and_no_letter_is_lost(text in any::<String>(), columns in 0usize..30) {
            let lines = wrapped(&text, columns);
            prop_assert!(lines.iter().all(|line| line.chars().count() <= columns.max(1)));
            let letters = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert_eq!(letters(&lines.concat()), letters(&text));
        }
    }
}
