//! `cargo xtask demo`: the page, the bridge and a network to play on, with one command.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use anyhow::{Context, bail};

use crate::{
    house::{House, on_path},
    site::{self, Speed},
};

/// Arguments of `cargo xtask demo`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Print the URL and open nothing
    #[arg(long)]
    no_open: bool,
    /// The port on 127.0.0.1 where the page is served; 0 takes a free one
    #[arg(long, default_value_t = 8620)]
    port: u16,
    /// Build the page quickly; it runs slowly: for those who work on it
    #[arg(long)]
    dev: bool,
    /// Further arguments for `synema lab`
    #[arg(last = true)]
    lab: Vec<String>,
}

/// Builds everything and runs `synema lab` until it ends or Ctrl-C ends both.
///
/// # Errors
/// When something does not build, or the lab cannot be made (its own message has been shown by then).
pub(crate) fn run(house: &House, arguments: &Arguments) -> anyhow::Result<()> {
    let site = site::build(house, Speed::of(arguments.dev))?;
    house.cargo(&["build", "-p", "synema-bridge"])?;
    let mut lab = start(&house.target().join("debug/synema"), &site, arguments)?;
    end_with_us(&lab)?;

    let output = lab.stdout.take().context("the lab's output is piped")?;
    let mut open = !arguments.no_open;
    for line in BufReader::new(output).lines() {
        let line = line?;
        let Some(url) = url_in(&line) else {
            println!("{line}");
            continue;
        };
        // Who is new begins with an experiment; the wire is one press away.
        let with_experiments = format!("{url}&experiments");
        println!("{}", line.replace(url, &with_experiments));
        if std::mem::take(&mut open) {
            open_in_browser(&with_experiments);
        }
    }
    let status = lab.wait()?;
    // A signal or Ctrl-C is how a demo ends.
    if status.code().is_some_and(|code| code != 0) {
        bail!("the lab ended with {status}");
    }
    Ok(())
}

fn start(program: &Path, site: &Path, arguments: &Arguments) -> anyhow::Result<Child> {
    // Were we killed in a way that cannot be caught, setpriv's signal still ends the lab.
    let mut command = if on_path("setpriv") {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "TERM"]).arg(program);
        command
    } else {
        Command::new(program)
    };
    command
        .arg("lab")
        .args(["--listen", &format!("127.0.0.1:{}", arguments.port)])
        .arg("--www")
        .arg(site)
        .args(&arguments.lab)
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("{} does not start", program.display()))
}

/// On Ctrl-C, SIGTERM or SIGHUP the lab is asked to end, and we end when it has.
fn end_with_us(lab: &Child) -> anyhow::Result<()> {
    let pid = i32::try_from(lab.id())
        .ok()
        .and_then(rustix::process::Pid::from_raw);
    let pid = pid.context("the lab has a process id")?;
    ctrlc::set_handler(move || {
        // It may have ended already, by the terminal's own signal: then there is nobody to ask.
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
    })
    .context("signals cannot be handled")
}

/// The first `http://` URL of a line.
fn url_in(line: &str) -> Option<&str> {
    let url = &line[line.find("http://")?..];
    let end = url.find(|c: char| c.is_whitespace() || "\"'<>".contains(c));
    Some(&url[..end.unwrap_or(url.len())])
}

fn open_in_browser(url: &str) {
    let opened = Command::new("xdg-open")
        .arg(url)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    if opened.is_err() {
        println!("(no xdg-open here: open the address above in a browser)");
    }
}

#[cfg(test)]
mod tests {
    use super::url_in;

    #[test]
    fn a_url_is_found_within_a_sentence() {
        let line = "Open http://127.0.0.1:8620/?token=abc in a browser";
        assert_eq!(url_in(line), Some("http://127.0.0.1:8620/?token=abc"));
        assert_eq!(url_in("http://[::1]:1/#t"), Some("http://[::1]:1/#t"));
        assert_eq!(url_in("no address here"), None);
    }
}
