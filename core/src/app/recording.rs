//! A run, kept: every call on a session, so that it can be had again to the byte.
//!
//! ```text
//!   driver --calls--> RecordedSession --> Session          now
//!                          |
//!                          v
//!                      Recording --bytes--> a file, a link
//!                          |
//!                          v
//!                       replay --> the same trace, frames and digest,
//!                                  natively and in wasm     later
//! ```
//!
//! Besides the inputs the polls are kept, as counts: a session's answer depends
//! on when its events are taken (see [`session`](super::session) on
//! backpressure), and a replay must take them at the same points.

use super::session::{Command, Input, Session, SessionConfig, SessionEvent};
use crate::time::Instant;
use crate::trace::{FrameId, Observer, Record};
use core::fmt;
use core::hash::Hasher;
use serde::{Deserialize, Serialize};
use siphasher::sip128::{Hasher128, SipHasher24};

/// The version of the encoding.
const VERSION: u16 = 1;
/// What every encoded recording begins with.
const MAGIC: &[u8; 8] = b"synemar\n";

/// A run of a session: how it began, and every call on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recording {
    /// How the session began.
    pub config: SessionConfig,
    /// The calls, in their order.
    pub calls: Vec<Call>,
    /// Whether these are all: recording ends when it has no more room.
    pub is_complete: bool,
}

/// One call on a session, or several of the same kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Call {
    /// [`Session::handle`].
    Handle {
        /// When.
        at: Instant,
        /// What.
        input: OwnedInput,
    },
    /// [`Session::poll_event`], so many times.
    PollEvent {
        /// How often.
        count: u32,
    },
    /// [`Session::poll_transmit`], so many times.
    PollTransmit {
        /// When.
        at: Instant,
        /// How often.
        count: u32,
    },
}

/// An [`Input`] with its own bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OwnedInput {
    /// A frame came in.
    Frame {
        /// Its id.
        id: FrameId,
        /// Its bytes.
        #[serde(with = "serde_bytes")]
        bytes: Vec<u8>,
    },
    /// A time had come.
    Timeout,
    /// Somebody wanted something.
    Command(Command),
}

/// What a replay gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay {
    /// The trace.
    pub records: Vec<Record>,
    /// How many frames went out.
    pub frames_sent: u64,
    /// Over the trace, the frames and the events.
    pub digest: Digest,
}

/// A fingerprint of a run. It tells runs apart; it is no protection against
/// somebody who wants two to look the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Digest(pub [u8; 16]);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Why bytes are no recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordingError {
    /// They do not begin like one.
    NotARecording,
    /// Another version's.
    Version(u16),
    /// They are damaged.
    Damaged,
}

impl fmt::Display for RecordingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotARecording => {
                f.write_str("this is no recording of a run; choose another file")
            }
            Self::Version(version) => write!(
                f,
                "the recording is of version {version}, and this program reads {VERSION}; use the program that made it"
            ),
            Self::Damaged => {
                f.write_str("the recording is damaged; fetch it again from where it came")
            }
        }
    }
}

impl core::error::Error for RecordingError {}

impl Recording {
    /// The recording as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        postcard::to_extend(self, bytes)
            .expect("a Vec takes any length, and every value has an encoding")
    }

    /// The recording that these bytes are.
    ///
    /// # Errors
    /// When they are none, or cannot be read.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, RecordingError> {
        let rest = bytes
            .strip_prefix(MAGIC)
            .ok_or(RecordingError::NotARecording)?;
        let [low, high, rest @ ..] = rest else {
            return Err(RecordingError::Damaged);
        };
        match u16::from_le_bytes([*low, *high]) {
            VERSION => postcard::from_bytes(rest).map_err(|_| RecordingError::Damaged),
            version => Err(RecordingError::Version(version)),
        }
    }
}

