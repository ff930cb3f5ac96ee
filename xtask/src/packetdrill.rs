//! `cargo xtask conformance packetdrill`: Google's scripts, run against our stack.
//!
//! Where packetdrill and its scripts are, `PACKETDRILL` and `PD_TCP` say; which scripts are run, and which of
//! them are known to fail, `packetdrill/scripts.txt`. What scripts say to the system (`sysctl` and the like) is
//! written down by small stand-ins on their PATH and read by the adapter: the machine's own settings stay as
//! they are.

use std::{
    env,
    fs::{self, File, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};

use crate::house::House;

/// Arguments of `cargo xtask conformance packetdrill`.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Arguments {
    /// Runs only scripts whose path holds one of these words
    words: Vec<String>,
    /// Runs every script below PD_TCP, listed or not; those that are not listed only inform
    #[arg(long)]
    all: bool,
    /// Shows all that a script that fails said
    #[arg(long)]
    full: bool,
}

/// No script takes longer than a few seconds: its time is virtual.
const PATIENCE: Duration = Duration::from_secs(30);
/// Seen by scripts: our address and its network, who is asked for others, and the other end.
const ADDRESSES: [&str; 9] = [
    "--ip_version=ipv4",
    "--local_ip=192.168.0.1",
    "--gateway_ip=192.168.0.1",
    "--netmask_ip=255.255.0.0",
    "--remote_ip=192.0.2.1",
    "--so_flags=192.168.0.1/16,192.168.0.2",
    "--send_omit_free",
    "-DCMSG_LEVEL_IP=SOL_IP",
    "-DCMSG_TYPE_RECVERR=IP_RECVERR",
];
/// Writes its arguments down, one a line.
const NOTE_ALL: &str =
    "#!/bin/sh\nfor a in \"$@\"; do printf '%s\\n' \"$a\" >> \"$SYNEMA_SYSCTL\"; done\n";
/// Writes its own name and its arguments down on one line.
const NOTE_LINE: &str = "#!/bin/sh\nprintf '%s\\n' \"${0##*/} $*\" >> \"$SYNEMA_SYSCTL\"\n";
/// Takes any arguments and does nothing.
const NOTHING: &str = "#!/bin/sh\nexit 0\n";
/// Stands before Python: one of the scripts' helpers changes settings by writing to files.
const PYTHON: &str = "#!/bin/sh
case \"$1\" in
*/set_sysctls.py)
    shift
    for a in \"$@\"; do printf '%s\\n' \"$a\" >> \"$SYNEMA_SYSCTL\"; done
    restore=/tmp/sysctl_restore_$PACKETDRILL_PID.sh
    printf '#!/bin/sh\\n' > \"$restore\" && chmod u+x \"$restore\" ;;
*)
    PATH=${PATH#*:} exec python3 \"$@\" ;;
esac
";

/// What is expected of a script.
struct Script {
    path: String,
    /// Why it is known to fail, if it is.
    known: Option<String>,
    is_listed: bool,
}

/// What became of it.
enum Outcome {
    Passed,
    Failed(String),
}

/// Runs the scripts.
///
/// # Errors
/// When packetdrill or its scripts are not there, when a listed script fails that should not, or passes that is
/// known to fail.
pub(crate) fn run(house: &House, arguments: &Arguments) -> anyhow::Result<()> {
    let program = folder_of("PACKETDRILL", "packetdrill's program", Path::is_file)?;
    let folder = folder_of("PD_TCP", "its folder gtests/net/tcp", Path::is_dir)?;
    house.cargo(&["build", "-p", "synema-packetdrill"])?;
    let bench = Bench {
        program,
        library: house.target().join("debug/libsynema_packetdrill.so"),
        stand_ins: stand_ins(&house.target().join("conformance"))?,
        full: arguments.full,
    };
    let scripts = chosen(house, &folder, arguments)?;
    let (mut passed, mut known, mut wrong) = (0, 0, Vec::new());
    for script in &scripts {
        let outcome = bench.run(&folder, script)?;
        match (&outcome, &script.known) {
            (Outcome::Passed, None) => {
                passed += 1;
                println!("ok      {}", script.path);
            }
            (Outcome::Failed(_), Some(reason)) => {
                known += 1;
                println!("known   {}: {reason}", script.path);
            }
            (Outcome::Passed, Some(_)) => {
                println!("PASSES  {}, which is said to fail", script.path);
                wrong.push(&script.path);
            }
            (Outcome::Failed(said), None) => {
                println!(
                    "FAILS   {}\n    {}",
                    script.path,
                    said.replace('\n', "\n    ")
                );
                if script.is_listed {
                    wrong.push(&script.path);
                }
            }
        }
    }
    let count = scripts.len();
    println!("{passed} of {count} passed, {known} are known to fail");
    if !wrong.is_empty() {
        bail!(
            "{} of {count} scripts are not as packetdrill/scripts.txt says",
            wrong.len()
        );
    }
    Ok(())
}

fn folder_of(variable: &str, what: &str, is_there: fn(&Path) -> bool) -> anyhow::Result<PathBuf> {
    let path = env::var_os(variable).map(PathBuf::from);
    let path =
        path.with_context(|| format!("set {variable} to {what}; packetdrill/README.md says more"))?;
    if !is_there(&path) {
        bail!("{variable} is {}, which is not {what}", path.display());
    }
    fs::canonicalize(&path).with_context(|| format!("cannot read {}", path.display()))
}

/// The scripts to run, in the list's order.
fn chosen(house: &House, folder: &Path, arguments: &Arguments) -> anyhow::Result<Vec<Script>> {
    let file = house.root().join("packetdrill/scripts.txt");
    let lines =
        fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let mut scripts: Vec<Script> = listed(&lines).collect();
    if arguments.all {
        let mut found = Vec::new();
        scripts_below(folder, folder, &mut found)?;
        found.sort();
        found.retain(|path| scripts.iter().all(|script| script.path != *path));
        scripts.extend(found.into_iter().map(|path| Script {
            path,
            known: None,
            is_listed: false,
        }));
    }
    let words = &arguments.words;
    scripts
        .retain(|script| words.is_empty() || words.iter().any(|word| script.path.contains(word)));
    if scripts.is_empty() {
        bail!("no script's path holds {}", words.join(" or "));
    }
    Ok(scripts)
}

fn listed(lines: &str) -> impl Iterator<Item = Script> {
    let lines = lines.lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| {
        let (path, known) = match line.split_once(':') {
            Some((path, reason)) => (path, Some(reason.trim().to_owned())),
            None => (line, None),
        };
        Script {
            path: path.trim().to_owned(),
            known,
            is_listed: true,
        }
    })
}

