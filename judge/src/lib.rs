//! tshark as the second opinion on captures: the one place where it is asked.

mod segments;
mod whole;

pub use segments::{Agreement, Comparison, FLAGS, MORE, filtered, more, segments};
pub use whole::{comments, rewrite, whole};

use std::{
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, bail};

/// The columns that `diagram`'s example `frames` prints as well, in its order.
const COLUMNS: [&str; 15] = [
    "frame.time_epoch",
    "frame.len",
    "frame.cap_len",
    "arp.opcode",
    "ip.proto",
    "icmp.type",
    "tcp.srcport",
    "tcp.dstport",
    "tcp.seq_raw",
    "tcp.ack_raw",
    "tcp.flags",
    "udp.srcport",
    "udp.dstport",
    "ip.checksum.status",
    "tcp.checksum.status",
];

/// The columns of the transport: of a quoted packet, when the frame is an ICMP error.
const TRANSPORT: std::ops::Range<usize> = 6..13;
/// The columns in which only `0`, a bad checksum, is compared.
const CHECKSUMS: std::ops::Range<usize> = 13..15;

/// What our own captures are judged by.
const JUDGED: [&str; 8] = [
    "ip.checksum.status",
    "tcp.checksum.status",
    "udp.checksum.status",
    "icmp.checksum.status",
    "_ws.malformed",
    "tcp.analysis.ack_lost_segment",
    "tcp.analysis.lost_segment",
    "frame.drop_count",
];

/// What tshark holds against one of our captures; empty when it is clean. No more segments may be missing
/// than frames were counted as dropped, which the capture itself says.
///
/// # Errors
/// When tshark does not start or cannot read the file.
pub fn complaints(capture: &Path) -> anyhow::Result<Vec<String>> {
    Ok(judge(&fields(capture, None, &JUDGED)?))
}

fn judge(lines: &[String]) -> Vec<String> {
    let (mut bad, mut malformed, mut ack_lost, mut lost, mut dropped) = (0, 0, 0, 0, 0_u64);
    for line in lines {
        let mut columns: Vec<&str> = line.split('\t').collect();
        columns.resize(JUDGED.len(), "");
        bad += u64::from(columns[..4].contains(&"0"));
        malformed += u64::from(!columns[4].is_empty());
        ack_lost += u64::from(!columns[5].is_empty());
        lost += u64::from(!columns[6].is_empty());
        dropped += columns[7].parse::<u64>().unwrap_or(0);
    }
    let mut complaints = Vec::new();
    if lines.is_empty() {
        complaints.push("no frames".to_owned());
    }
    for (found, limit, what) in [
        (malformed, 0, "malformed frames"),
        (bad, 0, "bad checksums"),
        (ack_lost, 0, "ACKs of segments that were never seen"),
        (lost, dropped, "missing segments"),
    ] {
        if found > limit {
            complaints.push(format!("{found} {what} (at most {limit} expected)"));
        }
    }
    complaints
}

/// Nanoseconds from the first SYN to the last segment with data.
///
/// # Errors
/// When the capture holds no such transfer, and as [`complaints`].
pub fn transfer_ns(capture: &Path) -> anyhow::Result<u64> {
    let filter = Some("tcp.flags.syn == 1 || tcp.len > 0");
    let lines = fields(capture, filter, &["frame.time_relative"])?;
    let (Some(first), Some(last)) = (lines.first(), lines.last()) else {
        bail!("{} holds no TCP connection", capture.display());
    };
    let (first, last) = (nanoseconds(first)?, nanoseconds(last)?);
    last.checked_sub(first)
        .context("frames are in the order of their times")
}

/// `1.234567890` as nanoseconds.
fn nanoseconds(seconds: &str) -> anyhow::Result<u64> {
    let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
    let parsed = whole
        .parse::<u64>()
        .ok()
        .zip(format!("{fraction:0<9}").parse::<u64>().ok());
    let (whole, fraction) = parsed.with_context(|| format!("{seconds:?} is no time"))?;
    Ok(whole * 1_000_000_000 + fraction)
}

