//! 20 MiB each way between our stack and the kernel's, over ways that delay, lose, reorder, double and corrupt.
//!
//! ```text
//!   we receive   synema curl --lab  ◄── way ◄── the kernel's web server
//!   we send      synema serve-http --lab  ──► way ──► the kernel behind it ──► a door ──► here
//! ```

use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use rustix::process::{Pid, Signal, kill_process};

use super::{folder::Folder, same_body};

/// The body's length, bytes.
pub(super) const LEN: u32 = 20 << 20;
/// What takes longer hangs, seconds.
const PATIENCE_S: &str = "300";

/// Who sends the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sender {
    TheKernel,
    Synema,
}

/// What all transfers have in common.
pub(super) struct Transfers<'a> {
    /// `synema`.
    pub(super) program: &'a Path,
    /// The body.
    pub(super) body: &'a Path,
    /// Its SHA-256.
    pub(super) digest: &'a str,
    /// Begin no further transfer after a failure.
    pub(super) stop: bool,
}

/// What came of them, together.
#[derive(Default)]
struct Outcomes {
    /// How long each took that was not a failure.
    taken: Vec<(Sender, Duration)>,
    failures: u32,
}

impl Transfers<'_> {
    /// Makes so many transfers, we and the kernel sending in turns, some at once; returns how many failed.
    pub(super) fn run(&self, times: u32, at_once: u32) -> u32 {
        let (next, outcomes) = (AtomicU32::new(0), Mutex::new(Outcomes::default()));
        let locked = || outcomes.lock().unwrap_or_else(PoisonError::into_inner);
        let work = || loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= times || (self.stop && locked().failures > 0) {
                break;
            }
            let sender = [Sender::TheKernel, Sender::Synema][(number % 2) as usize];
            let way = way(number / 2);
            match self.one(sender, number, &way) {
                Ok(taken) => locked().taken.push((sender, taken)),
                Err(error) => {
                    println!("{} sends, {}: {error:#}", sender.words(), way.join(" "));
                    locked().failures += 1;
                }
            }
        };
        thread::scope(|scope| {
            for _ in 0..at_once.max(1) {
                scope.spawn(work);
            }
        });
        let outcomes = locked();
        for sender in [Sender::TheKernel, Sender::Synema] {
            println!("{}", told(sender, &outcomes.taken));
        }
        outcomes.failures
    }

    /// One transfer; of one that fails, the files are kept.
    fn one(&self, sender: Sender, number: u32, way: &[String]) -> anyhow::Result<Duration> {
        let folder = Folder::new(&format!("soak-way-{number}"))?;
        let received = folder.path("body");
        let begun = Instant::now();
        let transfer = match sender {
            Sender::TheKernel => self.receive(&folder, &received, way),
            Sender::Synema => self.send(&folder, &received, way),
        };
        let taken = begun.elapsed();
        match transfer.and_then(|()| same_body(&received, self.digest)) {
            Ok(()) => Ok(taken),
            Err(error) => Err(error.context(format!(
                "its capture and body are kept in {}",
                folder.keep()?.display()
            ))),
        }
    }

    fn receive(&self, folder: &Folder, received: &Path, way: &[String]) -> anyhow::Result<()> {
        let mut command = Command::new("timeout");
        command
            .args([PATIENCE_S.as_ref(), self.program])
            .args(["curl", "--lab"])
            .arg(format!("http://www.lab.test/size/{LEN}"))
            .args(["-o".as_ref(), received])
            .args(["--capture".as_ref(), &*folder.path("run.pcapng")])
            .args(way);
        let output = command
            .stdin(Stdio::null())
            .output()
            .context("timeout does not start")?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            bail!("synema curl ended with {}: {}", output.status, said.trim());
        }
        Ok(())
    }

    fn send(&self, folder: &Folder, received: &Path, way: &[String]) -> anyhow::Result<()> {
        let served = folder.path("served");
        fs::create_dir(&served)?;
        fs::hard_link(self.body, served.join("body"))?;
        let server = Server::start(self.program, &served, &folder.path("run.pcapng"), way)?;
        let fetched = fetch(&server.address, received);
        let ended = server.stop();
        // What went wrong first is what is told.
        fetched.and(ended)
    }
}

