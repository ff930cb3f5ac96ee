//! The tables in `docs/` that say which requirement is met, where, and which test shows it: each
//! place and each test that they name must be there, and no requirement may be missing.
//!
//! ```text
//!   | ID | Requirement | Verdict | Where | Test | Why |
//!                        |         |       |      '- if it is not met, or does not apply
//!                        |         |       '- `file::test` ...
//!                        |         '- `file::item` ...
//!                        '- met, in part, not met, not applicable
//! ```

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::Context;

use super::tally::Tally;
use crate::house::House;

/// The requirements of RFC 9293, appendix B: how many of each kind there are.
const RFC_9293: [(&str, usize); 4] = [("MUST", 69), ("SHLD", 31), ("MAY", 18), ("REC", 1)];

/// The verdicts that a row may give, and whether they need a place and a test, or a reason.
const VERDICTS: [(&str, Needs); 4] = [
    ("met", Needs::Proof),
    ("in part", Needs::ProofAndReason),
    ("not met", Needs::Reason),
    ("not applicable", Needs::Reason),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Needs {
    Proof,
    ProofAndReason,
    Reason,
}

/// One row of a table.
#[derive(Debug)]
struct Row<'a> {
    line: usize,
    id: &'a str,
    verdict: &'a str,
    places: Vec<&'a str>,
    tests: Vec<&'a str>,
    why: &'a str,
}

/// Checks every table.
///
/// # Errors
/// When a table cannot be read. What is wrong in one is printed and counted.
pub(crate) fn check(house: &House, tally: &mut Tally) -> anyhow::Result<()> {
    for (file, found) in all_tables(house.root())? {
        if found.is_empty() {
            tally.passed += 1;
        } else {
            tally.failed += 1;
        }
        for line in found {
            println!("{file}:{line}");
        }
    }
    Ok(())
}

/// What is wrong in each of the tables.
fn all_tables(root: &Path) -> anyhow::Result<Vec<(&'static str, Vec<String>)>> {
    let tables = ["docs/rfc9293.md", "docs/rfcs.md"];
    let mut checked = Vec::new();
    for file in tables {
        let text =
            fs::read_to_string(root.join(file)).with_context(|| format!("cannot read {file}"))?;
        let rows = rows_of(&text);
        let mut found = vec![];
        if rows.is_empty() {
            found.push(String::from("0: has no table"));
        }
        for row in &rows {
            found.extend(wrong_with(row, root));
        }
        found.extend(doubles(&rows));
        if file == "docs/rfc9293.md" {
            found.extend(missing(&rows));
        }
        checked.push((file, found));
    }
    Ok(checked)
}

/// The rows of all tables in a text, without heads and rules. A row of another width is taken with
/// what it has, and then found to be wrong.
fn rows_of(text: &str) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let Some(inner) = line
            .strip_prefix('|')
            .and_then(|rest| rest.strip_suffix('|'))
        else {
            continue;
        };
        let cells: Vec<&str> = inner.split('|').map(str::trim).collect();
        let id = cells[0];
        if id == "ID" || id.starts_with("--") {
            continue;
        }
        let cell = |at: usize| cells.get(at).copied().unwrap_or_default();
        rows.push(Row {
            line: index + 1,
            id,
            verdict: cell(2),
            places: quoted(cell(3)),
            tests: quoted(cell(4)),
            why: cell(5),
        });
    }
    rows
}

/// What stands between backquotes.
fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

fn wrong_with(row: &Row<'_>, root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut say = |text: String| found.push(format!("{}: {}: {text}", row.line, row.id));
    let verdict = VERDICTS.iter().find(|(name, _)| *name == row.verdict);
    let Some((_, needs)) = verdict else {
        say(format!("{:?} is no verdict", row.verdict));
        return found;
    };
    if *needs != Needs::Reason {
        if row.places.is_empty() {
            say("names no place in the code".into());
        }
        if row.tests.is_empty() {
            say("names no test".into());
        }
    }
    if *needs != Needs::Proof && row.why.is_empty() {
        say("says not why".into());
    }
    for place in &row.places {
        if !is_there(root, place, is_defined) {
            say(format!("`{place}` is not there"));
        }
    }
    for test in &row.tests {
        if !is_there(root, test, is_test) {
            say(format!("there is no test `{test}`"));
        }
    }
    found
}

/// Whether `place`, a file and perhaps an item in it, is there; `holds` looks for the item.
fn is_there(root: &Path, place: &str, holds: fn(&str, &str) -> bool) -> bool {
    let (file, item) = place.split_once("::").unwrap_or((place, ""));
    match fs::read_to_string(root.join(file)) {
        Ok(text) => holds(&text, item),
        Err(_) => false,
    }
}

