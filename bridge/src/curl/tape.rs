//! Everything that passed, and what the trace said of it: written as pcapng at the end,
//! however the fetch ended.

use crate::error::{Exit, Failure};
use crate::say;
use crate::serve::Ground;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use synema_core::time::Instant;
use synema_core::trace::{FrameId, Record};
use synema_diagram::capture::file::write_pcapng;
use synema_diagram::capture::{Capture, Direction, Fate, Frame, Interface, MemoryPolicy};
use synema_relay::Refusal;

/// Above so many bytes, the oldest frames are cut to their headers.
const MAX_BYTES: u64 = 1 << 30;

/// A capture under way, and the file that it will be.
#[derive(Debug)]
pub(crate) struct Tape {
    capture: Capture,
    /// Where it will be; none if it is only looked at.
    place: Option<FilePlace>,
    kernel_drops: u64,
    drops_before_next: u64,
}

#[derive(Debug)]
struct FilePlace {
    path: PathBuf,
    /// The file's name until it is whole; none when it is written in its place.
    unfinished: Option<PathBuf>,
    file: File,
}

impl Tape {
    /// Opens the file before anything is sent. It has its name only when it is whole; a device,
    /// a pipe or a link is not to be replaced by a file, and is written in its place.
    pub(crate) fn open(path: &Path, ground: &Ground) -> Result<Self, Failure> {
        let is_other = fs::symlink_metadata(path).is_ok_and(|there| !there.is_file());
        let unfinished = (!is_other).then(|| {
            let mut name = path.as_os_str().to_owned();
            name.push(".tmp");
            PathBuf::from(name)
        });
        let file = File::create(unfinished.as_deref().unwrap_or(path))
            .map_err(|error| failed(path, &error))?;
        Ok(Self {
            place: Some(FilePlace {
                path: path.to_owned(),
                unfinished,
                file,
            }),
            ..Self::unwritten(ground)
        })
    }

    /// One that is looked at when it is full, and written nowhere.
    pub(crate) fn unwritten(ground: &Ground) -> Self {
        let mut capture = Capture::with_policy(MemoryPolicy {
            max_bytes: MAX_BYTES,
            ..MemoryPolicy::default()
        });
        capture.add_interface(Interface::ethernet(&ground.interface, Some(ground.mac)));
        Self {
            capture,
            place: None,
            kernel_drops: 0,
            drops_before_next: 0,
        }
    }

    /// All that passed.
    pub(crate) fn into_capture(self) -> Capture {
        in_order(self.capture)
    }

    /// A frame came in.
    pub(crate) fn received(&mut self, id: FrameId, time_ns: u64, bytes: &[u8]) {
        let at = Instant::from_nanos(time_ns);
        let mut frame = Frame::new(id, at, Direction::Received, bytes);
        frame.drops_before = std::mem::take(&mut self.drops_before_next);
        self.capture.push(frame);
    }

    /// The kernel has dropped so many frames since the socket was opened: noted on the
    /// next that comes in.
    pub(crate) fn kernel_dropped(&mut self, total: u64) {
        self.drops_before_next += total.saturating_sub(self.kernel_drops);
        self.kernel_drops = total;
    }

    /// A frame went out, or was refused.
    pub(crate) fn sent(
        &mut self,
        id: FrameId,
        time_ns: u64,
        bytes: &[u8],
        outcome: Result<(), Refusal>,
    ) {
        let at = Instant::from_nanos(time_ns);
        let mut frame = Frame::new(id, at, Direction::Sent, bytes);
        if let Err(why) = outcome {
            frame.fate = Fate::Refused(why.words().into());
        }
        self.capture.push(frame);
    }

    /// The trace said something.
    pub(crate) fn record(&mut self, record: Record) {
        self.capture.record(record);
    }

    /// Writes the file. What does not fit into it is lost; what does, stays.
    pub(crate) fn write(self) -> Result<(), Failure> {
        let cut = self.capture.payloads_let_go();
        if cut > 0 {
            say::line(format_args!(
                "synema: the capture is long: its oldest {cut} frames keep their headers only"
            ));
        }
        let Some(place) = self.place else {
            return Ok(());
        };
        let (path, unfinished) = (place.path, place.unfinished);
        let write = || -> io::Result<()> {
            let mut out = BufWriter::new(&place.file);
            write_pcapng(&in_order(self.capture), &mut out)?;
            out.flush()?;
            drop(out);
            match &unfinished {
                Some(unfinished) => fs::rename(unfinished, &path),
                None => Ok(()),
            }
        };
        write().map_err(|error| {
            let mut failure = failed(&path, &error);
            if let Some(part) = unfinished.filter(|part| is_worth_keeping(part)) {
                failure.next_step = format!(
                    "make room, or name another place; the part that fitted is in {}",
                    part.display()
                );
            }
            failure
        })
    }
}

/// Whether anything is in the file; if not, it goes.
fn is_worth_keeping(part: &Path) -> bool {
    let has_content = fs::metadata(part).is_ok_and(|there| there.len() > 0);
    if !has_content {
        // It stays when it cannot be removed, and is as empty as before.
        let _ = fs::remove_file(part);
    }
    has_content
}

/// By the time at which frames passed: what the kernel stamped while we were sending is
/// handed to us only afterwards.
fn in_order(capture: Capture) -> Capture {
    if capture.frames().is_sorted_by_key(|frame| frame.at) {
        return capture;
    }
    let mut frames = capture.frames().to_vec();
    frames.sort_by_key(|frame| frame.at);
    let mut sorted = Capture::with_policy(MemoryPolicy::UNLIMITED);
    for interface in capture.interfaces() {
        sorted.add_interface(interface.clone());
    }
    for frame in frames {
        sorted.push(frame);
    }
    for record in capture.records() {
        sorted.record(record.clone());
    }
    sorted
}

fn failed(path: &Path, error: &io::Error) -> Failure {
    Failure::new(
        Exit::LocalIo,
        format!("the capture {} cannot be written: {error}", path.display()),
        "look at its folder, its rights, and the space that is left",
    )
}
