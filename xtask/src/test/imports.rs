//! The walls of the house: who may import whom, and what the pure crates never touch.
//!
//! ```text
//!   core <- sim, diagram <- play <- web, bridge        relay stands on core::wire alone,
//!                                                     and on the names of frames
//! ```

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use cargo_metadata::Package;

use super::tally::Tally;
use crate::house::House;

/// Each crate of ours, and the crates of ours that it may stand on.
const MAY_IMPORT: [(&str, &[&str]); 13] = [
    ("synema-core", &[]),
    ("synema-sim", &["synema-core"]),
    ("synema-diagram", &["synema-core"]),
    (
        "synema-play",
        &["synema-core", "synema-sim", "synema-diagram"],
    ),
    ("synema-relay", &["synema-core"]),
    (
        "synema-web",
        &[
            "synema-core",
            "synema-sim",
            "synema-diagram",
            "synema-play",
            "synema-relay",
        ],
    ),
    (
        "synema-bridge",
        &[
            "synema-core",
            "synema-sim",
            "synema-diagram",
            "synema-play",
            "synema-relay",
        ],
    ),
    ("synema-packetdrill", &["synema-core"]),
    ("synema-fuzz", &["synema-core", "synema-diagram"]),
    ("browser-tests", &["judge"]),
    ("judge", &[]),
    (
        "synema-bench",
        &["synema-core", "synema-diagram", "synema-bridge"],
    ),
    ("xtask", &["judge"]),
];

/// Crates without clock, randomness, socket or file.
const PURE: [&str; 5] = [
    "synema-core",
    "synema-sim",
    "synema-diagram",
    "synema-play",
    "synema-relay",
];

/// What no line of a pure crate says, its tests aside, and why.
const NEVER: [(&str, &str); 17] = [
    ("SystemTime", "reads a clock"),
    ("std::time::Instant", "reads a clock"),
    ("Instant::now", "reads a clock"),
    ("std::fs", "touches files"),
    ("std::process", "touches processes"),
    ("std::env", "reads the environment"),
    ("std::thread", "starts threads"),
    ("TcpStream", "opens a socket"),
    ("TcpListener", "opens a socket"),
    ("UdpSocket", "opens a socket"),
    ("RandomState", "is seeded by the system"),
    ("println!", "writes to the terminal"),
    (".powf(", "differs between platforms"),
    (".powi(", "differs between platforms"),
    (".cbrt(", "differs between platforms"),
    (".exp(", "differs between platforms"),
    (".ln(", "differs between platforms"),
];

/// What relay may name of core: what is on the wire, and a frame's own name.
const RELAY_MAY_NAME: [&str; 3] = ["wire::", "wire;", "trace::FrameId;"];

/// Libraries that bring in what a pure crate never touches.
const NEVER_FROM: [&str; 10] = [
    "rand",
    "getrandom",
    "fastrand",
    "tokio",
    "mio",
    "socket2",
    "chrono",
    "time",
    "instant",
    "web-time",
];

/// Checks every wall.
///
/// # Errors
/// Names each wall that is broken, with file and line.
pub(crate) fn check(house: &House, tally: &mut Tally) -> anyhow::Result<()> {
    let mut broken = Vec::new();
    for package in house.metadata.workspace_packages() {
        settle(tally, &mut broken, imports_of(package));
        if PURE.contains(&package.name.as_str()) {
            settle(tally, &mut broken, libraries_of(package));
            settle(tally, &mut broken, purity_of(package)?);
        }
        if *package.name == "synema-relay" {
            settle(tally, &mut broken, relay_beyond_wire(package)?);
        }
    }
    for line in &broken {
        println!("{line}");
    }
    Ok(())
}

fn settle(tally: &mut Tally, broken: &mut Vec<String>, found: Vec<String>) {
    if found.is_empty() {
        tally.passed += 1;
    } else {
        tally.failed += 1;
        broken.extend(found);
    }
}

