//! `cargo xtask soak`: the same thing over and over, until it fails or does not.
//!
//! Each fetch is made by `synema curl --lab` in a network of its own, whose peers have never heard of us; its
//! body is compared with the server's digest, and its capture shown to tshark. With the wire's offloads on
//! and off. Then both ways over a wire that impairs them. Then mangled sessions, scripts for the kernel and for
//! us, and the property tests, with many more cases than `cargo xtask test` gives them.

mod folder;
mod impaired;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context, bail};

use crate::house::House;
use folder::Folder;

/// Arguments of `cargo xtask soak`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// How often a page of 1 kB is fetched, with offloads on and again with offloads off
    #[arg(long, default_value_t = 100)]
    small: u32,
    /// How often a page of 1 MB
    #[arg(long, default_value_t = 100)]
    megabyte: u32,
    /// How often a page of 100 MB
    #[arg(long, default_value_t = 3)]
    large: u32,
    /// How often 20 MiB are transferred, in each direction by turns, over ways that delay, lose, reorder, double and
    /// corrupt
    #[arg(long, default_value_t = 200)]
    impaired: u32,
    /// How many of those go on at once: they mostly wait
    #[arg(long, default_value_t = 2)]
    at_once: u32,
    /// How many sessions between two stacks are mangled on the wire
    #[arg(long, default_value_t = 1_000_000)]
    sessions: u32,
    /// How many scripts are played to the kernel and to our stack, and what comes back compared
    #[arg(long, default_value_t = 10_000)]
    differential: u32,
    /// How many cases each property test is given; 0 leaves them out
    #[arg(long, default_value_t = 20_000)]
    cases: u32,
    /// Stop at the first failure, and keep its capture
    #[arg(long)]
    stop: bool,
}

/// What is asked of a test: so many sessions, scripts or cases.
type Test = fn(&House, u32) -> anyhow::Result<()>;

/// Fetches as often as asked, and runs the property tests.
///
/// # Errors
/// When anything failed; each failure has been shown by then.
pub(crate) fn run(house: &House, arguments: &Arguments) -> anyhow::Result<()> {
    house.cargo(&["build", "-p", "synema-bridge"])?;
    let soak = Soak {
        program: house.target().join("debug/synema"),
        folder: Folder::new("soak")?,
        stop: arguments.stop,
    };
    let (mut passed, mut failed) = (0, 0);
    for (bytes, times) in [
        (1_000, arguments.small),
        (1_000_000, arguments.megabyte),
        (100_000_000, arguments.large),
    ] {
        for offloads in ["on", "off"] {
            if times > 0 {
                let failures = soak.repeat(bytes, offloads, times)?;
                failed += failures;
                passed += times - failures;
            }
        }
    }
    if arguments.impaired > 0 {
        let failures = soak.over_impaired_ways(arguments.impaired, arguments.at_once)?;
        failed += failures;
        passed += arguments.impaired - failures;
    }
    let tests: [(&str, u32, Test); 3] = [
        ("mangled sessions", arguments.sessions, sessions),
        (
            "scripts for the kernel and us",
            arguments.differential,
            differential,
        ),
        ("cases for each property test", arguments.cases, properties),
    ];
    for (what, count, test) in tests.into_iter().filter(|(_, count, _)| *count > 0) {
        println!("{count} {what}");
        match test(house, count) {
            Ok(()) => passed += 1,
            Err(error) => {
                println!("{error:#}");
                failed += 1;
            }
        }
    }
    println!("{passed} passed, {failed} failed");
    if failed > 0 {
        bail!("not everything passed");
    }
    Ok(())
}

fn sessions(house: &House, count: u32) -> anyhow::Result<()> {
    let mut command = house.cargo_command(&["test", "--release", "--quiet", "-p", "synema-fuzz"]);
    command.args(["--test", "sessions", "--", "--nocapture"]);
    command.env("SYNEMA_SESSIONS", count.to_string());
    crate::house::run(&mut command)
}

fn differential(house: &House, count: u32) -> anyhow::Result<()> {
    let mut command = house.cargo_command(&["test", "--quiet", "-p", "synema-bridge"]);
    command.args(["--test", "lab_differential", "--", "--nocapture"]);
    command.env("SYNEMA_SCRIPTS", count.to_string());
    crate::house::run(&mut command)
}

