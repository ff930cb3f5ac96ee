//! From text to an expression, or to what is wrong with it.

use super::field::{Field, Kind, Value};
use super::{Node, Relation};
use crate::analysis::Verdicts;
use crate::words::{Language, say};
use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::ops::Range;
use synema_core::wire::MacAddr;

/// Deeper than this nobody writes.
const MAX_DEPTH: u32 = 100;

/// What is wrong with an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterError {
    /// Which bytes of the text.
    pub at: Range<usize>,
    /// In words, with what to write instead: in each language.
    what: [String; 2],
}

impl FilterError {
    fn new(at: Range<usize>, said: impl Fn(Language) -> String) -> Self {
        Self {
            at,
            what: Language::ALL.map(said),
        }
    }

    /// In words, with what to write instead.
    pub fn what(&self, language: Language) -> &str {
        let [english, japanese] = &self.what;
        language.pick(english, japanese)
    }
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = self.what(Language::English);
        write!(f, "at character {}: {what}", self.at.start + 1)
    }
}

impl core::error::Error for FilterError {}

pub(super) fn parse(text: &str) -> Result<Node, FilterError> {
    let mut parser = Parser {
        text,
        at: 0,
        depth: 0,
    };
    let node = parser.any()?;
    match parser.peek() {
        None => Ok(node),
        Some((range, word)) => Err(FilterError::new(range, |language| {
            say!(
                language,
                "{word:?} is too much; join conditions with && or ||",
                "{word:?} が余分です。条件は && か || でつないでください"
            )
        })),
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: u32,
}

/// Characters of which names and values are made.
fn is_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || "._:/-".contains(character)
}

impl<'a> Parser<'a> {
    /// The next word or sign, and where it stands.
    fn peek(&self) -> Option<(Range<usize>, &'a str)> {
        let rest = &self.text[self.at..];
        let start = self.at + (rest.len() - rest.trim_start().len());
        let rest = &self.text[start..];
        let first = rest.chars().next()?;
        let len = if is_word(first) {
            rest.find(|character| !is_word(character))
                .unwrap_or(rest.len())
        } else {
            let two = ["&&", "||", "==", "!=", "<=", ">="];
            two.iter()
                .find(|sign| rest.starts_with(**sign))
                .map_or(first.len_utf8(), |sign| sign.len())
        };
        Some((start..start + len, &rest[..len]))
    }

    fn take(&mut self, words: &[&str]) -> bool {
        match self.peek() {
            Some((range, word)) if words.contains(&word) => {
                self.at = range.end;
                true
            }
            _ => false,
        }
    }

    fn expected(&self, english: &str, japanese: &str) -> FilterError {
        let end = self.text.len();
        let what = |language: Language| language.pick(english, japanese);
        match self.peek() {
            None => FilterError::new(end..end, |language| {
                say!(
                    language,
                    "it ends where {what} is expected",
                    "途中で終わっています。{what}が必要です",
                    what = what(language)
                )
            }),
            Some((at, word)) => FilterError::new(at, |language| {
                say!(
                    language,
                    "{what} is expected, not {word:?}",
                    "{word:?} ではなく、{what}が必要です",
                    what = what(language)
                )
            }),
        }
    }

    fn any(&mut self) -> Result<Node, FilterError> {
        let mut nodes = vec![self.all()?];
        while self.take(&["||", "or"]) {
            nodes.push(self.all()?);
        }
        Ok(Node::Any(nodes))
    }

    fn all(&mut self) -> Result<Node, FilterError> {
        let mut nodes = vec![self.one()?];
        while self.take(&["&&", "and"]) {
            nodes.push(self.one()?);
        }
        Ok(Node::All(nodes))
    }

    fn one(&mut self) -> Result<Node, FilterError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(FilterError::new(self.at..self.at, |language| {
                say!(
                    language,
                    "more than {MAX_DEPTH} brackets deep",
                    "括弧の入れ子が {MAX_DEPTH} を超えています"
                )
            }));
        }
        let node = if self.take(&["!", "not"]) {
            Node::Not(Box::new(self.one()?))
        } else if self.take(&["("]) {
            let node = self.any()?;
            if !self.take(&[")"]) {
                return Err(self.expected("a closing bracket", "閉じ括弧"));
            }
            node
        } else {
            self.condition()?
        };
        self.depth -= 1;
        Ok(node)
    }

    fn condition(&mut self) -> Result<Node, FilterError> {
        let Some((range, name)) = self.peek().filter(|(_, word)| word.starts_with(is_word)) else {
            return Err(self.expected("a field", "フィールド"));
        };
        self.at = range.end;
        let verdict = name.strip_prefix("tcp.analysis.").and_then(verdict);
        if let Some(verdict) = verdict {
            return Ok(Node::Verdict(verdict));
        }
        let field = Field::named(name).ok_or_else(|| unknown(range, name))?;
        if self.take(&["in"]) {
            return self.within(field);
        }
        let Some(relation) = self.relation() else {
            return Ok(Node::Is(field));
        };
        Ok(Node::Compare(field, relation, self.value(field)?))
    }

    fn relation(&mut self) -> Option<Relation> {
        let (range, word) = self.peek()?;
        let relation = match word {
            "==" | "eq" => Relation::Equal,
            "!=" | "ne" => Relation::Unequal,
            "<" | "lt" => Relation::Less,
            "<=" | "le" => Relation::AtMost,
            ">" | "gt" => Relation::Greater,
            ">=" | "ge" => Relation::AtLeast,
            _ => return None,
        };
        self.at = range.end;
        Some(relation)
    }

    fn within(&mut self, field: Field) -> Result<Node, FilterError> {
        if !self.take(&["{"]) {
            return Err(self.expected("{", "「{」"));
        }
        let mut ranges = Vec::new();
        loop {
            let Some((at, word)) = self.peek() else {
                return Err(self.expected("a value", "値"));
            };
            match word.split_once("..") {
                Some((low, high)) => {
                    self.at = at.end;
                    ranges.push((value(field, at.clone(), low)?, value(field, at, high)?));
                }
                None => {
                    let value = self.value(field)?;
                    ranges.push((value, value));
                }
            }
            if self.take(&["}"]) {
                return Ok(Node::Within(field, ranges));
            }
            if !self.take(&[","]) {
                return Err(self.expected(", or }", "「,」か「}」"));
            }
        }
    }

    fn value(&mut self, field: Field) -> Result<Value, FilterError> {
        let Some((at, word)) = self.peek().filter(|(_, word)| word.starts_with(is_word)) else {
            return Err(self.expected("a value", "値"));
        };
        self.at = at.end;
        value(field, at, word)
    }
}