/// Whether a text defines `item`; of `Type::item` the last part counts.
fn is_defined(text: &str, item: &str) -> bool {
    let name = item.rsplit("::").next().unwrap_or_default();
    let defines = |line: &str| {
        let words: Vec<&str> = line
            .split(|c: char| !c.is_alphanumeric() && c != '_')
            .collect();
        let keywords = ["fn", "const", "struct", "enum", "mod", "type", "trait"];
        let by_keyword = words
            .windows(2)
            .any(|pair| keywords.contains(&pair[0]) && pair[1] == name);
        // A field or a variant begins its line.
        let begins = words
            .iter()
            .find(|word| !matches!(**word, "" | "pub" | "super" | "crate"));
        by_keyword || begins == Some(&name)
    };
    let comment = |line: &&str| !line.trim_start().starts_with("//");
    name.is_empty() || text.lines().filter(comment).any(defines)
}

/// Whether a text has a test function `name`: the attribute stands within the lines before it.
fn is_test(text: &str, name: &str) -> bool {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let head = format!("fn {name}(");
    let Some(at) = lines.iter().position(|line| line.starts_with(&head)) else {
        return false;
    };
    let before = lines[..at].iter().rev();
    before
        .take_while(|line| line.starts_with("#[") || line.starts_with("//"))
        .any(|line| line.starts_with("#[test]"))
}

fn doubles(rows: &[Row<'_>]) -> Vec<String> {
    let mut seen = BTreeMap::new();
    let mut found = Vec::new();
    for row in rows {
        if let Some(first) = seen.insert(row.id, row.line) {
            found.push(format!(
                "{}: {} stands in line {first} already",
                row.line, row.id
            ));
        }
    }
    found
}

/// The requirements of RFC 9293 that have no row, and rows that are none of them.
fn missing(rows: &[Row<'_>]) -> Vec<String> {
    let wanted: Vec<String> = RFC_9293
        .iter()
        .flat_map(|(kind, count)| (1..=*count).map(move |number| format!("{kind}-{number}")))
        .collect();
    let absent = wanted
        .iter()
        .filter(|id| rows.iter().all(|row| row.id != **id))
        .map(|id| format!("0: {id} is missing"));
    let unknown = rows
        .iter()
        .filter(|row| wanted.iter().all(|id| id != row.id))
        .map(|row| format!("{}: RFC 9293 has no {}", row.line, row.id));
    absent.chain(unknown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root() -> &'static Path {
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
    }

    #[test]
    fn the_tables_of_this_repository_are_true() {
        for (file, found) in all_tables(root()).expect("the tables are there") {
            assert!(found.is_empty(), "{file}: {found:#?}");
        }
    }

    #[test]
    fn what_is_not_there_is_found() {
        let here = "`xtask/src/test/tables.rs::what_is_not_there_is_found`";
        let place = "`xtask/src/test/tables.rs::rows_of`";
        let good = format!("| MUST-1 | x | met | {place} | {here} | |");
        assert!(wrong_with(&rows_of(&good)[0], root()).is_empty());
        for (bad, complaint) in [
            (good.replace("met", "well"), "is no verdict"),
            (good.replace(here, ""), "names no test"),
            (good.replace(place, ""), "names no place"),
            (good.replace("| met", "| in part"), "says not why"),
            (good.replace("rows_of", "rows_off"), "is not there"),
            (good.replace("is_found", "is_lost"), "there is no test"),
            (good.replace(here, place), "there is no test"),
        ] {
            let found = wrong_with(&rows_of(&bad)[0], root());
            assert!(
                found.len() == 1 && found[0].contains(complaint),
                "{bad}: {found:?}"
            );
        }
    }

    #[test]
    fn a_missing_a_double_and_an_unknown_requirement_are_found() {
        let row = |id: &str| format!("| {id} | x | not met | | | because |\n");
        let all: String = RFC_9293
            .iter()
            .flat_map(|(kind, count)| (1..=*count).map(move |n| format!("{kind}-{n}")))
            .map(|id| row(&id))
            .collect();
        assert!(missing(&rows_of(&all)).is_empty() && doubles(&rows_of(&all)).is_empty());
        let less = all.replace(&row("SHLD-7"), "");
        assert_eq!(missing(&rows_of(&less)), ["0: SHLD-7 is missing"]);
        let more = format!("{all}{}", row("MUST-70"));
        assert_eq!(missing(&rows_of(&more)), ["120: RFC 9293 has no MUST-70"]);
        let twice = format!("{all}{}", row("REC-1"));
        assert_eq!(doubles(&rows_of(&twice)).len(), 1);
    }
}
