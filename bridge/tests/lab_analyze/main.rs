//! `synema analyze` against tshark, segment for segment: what was judged by both must be the same in every
//! column. Where we differ on purpose, docs/analysis.md says so.
#![cfg(target_os = "linux")]

mod cut;
mod more;
mod odd;

use judge::Comparison;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use synema_core::app::session::FetchOptions;
use synema_core::tcp::Policy;
use synema_core::time::{Duration, Instant};
use synema_core::trace::FrameId;
use synema_diagram::analysis::Analysis;
use synema_diagram::capture::{Capture, Direction, Frame, Interface, file};
use synema_diagram::filter::Expression;
use synema_diagram::words::{Language, Story};
use synema_sim::{Conditions, HttpServer, Lab, NodeId, Page, sightings};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// So many captures of odd conversations, and so many conversations in each.
const ODD: (u64, u32) = (12, 40);
/// Each flag occurs at least so often in what is compared.
const AT_LEAST: u64 = 5;
/// No more differences than these are shown.
const SHOWN: usize = 12;

fn analyze(path: &Path, more: &[&str]) -> Result<Output> {
    let program = Command::new(env!("CARGO_BIN_EXE_synema"))
        .arg("analyze")
        .arg(path)
        .args(more)
        .stdin(Stdio::null())
        .output()?;
    Ok(program)
}

fn compare(comparison: &mut Comparison, name: &str, path: &Path) -> Result<()> {
    let output = analyze(path, &["--format", "tsv"])?;
    assert!(output.status.success(), "{name}: {output:?}");
    let ours = String::from_utf8(output.stdout)?;
    let ours: Vec<String> = ours.lines().skip(1).map(str::to_owned).collect();
    comparison.add(name, &ours, &judge::segments(path)?)?;
    Ok(())
}

fn write(capture: &Capture, path: &Path) -> Result<()> {
    file::write_pcapng(capture, std::fs::File::create(path)?)?;
    Ok(())
}

fn same(comparison: &Comparison) {
    let shown: Vec<_> = comparison.differences.iter().take(SHOWN).cloned().collect();
    assert!(shown.is_empty(), "{}", shown.join("\n"));
}

#[test]
fn odd_conversations_are_judged_as_tshark_judges_them() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut comparison = Comparison::default();
    let (captures, conversations) = ODD;
    let mut more = more::More::default();
    for seed in 0..captures {
        let path = folder.path().join(format!("odd-{seed}.pcapng"));
        write(&odd::capture(seed, conversations), &path)?;
        compare(&mut comparison, &format!("odd {seed}"), &path)?;
        more.add(&path)?;
    }
    println!("{comparison}");
    for (flag, agreement) in &comparison.flags {
        assert!(
            agreement.both >= AT_LEAST,
            "{flag} occurs too seldom: {agreement:?}"
        );
    }
    same(&comparison);
    more.same();
    Ok(())
}

/// IPv4 fragments, and IPv6 with and without them.
#[test]
fn segments_in_fragments_and_over_ipv6_are_judged_alike() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut comparison = Comparison::default();
    let mut more = more::More::default();
    for (seed, is_v6) in [(1, false), (2, false), (3, true), (4, true)] {
        let path = folder.path().join(format!("cut-{seed}.pcapng"));
        write(&cut::cut(&odd::capture(seed, 40), seed, is_v6), &path)?;
        let name = format!("cut {seed}, IPv6 {is_v6}");
        compare(&mut comparison, &name, &path)?;
        more.add(&path)?;
    }
    println!("{comparison}");
    assert!(comparison.rows > 3_000, "{comparison}");
    same(&comparison);
    more.same();
    Ok(())
}

/// What one machine of a simulation captured.
fn captured(lab: &Lab, node: NodeId) -> Capture {
    let mut capture = Capture::default();
    capture.add_interface(Interface::ethernet("sim0", None));
    for (number, sighting) in (1..).zip(sightings(lab.network.passages(), node)) {
        if sighting.id.is_none() {
            continue;
        }
        // Virtual time begins at zero; captures have a date.
        let at = Instant::from_millis(1_700_000_000_000) + sighting.at.since(Instant::ZERO);
        let id = FrameId::received(number);
        capture.push(Frame::new(id, at, Direction::Unknown, &sighting.bytes));
    }
    capture
}

