//! What the rows in JSON say besides, beside tshark's fields of the same names.

use super::{Result, analyze};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Values of each field that were compared, and those that are not the same.
#[derive(Default)]
pub(crate) struct More {
    told: BTreeMap<&'static str, u64>,
    differences: Vec<String>,
}

impl More {
    pub(crate) fn add(&mut self, path: &Path) -> Result<()> {
        let output = analyze(path, &["--format", "json"])?;
        let rows: serde_json::Value = serde_json::from_slice(&output.stdout)?;
        let rows = rows.as_array().ok_or("an array")?;
        let theirs = judge::more(path)?;
        let mut streams = BTreeSet::new();
        assert_eq!(rows.len(), theirs.len(), "{}", path.display());
        for (row, (number, told)) in rows.iter().zip(theirs) {
            assert_eq!(row["frame.number"], number);
            let is_first = streams.insert(row["tcp.stream"].to_string());
            for (name, told) in judge::MORE.into_iter().zip(told) {
                let own = text(row, name);
                // tshark tells some frames only of their first round trip, and does not count
                // what a conversation begins with, unless it is a SYN.
                let skipped = match name {
                    "tcp.analysis.initial_rtt" => told.is_empty(),
                    "tcp.completeness" => is_first,
                    _ => false,
                };
                if skipped {
                    continue;
                }
                *self.told.entry(name).or_default() += u64::from(!told.is_empty());
                if own != told {
                    self.differences.push(format!(
                        "{}, frame {number}, {name}: ours {own}, tshark {told}",
                        path.display()
                    ));
                }
            }
        }
        Ok(())
    }

    pub(crate) fn same(&self) {
        println!("{:?}", self.told);
        let shown: Vec<_> = self
            .differences
            .iter()
            .take(super::SHOWN)
            .cloned()
            .collect();
        assert!(
            shown.is_empty(),
            "{} differences\n{}",
            self.differences.len(),
            shown.join("\n")
        );
        for name in judge::MORE
            .into_iter()
            .filter(|name| !name.contains("dsack"))
        {
            assert!(
                self.told
                    .get(name)
                    .is_some_and(|&told| told >= super::AT_LEAST),
                "{name}"
            );
        }
    }
}

fn text(row: &serde_json::Value, name: &str) -> String {
    let dsack = |edge: usize| row["tcp.options.sack.dsack"][edge].clone();
    let value = match name {
        "tcp.options.sack.dsack_le" => dsack(0),
        "tcp.options.sack.dsack_re" => dsack(1),
        _ => row[name].clone(),
    };
    match value {
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(text) => text,
        serde_json::Value::Array(values) => {
            let values: Vec<_> = values.iter().map(ToString::to_string).collect();
            values.join(",")
        }
        other => other.to_string(),
    }
}