fn value(field: Field, at: Range<usize>, word: &str) -> Result<Value, FilterError> {
    let (value, example) = match field.kind() {
        Kind::Presence => (
            None,
            ("nothing: it is there or not", "無（あるかないかだけ）"),
        ),
        Kind::Number => (
            number(word),
            ("a number, as 80 or 0x50", "数（80 や 0x50）"),
        ),
        Kind::Flag => {
            let set = match word.to_ascii_lowercase().as_str() {
                "1" | "true" => Some(1),
                "0" | "false" => Some(0),
                _ => None,
            };
            (set.map(Value::Number), ("1 or 0", "1 か 0"))
        }
        Kind::Seconds => (seconds(word), ("seconds, as 0.25", "秒数（0.25 など）")),
        Kind::Ipv4 => (
            address::<Ipv4Addr>(word, 32),
            (
                "an address, as 192.0.2.1 or 192.0.2.0/24",
                "アドレス（192.0.2.1 や 192.0.2.0/24）",
            ),
        ),
        Kind::Ipv6 => (
            address::<Ipv6Addr>(word, 128),
            (
                "an address, as 2001:db8::1 or 2001:db8::/32",
                "アドレス（2001:db8::1 や 2001:db8::/32）",
            ),
        ),
        Kind::Mac => (
            word.parse::<MacAddr>().ok().map(Value::Mac),
            (
                "a hardware address, as 02:00:5e:10:00:01",
                "MAC アドレス（02:00:5e:10:00:01 など）",
            ),
        ),
    };
    value.ok_or_else(|| {
        FilterError::new(at, |language| {
            say!(
                language,
                "{field} is compared with {example}, not {word:?}",
                "{field} と比べるのは {word:?} ではなく{example}です",
                field = field.name(),
                example = language.pick(example.0, example.1)
            )
        })
    })
}

fn number(word: &str) -> Option<Value> {
    let parsed = match word.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => word.parse().ok(),
    };
    parsed.map(Value::Number)
}

fn seconds(word: &str) -> Option<Value> {
    let (negative, word) = match word.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, word),
    };
    let (whole, part) = word.split_once('.').unwrap_or((word, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(part) || part.len() > 9 {
        return None;
    }
    let whole: u64 = whole.parse().ok()?;
    let part: u64 = format!("{part:0<9}").parse().ok()?;
    let ns = i128::from(whole) * 1_000_000_000 + i128::from(part);
    Some(Value::Seconds(if negative { -ns } else { ns }))
}

fn address<A: core::str::FromStr + Into<IpAddr>>(word: &str, most: u32) -> Option<Value> {
    let (address, bits) = match word.split_once('/') {
        Some((address, bits)) => (address, bits.parse().ok().filter(|bits| *bits <= most)?),
        None => (word, most),
    };
    let address: A = address.parse().ok()?;
    Some(Value::Ip(address.into(), bits))
}

fn verdict(name: &str) -> Option<Verdicts> {
    Verdicts::all()
        .find(|(_, known)| *known == name)
        .map(|(verdict, _)| verdict)
}

/// A name that is none, with those that it may have been meant for.
fn unknown(at: Range<usize>, name: &str) -> FilterError {
    let last = name.rsplit('.').next().unwrap_or(name);
    let verdicts = Verdicts::all().map(|(_, known)| format!("tcp.analysis.{known}"));
    let all = Field::NAMES.iter().map(|known| (*known).to_owned());
    let like: Vec<String> = all
        .chain(verdicts)
        .filter(|known| known.contains(last) || name.contains(known.as_str()))
        .take(3)
        .collect();
    FilterError::new(at, |language| {
        let hint = match &like[..] {
            [] => language
                .pick(
                    "fields are called as in Wireshark: ip.addr, tcp.port, tcp.analysis.retransmission",
                    "フィールド名は Wireshark と同じです: ip.addr、tcp.port、tcp.analysis.retransmission",
                )
                .to_owned(),
            like => say!(
                language,
                "is it {like}?",
                "{like} ではありませんか",
                like = like.join(language.pick(" or ", " か "))
            ),
        };
        say!(
            language,
            "no field is called {name:?}; {hint}",
            "{name:?} というフィールドはありません。{hint}"
        )
    })
}
