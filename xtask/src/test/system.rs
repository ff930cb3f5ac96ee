//! What the tests need from the system, and how it gets there.

use std::{
    fs,
    process::{Command, Stdio},
};

use anyhow::Context;

use crate::house::{on_path, spelled};

/// Something that is not ours and has to be installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// Chromium or Chrome.
    Browser,
    /// The browser's WebDriver.
    Driver,
    /// A font with Chinese, Japanese and Korean letters.
    CjkFont,
    /// `ip`, from iproute2.
    Ip,
    /// `nft`, from nftables.
    Nft,
    /// A web server that is not ours.
    Nginx,
    /// `setpriv`, from util-linux.
    Setpriv,
    /// Wireshark without its windows.
    Tshark,
}

impl Need {
    /// What it is called.
    pub(crate) fn what(self) -> &'static str {
        match self {
            Self::Browser => "Chromium",
            Self::Driver => "chromedriver",
            Self::CjkFont => "a CJK font",
            Self::Ip => "ip",
            Self::Nft => "nft",
            Self::Nginx => "nginx",
            Self::Setpriv => "setpriv",
            Self::Tshark => "tshark",
        }
    }

    fn is_there(self) -> bool {
        match self {
            Self::Browser => ["chromium", "chromium-browser", "google-chrome"]
                .into_iter()
                .any(on_path),
            Self::Driver => ["chromedriver", "chromium.chromedriver"]
                .into_iter()
                .any(on_path),
            Self::CjkFont => has_cjk_font(),
            Self::Ip | Self::Nft | Self::Nginx | Self::Setpriv | Self::Tshark => {
                on_path(self.what())
            }
        }
    }

    fn package(self, system: System) -> &'static str {
        match (self, system) {
            (Self::Browser, System::Debian) => "chromium",
            (Self::Driver, System::Debian) => "chromium-driver",
            // Both are doors to a snap.
            (Self::Browser, System::Ubuntu) => "chromium-browser",
            (Self::Driver, System::Ubuntu) => "chromium-chromedriver",
            (Self::CjkFont, _) => "fonts-wqy-zenhei",
            (Self::Ip, _) => "iproute2",
            (Self::Nft, _) => "nftables",
            (Self::Nginx, _) => "nginx-light",
            (Self::Setpriv, _) => "util-linux",
            (Self::Tshark, _) => "tshark",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum System {
    Debian,
    Ubuntu,
}

/// Installs what is missing when that is possible without asking anybody; returns what is missing still.
///
/// # Errors
/// When apt-get is there and may be used, but fails to start.
pub(crate) fn provide(needs: &[Need]) -> anyhow::Result<Vec<Need>> {
    let missing = absent(needs);
    if missing.is_empty() || !on_path("apt-get") {
        return Ok(missing);
    }
    let Some(prefix) = privilege() else {
        return Ok(missing);
    };
    println!("installing {}", packages(&missing).join(" "));
    let install = ["install", "-y", "--no-install-recommends"];
    for arguments in [vec!["update"], [&install[..], &packages(&missing)].concat()] {
        let mut command = Command::new(prefix.first().copied().unwrap_or("env"));
        command.args(prefix.iter().skip(1));
        command.args(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]);
        command.args(arguments).stdin(Stdio::null());
        let status = command
            .status()
            .with_context(|| format!("{} does not start", spelled(&command)))?;
        if !status.success() {
            println!("{} failed ({status})", spelled(&command));
        }
    }
    Ok(absent(needs))
}

/// One line that says what to install.
pub(crate) fn advice(absent: &[Need]) -> Option<String> {
    let names = packages(absent).join(" ");
    (!absent.is_empty()).then(|| format!("Install what is missing: sudo apt-get install {names}"))
}

fn absent(needs: &[Need]) -> Vec<Need> {
    let mut missing = Vec::new();
    for &need in needs {
        if !missing.contains(&need) && !need.is_there() {
            missing.push(need);
        }
    }
    missing
}

fn packages(needs: &[Need]) -> Vec<&'static str> {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let system = system(&release);
    needs.iter().map(|need| need.package(system)).collect()
}

fn system(os_release: &str) -> System {
    let field = |line: &&str| line.starts_with("ID=") || line.starts_with("ID_LIKE=");
    let ubuntu = os_release
        .lines()
        .filter(field)
        .any(|line| line.contains("ubuntu"));
    if ubuntu {
        System::Ubuntu
    } else {
        System::Debian
    }
}

/// The words before a command that make it run as root, when that needs no password.
fn privilege() -> Option<&'static [&'static str]> {
    let succeeds = |program: &str, arguments: &[&str]| {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .stdin(Stdio::null())
            .stderr(Stdio::null());
        command.output().is_ok_and(|output| output.status.success())
    };
    let id = Command::new("id").arg("-u").output().ok()?;
    if id.stdout.trim_ascii() == b"0" {
        Some(&[])
    } else if succeeds("sudo", &["-n", "true"]) {
        Some(&["sudo", "-n"])
    } else {
        None
    }
}

fn has_cjk_font() -> bool {
    let listed = Command::new("fc-list").arg(":lang=ja").output();
    listed.is_ok_and(|output| !output.stdout.trim_ascii().is_empty())
}

#[cfg(test)]
mod tests {
    use super::{Need, System, advice, system};

    #[test]
    fn a_derivative_is_recognised_by_what_it_is_like() {
        assert_eq!(system("ID=debian\nVERSION_ID=12\n"), System::Debian);
        assert_eq!(
            system("NAME=x\nID=ubuntu\nID_LIKE=debian\n"),
            System::Ubuntu
        );
        assert_eq!(
            system("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n"),
            System::Ubuntu
        );
    }

    #[test]
    fn the_advice_is_one_line_or_nothing() {
        assert_eq!(advice(&[]), None);
        let line = advice(&[Need::Tshark, Need::Ip]).expect("something is missing");
        assert!(
            line.ends_with("tshark iproute2") && !line.contains('\n'),
            "{line}"
        );
    }
}