fn scripts_below(top: &Path, folder: &Path, found: &mut Vec<String>) -> anyhow::Result<()> {
    let entries = fs::read_dir(folder);
    for entry in entries.with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            scripts_below(top, &path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "pkt") {
            let path = path.strip_prefix(top).unwrap_or(&path);
            found.push(path.to_string_lossy().into_owned());
        }
    }
    Ok(())
}

/// Puts the stand-ins into a folder of their own, and names it.
fn stand_ins(folder: &Path) -> anyhow::Result<PathBuf> {
    let programs = folder.join("bin");
    fs::create_dir_all(&programs).with_context(|| format!("cannot make {}", programs.display()))?;
    let all = [
        ("sysctl", NOTE_ALL),
        ("tc", NOTE_LINE),
        ("ip", NOTHING),
        ("ethtool", NOTHING),
        ("nstat", NOTHING),
        ("python3", PYTHON),
    ];
    for (name, text) in all {
        let file = programs.join(name);
        fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
        fs::set_permissions(&file, Permissions::from_mode(0o755))?;
    }
    Ok(programs)
}

/// What scripts are run with.
struct Bench {
    program: PathBuf,
    library: PathBuf,
    stand_ins: PathBuf,
    full: bool,
}

impl Bench {
    fn run(&self, folder: &Path, script: &Script) -> anyhow::Result<Outcome> {
        let file = folder.join(&script.path);
        let home = file.parent().unwrap_or(folder);
        let (settings, said) = (self.beside("settings"), self.beside("said"));
        fs::write(&settings, "")?;
        let path = env::var("PATH").unwrap_or_default();
        let output = File::create(&said)?;
        let mut command = Command::new(&self.program);
        command
            .args(ADDRESSES)
            .arg(format!("--so_filename={}", self.library.display()))
            .arg(&file)
            .current_dir(home)
            .env("PATH", format!("{}:{path}", self.stand_ins.display()))
            .env("SYNEMA_SYSCTL", &settings)
            .env("LD_PRELOAD", &self.library)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output);
        let mut child = command.spawn().context("packetdrill does not start")?;
        let restore = format!("/tmp/sysctl_restore_{}.sh", child.id());
        let status = wait(&mut child)?;
        // Scripts that set nothing have none.
        let _ = fs::remove_file(restore);
        let said = fs::read(&said).unwrap_or_default();
        let said = String::from_utf8_lossy(&said);
        Ok(match status {
            Some(status) if status.success() => Outcome::Passed,
            Some(status) if said.trim().is_empty() => {
                Outcome::Failed(format!("{status}, without a word"))
            }
            Some(_) => Outcome::Failed(self.shortened(&said, folder)),
            None => Outcome::Failed(format!("still runs after {} s", PATIENCE.as_secs())),
        })
    }

    fn beside(&self, name: &str) -> PathBuf {
        self.stand_ins.with_file_name(name)
    }

    /// The first lines that packetdrill said, paths without what all share.
    fn shortened(&self, said: &str, folder: &Path) -> String {
        let most = if self.full { usize::MAX } else { 4 };
        let lines: Vec<_> = said.trim().lines().take(most).collect();
        lines
            .join("\n")
            .replace(&format!("{}/", folder.display()), "")
    }
}

fn wait(child: &mut Child) -> anyhow::Result<Option<std::process::ExitStatus>> {
    let give_up_at = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() > give_up_at {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(Duration::from_millis(10));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_may_say_why_its_script_fails() {
        let scripts: Vec<_> = listed("# words\n\na/b.pkt\nc/d.pkt: needs: a thing\n").collect();
        let read: Vec<_> = scripts
            .iter()
            .map(|s| (s.path.as_str(), s.known.as_deref()))
            .collect();
        assert_eq!(
            read,
            [("a/b.pkt", None), ("c/d.pkt", Some("needs: a thing"))]
        );
    }
}
