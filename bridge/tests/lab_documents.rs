//! Documents in other programs' hands: what editcap, mergecap and tshark make of ours, and we of theirs.
#![cfg(target_os = "linux")]

/// The documents by chance of `diagram`'s own tests; it knows these two by the names below.
#[path = "../../diagram/src/testing/made.rs"]
mod made;

use synema_diagram::{annotate, capture};

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use std::ffi::OsStr;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use synema_core::app::session::FetchOptions;
use synema_core::tcp::Policy;
use synema_core::time::{Duration, Instant};
use synema_core::trace::{Cause, ConnId, Event, FrameId, Record, TimerKind};
use synema_diagram::annotate::{Bracket, Edit, Note, NoteId, On, listing};
use synema_diagram::capture::{Capture, Direction, Fate, Frame, Interface, file};
use synema_sim::{Chosen, Conditions, HttpServer, Lab, Page, sightings};
use tempfile::TempDir;

/// So many documents are made by chance.
const MADE: u32 = 10;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// A fetch that lost a segment, as a simulator tells it: with both ends' times, causes, what was never seen
/// here, and records.
fn fetch() -> Capture {
    let way = Conditions::delay(Duration::from_millis(10)).losing(&[Chosen::TcpData(2)]);
    let web = HttpServer::new(Policy::rfc()).with_page("/page", Page::new(&[b'x'; 5_000]));
    let mut lab = Lab::new(1, way, web);
    assert!(lab.claim().is_some(), "nobody else has the address");
    lab.fetch(1, "http://www.lab.test/page", FetchOptions::default());
    let mut capture = Capture::default();
    capture.add_interface(Interface::ethernet("sim0", None));
    capture.add_interface(Interface::ethernet("sim1", None));
    for (number, seen) in (1u64..).zip(sightings(lab.network.passages(), lab.page.id())) {
        let id = match number % 3 {
            0 => FrameId::sent(number),
            _ => FrameId::received(number),
        };
        let direction = match number % 3 {
            0 => Direction::Sent,
            1 => Direction::Received,
            _ => Direction::Unknown,
        };
        let mut frame = Frame::new(id, seen.at, direction, &seen.bytes);
        frame.interface = u32::from(number % 5 == 0);
        frame.cause = (number % 4 == 0).then_some(Cause::DelayedAckTimer);
        frame.other_end = (number % 2 == 0).then(|| seen.at + Duration::from_millis(10));
        frame.drops_before = u64::from(number % 7 == 0);
        if number % 11 == 0 {
            frame.fate = Fate::NeverSeen;
        }
        capture.push(frame);
    }
    capture.record(Record {
        at: Instant::from_millis(3),
        event: Event::TimerArmed {
            conn: ConnId(1),
            timer: TimerKind::Retransmission,
            deadline: Instant::from_millis(1_003),
        },
    });
    capture
}

/// Everything that can be written on a capture.
fn written_on(mut capture: Capture) -> Result<Capture> {
    let packet = |number: usize| capture.frames()[number - 1].id;
    let long = "very long ä€ ".repeat(7_000);
    let lane = "192.0.2.1".parse()?;
    let field = |number, field: &str| On::Field {
        packet: packet(number),
        field: field.into(),
    };
    let (from, to) = (capture.frames()[2].at, capture.frames()[9].at);
    let notes = [
        (4, On::Packet(packet(3)), "three"),
        (
            7,
            On::Packet(packet(3)),
            "two lines,\nthe second: ünïcödé 🦀",
        ),
        (2, field(4, "tcp.window_size_value"), "no room"),
        (9, On::Packet(packet(5)), long.as_str()),
        (10, On::Time { from, to }, "nothing happens"),
        (11, On::Lane(lane), "a lane"),
        (
            12,
            On::Packet(FrameId::sent(999)),
            "on a packet that is not there",
        ),
    ];
    let mut edits: Vec<_> = notes
        .into_iter()
        .map(|(id, on, text)| {
            let (id, text) = (NoteId(id), text.to_owned());
            Edit::write(Note { id, on, text })
        })
        .collect();
    edits.extend([
        Edit::Title("A loss".into()),
        Edit::Summary("What happens\nwhen a segment is lost".into()),
        Edit::draw(Bracket {
            id: NoteId(3),
            from: packet(2),
            to: packet(6),
            text: "RTO".into(),
        }),
        Edit::highlight([packet(1), packet(7)], true),
        Edit::hide([packet(8), packet(9)], true),
        Edit::LaneName(lane, Some("the page".into())),
        Edit::LaneName("02:00:00:00:00:07".parse()?, Some("a card".into())),
    ]);
    capture.annotate(Edit::All(edits));
    Ok(capture)
}