fn properties(house: &House, cases: u32) -> anyhow::Result<()> {
    let mut command = house.cargo_command(&["test", "--release", "--quiet"]);
    for package in [
        "synema-core",
        "synema-sim",
        "synema-diagram",
        "synema-relay",
    ] {
        command.args(["-p", package]);
    }
    command.env("PROPTEST_CASES", cases.to_string());
    crate::house::run(&mut command)
}

struct Soak {
    program: PathBuf,
    folder: Folder,
    stop: bool,
}

impl Soak {
    /// Fetches so many bytes so many times; returns how often that failed.
    fn repeat(&self, bytes: u64, offloads: &str, times: u32) -> anyhow::Result<u32> {
        let url = format!("http://www.lab.test/size/{bytes}");
        let digest = self.digest(&url, offloads)?;
        let begun = Instant::now();
        let mut failures = 0;
        for number in 1..=times {
            if let Err(error) = self.fetch(&url, offloads, &digest) {
                failures += 1;
                println!("{url}, offloads {offloads}, {number} of {times}: {error:#}");
                if self.stop {
                    let kept = self.folder.keep()?;
                    bail!("its capture and body are kept in {}", kept.display());
                }
            }
        }
        let seconds = begun.elapsed().as_secs_f64();
        println!(
            "{url}, offloads {offloads}: {} of {times} identical and clean, {:.2} s each",
            times - failures,
            seconds / f64::from(times)
        );
        Ok(failures)
    }

    /// 20 MiB each way over ways that impair them; returns how often that failed.
    fn over_impaired_ways(&self, times: u32, at_once: u32) -> anyhow::Result<u32> {
        let url = format!("http://www.lab.test/size/{}", impaired::LEN);
        let digest = self.digest(&url, "on")?;
        let body = self.folder.path("original");
        self.curl(&[&url, "-o"], &[&body])?;
        same_body(&body, &digest)?;
        let transfers = impaired::Transfers {
            program: &self.program,
            body: &body,
            digest: &digest,
            stop: self.stop,
        };
        Ok(transfers.run(times, at_once))
    }

    /// The digest as the server tells it.
    fn digest(&self, url: &str, offloads: &str) -> anyhow::Result<String> {
        let file = self.folder.path("digest");
        let url = format!("{url}.sha256");
        self.curl(&[&url, "--offloads", offloads, "-o"], &[&file])?;
        let text = fs::read_to_string(&file).context("the digest was fetched to a file")?;
        let digest = text.trim().to_owned();
        if digest.len() != 64 {
            bail!("the server's digest is {digest:?}");
        }
        Ok(digest)
    }

    fn fetch(&self, url: &str, offloads: &str, digest: &str) -> anyhow::Result<()> {
        let (body, capture) = (self.folder.path("body"), self.folder.path("run.pcapng"));
        let arguments = [url, "--offloads", offloads, "--capture"];
        self.curl(&arguments, &[&capture, "-o".as_ref(), &body])?;
        same_body(&body, digest)?;
        let complaints = judge::complaints(&capture)?;
        if !complaints.is_empty() {
            bail!("tshark finds {}", complaints.join(", "));
        }
        Ok(())
    }

    fn curl(&self, arguments: &[&str], files: &[&Path]) -> anyhow::Result<()> {
        // A fetch that hangs is a failure, not a reason to wait.
        let mut command = Command::new("timeout");
        command.arg("300").arg(&self.program);
        command.args(["curl", "--lab"]).args(arguments).args(files);
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
}

fn same_body(body: &Path, digest: &str) -> anyhow::Result<()> {
    let found = sha256(body)?;
    if found != digest {
        bail!("the body's SHA-256 is {found}, the server's {digest}");
    }
    Ok(())
}

fn sha256(file: &Path) -> anyhow::Result<String> {
    let output = Command::new("sha256sum")
        .arg(file)
        .output()
        .context("sha256sum does not start")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let digest = text.split_whitespace().next();
    digest
        .map(str::to_owned)
        .context("sha256sum prints a digest")
}