/// Runs a recording again.
pub fn replay(recording: &Recording) -> Replay {
    let mut session = Session::new(recording.config, Vec::new());
    let mut hasher = SipHasher24::new();
    let mut frame = Vec::new();
    let mut frames_sent = 0;
    for call in &recording.calls {
        match call {
            Call::Handle { at, input } => session.handle(*at, input.borrow()),
            // Once there is nothing, there is nothing however often one asks.
            Call::PollEvent { count } => {
                for _ in 0..*count {
                    let Some(event) = session.poll_event() else {
                        break;
                    };
                    hash(&mut hasher, &event);
                }
            }
            Call::PollTransmit { at, count } => {
                for _ in 0..*count {
                    let Some(id) = session.poll_transmit(*at, &mut frame) else {
                        break;
                    };
                    frames_sent += 1;
                    hash(&mut hasher, &(id, frame.as_slice()));
                }
            }
        }
    }
    let records = core::mem::take(session.observer_mut());
    hash(&mut hasher, &records);
    Replay {
        records,
        frames_sent,
        digest: Digest(hasher.finish128().as_bytes()),
    }
}

fn hash(hasher: &mut SipHasher24, value: &impl Serialize) {
    let bytes = postcard::to_allocvec(value)
        .expect("a Vec takes any length, and every value has an encoding");
    hasher.write(&(bytes.len() as u64).to_le_bytes());
    hasher.write(&bytes);
}

impl OwnedInput {
    fn borrow(&self) -> Input<'_> {
        match self {
            Self::Frame { id, bytes } => Input::Frame { id: *id, bytes },
            Self::Timeout => Input::Timeout,
            Self::Command(command) => Input::Command(command.clone()),
        }
    }
}

impl From<&Input<'_>> for OwnedInput {
    fn from(input: &Input<'_>) -> Self {
        match input {
            Input::Frame { id, bytes } => Self::Frame {
                id: *id,
                bytes: bytes.to_vec(),
            },
            Input::Timeout => Self::Timeout,
            Input::Command(command) => Self::Command(command.clone()),
        }
    }
}

/// A session whose run is kept. Its calls are the session's own.
#[derive(Debug)]
pub struct RecordedSession<O: Observer> {
    session: Session<O>,
    recording: Recording,
    /// Bytes of frames that may still be kept.
    room: u64,
}

impl<O: Observer> RecordedSession<O> {
    /// A session, and a recording that keeps up to `max_len` bytes of frames.
    pub fn new(config: SessionConfig, observer: O, max_len: u64) -> Self {
        Self {
            session: Session::new(config, observer),
            recording: Recording {
                config,
                calls: Vec::new(),
                is_complete: true,
            },
            room: max_len,
        }
    }

    /// See [`Session::handle`].
    pub fn handle(&mut self, now: Instant, input: Input<'_>) {
        let len = match &input {
            Input::Frame { bytes, .. } => bytes.len() as u64,
            Input::Timeout | Input::Command(_) => 0,
        };
        match self.room.checked_sub(len) {
            Some(room) => self.room = room,
            None => self.recording.is_complete = false,
        }
        self.keep(|| Call::Handle {
            at: now,
            input: OwnedInput::from(&input),
        });
        self.session.handle(now, input);
    }

    /// See [`Session::poll_event`].
    pub fn poll_event(&mut self) -> Option<SessionEvent> {
        match self.recording.calls.last_mut() {
            Some(Call::PollEvent { count }) if *count < u32::MAX => *count += 1,
            _ => self.keep(|| Call::PollEvent { count: 1 }),
        }
        self.session.poll_event()
    }

    /// See [`Session::poll_transmit`].
    pub fn poll_transmit(&mut self, now: Instant, frame: &mut Vec<u8>) -> Option<FrameId> {
        match self.recording.calls.last_mut() {
            Some(Call::PollTransmit { at, count }) if *at == now && *count < u32::MAX => {
                *count += 1;
            }
            _ => self.keep(|| Call::PollTransmit { at: now, count: 1 }),
        }
        self.session.poll_transmit(now, frame)
    }

