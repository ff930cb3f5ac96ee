//! All that Wireshark's programs tell of a file, and what they make of it when they write it again.

use anyhow::{Context as _, bail};
use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

/// What `capinfos` says of the file itself, and of the program that wrote it.
const OF_THE_FILE: [&str; 8] = [
    "File name",
    "File type",
    "File size",
    "SHA",
    "RIPEMD",
    "Capture application",
    "Number of interfaces",
    "Packet size limit",
];

/// All that tshark and capinfos tell of what is in a capture, a line each: every field of every packet,
/// every interface with its options and statistics, comments. Of the file's name and size they tell nothing.
///
/// # Errors
/// When one of them does not start or cannot read the file.
pub fn whole(capture: &Path) -> anyhow::Result<Vec<String>> {
    let packets = said(
        "tshark",
        &[
            "-n".as_ref(),
            "-T".as_ref(),
            "pdml".as_ref(),
            "-r".as_ref(),
            capture.as_ref(),
        ],
    )?;
    let about = said("capinfos", &["-A".as_ref(), capture.as_ref()])?;
    let is_header = |line: &&str| line.starts_with("<pdml") || line.starts_with("<!--");
    let of_the_file = |line: &&str| {
        OF_THE_FILE
            .iter()
            .any(|what| line.trim_start().starts_with(what))
    };
    let packets = packets.lines().filter(|line| !is_header(line));
    let about = about.lines().filter(|line| !of_the_file(line));
    Ok(packets.chain(about).map(str::to_owned).collect())
}

/// Each packet's number with its comments, as `tshark -T fields -e frame.comment` tells them; packets without
/// are left out.
///
/// # Errors
/// As [`whole`].
pub fn comments(capture: &Path) -> anyhow::Result<Vec<String>> {
    let fields = [
        "-T",
        "fields",
        "-e",
        "frame.number",
        "-e",
        "frame.comment",
        "-Y",
        "frame.comment",
        "-n",
        "-r",
    ];
    let mut arguments: Vec<&OsStr> = fields.iter().map(OsStr::new).collect();
    arguments.push(capture.as_ref());
    let text = said("tshark", &arguments)?;
    Ok(text.lines().map(str::to_owned).collect())
}

/// Has one of Wireshark's programs (`editcap`, `mergecap`, `tshark`) write a file.
///
/// # Errors
/// When it does not start, or fails.
pub fn rewrite(program: &str, arguments: &[&OsStr]) -> anyhow::Result<()> {
    said(program, arguments).map(drop)
}

fn said(program: &str, arguments: &[&OsStr]) -> anyhow::Result<String> {
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("{program} does not start: sudo apt-get install tshark"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("{program} {arguments:?} failed: {}", said.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
