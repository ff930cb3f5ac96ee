//! Pictures and pages that `synema draw` made, opened again.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use synema_core::time::Instant;
use synema_core::trace::FrameId;
use synema_core::wire::{MacAddr, ethernet};
use synema_diagram::annotate::Edit;
use synema_diagram::capture::{Capture, Direction, Frame, Interface, file};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// What packets carry, in none of which it may be found unless it is asked for.
const SECRET: &[u8] = b"what nobody but the two of them should read";

/// Three datagrams between two hosts, the second one hidden.
fn talk() -> Capture {
    let mut capture = Capture::default();
    capture.add_interface(Interface::ethernet("lab0", None));
    for number in 1..=3_u8 {
        let (source, destination) = (MacAddr([2, 0, 0, 0, 0, 1]), MacAddr([2, 0, 0, 0, 0, 2]));
        let udp = [
            &[0x30, 0x39, 0x30, 0x3a, 0, 8 + SECRET.len() as u8, 0, 0],
            SECRET,
        ]
        .concat();
        let len = 20 + udp.len() as u8;
        let header = [
            0x45, 0, 0, len, 0, number, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2,
        ];
        let mut bytes = [&destination.0[..], &source.0, &[8, 0]].concat();
        assert_eq!(bytes.len(), ethernet::HEADER_LEN);
        bytes.extend_from_slice(&header);
        bytes.extend_from_slice(&udp);
        let at = Instant::from_millis(number.into());
        let id = FrameId::received(number.into());
        capture.push(Frame::new(id, at, Direction::Unknown, &bytes));
    }
    capture.comment(2, "the last");
    capture.annotate(Edit::Title("Two who talk".into()));
    capture.annotate(Edit::hide([FrameId::received(2)], true));
    capture
}

fn synema(arguments: &[&str], file: &Path) -> Result<Output> {
    let output = Command::new(env!("CARGO_BIN_EXE_synema"))
        .args(arguments)
        .arg(file)
        .stdin(Stdio::null())
        .output()?;
    Ok(output)
}

#[test]
fn what_was_drawn_is_opened_again() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let capture = folder.path().join("talk.pcapng");
    file::write_pcapng(&talk(), std::fs::File::create(&capture)?)?;
    for ending in ["svg", "html", "png"] {
        for (payload, more) in [(false, &[][..]), (true, &["--payload"])] {
            let picture = folder.path().join(format!("talk.{ending}"));
            let name = picture.to_str().ok_or("a name in UTF-8")?;
            let drawn = synema(&[&["draw", "-o", name], more].concat(), &capture)?;
            if ending == "png" && drawn.status.code() == Some(10) {
                // A machine without fonts makes no PNG.
                continue;
            }
            assert!(drawn.status.success(), "{drawn:?}");
            let opened = file::read(&std::fs::read(&picture)?)?.capture;
            // The packets that are seen, and what is written on them.
            assert_eq!(opened.frames().len(), 2, "{ending}");
            let whole = talk();
            for (part, index) in opened.frames().iter().zip([0, 2]) {
                let frame = &whole.frames()[index];
                let len = if payload {
                    frame.bytes.len()
                } else {
                    14 + 20 + 8
                };
                assert_eq!(*part.bytes, frame.bytes[..len], "{ending}");
                assert_eq!(part.original_len, frame.original_len);
                assert_eq!((part.id, part.at), (frame.id, frame.at));
            }
            let listed = synema(&["annotate"], &picture)?;
            assert_eq!(
                String::from_utf8(listed.stdout)?,
                "title: Two who talk\npacket 2: the last\n"
            );
        }
    }
    Ok(())
}

#[test]
fn a_link_holds_what_it_is_of_and_is_opened_again() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let capture = folder.path().join("talk.pcapng");
    file::write_pcapng(&talk(), std::fs::File::create(&capture)?)?;
    let viewer = ["link", "--viewer", "https://viewer.example/app"];
    let linked = synema(&[&viewer[..], &["--packets", "3"]].concat(), &capture)?;
    assert!(linked.status.success(), "{linked:?}");
    let link = String::from_utf8(linked.stdout)?;
    let link = link.trim();
    assert!(
        link.starts_with("https://viewer.example/app#d=") && link.len() < 500,
        "{link}"
    );
    let listed = synema(&["annotate"], Path::new(link))?;
    assert_eq!(
        String::from_utf8(listed.stdout)?,
        "title: Two who talk\npacket 1: the last\n"
    );
    for (arguments, file, code, words) in [
        (
            &["--packets", "9"][..],
            &*capture,
            2,
            "its packets are 1 to 3",
        ),
        (
            &["--packets", "x"],
            &capture,
            2,
            "write it like --packets 5,7-9",
        ),
        (
            &[],
            Path::new("https://viewer.example/#d=A"),
            13,
            "copy the whole of it again",
        ),
    ] {
        let refused = synema(&[&viewer[..], arguments].concat(), file)?;
        let said = String::from_utf8(refused.stderr)?;
        assert_eq!(refused.status.code(), Some(code), "{said}");
        assert!(said.contains(words) && said.contains("next:"), "{said}");
    }

    // Too many packets for a link.
    let mut long = talk();
    for number in 10..2_000_u64 {
        let mut frame = long.frames()[0].clone();
        frame.id = FrameId::received(number);
        frame.at = Instant::from_nanos(number.pow(3).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 16);
        long.push(frame);
    }
    file::write_pcapng(&long, std::fs::File::create(&capture)?)?;
    let refused = synema(&viewer, &capture)?;
    let said = String::from_utf8(refused.stderr)?;
    assert_eq!(refused.status.code(), Some(2), "{said}");
    assert!(said.contains("send the file itself"), "{said}");
    Ok(())
}

#[test]
fn a_bare_picture_says_what_to_open_instead() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let capture = folder.path().join("talk.pcapng");
    file::write_pcapng(&talk(), std::fs::File::create(&capture)?)?;
    for ending in ["svg", "html"] {
        let picture = folder.path().join(format!("talk.{ending}"));
        let name = picture.to_str().ok_or("a name in UTF-8")?;
        let drawn = synema(&["draw", "--bare", "-o", name], &capture)?;
        assert!(drawn.status.success(), "{drawn:?}");
        let refused = synema(&["draw"], &picture)?;
        let said = String::from_utf8(refused.stderr)?;
        assert_eq!(refused.status.code(), Some(13), "{said}");
        assert!(
            said.contains("carries no document; open the capture"),
            "{said}"
        );
    }
    Ok(())
}