    /// See [`Session::poll_timeout`].
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.session.poll_timeout()
    }

    /// The session, to be looked at.
    pub fn session(&self) -> &Session<O> {
        &self.session
    }

    /// Whoever is told the trace.
    pub fn observer_mut(&mut self) -> &mut O {
        self.session.observer_mut()
    }

    /// The run so far.
    pub fn recording(&self) -> &Recording {
        &self.recording
    }

    /// The whole run.
    pub fn into_recording(self) -> Recording {
        self.recording
    }

    fn keep(&mut self, call: impl FnOnce() -> Call) {
        if self.recording.is_complete {
            self.recording.calls.push(call());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::session::{ClaimCommand, ClaimTimings};
    use crate::wire::MacAddr;

    /// A fetch over a lossy wire, recorded natively by the simulator's test `replay`.
    const FETCH: &[u8] = include_bytes!("../../tests/data/fetch.recording");
    /// Its digest, as that test saw it.
    const FETCH_DIGEST: &str = include_str!("../../tests/data/fetch.digest");

    /// These tests run in wasm as well: there the same digest must come out.
    #[test]
    fn a_recorded_fetch_gives_the_same_run_everywhere() {
        let recording = Recording::from_bytes(FETCH).expect("a recording");
        assert!(recording.is_complete);
        let run = replay(&recording);
        assert!(run.frames_sent > 15 && run.records.len() > 80);
        assert_eq!(
            run.digest.to_string(),
            FETCH_DIGEST.trim(),
            "the stack does something else than it did; if it is meant to, run \
             `SYNEMA_BLESS=1 cargo test -p synema-sim --test replay` and commit the files"
        );
    }

    #[test]
    fn damaged_recordings_are_refused() {
        let whole = Recording::from_bytes(FETCH).expect("a recording");
        assert_eq!(Recording::from_bytes(&whole.to_bytes()), Ok(whole));
        assert_eq!(
            Recording::from_bytes(b"pcap"),
            Err(RecordingError::NotARecording)
        );
        assert_eq!(
            Recording::from_bytes(b"synemar\n\x07\0"),
            Err(RecordingError::Version(7))
        );
        assert_eq!(
            Recording::from_bytes(b"synemar\n"),
            Err(RecordingError::Damaged)
        );
        for len in 10..FETCH.len().min(2_000) {
            assert!(Recording::from_bytes(&FETCH[..len]).is_err(), "{len}");
        }
    }

    #[test]
    fn recording_ends_where_its_room_does() {
        let config = SessionConfig {
            mac: MacAddr([2, 0, 0, 0, 0, 1]),
            mtu: 1500,
            seed: [7; 32],
        };
        let mut session = RecordedSession::new(config, Vec::new(), 100);
        let claim = ClaimCommand {
            addr: [10, 0, 0, 9].into(),
            prefix_len: 24,
            gateway: None,
            dns: Vec::new(),
            timings: ClaimTimings::Rfc5227,
        };
        session.handle(Instant::ZERO, Input::Command(Command::Claim(claim)));
        let mut frame = Vec::new();
        while let Some(at) = session.poll_timeout() {
            session.handle(at, Input::Timeout);
            while session.poll_event().is_some() {}
            while session.poll_transmit(at, &mut frame).is_some() {}
        }
        let run = replay(session.recording());
        assert_eq!(&run.records, session.session().observer());
        assert_eq!(run.frames_sent, 5, "three probes, two announcements");
        let kept = session.recording().calls.len();
        let id = FrameId::received(0);
        session.handle(
            Instant::from_millis(99_999),
            Input::Frame {
                id,
                bytes: &[0; 101],
            },
        );
        assert!(!session.recording().is_complete);
        assert_eq!(session.recording().calls.len(), kept);
    }
}
