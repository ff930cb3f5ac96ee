//! Every string that the page shows, once in each language: one that is missing does not compile.
//!
//! `{…}` are filled in by [`fill`]. What the stack, the bridge and the diagram
//! say of themselves (errors, whys) comes from them and is shown as it is.

mod english;
mod japanese;
mod refusals;
mod troubles;

pub use english::{ENGLISH, Words};
pub use japanese::JAPANESE;

use std::fmt::Display;
use synema_diagram::words::Language;

impl Words {
    /// The strings of a language.
    pub const fn of(language: Language) -> &'static Self {
        match language {
            Language::English => &ENGLISH,
            Language::Japanese => &JAPANESE,
        }
    }

    /// The language that they are of.
    pub fn spoken(&self) -> Language {
        match self == &JAPANESE {
            true => Language::Japanese,
            false => Language::English,
        }
    }
}

/// Puts values into a text: `fill("{n} packets", &[("n", &3)])`.
pub fn fill(text: &str, values: &[(&str, &dyn Display)]) -> String {
    values.iter().fold(text.to_owned(), |text, (name, value)| {
        text.replace(&format!("{{{name}}}"), &value.to_string())
    })
}

/// A string of whatever language is spoken.
pub type Word = fn(&Words) -> &'static str;

/// A number of bytes for people: `1,048,576 bytes` is exact, this is short.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let mut unit = 0;
    let mut scaled = bytes / 100;
    while scaled >= 10_000 && unit + 1 < UNITS.len() {
        scaled /= 1000;
        unit += 1;
    }
    if scaled >= 1000 {
        format!("{} {}", scaled / 10, UNITS[unit])
    } else {
        format!("{}.{} {}", scaled / 10, scaled % 10, UNITS[unit])
    }
}

/// A whole number with its digits in groups of three.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is called so in every language.
    const NAMES: &[&str] = &[
        "ACK",
        "ARP",
        "Cookie",
        "Ctrl",
        "DNS",
        "Enter",
        "Google",
        "FIN",
        "HTML",
        "IPv",
        "MAC",
        "MSL",
        "MSS",
        "Markdown",
        "Mermaid",
        "PNG",
        "RACK",
        "README",
        "RFC",
        "RST",
        "RTO",
        "SHA",
        "SVG",
        "SYN",
        "Synema",
        "Shift",
        "TCP",
        "TLP",
        "TLS",
        "URL",
        "Wiki",
        "Wireshark",
        "http",
        "pcap",
        "pcapng",
        "port",
        "tcp",
        "tcpdump",
        "token",
        "wire",
    ];
    /// The same in both: names and what is typed into a terminal.
    const SAME: [&str; 5] = [
        "title",
        "language",
        "about_file",
        "bridge_absent_lab",
        "bridge_absent_serve_command",
    ];

    /// The names between braces, in the alphabet's order.
    fn holes(text: &str) -> Vec<&str> {
        let parts = text.split('{').skip(1);
        let mut holes: Vec<_> = parts.filter_map(|part| part.split('}').next()).collect();
        holes.sort_unstable();
        holes
    }

    #[test]
    fn no_string_is_empty_and_what_is_put_into_one_is_put_into_its_translation() {
        for ((name, english), (_, japanese)) in ENGLISH.all().into_iter().zip(JAPANESE.all()) {
            for text in [english, japanese] {
                assert!(!text.trim().is_empty(), "{name}");
                assert_eq!(
                    text.matches('{').count(),
                    text.matches('}').count(),
                    "{name}"
                );
            }
            assert_eq!(holes(english), holes(japanese), "{name}");
        }
    }

    #[test]
    fn japanese_holds_no_english_but_names() {
        let texts = JAPANESE.all();
        for (name, text) in texts.into_iter().filter(|(name, _)| !SAME.contains(name)) {
            let text = holes(text)
                .iter()
                .fold(text.to_owned(), |text, hole| fill(&text, &[(hole, &"")]));
            let left: Vec<_> = text
                .split(|c: char| !c.is_ascii_alphabetic())
                .filter(|word| word.len() > 1 && !NAMES.contains(word))
                .collect();
            assert!(left.is_empty(), "{name}: {left:?}");
        }
    }

    #[test]
    fn values_are_put_in() {
        assert_eq!(fill("{n} of {of}", &[("n", &1), ("of", &3)]), "1 of 3");
    }

    #[test]
    fn sizes_and_numbers_read_well() {
        assert_eq!(size(999), "999 B");
        assert_eq!(size(1_048_576), "1.0 MB");
        assert_eq!(size(52_300), "52.3 kB");
        assert_eq!(size(104_857_600), "104 MB");
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(1_048_576), "1,048,576");
        assert_eq!(grouped(123_456), "123,456");
    }
}