struct Room(TempDir);

impl Room {
    fn new() -> Result<Self> {
        Ok(Self(tempfile::tempdir()?))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, capture: &Capture) -> Result<PathBuf> {
        let path = self.path(name);
        file::write_pcapng(capture, File::create(&path)?)?;
        Ok(path)
    }
}

fn read(path: &Path) -> Result<Capture> {
    let opened = file::read(&std::fs::read(path)?)?;
    assert_eq!((opened.stopped, opened.warnings), (None, Vec::new()));
    Ok(opened.capture)
}

fn annotate(file: &Path, arguments: &[&str]) -> Result<Output> {
    let output = Command::new(env!("CARGO_BIN_EXE_synema"))
        .arg("annotate")
        .arg(file)
        .args(arguments)
        .stdin(Stdio::null())
        .output()?;
    Ok(output)
}

fn words(arguments: &[&str]) -> Vec<&'static OsStr> {
    // They live as long as the test.
    let leak = |word: &&str| OsStr::new(Box::leak((*word).to_owned().into_boxed_str()) as &str);
    arguments.iter().map(leak).collect()
}

fn assert_same(one: &Capture, other: &Capture, what: &str) {
    assert_eq!(one.annotations(), other.annotations(), "{what}");
    assert_eq!(one.interfaces(), other.interfaces(), "{what}");
    assert_eq!(one.frames(), other.frames(), "{what}");
    assert_eq!(one.records(), other.records(), "{what}");
}

#[test]
fn a_document_that_others_wrote_again_is_the_same() -> Result<()> {
    let room = Room::new()?;
    let capture = written_on(fetch())?;
    let path = room.write("ours.pcapng", &capture)?;
    assert_eq!(judge::complaints(&path)?, [] as [&str; 0]);
    let ours = path.to_str().ok_or("a name in UTF-8")?;
    let again = room.path("again.pcapng");
    let theirs = again.to_str().ok_or("a name in UTF-8")?;
    for command in [
        vec!["editcap", ours, theirs],
        vec!["editcap", "-F", "pcapng", ours, theirs],
        vec!["tshark", "-r", ours, "-w", theirs],
        vec!["reordercap", ours, theirs],
    ] {
        let (program, arguments) = (command[0], &words(&command[1..]));
        judge::rewrite(program, arguments)?;
        assert_same(&read(&again)?, &capture, program);
    }
    Ok(())
}

#[test]
fn any_document_that_others_wrote_again_is_the_same() -> Result<()> {
    let room = Room::new()?;
    let mut runner = TestRunner::default();
    for number in 0..MADE {
        let made = made::captures().new_tree(&mut runner);
        let made = made
            .map_err(|reason| reason.message().to_owned())?
            .current();
        // Of a file without packets they keep nothing, not even its interfaces.
        if made.frames().is_empty() {
            continue;
        }
        let path = room.write("ours.pcapng", &made)?;
        let again = room.path("again.pcapng");
        let (ours, theirs) = (path.as_os_str(), again.as_os_str());
        judge::rewrite("editcap", &[ours, theirs])?;
        assert_same(
            &read(&again)?,
            &made,
            &format!("editcap, document {number}"),
        );
        let arguments = [OsStr::new("-r"), ours, OsStr::new("-w"), theirs];
        judge::rewrite("tshark", &arguments)?;
        assert_same(&read(&again)?, &made, &format!("tshark, document {number}"));
    }
    Ok(())
}

