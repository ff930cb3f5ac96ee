//! `synema merge`: two files become one, which says how it was put together.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use synema_core::app::session::FetchOptions;
use synema_core::tcp::Policy;
use synema_core::time::{Duration, Instant};
use synema_core::trace::FrameId;
use synema_diagram::capture::{Capture, Direction, Fate, Frame, Interface, file};
use synema_sim::{Conditions, HttpServer, Lab, NodeId, Page, sightings};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn merge(near: &Path, far: &Path, out: &Path) -> Result<Output> {
    let program = Command::new(env!("CARGO_BIN_EXE_synema"))
        .arg("merge")
        .args([near, far])
        .arg("-o")
        .arg(out)
        .stdin(Stdio::null())
        .output()?;
    Ok(program)
}

/// What one machine captured, by a clock that is ahead.
fn write(lab: &Lab, node: NodeId, ahead: Duration, path: &Path) -> Result<()> {
    let mut capture = Capture::default();
    capture.add_interface(Interface::ethernet("sim0", None));
    for (number, sighting) in (1..).zip(sightings(lab.network.passages(), node)) {
        if sighting.id.is_none() {
            continue;
        }
        let since = sighting.at.since(Instant::ZERO);
        let at = Instant::from_millis(1_700_000_000_000) + since + ahead;
        let id = FrameId::received(number);
        capture.push(Frame::new(id, at, Direction::Unknown, &sighting.bytes));
    }
    file::write_pcapng(&capture, std::fs::File::create(path)?)?;
    Ok(())
}

#[test]
fn a_fetch_captured_at_both_ends_shows_what_became_of_every_packet() -> Result<()> {
    let way = Conditions {
        delay: Duration::from_millis(8),
        loss_ppm: 30_000,
        ..Conditions::default()
    };
    let web = HttpServer::new(Policy::rfc()).with_page("/page", Page::new(&[7; 100_000]));
    let mut lab = Lab::new(3, way, web);
    assert!(lab.claim().is_some(), "nobody else has the address");
    let fetched = lab.fetch(1, "http://www.lab.test/page", FetchOptions::default());
    assert_eq!(fetched.body.len(), 100_000);
    let folder = tempfile::tempdir()?;
    let [near, far, both] = ["near", "far", "both"].map(|name| folder.path().join(name));
    write(&lab, lab.page.id(), Duration::ZERO, &near)?;
    write(&lab, lab.www.id(), Duration::from_millis(1_234), &far)?;
    let output = merge(&near, &far, &both)?;
    let said = String::from_utf8(output.stderr)?;
    assert!(output.status.success(), "{said}");
    assert!(
        said.contains("The far end's clock is 1.2 s ahead of the near one's"),
        "{said}"
    );
    let opened = file::read(&std::fs::read(&both)?)?;
    let frames = opened.capture.frames();
    let count = |is: &dyn Fn(&Frame) -> bool| frames.iter().filter(|frame| is(frame)).count();
    assert!(count(&|frame| frame.other_end.is_some()) > 100, "{said}");
    assert!(count(&|frame| frame.fate == Fate::NeverSeen) > 0, "{said}");
    assert!(
        opened.capture.annotations().summary().contains("\u{b1} 8."),
        "{said}"
    );
    Ok(())
}

#[test]
fn files_that_do_not_belong_together_are_refused() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let [near, far, both] = ["near", "far", "both"].map(|name| folder.path().join(name));
    for (path, id) in [(&near, 1), (&far, 2)] {
        let mut capture = Capture::default();
        capture.add_interface(Interface::ethernet("", None));
        let frame = Frame::new(
            FrameId::received(id),
            Instant::ZERO,
            Direction::Unknown,
            &[0; 60],
        );
        capture.push(frame);
        file::write_pcapng(&capture, std::fs::File::create(path)?)?;
    }
    let refused = merge(&near, &far, &both)?;
    let said = String::from_utf8(refused.stderr)?;
    assert_eq!(refused.status.code(), Some(13), "{said}");
    assert!(
        said.contains("no packet is in both") && said.contains("next:"),
        "{said}"
    );
    assert!(!both.exists());
    Ok(())
}
