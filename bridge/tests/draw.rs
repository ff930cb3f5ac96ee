//! `synema draw`, on a simulated fetch that loses a segment.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use synema_core::app::session::FetchOptions;
use synema_core::tcp::Policy;
use synema_core::time::Duration;
use synema_core::trace::FrameId;
use synema_diagram::capture::{Capture, Direction, Frame, Interface, file};
use synema_sim::{Chosen, Conditions, HttpServer, Lab, Page, sightings};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// What the page's end captured of a fetch whose second data segment was lost.
fn fetch() -> Capture {
    let way = Conditions::delay(Duration::from_millis(10)).losing(&[Chosen::TcpData(2)]);
    let web = HttpServer::new(Policy::rfc()).with_page("/page", Page::new(&[b'x'; 5_000]));
    let mut lab = Lab::new(1, way, web);
    assert!(lab.claim().is_some(), "nobody else has the address");
    let fetched = lab.fetch(1, "http://www.lab.test/page", FetchOptions::default());
    assert_eq!(fetched.body.len(), 5_000);
    let mut capture = Capture::default();
    capture.add_interface(Interface::ethernet("sim0", None));
    for (number, seen) in (1..).zip(sightings(lab.network.passages(), lab.page.id())) {
        if seen.id.is_some() {
            let id = FrameId::received(number);
            capture.push(Frame::new(id, seen.at, Direction::Unknown, &seen.bytes));
        }
    }
    let syn = capture.frames().len() - 1;
    assert!(capture.comment(syn, "the last of them"));
    capture
}

fn draw(capture: &Path, more: &[&str]) -> Result<Output> {
    let output = Command::new(env!("CARGO_BIN_EXE_synema"))
        .arg("draw")
        .arg(capture)
        .args(more)
        .stdin(Stdio::null())
        .output()?;
    Ok(output)
}

#[test]
fn a_capture_is_drawn_in_each_form() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let capture = folder.path().join("fetch.pcapng");
    file::write_pcapng(&fetch(), std::fs::File::create(&capture)?)?;
    let drawn = |name: &str, more: &[&str]| -> Result<Vec<u8>> {
        let path = folder.path().join(name);
        let path = path.to_str().ok_or("a name in UTF-8")?;
        let output = draw(&capture, &[&["-o", path], more].concat())?;
        assert!(output.status.success(), "{name}: {output:?}");
        assert!(output.stdout.is_empty());
        Ok(std::fs::read(path)?)
    };
    let words = |name: &str, more: &[&str]| {
        Ok::<_, Box<dyn std::error::Error>>(String::from_utf8(drawn(name, more)?)?)
    };

    let svg = words("a.svg", &["--title", "One is lost & sent again"])?;
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
    assert!(svg.contains("One is lost &amp; sent again</title>"));
    assert!(!svg.contains("foreignObject") && !svg.contains("<script"));
    assert!(svg.contains("width=\"900\""));
    let narrow = words(
        "b.svg",
        &["--width", "500", "--theme", "dark", "--stream", "0"],
    )?;
    assert!(narrow.contains("width=\"500\"") && narrow.len() < svg.len());
    assert_ne!(
        words("c.svg", &["--axis", "time"])?,
        words("c.svg", &["--axis", "rows"])?
    );

    let text = words("a.txt", &["--stream", "0"])?;
    assert!(
        text.contains("SYN number 0") && text.contains("again (1), has "),
        "{text}"
    );
    assert!(
        !text.contains("lab.test?"),
        "DNS is no part of the conversation"
    );
    let acks = words("c.txt", &["--filter", "tcp.analysis.duplicate_ack"])?;
    let drawn_acks: Vec<_> = acks
        .lines()
        .filter(|line| line.contains("again ("))
        .collect();
    assert_eq!(drawn_acks.len(), 2, "{acks}");
    assert!(!acks.contains("router") && !acks.contains("SYN"), "{acks}");
    let ends = words("d.svg", &["--filter", "tcp.analysis.duplicate_ack"])?;
    assert!(ends.len() < svg.len() && ends.contains("ESTABLISHED"));
    assert!(words("b.txt", &["--labels", "numbers"])?.contains("win "));
    assert!(words("a.md", &[])?.contains("## Notes\n\n- packet "));
    let shown = words("shown.md", &["--picture"])?;
    assert!(shown.contains("](<shown.svg>)\n\n```text\n"), "{shown}");
    let beside = std::fs::read_to_string(folder.path().join("shown.svg"))?;
    assert!(beside.starts_with("<svg "));
    let page = words("a.html", &[])?;
    assert!(page.starts_with("<!doctype html>") && page.contains(": the last of them</li>"));
    let mermaid = words("a.mmd", &[])?;
    assert!(mermaid.starts_with("sequenceDiagram\n") && mermaid.contains("the last of them"));

    // With no name for it, text; from a pipe as well.
    let plain = draw(&capture, &["--stream", "0"])?;
    assert_eq!(String::from_utf8(plain.stdout)?, text);
    Ok(())
}

