//! `synema graph`, on a simulated fetch that loses a segment.

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
    let web = HttpServer::new(Policy::rfc()).with_page("/page", Page::new(&[b'x'; 20_000]));
    let mut lab = Lab::new(1, way, web);
    assert!(lab.claim().is_some(), "nobody else has the address");
    let fetched = lab.fetch(1, "http://www.lab.test/page", FetchOptions::default());
    assert_eq!(fetched.body.len(), 20_000);
    let mut capture = Capture::default();
    capture.add_interface(Interface::ethernet("sim0", None));
    for (number, seen) in (1..).zip(sightings(lab.network.passages(), lab.page.id())) {
        if seen.id.is_some() {
            let id = FrameId::received(number);
            capture.push(Frame::new(id, seen.at, Direction::Unknown, &seen.bytes));
        }
    }
    capture
}

fn graph(capture: &Path, more: &[&str]) -> Result<Output> {
    let output = Command::new(env!("CARGO_BIN_EXE_synema"))
        .arg("graph")
        .arg(capture)
        .args(more)
        .stdin(Stdio::null())
        .output()?;
    Ok(output)
}

#[test]
fn each_kind_is_drawn_in_each_form() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let capture = folder.path().join("fetch.pcapng");
    file::write_pcapng(&fetch(), std::fs::File::create(&capture)?)?;
    for (kind, words) in [
        (&["sequence"][..], "O out of order"),
        (&["throughput"], "bit/s"),
        // The simulator's page acknowledges in no time.
        (&["rtt", "--reverse"], "from data to its ACK"),
        (&["flight"], "in flight"),
        (&["window"], "offered"),
    ] {
        let kind = &[&["--kind"], kind].concat();
        let path = folder.path().join("a.svg");
        let name = path.to_str().ok_or("a name in UTF-8")?;
        let output = graph(&capture, &[&kind[..], &["-o", name]].concat())?;
        assert!(output.status.success(), "{kind:?}: {output:?}");
        let svg = std::fs::read_to_string(&path)?;
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
        assert!(svg.contains(words), "{kind:?}: {svg}");
        let text = String::from_utf8(graph(&capture, kind)?.stdout)?;
        assert!(text.contains("since the first packet"), "{text}");
    }
    let there = String::from_utf8(graph(&capture, &[])?.stdout)?;
    let back = String::from_utf8(graph(&capture, &["--reverse"])?.stdout)?;
    assert!(there.contains("www.lab.test → ") && back.contains(" → www.lab.test"));
    Ok(())
}

#[test]
fn what_cannot_be_drawn_is_said_with_the_next_step() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let capture = folder.path().join("fetch.pcapng");
    file::write_pcapng(&fetch(), std::fs::File::create(&capture)?)?;
    for (arguments, words) in [
        (&["-o", "a.gif"][..], "does not say what to draw"),
        (&["--stream", "9"], "give --stream a number below 1"),
        (
            &["--from", "2s", "--to", "1s"],
            "let --from be less than --to",
        ),
        (&["--from", "yesterday"], "give seconds"),
        (
            &["--to", "1ns", "--from", "0", "--kind", "rtt"],
            "no round trips were seen",
        ),
    ] {
        let output = graph(&capture, arguments)?;
        let said = String::from_utf8(output.stderr)?;
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(words), "{said}");
    }
    Ok(())
}