/// One line a frame, to compare with those of `diagram`'s example `frames`.
///
/// # Errors
/// As [`complaints`].
pub fn frames(capture: &Path) -> anyhow::Result<Vec<String>> {
    // tshark also lists pcapng's custom blocks, as data without any link: those are no frames.
    let lines = fields(capture, Some("!(frame.protocols == \"data\")"), &COLUMNS)?;
    Ok(lines.iter().map(|line| comparable(line)).collect())
}

fn comparable(line: &str) -> String {
    let mut columns: Vec<&str> = line.split('\t').collect();
    columns.resize(COLUMNS.len(), "");
    // Beyond its first 64 bits an ICMP error's quote is of no interest here.
    if !columns[5].is_empty() {
        columns[TRANSPORT].fill("");
        columns[14] = "";
    }
    for column in &mut columns[CHECKSUMS] {
        if *column != "0" {
            *column = "";
        }
    }
    columns.join("\t")
}

fn fields(capture: &Path, filter: Option<&str>, fields: &[&str]) -> anyhow::Result<Vec<String>> {
    let as_they_are = ["-E", "occurrence=f", "-o", "ip.defragment:FALSE"];
    asked(capture, filter, fields, &as_they_are)
}

fn asked(
    capture: &Path,
    filter: Option<&str>,
    fields: &[&str],
    more: &[&str],
) -> anyhow::Result<Vec<String>> {
    let mut command = Command::new("tshark");
    command.args(["-n", "-r"]).arg(capture);
    // What rides on TCP is not judged here, and reading 100 MB of it takes tshark over ten minutes.
    command.args(["--disable-protocol", "http"]);
    for preference in [
        "ip.check_checksum:TRUE",
        "tcp.check_checksum:TRUE",
        "udp.check_checksum:TRUE",
        "tcp.desegment_tcp_streams:FALSE",
    ] {
        command.args(["-o", preference]);
    }
    if let Some(filter) = filter {
        command.args(["-Y", filter]);
    }
    command.args(["-T", "fields"]).args(more);
    for field in fields {
        command.args(["-e", field]);
    }
    let output = command
        .stdin(Stdio::null())
        .output()
        .context("tshark does not start: sudo apt-get install tshark")?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("{command:?} failed: {}", said.trim());
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(text.lines().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::{comparable, judge, nanoseconds};

    #[test]
    fn every_kind_of_fault_is_held_against_a_capture() {
        let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(
            judge(&lines("1\t1\t\t\t\t\t\t\n1\t1\t\t\t\t\t1\t1")),
            [] as [&str; 0]
        );
        let faults = judge(&lines("1\t0\t\t\t\t\t\t\n1\t1\t\t\t1\t1\t1\t"));
        assert_eq!(faults.len(), 4, "{faults:?}");
        assert_eq!(judge(&[]), ["no frames"]);
    }

    #[test]
    fn times_are_read_to_the_nanosecond() {
        assert_eq!(nanoseconds("1.000000002").ok(), Some(1_000_000_002));
        assert_eq!(nanoseconds("0.5").ok(), Some(500_000_000));
        assert!(nanoseconds("soon").is_err());
    }

    #[test]
    fn a_quoted_packet_and_good_checksums_are_not_compared() {
        let icmp = "1.0\t70\t70\t\t1\t11\t80\t81\t1\t2\t0x0010\t\t\t1\t2";
        assert_eq!(
            comparable(icmp),
            format!("1.0\t70\t70\t\t1\t11{}", "\t".repeat(9))
        );
        let bad = "1.0\t60\t60\t\t6\t\t80\t81\t1\t2\t0x0010\t\t\t1\t0";
        assert_eq!(
            comparable(bad),
            "1.0\t60\t60\t\t6\t\t80\t81\t1\t2\t0x0010\t\t\t\t0"
        );
    }
}
