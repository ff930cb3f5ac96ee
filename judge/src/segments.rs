//! What tshark makes of each TCP segment, beside what `synema analyze` makes of it.

use super::asked;
use anyhow::Context as _;
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

/// The columns of `synema analyze --format tsv` that tshark prints as they are; before the flags, and after.
const BEFORE: [&str; 6] = [
    "frame.number",
    "tcp.stream",
    "tcp.seq_raw",
    "tcp.ack_raw",
    "tcp.len",
    "tcp.window_size",
];
const AFTER: [&str; 3] = [
    "tcp.analysis.duplicate_ack_num",
    "tcp.analysis.ack_rtt",
    "tcp.analysis.bytes_in_flight",
];

/// The flags, in alphabetical order, without `tcp.analysis.`.
pub const FLAGS: [&str; 15] = [
    "ack_lost_segment",
    "duplicate_ack",
    "fast_retransmission",
    "keep_alive",
    "keep_alive_ack",
    "lost_segment",
    "out_of_order",
    "retransmission",
    "reused_ports",
    "spurious_retransmission",
    "window_full",
    "window_update",
    "zero_window",
    "zero_window_probe",
    "zero_window_probe_ack",
];

/// The column with the flags' names.
const FLAGS_COLUMN: usize = BEFORE.len();

/// One line for each TCP frame, as `synema analyze --format tsv` prints it, without the row of names. TCP that
/// an ICMP error quotes is no TCP frame.
///
/// # Errors
/// When tshark does not start or cannot read the file.
pub fn segments(capture: &Path) -> anyhow::Result<Vec<String>> {
    let flags = FLAGS.map(|flag| format!("tcp.analysis.{flag}"));
    let mut columns: Vec<&str> = BEFORE.to_vec();
    columns.extend(flags.iter().map(String::as_str));
    columns.extend(AFTER);
    let first = ["-E", "occurrence=f"];
    let lines = asked(capture, Some("tcp && !icmp && !icmpv6"), &columns, &first)?;
    Ok(lines.iter().map(|line| joined(line)).collect())
}

/// What `synema analyze --format json` says besides.
pub const MORE: [&str; 9] = [
    "tcp.analysis.acks_frame",
    "tcp.analysis.rto",
    "tcp.analysis.rto_frame",
    "tcp.options.sack_le",
    "tcp.options.sack_re",
    "tcp.options.sack.dsack_le",
    "tcp.options.sack.dsack_re",
    "tcp.analysis.initial_rtt",
    "tcp.completeness",
];
/// Those from here on tell of the whole conversation.
const OF_THE_WHOLE: usize = 7;

/// [`MORE`] of each TCP frame, by its number, with commas between several values of one. Of a
/// whole conversation it is what tshark knows at the end of the file.
///
/// # Errors
/// When tshark does not start or cannot read the file.
pub fn more(capture: &Path) -> anyhow::Result<Vec<(u64, [String; MORE.len()])>> {
    let filter = Some("tcp && !icmp && !icmpv6");
    let values = |columns: &[&'static str], twice: &[&str]| {
        let columns = [&["frame.number"], columns].concat();
        asked(
            capture,
            filter,
            &columns,
            &[&["-E", "occurrence=a"], twice].concat(),
        )
    };
    let once = values(&MORE[..OF_THE_WHOLE], &[])?;
    let twice = values(&MORE[OF_THE_WHOLE..], &["-2"])?;
    let row = |(once, twice): (&String, &String)| {
        let mut values = once.split('\t').chain(twice.split('\t').skip(1));
        let number = values.next().unwrap_or_default().parse()?;
        let more = std::array::from_fn(|_| values.next().unwrap_or_default().to_owned());
        Ok((number, more))
    };
    once.iter().zip(&twice).map(row).collect()
}

/// The numbers of the frames that tshark's display filter lets through.
///
/// # Errors
/// When tshark does not start, cannot read the file, or does not know the filter.
pub fn filtered(capture: &Path, filter: &str) -> anyhow::Result<Vec<u64>> {
    // What a conversation comes to in the end is known when it is read again.
    let twice: &[&str] = if filter.contains("completeness") {
        &["-2"]
    } else {
        &[]
    };
    let lines = asked(capture, Some(filter), &["frame.number"], twice)?;
    let numbers = lines.iter().map(|line| line.parse());
    numbers
        .collect::<Result<_, _>>()
        .context("frames are numbered")
}