fn imports_of(package: &Package) -> Vec<String> {
    let name = package.name.as_str();
    let Some((_, allowed)) = MAY_IMPORT.iter().find(|(importer, _)| *importer == name) else {
        return vec![format!(
            "{name} has no place in the house: xtask/src/test/imports.rs lists them"
        )];
    };
    let ours = |name: &&str| MAY_IMPORT.iter().any(|(importer, _)| importer == name);
    // A crate's own tests may look at it from above.
    let imported = package
        .dependencies
        .iter()
        .filter(|dependency| dependency.kind != cargo_metadata::DependencyKind::Development)
        .map(|dependency| dependency.name.as_str());
    let wrong = imported
        .filter(ours)
        .filter(|imported| !allowed.contains(imported));
    wrong
        .map(|imported| format!("{name} must not import {imported}"))
        .collect()
}

fn libraries_of(package: &Package) -> Vec<String> {
    let normal = |dependency: &&cargo_metadata::Dependency| {
        dependency.kind == cargo_metadata::DependencyKind::Normal
    };
    let names = package
        .dependencies
        .iter()
        .filter(normal)
        .map(|dependency| dependency.name.as_str());
    let wrong = names.filter(|name| NEVER_FROM.contains(name));
    wrong
        .map(|name| format!("{} must not depend on {name}", package.name))
        .collect()
}

fn purity_of(package: &Package) -> anyhow::Result<Vec<String>> {
    let source = source_of(package)?;
    let root = fs::read_to_string(source.join("lib.rs")).context("a pure crate is a library")?;
    let mut found = Vec::new();
    if !root.lines().any(|line| line == "#![forbid(unsafe_code)]") {
        found.push(format!("{} does not forbid unsafe code", package.name));
    }
    for file in rust_files(&source)? {
        let text = fs::read_to_string(&file)?;
        for (line, word, why) in words_in(&text) {
            found.push(format!("{}:{line}: {word} {why}", file.display()));
        }
    }
    Ok(found)
}

fn relay_beyond_wire(package: &Package) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    for file in rust_files(&source_of(package)?)? {
        let text = fs::read_to_string(&file)?;
        for (number, line) in code_lines(&text) {
            let is_allowed = |rest: &str| RELAY_MAY_NAME.iter().any(|name| rest.starts_with(name));
            let beyond = line
                .split("synema_core::")
                .skip(1)
                .any(|rest| !is_allowed(rest));
            if beyond {
                found.push(format!(
                    "{}:{number}: relay stands on core::wire alone",
                    file.display()
                ));
            }
        }
    }
    Ok(found)
}

fn source_of(package: &Package) -> anyhow::Result<PathBuf> {
    let folder = package
        .manifest_path
        .parent()
        .context("a manifest is in a folder")?;
    Ok(folder.join("src").into_std_path_buf())
}

fn words_in(text: &str) -> Vec<(usize, &'static str, &'static str)> {
    let mut found = Vec::new();
    for (number, line) in code_lines(text) {
        for (word, why) in NEVER {
            if line.contains(word) {
                found.push((number, word, why));
            }
        }
    }
    found
}

/// A file's lines with their numbers, without comments and without the module of tests at its end.
fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines: Vec<&str> = text.lines().collect();
    let is_tests = |pair: &[&str]| {
        pair[0] == "#[cfg(test)]" && pair[1].starts_with("mod ") && pair[1].ends_with('{')
    };
    let end = lines.windows(2).position(is_tests).unwrap_or(lines.len());
    let code = lines.into_iter().take(end).enumerate();
    code.map(|(index, line)| (index + 1, line.split("//").next().unwrap_or_default()))
}

fn rust_files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let tests = name == "tests" || name == "tests.rs" || name.ends_with("_tests.rs");
        if path.is_dir() && !tests {
            files.extend(rust_files(&path)?);
        } else if name.ends_with(".rs") && !tests {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::words_in;

    #[test]
    fn a_clock_is_found_and_a_comment_or_a_test_is_not() {
        let text = "// Instant::now\nlet t = Instant::now();\n#[cfg(test)]\nmod tests {\nuse std::fs;\n}\n";
        assert_eq!(words_in(text), [(2, "Instant::now", "reads a clock")]);
    }

    #[test]
    fn a_module_of_tests_elsewhere_hides_nothing() {
        let text = "#[cfg(test)]\nmod tests;\nuse std::fs;\n";
        assert_eq!(words_in(text), [(3, "std::fs", "touches files")]);
    }
}
