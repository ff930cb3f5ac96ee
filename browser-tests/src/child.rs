//! A program that a test starts, listens to, and ends.

use std::{
    env,
    ffi::OsStr,
    path::{Path, PathBuf},
    process::Stdio,
    thread,
    time::Duration,
};

use anyhow::{Context, bail};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child as Process, ChildStdout, Command},
    time::timeout,
};

/// A running program, in a process group of its own; the group ends when this is dropped, and the program
/// when the test itself dies.
pub struct Child {
    process: Process,
    output: Lines<BufReader<ChildStdout>>,
}

impl Child {
    /// Starts a program with its standard output piped to us.
    ///
    /// # Errors
    /// When it (or `setpriv`, which ties its life to ours) cannot be started.
    pub fn start<S: AsRef<OsStr>>(program: &Path, arguments: &[S]) -> anyhow::Result<Self> {
        let mut command = Command::new("setpriv");
        command
            .args(["--pdeathsig", "TERM"])
            .arg(program)
            .args(arguments);
        Self::spawn(command)
    }

    /// Starts a command that has been prepared elsewhere.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn spawn(mut command: Command) -> anyhow::Result<Self> {
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        let mut process = command
            .spawn()
            .with_context(|| format!("{:?} does not start", command.as_std()))?;
        let output = process.stdout.take().context("its output is piped")?;
        Ok(Self {
            process,
            output: BufReader::new(output).lines(),
        })
    }

    /// Reads the program's output until `wanted` makes something of a line.
    ///
    /// # Errors
    /// When the program ends, or the time does, before such a line; the message holds what was printed.
    pub async fn wait_for<T>(
        &mut self,
        patience: Duration,
        wanted: impl Fn(&str) -> Option<T>,
    ) -> anyhow::Result<T> {
        let mut printed = String::new();
        let search = async {
            while let Some(line) = self.output.next_line().await? {
                if let Some(found) = wanted(&line) {
                    return Ok(Some(found));
                }
                printed = format!("{printed}\n{line}");
            }
            anyhow::Ok(None)
        };
        match timeout(patience, search).await {
            Ok(Ok(Some(found))) => Ok(found),
            Ok(Err(error)) => Err(error),
            Ok(Ok(None)) => bail!("the program ended, having printed:{printed}"),
            Err(_) => bail!(
                "{} s were not enough; printed so far:{printed}",
                patience.as_secs()
            ),
        }
    }

    /// Its process id, which is its group's as well, while it runs.
    fn pid(&self) -> Option<Pid> {
        let id = i32::try_from(self.process.id()?).ok()?;
        Pid::from_raw(id)
    }

    /// Ends the program as Ctrl-C would, and waits until it has ended.
    ///
    /// # Errors
    /// When it cannot be signalled or does not end within ten seconds.
    pub async fn interrupt(mut self) -> anyhow::Result<std::process::ExitStatus> {
        let pid = self.pid().context("it has ended already")?;
        kill_process(pid, Signal::INT).context("it cannot be signalled")?;
        let ended = timeout(Duration::from_secs(10), self.process.wait()).await;
        Ok(ended.context("it did not end within 10 s")??)
    }
}

impl Drop for Child {
    /// Asks first: a driver ends its browser, a lab its namespaces.
    fn drop(&mut self) {
        let Some(group) = self.pid() else { return };
        // Whoever has gone already needs no signal.
        let _ = kill_process_group(group, Signal::TERM);
        for _ in 0..40 {
            if !matches!(self.process.try_wait(), Ok(None)) {
                break;
            }
            thread::sleep(Duration::from_millis(50));
        }
        let _ = kill_process_group(group, Signal::KILL);
    }
}

/// The first of these programs that is installed.
///
/// # Errors
/// When none is.
pub fn installed(names: &[&str]) -> anyhow::Result<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let elsewhere = ["/usr/sbin", "/sbin", "/snap/bin"].map(PathBuf::from);
    let folders: Vec<PathBuf> = env::split_paths(&path).chain(elsewhere).collect();
    let files = names
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    let mut found = files.filter(|file| file.is_file());
    found
        .next()
        .with_context(|| format!("none of {} is installed", names.join(", ")))
}
