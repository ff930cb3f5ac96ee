//! What is to be written, in the words of the command line.

use crate::cli::AnnotateArgs;
use crate::error::{Exit, Failure};
use core::ops::RangeInclusive;
use synema_core::time::Instant;
use synema_core::trace::FrameId;
use synema_diagram::annotate::{Bracket, Edit, HostAddress, Note, On};
use synema_diagram::capture::Capture;

/// Longer than any field's name.
const MAX_FIELD: usize = 120;

/// One thing to be written. Packets are meant by their numbers, from 1; times are nanoseconds since
/// the first packet.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Wish {
    Note(u64, String),
    Field(u64, String, String),
    Time(u64, u64, String),
    LaneNote(HostAddress, String),
    LaneName(HostAddress, String),
    Bracket(u64, u64, String),
    Highlight(Vec<RangeInclusive<u64>>),
    Hide(Vec<RangeInclusive<u64>>),
    Title(String),
    Summary(String),
}

/// All that is to be written, in the order in which it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wishes {
    wishes: Vec<Wish>,
    clear: bool,
}

impl Wishes {
    /// Understands the command line.
    pub(super) fn read(args: &AnnotateArgs) -> Result<Self, Failure> {
        let mut wishes = Vec::new();
        wishes.extend(args.title.clone().map(Wish::Title));
        wishes.extend(args.summary.clone().map(Wish::Summary));
        for text in &args.note {
            wishes.push(note(text).ok_or_else(|| unclear("--note", text, "12=\"what it does\""))?);
        }
        for text in &args.field {
            let example = "12:tcp.window_size_value=\"no room left\"";
            wishes.push(field(text).ok_or_else(|| unclear("--field", text, example))?);
        }
        for text in &args.time {
            let example = "0.1-0.5=\"nothing happens\", in seconds since the first packet";
            wishes.push(time(text).ok_or_else(|| unclear("--time", text, example))?);
        }
        for text in &args.bracket {
            let example = "3-7=\"round trip\"";
            wishes.push(bracket(text).ok_or_else(|| unclear("--bracket", text, example))?);
        }
        for (option, texts, wish) in [
            ("--lane", &args.lane, Wish::LaneName as fn(_, _) -> _),
            ("--lane-note", &args.lane_note, Wish::LaneNote),
        ] {
            for text in texts {
                let (lane, name) = split(text)
                    .ok_or_else(|| unclear(option, text, "192.0.2.1=\"the printer\""))?;
                let lane = lane.parse::<HostAddress>();
                let lane = lane.map_err(|error| unclear(option, text, &error.to_string()))?;
                wishes.push(wish(lane, name));
            }
        }
        for (option, texts, wish) in [
            (
                "--highlight",
                &args.highlight,
                Wish::Highlight as fn(_) -> _,
            ),
            ("--hide", &args.hide, Wish::Hide),
        ] {
            for text in texts {
                wishes.push(wish(numbers(option, text)?));
            }
        }
        Ok(Self {
            wishes,
            clear: args.clear,
        })
    }

    /// Whether nothing is to be changed.
    pub(super) fn is_empty(&self) -> bool {
        self.wishes.is_empty() && !self.clear
    }

    /// Writes it all.
    pub(super) fn write_on(self, capture: &mut Capture) -> Result<(), Failure> {
        for wish in self.wishes {
            let edit = wish.edit(capture)?;
            capture.annotate(edit);
        }
        Ok(())
    }
}

impl Wish {
    fn edit(self, capture: &Capture) -> Result<Edit, Failure> {
        let id = capture.annotations().free_id();
        let note = |on, text| Edit::write(Note { id, on, text });
        Ok(match self {
            Self::Note(number, text) => note(On::Packet(packet(capture, number)?), text),
            Self::Field(number, field, text) => {
                let packet = packet(capture, number)?;
                note(On::Field { packet, field }, text)
            }
            Self::Time(from, to, text) => {
                packet(capture, 1)?;
                let first = capture.frames()[0].at.as_nanos();
                let at = |since| Instant::from_nanos(first.saturating_add(since));
                let (from, to) = (at(from), at(to));
                note(On::Time { from, to }, text)
            }
            Self::LaneNote(lane, text) => note(On::Lane(lane), text),
            Self::LaneName(lane, name) => {
                Edit::LaneName(lane, Some(name).filter(|name| !name.is_empty()))
            }
            Self::Bracket(from, to, text) => Edit::draw(Bracket {
                id,
                from: packet(capture, from)?,
                to: packet(capture, to)?,
                text,
            }),
            Self::Highlight(ranges) => Edit::highlight(packets(capture, &ranges)?, true),
            Self::Hide(ranges) => Edit::hide(packets(capture, &ranges)?, true),
            Self::Title(title) => Edit::Title(title),
            Self::Summary(summary) => Edit::Summary(summary),
        })
    }
}

