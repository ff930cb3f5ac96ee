//! The languages that sentences are made in.
//!
//! A sentence stands in the code once in each language, side by side: [`say!`] fills both from
//! the same values, and [`Language::pick`] takes one of two that have none. So none is missing.

use serde::{Deserialize, Serialize};

/// A language. Protocols, flags, TCP's states and tshark's fields have their English names in
/// every one; so have the words that a peer sends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// Japanese.
    Japanese,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::English, Self::Japanese];

    /// The one of two texts that is in it.
    pub(crate) const fn pick<'a>(self, english: &'a str, japanese: &'a str) -> &'a str {
        match self {
            Self::English => english,
            Self::Japanese => japanese,
        }
    }

    /// Its code, as in HTML's `lang` (BCP 47).
    pub const fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Japanese => "ja",
        }
    }

    /// The language that a tag asks for (`ja-JP`, `en`): none if it is spoken nowhere here.
    pub fn of_tag(tag: &str) -> Option<Self> {
        let code = tag.split(['-', '_']).next().unwrap_or_default();
        Self::ALL
            .into_iter()
            .find(|language| code.eq_ignore_ascii_case(language.code()))
    }
}

/// A text with values in it: in English, in Japanese, then the values by their names. Each
/// value must be in both.
macro_rules! say {
    ($language:expr, $english:literal, $japanese:literal $(, $name:ident = $value:expr)* $(,)?) => {
        match $language {
            $crate::words::Language::English => format!($english $(, $name = $value)*),
            $crate::words::Language::Japanese => {
                $crate::words::closed_up(format!($japanese $(, $name = $value)*))
            }
        }
    };
}
pub(crate) use say;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_asks_for_a_language_whatever_follows() {
        assert_eq!(Language::of_tag("ja-JP"), Some(Language::Japanese));
        assert_eq!(Language::of_tag("JA"), Some(Language::Japanese));
        assert_eq!(Language::of_tag("en_GB.UTF-8"), Some(Language::English));
        for other in ["", "jav", "de", "-ja"] {
            assert_eq!(Language::of_tag(other), None, "{other}");
        }
    }
}