#[test]
fn what_is_written_on_packets_goes_where_they_go() -> Result<()> {
    let room = Room::new()?;
    let capture = written_on(fetch())?;
    let path = room.write("ours.pcapng", &capture)?;
    let again = room.path("some.pcapng");
    let (ours, theirs) = (path.as_os_str(), again.as_os_str());
    let mut arguments = words(&["-r"]);
    arguments.extend([ours, theirs]);
    arguments.extend(words(&["2-4", "6", "8"]));
    judge::rewrite("editcap", &arguments)?;
    let some = read(&again)?;
    let kept: Vec<_> = [2, 3, 4, 6, 8]
        .into_iter()
        .map(|number: usize| capture.frames()[number - 1].clone())
        .collect();
    assert_eq!(some.frames(), kept);
    assert_eq!(
        listing(&some)
            .lines()
            .filter(|line| !line.contains(" s: "))
            .collect::<Vec<_>>(),
        [
            "title: A loss",
            "summary: What happens",
            "    when a segment is lost",
            "packet 2: three",
            "packet 2: two lines,",
            "    the second: ünïcödé 🦀",
            "packet 3, tcp.window_size_value: no room",
            "lane 192.0.2.1: a lane",
            "packet ?: on a packet that is not there",
            "bracket 1-4: RTO",
            "lane 192.0.2.1 is called: the page",
            "lane 02:00:00:00:00:07 is called: a card",
            "hidden: 5",
        ]
    );
    Ok(())
}

/// What nobody has given a name is not taken for what something is written on.
#[test]
fn of_a_foreign_capture_what_is_cut_out_leaves_no_name_behind() -> Result<()> {
    let room = Room::new()?;
    let mut capture = Capture::default();
    for number in 1..=9 {
        let at = Instant::from_millis(number);
        let id = FrameId::received(number);
        capture.push(Frame::new(id, at, Direction::Unknown, &[number as u8; 60]));
    }
    let packet = FrameId::received;
    capture.annotate(Edit::draw(Bracket {
        id: NoteId(1),
        from: packet(2),
        to: packet(7),
        text: "from the second to the seventh".into(),
    }));
    capture.annotate(Edit::hide([packet(8)], true));
    let path = room.write("ours.pcapng", &capture)?;
    let again = room.path("some.pcapng");
    let mut arguments = words(&["-r"]);
    arguments.extend([path.as_os_str(), again.as_os_str()]);
    arguments.extend(words(&["1", "3-9"]));
    judge::rewrite("editcap", &arguments)?;
    let some = read(&again)?;
    assert_eq!(
        listing(&some),
        "bracket ?-6: from the second to the seventh\nhidden: 7\n"
    );
    let bytes: Vec<_> = some.frames().iter().map(|frame| frame.bytes[0]).collect();
    assert_eq!(bytes, [1, 3, 4, 5, 6, 7, 8, 9]);
    Ok(())
}

#[test]
fn notes_are_comments_and_comments_are_notes() -> Result<()> {
    let room = Room::new()?;
    let path = room.write("fetch.pcapng", &fetch())?;
    let told = room.path("told.pcapng");
    let name = told.to_str().ok_or("a name in UTF-8")?;
    let output = annotate(
        &path,
        &[
            "--note",
            "3=the third",
            "--field",
            "4:ip.ttl=far away",
            "--title",
            "A fetch",
            "-o",
            name,
        ],
    )?;
    assert!(output.status.success(), "{output:?}");
    assert_eq!(
        judge::comments(&told)?,
        ["3\tthe third", "4\tip.ttl: far away"]
    );
    let again = room.path("again.pcapng");
    let mut arguments = words(&["-a", "3:by editcap", "-a", "5:more by editcap"]);
    arguments.extend([told.as_os_str(), again.as_os_str()]);
    judge::rewrite("editcap", &arguments)?;
    let listed = annotate(&again, &[])?;
    assert_eq!(
        String::from_utf8(listed.stdout)?,
        "title: A fetch\npacket 3: the third\npacket 3: by editcap\npacket 4, ip.ttl: far away\n\
         packet 5: more by editcap\n"
    );
    Ok(())
}