fn packet(capture: &Capture, number: u64) -> Result<FrameId, Failure> {
    let index = number
        .checked_sub(1)
        .and_then(|index| usize::try_from(index).ok());
    let frame = index.and_then(|index| capture.frames().get(index));
    frame.map(|frame| frame.id).ok_or_else(|| {
        let next_step = match capture.frames().len() {
            0 => "there are no packets in this capture; it can have a title and a summary".into(),
            len => {
                format!("its packets are 1 to {len}, as synema analyze and Wireshark count them")
            }
        };
        let cause = format!("there is no packet {number} in this capture");
        Failure::new(Exit::Usage, cause, next_step)
    })
}

fn packets(capture: &Capture, ranges: &[RangeInclusive<u64>]) -> Result<Vec<FrameId>, Failure> {
    let mut ids = Vec::new();
    for range in ranges {
        // The last first: a long range that is not there is not walked through.
        packet(capture, *range.end())?;
        for number in range.clone() {
            ids.push(packet(capture, number)?);
        }
    }
    Ok(ids)
}

/// Packets by their numbers: `5,7-9`.
///
/// # Errors
/// When the option's text is none such.
pub(crate) fn numbers(option: &str, text: &str) -> Result<Vec<RangeInclusive<u64>>, Failure> {
    ranges(text).ok_or_else(|| unclear(option, text, "5,7-9"))
}

fn unclear(option: &str, text: &str, example: &str) -> Failure {
    Failure::new(
        Exit::Usage,
        format!("{option} {text} cannot be understood"),
        format!("write it like {option} {example}"),
    )
}

/// What stands before the first `=`, and the text after it.
fn split(text: &str) -> Option<(&str, String)> {
    let (what, text) = text.split_once('=')?;
    Some((what.trim(), text.to_owned()))
}

fn note(text: &str) -> Option<Wish> {
    let (number, text) = split(text)?;
    Some(Wish::Note(number.parse().ok()?, text))
}

fn field(text: &str) -> Option<Wish> {
    let (what, text) = split(text)?;
    let (number, field) = what.split_once(':')?;
    let is_name = |character: char| character.is_ascii_alphanumeric() || "._-".contains(character);
    let is_field = (1..=MAX_FIELD).contains(&field.len()) && field.chars().all(is_name);
    is_field.then_some(())?;
    Some(Wish::Field(number.parse().ok()?, field.to_owned(), text))
}

fn time(text: &str) -> Option<Wish> {
    let (range, text) = split(text)?;
    let (from, to) = range.split_once('-')?;
    let (from, to) = (nanoseconds(from)?, nanoseconds(to)?);
    (from <= to).then_some(Wish::Time(from, to, text))
}

/// `0.25` as nanoseconds.
fn nanoseconds(seconds: &str) -> Option<u64> {
    let seconds = seconds.trim();
    let (whole, part) = seconds.split_once('.').unwrap_or((seconds, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (digits(whole) && digits(part) && part.len() <= 9).then_some(())?;
    let whole = whole.parse::<u64>().ok()?.checked_mul(1_000_000_000)?;
    whole.checked_add(format!("{part:0<9}").parse().ok()?)
}

fn bracket(text: &str) -> Option<Wish> {
    let (range, text) = split(text)?;
    let (from, to) = range.split_once('-')?;
    let number = |text: &str| text.trim().parse().ok();
    Some(Wish::Bracket(number(from)?, number(to)?, text))
}

/// `5,7-9`.
fn ranges(text: &str) -> Option<Vec<RangeInclusive<u64>>> {
    let range = |text: &str| {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let (first, last) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        (first <= last).then_some(first..=last)
    };
    text.split(',').map(range).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_times_and_ranges_are_read_to_the_digit() {
        assert_eq!(nanoseconds("0.25"), Some(250_000_000));
        assert_eq!(nanoseconds("12"), Some(12_000_000_000));
        for wrong in [
            "",
            ".5",
            "1.",
            "-1",
            "1e3",
            "0.1234567891",
            "99999999999999",
        ] {
            assert_eq!(nanoseconds(wrong), None, "{wrong}");
        }
        assert_eq!(ranges("5,7-9"), Some(vec![5..=5, 7..=9]));
        for wrong in ["", "5,", "9-7", "a", "1-2-3"] {
            assert_eq!(ranges(wrong), None, "{wrong}");
        }
        assert_eq!(note("12=a=b"), Some(Wish::Note(12, "a=b".into())));
        assert_eq!(
            field("3:tcp.seq=x"),
            Some(Wish::Field(3, "tcp.seq".into(), "x".into()))
        );
        for wrong in ["3=x", "3:=x", "3:tcp seq=x", "tcp.seq=x", "3:tcp.seq"] {
            assert_eq!(field(wrong), None, "{wrong}");
        }
        assert_eq!(
            bracket("3 - 7=RTT"),
            Some(Wish::Bracket(3, 7, "RTT".into()))
        );
        assert_eq!(time("0.5-0.1=x"), None);
    }
}