/// Fifteen columns with one flag each become one with their names.
fn joined(line: &str) -> String {
    let mut columns: Vec<&str> = line.split('\t').collect();
    columns.resize(BEFORE.len() + FLAGS.len() + AFTER.len(), "");
    let (before, rest) = columns.split_at(BEFORE.len());
    let (flags, after) = rest.split_at(FLAGS.len());
    let set = FLAGS.iter().zip(flags).filter(|(_, told)| !told.is_empty());
    let names: Vec<&str> = set.map(|(name, _)| *name).collect();
    let names = names.join(",");
    [&before.join("\t"), &names, &after.join("\t")]
        .map(String::as_str)
        .join("\t")
}

/// How often two opinions on a flag agreed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Agreement {
    /// Both have it.
    pub both: u64,
    /// Only tshark has it.
    pub theirs: u64,
    /// Only we have it.
    pub ours: u64,
}

/// Two opinions on many segments, compared.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// Segments compared.
    pub rows: u64,
    /// For each flag that somebody raised.
    pub flags: BTreeMap<String, Agreement>,
    /// Rows that are not the same to the letter, in words.
    pub differences: Vec<String>,
}

impl Default for Comparison {
    fn default() -> Self {
        let none = |flag: &str| (flag.to_owned(), Agreement::default());
        Self {
            rows: 0,
            flags: FLAGS.into_iter().map(none).collect(),
            differences: Vec::new(),
        }
    }
}

impl Comparison {
    /// Takes our lines and tshark's on one capture, called `name` in words.
    ///
    /// # Errors
    /// When a line does not begin with a frame's number.
    pub fn add(&mut self, name: &str, ours: &[String], theirs: &[String]) -> anyhow::Result<()> {
        let (ours, theirs) = (by_number(ours)?, by_number(theirs)?);
        let numbers: std::collections::BTreeSet<_> = ours.keys().chain(theirs.keys()).collect();
        for number in numbers {
            self.rows += 1;
            let our_line = ours.get(number).copied().unwrap_or("no such row");
            let their_line = theirs.get(number).copied().unwrap_or("no such row");
            self.count(our_line, their_line);
            if our_line != their_line {
                self.differences.push(format!(
                    "{name}, frame {number}\n    ours   {our_line}\n    tshark {their_line}"
                ));
            }
        }
        Ok(())
    }

    fn count(&mut self, ours: &str, theirs: &str) {
        let names = |line| flags_of(line).map(str::to_owned).collect::<Vec<_>>();
        let (ours, theirs) = (names(ours), names(theirs));
        for (flag, agreement) in &mut self.flags {
            match (ours.contains(flag), theirs.contains(flag)) {
                (true, true) => agreement.both += 1,
                (true, false) => agreement.ours += 1,
                (false, true) => agreement.theirs += 1,
                (false, false) => {}
            }
        }
    }
}

fn flags_of(line: &str) -> impl Iterator<Item = &str> {
    line.split('\t')
        .nth(FLAGS_COLUMN)
        .unwrap_or_default()
        .split(',')
}

fn by_number(lines: &[String]) -> anyhow::Result<BTreeMap<u64, &str>> {
    let number = |line: &str| -> anyhow::Result<u64> {
        let first = line.split('\t').next().unwrap_or_default();
        first
            .parse()
            .with_context(|| format!("{line:?} has no frame number"))
    };
    lines
        .iter()
        .map(|line| Ok((number(line)?, line.as_str())))
        .collect()
}

/// The table of flags.
impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<26}{:>8}{:>13}{:>11}",
            "flag", "both", "tshark only", "ours only"
        )?;
        for (flag, agreement) in &self.flags {
            let Agreement { both, theirs, ours } = agreement;
            writeln!(f, "{flag:<26}{both:>8}{theirs:>13}{ours:>11}")?;
        }
        let differ = self.differences.len();
        write!(
            f,
            "{} segments, {differ} of them not the same in every column",
            self.rows
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_joined_and_counted_on_both_sides() -> anyhow::Result<()> {
        let told = format!("7\t0\t1\t2\t3\t4\t\t1{}\t1\t0.5\t", "\t".repeat(13));
        assert_eq!(joined(&told), "7\t0\t1\t2\t3\t4\tduplicate_ack\t1\t0.5\t");
        let ours = ["7\t0\t1\t2\t3\t4\tduplicate_ack,zero_window\t1\t0.5\t".to_owned()];
        let mut comparison = Comparison::default();
        comparison.add("a", &ours, &[joined(&told)])?;
        comparison.add("b", &[], &[joined(&told)])?;
        let expected = Agreement {
            both: 1,
            theirs: 1,
            ours: 0,
        };
        assert_eq!(comparison.flags["duplicate_ack"], expected);
        assert_eq!(comparison.flags["zero_window"].ours, 1);
        assert_eq!((comparison.rows, comparison.differences.len()), (2, 2));
        Ok(())
    }
}