/// `synema serve-http --lab`, and the address of the door to it.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(
        program: &Path,
        served: &Path,
        capture: &Path,
        way: &[String],
    ) -> anyhow::Result<Self> {
        let mut command = Command::new("timeout");
        command
            .args([PATIENCE_S.as_ref(), program])
            .args(["serve-http", "--lab", "--listen", "127.0.0.1:0"])
            .args(["--capture".as_ref(), capture, served])
            .args(way);
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("timeout does not start")?;
        let said = child.stdout.take().context("its output is piped")?;
        let door = BufReader::new(said).lines().find_map(|line| {
            let line = line.ok()?;
            let (_, address) = line.split_once("in the lab: http://")?;
            Some(address.trim_end_matches('/').to_owned())
        });
        match door {
            Some(address) => Ok(Self { child, address }),
            None => bail!("synema serve-http ended with {}", child.wait()?),
        }
    }

    /// `timeout` hands the signal on; the capture is written then.
    fn stop(mut self) -> anyhow::Result<()> {
        kill_process(Pid::from_child(&self.child), Signal::TERM).context("it has ended")?;
        self.child.wait().context("it is our child")?;
        Ok(())
    }
}

/// Fetches `/body` into a file. The body is compared by its digest, so that nothing more is looked at than where
/// it begins.
fn fetch(address: &str, into: &Path) -> anyhow::Result<()> {
    let stream = TcpStream::connect(address).context("nobody opens the door")?;
    stream.set_read_timeout(Some(Duration::from_secs(120)))?;
    let request = format!("GET /body HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    (&stream).write_all(request.as_bytes())?;
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    while line != "\r\n" {
        line.clear();
        if stream.read_line(&mut line).context("no answer")? == 0 {
            bail!("the connection ended before the head did");
        }
    }
    let mut file = File::create(into)?;
    let len = io::copy(&mut stream.by_ref(), &mut file).context("the body was cut off")?;
    if len != u64::from(LEN) {
        bail!("{len} bytes of {LEN} came");
    }
    Ok(())
}

impl Sender {
    fn words(self) -> &'static str {
        match self {
            Self::TheKernel => "the kernel",
            Self::Synema => "synema",
        }
    }
}

fn told(sender: Sender, taken: &[(Sender, Duration)]) -> String {
    let its = taken.iter().filter(|(other, _)| *other == sender);
    let mut its: Vec<f64> = its.map(|(_, taken)| taken.as_secs_f64()).collect();
    its.sort_by(f64::total_cmp);
    let words = sender.words();
    match (its.get(its.len() / 2), its.last()) {
        (Some(median), Some(slowest)) => format!(
            "{LEN} bytes over impaired ways, {words} sends: {} identical, median {median:.2} s, slowest {slowest:.2} s",
            its.len()
        ),
        _ => format!("{LEN} bytes over impaired ways, {words} sends: none identical"),
    }
}

/// The nth way: every mixture of delay, loss and the rest comes in its turn, each time with another seed; few of
/// them are mixed as well as many.
fn way(number: u32) -> Vec<String> {
    // Shares no factor with the number of mixtures, 3 x 3 x 2 x 2 x 2 x 2.
    const STRIDE: u32 = 67;
    let mut rest = number.wrapping_mul(STRIDE);
    let mut pick = |values: &[&'static str]| {
        let count = u32::try_from(values.len()).unwrap_or(u32::MAX);
        let value = values[(rest % count) as usize];
        rest /= count;
        value
    };
    let seed = number.to_string();
    let settings = [
        ("--delay", pick(&["1", "5", "10"])),
        ("--loss", pick(&["0", "0.1", "1"])),
        ("--reorder", pick(&["0", "1"])),
        ("--duplicate", pick(&["0", "1"])),
        ("--corrupt", pick(&["0", "0.1"])),
        ("--jitter", pick(&["0", "2"])),
        ("--seed", &seed),
    ];
    let spelled = settings.iter().flat_map(|(name, value)| [*name, *value]);
    spelled.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::way;

    #[test]
    fn every_mixture_comes_once_before_any_comes_again() {
        let mixture = |number| way(number)[..12].to_vec();
        let mixtures: BTreeSet<_> = (0..144).map(mixture).collect();
        assert_eq!(mixtures.len(), 144);
        assert_eq!(mixture(144), mixture(0));
    }

    #[test]
    fn a_hundred_mixtures_hold_every_hardship_often() {
        let holds = |name: &str, none: &str| {
            let differs = |way: &Vec<String>| {
                let at = way.iter().position(|word| word == name).unwrap();
                way[at + 1] != none
            };
            (0..100).map(way).filter(differs).count()
        };
        for name in [
            "--loss",
            "--reorder",
            "--duplicate",
            "--corrupt",
            "--jitter",
        ] {
            let count = holds(name, "0");
            assert!((35..=75).contains(&count), "{name}: {count}");
        }
    }
}
