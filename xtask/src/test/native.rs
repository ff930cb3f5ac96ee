//! The tests that run as programs of this machine: compiled by one cargo call, run by us.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use cargo_metadata::{Message, TargetKind};

use super::tally::Tally;
use crate::{
    dist,
    house::{House, spelled},
};

/// Everything that is compiled for this machine. Without xtask: it runs while this is compiled, and its
/// libraries would be built a second time for the features that others ask of them.
pub(crate) const SELECTION: &[&str] = &[
    "--workspace",
    "--exclude",
    "synema-web",
    "--exclude",
    "xtask",
];

/// No single test program may take longer.
const PATIENCE: Duration = Duration::from_secs(15 * 60);

/// Compiled test programs, and the programs that they drive.
pub(crate) struct Native {
    tests: Vec<TestProgram>,
    programs: Vec<(String, PathBuf)>,
}

struct TestProgram {
    package: String,
    /// The integration test's name, or `None` for the tests inside a library or program.
    integration: Option<String>,
    path: PathBuf,
    folder: PathBuf,
}

impl Native {
    /// Compiles all native tests.
    ///
    /// # Errors
    /// When they do not compile.
    pub(crate) fn compile(house: &House) -> anyhow::Result<Self> {
        let mut tests = Vec::new();
        let mut programs = Vec::new();
        for set in [SELECTION, &["-p", "xtask"], &["-p", "synema-web", "--lib"]] {
            collect(house, set, &mut tests, &mut programs)?;
        }
        tests.sort_by(|a, b| (&a.package, &a.integration).cmp(&(&b.package, &b.integration)));
        Ok(Self { tests, programs })
    }

    /// Where cargo put one of our programs.
    ///
    /// # Errors
    /// When the workspace has no such program.
    pub(crate) fn program(&self, name: &str) -> anyhow::Result<&Path> {
        let found = self.programs.iter().find(|(program, _)| program == name);
        let (_, path) = found.with_context(|| format!("the workspace has no program {name}"))?;
        Ok(path)
    }

    /// Everything that is neither for the lab nor for the browser.
    ///
    /// # Errors
    /// When a program cannot be run to its end, or fails without a failed test.
    pub(crate) fn run_unit(&self, house: &House, tally: &mut Tally) -> anyhow::Result<()> {
        self.run(
            house,
            tally,
            |test| !test.is_lab() && !test.is_browser(),
            &[],
        )
    }

    /// The bridge's tests in namespaces.
    ///
    /// # Errors
    /// As [`Native::run_unit`].
    pub(crate) fn run_lab(&self, house: &House, tally: &mut Tally) -> anyhow::Result<()> {
        self.run(house, tally, TestProgram::is_lab, &[])
    }

    /// The page's tests in Chromium, with a site that has been built.
    ///
    /// # Errors
    /// As [`Native::run_unit`].
    pub(crate) fn run_browser(
        &self,
        house: &House,
        site: &Path,
        tally: &mut Tally,
    ) -> anyhow::Result<()> {
        let synema = self.program("synema")?;
        let dist = house.target().join("dist");
        dist::assemble(site, &dist)?;
        let environment: [(&str, &Path); 3] = [
            ("SYNEMA_SITE", site),
            ("SYNEMA_DIST", &dist),
            ("SYNEMA_PROGRAM", synema),
        ];
        self.run(house, tally, TestProgram::is_browser, &environment)
    }

    fn run(
        &self,
        house: &House,
        tally: &mut Tally,
        wanted: impl Fn(&TestProgram) -> bool,
        environment: &[(&str, &Path)],
    ) -> anyhow::Result<()> {
        for test in self.tests.iter().filter(|test| wanted(test)) {
            let inside = test.integration.as_deref().unwrap_or("inside");
            println!("--- {} {inside}", test.package);
            let mut command = Command::new(&test.path);
            command
                .current_dir(&test.folder)
                .env("CARGO_MANIFEST_DIR", &test.folder)
                .env("SYNEMA_TARGET", house.target())
                // The same cases for everybody, so that a failure is had again; `cargo xtask
                // soak` looks for new ones.
                .env("PROPTEST_RNG_SEED", "2014")
                .envs(environment.iter().copied());
            run_counted(&mut command, tally)?;
        }
        Ok(())
    }
}

impl TestProgram {
    fn is_lab(&self) -> bool {
        let lab = |name: &String| name.starts_with("lab_");
        self.package == "synema-bridge" && self.integration.as_ref().is_some_and(lab)
    }

    fn is_browser(&self) -> bool {
        self.package == "browser-tests" && self.integration.is_some()
    }
}

/// The examples in the documentation, of the libraries that are compiled for this machine.
///
/// # Errors
/// When one does not compile or cargo fails.
pub(crate) fn run_doc_tests(house: &House, tally: &mut Tally) -> anyhow::Result<()> {
    println!("--- documentation");
    let mut command = house.cargo_command(&["test", "--quiet", "--doc"]);
    run_counted(command.args(SELECTION), tally)
}

fn collect(
    house: &House,
    set: &[&str],
    tests: &mut Vec<TestProgram>,
    programs: &mut Vec<(String, PathBuf)>,
) -> anyhow::Result<()> {
    let arguments = [
        "test",
        "--no-run",
        "--message-format=json-render-diagnostics",
    ];
    let mut command = house.cargo_command(&[&arguments, set].concat());
    let mut cargo = command
        .stdout(Stdio::piped())
        .spawn()
        .context("cargo does not start")?;
    let output = cargo.stdout.take().context("cargo's output is piped")?;
    for message in Message::parse_stream(BufReader::new(output)) {
        let Message::CompilerArtifact(artifact) = message? else {
            continue;
        };
        let Some(path) = &artifact.executable else {
            continue;
        };
        let name = artifact.target.name.clone();
        let path = path.clone().into_std_path_buf();
        if !artifact.profile.test {
            programs.push((name, path));
            continue;
        }
        let package = house
            .metadata
            .packages
            .iter()
            .find(|package| package.id == artifact.package_id);
        let package = package.with_context(|| format!("{name} belongs to no package of ours"))?;
        let folder = package
            .manifest_path
            .parent()
            .context("a manifest is in a folder")?;
        tests.push(TestProgram {
            package: package.name.to_string(),
            integration: artifact
                .target
                .kind
                .contains(&TargetKind::Test)
                .then_some(name),
            path,
            folder: folder.as_std_path().to_owned(),
        });
    }
    let status = cargo.wait()?;
    if !status.success() {
        bail!("{} failed ({status})", spelled(&command));
    }
    Ok(())
}

/// Runs a test program, shows what it prints, and counts its tests.
///
/// # Errors
/// When it does not start, takes too long, or fails without saying which test did; what was counted until
/// then is kept.
pub(crate) fn run_counted(command: &mut Command, tally: &mut Tally) -> anyhow::Result<()> {
    let name = spelled(command);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("{name} does not start"))?;
    let output = child.stdout.take().context("the test's output is piped")?;
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });

    let deadline = Instant::now() + PATIENCE;
    let failed_before = tally.failed;
    loop {
        match lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(line) => {
                println!("{line}");
                if let Some(counted) = Tally::of_line(&line) {
                    tally.add(counted);
                }
            }
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                child.kill()?;
                child.wait()?;
                bail!("{name} was ended after {} s", PATIENCE.as_secs());
            }
        }
    }
    let status = child.wait()?;
    if !status.success() && tally.failed == failed_before {
        bail!("{name} failed ({status}), and no test says why");
    }
    Ok(())
}
