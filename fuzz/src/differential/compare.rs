//! Whether two answered alike.

use super::Answers;
use super::known::{ECHO, KNOWN, Round};
use super::script::Script;
use super::wire::REPEATED;

/// How two TCPs answered one script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Alike to the end, but for these known differences (indices into [`KNOWN`]).
    Alike(Vec<usize>),
    /// A known difference after which they are in different states: what follows is not compared.
    Parted {
        /// All that were met, the parting one last.
        known: Vec<usize>,
        /// Rounds that were compared.
        rounds: usize,
    },
    /// Something else, in this round.
    Differs(usize),
}

/// Compares what the kernel and our stack answered to a script.
pub fn compare(script: &Script, kernel: &Answers, ours: &Answers) -> Verdict {
    let mut known = Vec::new();
    for index in 0..kernel.len().min(ours.len()) {
        let (kernel_now, ours_now) = (new_lines(&kernel[index]), new_lines(&ours[index]));
        if kernel_now == ours_now {
            continue;
        }
        let round = Round {
            steps: &script.steps[..=index],
            kernel: &kernel_now,
            ours: &ours_now,
            before: &kernel[..index],
            repeated: has_repeated(kernel) || has_repeated(ours),
            echo_differed: known.iter().any(|index: &usize| KNOWN[*index].name == ECHO),
        };
        match KNOWN.iter().position(|known| (known.shows)(&round)) {
            None => return Verdict::Differs(index),
            Some(found) => {
                known.push(found);
                if !KNOWN[found].goes_on {
                    let rounds = index + 1;
                    return Verdict::Parted { known, rounds };
                }
            }
        }
    }
    Verdict::Alike(known)
}

/// What was not sent before.
fn new_lines(lines: &[String]) -> Vec<&str> {
    let new = lines.iter().filter(|line| !line.starts_with(REPEATED));
    new.map(String::as_str).collect()
}

fn has_repeated(rounds: &[Vec<String>]) -> bool {
    rounds
        .iter()
        .flatten()
        .any(|line| line.starts_with(REPEATED))
}