#[test]
fn simulated_fetches_are_judged_alike_at_both_ends() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut comparison = Comparison::default();
    let mut more = more::More::default();
    let body: Vec<u8> = (0..200_000_u32).map(|i| (i * 7) as u8).collect();
    for (seed, policy) in (1..=6).zip([Policy::rfc(), Policy::linux()].iter().cycle()) {
        let way = Conditions {
            delay: Duration::from_millis(3 * seed),
            jitter: Duration::from_millis(seed % 2),
            loss_ppm: 20_000,
            reorder_ppm: 20_000,
            reorder_by: Duration::from_millis(4),
            duplicate_ppm: 10_000,
            corrupt_ppm: 2_000 * (seed as u32 % 2),
            ..Conditions::default()
        };
        let web = HttpServer::new(policy.clone()).with_page("/page", Page::new(&body));
        let mut lab = Lab::new(seed, way, web);
        assert!(lab.claim().is_some(), "nobody else has the address");
        let fetched = lab.fetch(1, "http://www.lab.test/page", FetchOptions::default());
        assert_eq!(fetched.body.len(), body.len(), "seed {seed}");
        for (end, node) in [("page", lab.page.id()), ("server", lab.www.id())] {
            let path = folder.path().join(format!("sim-{seed}-{end}.pcapng"));
            write(&captured(&lab, node), &path)?;
            compare(&mut comparison, &format!("{end}, seed {seed}"), &path)?;
            more.add(&path)?;
        }
    }
    println!("{comparison}");
    assert!(comparison.rows > 2_000, "{comparison}");
    same(&comparison);
    more.same();
    Ok(())
}

#[test]
fn a_lossy_fetch_from_the_kernel_is_judged_alike() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("lab.pcapng");
    let way = [
        "--delay",
        "5",
        "--loss",
        "3",
        "--reorder",
        "3",
        "--duplicate",
        "2",
    ];
    let status = Command::new("timeout")
        .args(["100", env!("CARGO_BIN_EXE_synema"), "curl", "--lab"])
        .args([
            "http://www.lab.test/size/300000",
            "-o",
            "/dev/null",
            "--capture",
        ])
        .arg(&path)
        .args(way)
        .stdin(Stdio::null())
        .status()?;
    assert!(status.success(), "{status}");
    let mut comparison = Comparison::default();
    compare(&mut comparison, "lab", &path)?;
    println!("{comparison}");
    assert!(comparison.rows > 300, "{comparison}");
    same(&comparison);
    Ok(())
}

#[test]
fn rows_are_the_same_in_both_formats_and_from_a_pipe() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("odd.pcapng");
    let mut bytes = Vec::new();
    file::write_pcapng(&odd::capture(99, 3), &mut bytes)?;
    std::fs::write(&path, &bytes)?;
    let tsv = analyze(&path, &["--format", "tsv"])?;
    let json = analyze(&path, &["--format", "json"])?;
    let rows: serde_json::Value = serde_json::from_slice(&json.stdout)?;
    let rows = rows.as_array().ok_or("an array")?;
    let text = String::from_utf8(tsv.stdout.clone())?;
    let (names, lines) = text.split_once('\n').ok_or("a row of names")?;
    let names: Vec<&str> = names.split('\t').collect();
    assert_eq!(lines.lines().count(), rows.len());
    assert!(!rows.is_empty());
    for (line, row) in lines.lines().zip(rows) {
        for (name, value) in names.iter().zip(line.split('\t')) {
            let told = match &row[*name] {
                serde_json::Value::Null => String::new(),
                serde_json::Value::String(text) => text.clone(),
                serde_json::Value::Array(flags) => {
                    let flags: Vec<_> = flags.iter().filter_map(|flag| flag.as_str()).collect();
                    flags.join(",")
                }
                other => other.to_string(),
            };
            assert_eq!(told, value, "{name} in {row}");
        }
    }

    let mut piped = Command::new(env!("CARGO_BIN_EXE_synema"))
        .args(["analyze", "-", "--format", "tsv"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    piped.stdin.take().ok_or("a pipe")?.write_all(&bytes)?;
    assert_eq!(piped.wait_with_output()?.stdout, tsv.stdout);
    Ok(())
}

/// The numbers of the frames that our filter lets through.
fn filtered(path: &Path, filter: &str) -> Result<Vec<u64>> {
    let output = analyze(path, &["--format", "tsv", "--filter", filter])?;
    assert!(output.status.success(), "{filter}: {output:?}");
    let text = String::from_utf8(output.stdout)?;
    let numbers = text.lines().skip(1).map(|line| {
        let number = line.split('\t').next().unwrap_or_default();
        number.parse::<u64>()
    });
    Ok(numbers.collect::<std::result::Result<_, _>>()?)
}

#[test]
fn filters_of_ipv6_mean_what_they_mean_in_tshark() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("v6.pcapng");
    let capture = cut::with_icmpv6(cut::cut(&odd::capture(8, 20), 8, true));
    write(&capture, &path)?;
    let mut analysis = Analysis::default();
    for frame in capture.frames() {
        analysis.push(frame, &capture.interfaces()[0]);
    }
    let story = Story {
        capture: &capture,
        analysis: &analysis,
        language: Language::English,
    };
    for filter in [
        "ipv6.src == 2001:db8::201 && !icmpv6",
        "ipv6.addr == 2001:db8::201 && tcp.len > 0 && !icmpv6",
        "ipv6.dst == 2001:db8::/32 and tcp.analysis.retransmission",
        "tcp.flags.syn == 1 && ipv6 && !icmpv6",
        "icmpv6",
        "icmpv6.type == 135 || icmpv6.type == 136",
        "icmpv6.code == 4",
        "icmpv6.type in {128, 129} && eth.type == 0x86dd",
    ] {
        let expression = Expression::parse(filter).map_err(|error| error.to_string())?;
        let all = 0..capture.frames().len();
        let meant = all.filter(|&index| expression.matches(story, index));
        let ours: Vec<_> = meant.map(|index| index as u64 + 1).collect();
        assert_eq!(ours, judge::filtered(&path, filter)?, "{filter}");
        assert!(!ours.is_empty(), "{filter} chooses nothing");
    }
    Ok(())
}