#[test]
fn a_png_is_made_where_there_are_fonts() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let capture = folder.path().join("fetch.pcapng");
    file::write_pcapng(&fetch(), std::fs::File::create(&capture)?)?;
    let path = folder.path().join("a.png");
    let name = path.to_str().ok_or("a name in UTF-8")?;
    let output = draw(&capture, &["-o", name, "--width", "640"])?;
    if output.status.success() {
        let png = std::fs::read(&path)?;
        assert_eq!(png[..8], *b"\x89PNG\r\n\x1a\n");
        // Twice as fine as told.
        assert_eq!(png[16..20], 1_280_u32.to_be_bytes());
    } else {
        let said = String::from_utf8(output.stderr)?;
        assert_eq!(output.status.code(), Some(10), "{said}");
        assert!(said.contains("fonts"), "{said}");
    }
    Ok(())
}

#[test]
fn what_cannot_be_drawn_is_said_with_the_next_step() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let capture = folder.path().join("fetch.pcapng");
    let mut bytes = Vec::new();
    file::write_pcapng(&fetch(), &mut bytes)?;
    std::fs::write(&capture, &bytes)?;
    let missing = folder.path().join("no").join("a.svg");
    let missing = missing.to_str().ok_or("a name in UTF-8")?;
    for (arguments, code, words) in [
        (&["-o", "a.gif"][..], 2, "does not say what to draw"),
        (
            &["-o", "a.svg", "--picture"],
            2,
            "--picture is for Markdown",
        ),
        (&["--stream", "9"], 2, "the only one is --stream 0"),
        (&["--filter", "icmp"], 2, "no packet of this capture"),
        (
            &["--filter", "icmp &&"],
            2,
            "it ends where a field is expected",
        ),
        (&["-o", missing], 12, "cannot be written"),
    ] {
        let output = draw(&capture, arguments)?;
        let said = String::from_utf8(output.stderr)?;
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(said.contains(words) && said.contains("next:"), "{said}");
    }

    // Cut short: drawn as far as it goes, and said so.
    bytes.truncate(bytes.len() - 5);
    std::fs::write(&capture, &bytes)?;
    let cut = draw(&capture, &[])?;
    assert_eq!(cut.status.code(), Some(13));
    assert!(String::from_utf8(cut.stdout)?.contains("SYN number 0"));
    Ok(())
}

#[test]
fn a_part_of_a_capture_is_drawn_and_too_much_of_one_is_not() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let short = folder.path().join("fetch.pcapng");
    file::write_pcapng(&fetch(), std::fs::File::create(&short)?)?;
    let rows = |rows: &str| draw(&short, &["--axis", "rows", "--rows", rows]);
    let text = String::from_utf8(rows("3-5")?.stdout)?;
    assert_eq!(text.matches(['►', '◄', '×']).count(), 3, "{text}");
    let refused = rows("5000-")?;
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
    assert!(String::from_utf8(refused.stderr)?.contains("no packet has one of these numbers"));
    assert!(!rows("7-3")?.status.success());

    let mut long = Capture::default();
    for number in 1..=10_001 {
        let at = synema_core::time::Instant::from_millis(number);
        let id = FrameId::received(number);
        long.push(Frame::new(id, at, Direction::Unknown, &[0xff; 14]));
    }
    let capture = folder.path().join("long.pcapng");
    file::write_pcapng(&long, std::fs::File::create(&capture)?)?;
    let picture = folder.path().join("long.svg");
    let picture = picture.to_str().ok_or("a name in UTF-8")?;
    let refused = draw(&capture, &["-o", picture])?;
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
    let said = String::from_utf8(refused.stderr)?;
    assert!(
        said.contains("10001 packets") && said.contains("--rows"),
        "{said}"
    );
    let drawn = draw(&capture, &["-o", picture, "--rows", "9000-9010"])?;
    assert!(drawn.status.success(), "{drawn:?}");
    Ok(())
}