/// Two captures merged, with comments and a key: whatever their programs put into a file is there again, when
/// we wrote it.
#[test]
fn a_foreign_file_that_we_write_again_is_the_same() -> Result<()> {
    let room = Room::new()?;
    let mut capture = fetch();
    let plain = room.path("plain.pcap");
    capture.annotate(Edit::Title(String::new()));
    let ours = room.write("ours.pcapng", &capture)?;
    let mut arguments = words(&["-F", "pcap"]);
    arguments.extend([ours.as_os_str(), plain.as_os_str()]);
    // A classic capture knows one interface's frames.
    judge::rewrite("editcap", &arguments)?;
    let key = room.path("keys.txt");
    std::fs::write(&key, "CLIENT_RANDOM 00 00\n")?;
    let secret = room.path("secret.pcapng");
    let inject = format!("tls,{}", key.display());
    let mut arguments = words(&[
        "--inject-secrets",
        &inject,
        "-a",
        "2:two",
        "--capture-comment",
        "first",
        "--capture-comment",
        "second\nof two lines",
        "--capture-comment",
        "third",
    ]);
    arguments.extend([plain.as_os_str(), secret.as_os_str()]);
    judge::rewrite("editcap", &arguments)?;
    let merged = room.path("merged.pcapng");
    let mut arguments = words(&["-w"]);
    arguments.extend([merged.as_os_str(), plain.as_os_str(), secret.as_os_str()]);
    judge::rewrite("mergecap", &arguments)?;
    for path in [&secret, &merged] {
        let again = room.path("again.pcapng");
        let output = annotate(path, &["-o", again.to_str().ok_or("a name in UTF-8")?])?;
        assert!(
            output.status.success() && output.stderr.is_empty(),
            "{output:?}"
        );
        assert_eq!(
            judge::whole(&again)?,
            judge::whole(path)?,
            "{}",
            path.display()
        );
        assert_eq!(std::fs::read(&again)?.len(), std::fs::read(path)?.len());
    }
    Ok(())
}

#[test]
fn what_cannot_be_annotated_is_said_with_the_next_step() -> Result<()> {
    let room = Room::new()?;
    let capture = room.write("fetch.pcapng", &fetch())?;
    let name = capture.to_str().ok_or("a name in UTF-8")?;
    let missing = room.path("no").join("a.pcapng");
    let missing = missing.to_str().ok_or("a name in UTF-8")?;
    for (arguments, code, words) in [
        (&["--note", "1=a"][..], 2, "say -o FILE.pcapng"),
        (&["--note", "1=a", "-o", name], 2, "is the capture itself"),
        (&["--note", "999=a", "-o", "-"], 2, "there is no packet 999"),
        (
            &["--hide", "1-999999999999", "-o", "-"],
            2,
            "its packets are 1 to",
        ),
        (
            &["--note", "one=a", "-o", "-"],
            2,
            "write it like --note 12=",
        ),
        (
            &["--lane", "nobody=a", "-o", "-"],
            2,
            "is no address of a host",
        ),
        (&["--title", "a", "-o", missing], 12, "cannot be written"),
    ] {
        let output = annotate(&capture, arguments)?;
        let said = String::from_utf8(output.stderr)?;
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(said.contains(words) && said.contains("next:"), "{said}");
    }
    // The capture is what it was.
    assert_same(&read(&capture)?, &fetch(), "after all this");
    Ok(())
}