#[test]
fn filters_mean_what_they_mean_in_tshark() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("odd.pcapng");
    write(&odd::capture(5, 60), &path)?;
    for filter in [
        "tcp.analysis.retransmission",
        "tcp.analysis.flags && !tcp.analysis.window_update",
        "tcp.stream == 3 or tcp.stream in {5, 8..11}",
        "tcp.port == 40001 and not tcp.srcport == 80",
        "tcp.port != 40001",
        "ip.src != 192.0.2.1",
        "ip.addr == 192.0.2.0/25 && ip.dst == 192.0.2.80",
        "tcp.flags.syn == 1 && tcp.flags.ack == 0",
        "tcp.flags.fin",
        "tcp.flags == 0x011",
        "tcp.len > 0 && tcp.len <= 100",
        "tcp.window_size == 0 || tcp.window_size_value == 65535",
        "tcp.seq > 1000 && tcp.seq < 100000",
        "tcp.ack eq 1 and tcp.ack_raw ne 1001",
        "frame.number >= 100 && frame.number lt 120",
        "frame.time_delta > 0.05",
        "frame.time_relative <= 1.5",
        "frame.len == 54",
        "tcp.analysis.ack_rtt > 0.01",
        "tcp.analysis.bytes_in_flight >= 2000",
        "tcp.analysis.duplicate_ack_num == 2",
        "tcp.analysis.acks_frame > 20",
        "tcp.analysis.rto > 0.05",
        "tcp.analysis.rto_frame < 200",
        "tcp.completeness == 31 && tcp.flags.fin == 1",
        "tcp.options.sack_le > 1000",
        "tcp.options.sack.count == 1",
        "tcp.options.sack_re in {2001..3001}",
        "eth.addr == 02:00:00:00:00:01 && !(eth.src == 02:00:00:00:00:01)",
        "ip.ttl == 64 && ip.proto == 6 && (udp || tcp.len == 1)",
        "arp",
    ] {
        let (ours, theirs) = (filtered(&path, filter)?, judge::filtered(&path, filter)?);
        assert_eq!(ours, theirs, "{filter}");
        assert_eq!(ours.is_empty(), filter == "arp", "{filter} chooses nothing");
    }

    let refused = analyze(&path, &["--format", "tsv", "--filter", "tcp.port == http"])?;
    let said = String::from_utf8(refused.stderr)?;
    assert_eq!(refused.status.code(), Some(2), "{said}");
    assert!(said.contains("\n                ^^^^\n"), "{said}");
    Ok(())
}

#[test]
fn an_overview_is_for_people_and_takes_no_filter() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("odd.pcapng");
    write(&odd::capture(5, 60), &path)?;
    let output = analyze(&path, &[])?;
    let text = String::from_utf8(output.stdout)?;
    assert!(
        output.status.success() && text.contains("60 TCP conversations"),
        "{text}"
    );
    assert!(text.contains("Worth looking at\n  packet "), "{text}");
    assert!(text.contains("The capture itself\n  packet "), "{text}");
    let refused = analyze(&path, &["--filter", "tcp"])?;
    assert_eq!(refused.status.code(), Some(2));
    Ok(())
}

#[test]
fn a_damaged_capture_shows_what_could_be_read_and_says_where_it_ends() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("cut.pcapng");
    let mut bytes = Vec::new();
    file::write_pcapng(&odd::capture(7, 3), &mut bytes)?;
    let whole = bytes.len();
    bytes.truncate(whole - 30);
    std::fs::write(&path, &bytes)?;
    let cut = analyze(&path, &["--format", "tsv"])?;
    let said = String::from_utf8(cut.stderr)?;
    assert_eq!(cut.status.code(), Some(13), "{said}");
    assert!(said.contains("at byte") && said.contains("next:"), "{said}");
    assert!(String::from_utf8(cut.stdout)?.lines().count() > 10);

    for (content, word) in [(&b""[..], "empty"), (b"GIF89a...", "not a capture")] {
        std::fs::write(&path, content)?;
        let refused = analyze(&path, &[])?;
        let said = String::from_utf8(refused.stderr)?;
        assert_eq!(refused.status.code(), Some(13), "{said}");
        assert!(said.contains(word), "{said}");
    }
    let missing = analyze(&folder.path().join("none"), &[])?;
    assert_eq!(missing.status.code(), Some(12));
    Ok(())
}
