//! A Chromium of the test's own.

use std::{env, path::PathBuf, time::Duration};

use anyhow::Context;
use tempfile::TempDir;
use thirtyfour::{ChromeCapabilities, ChromiumLikeCapabilities, WebDriver};

use crate::child::{Child, installed};

/// How long one command to the browser may take, a whole run of tests in wasm included.
const PATIENCE: Duration = Duration::from_secs(600);

/// Quiet, without a screen, and without traffic that nobody asked for.
const FLAGS: [&str; 11] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
    "--no-default-browser-check",
    "--hide-scrollbars",
];

/// A browser, its driver and its profile.
pub struct Browser {
    /// The WebDriver session.
    pub driver: WebDriver,
    // Dropped after the session: the driver's process, then the profile.
    _chromedriver: Child,
    _profile: TempDir,
}

impl Browser {
    /// Starts chromedriver on a free port and Chromium with a fresh profile.
    ///
    /// # Errors
    /// When one of them is not installed or does not start.
    pub async fn start() -> anyhow::Result<Self> {
        let chromium = installed(&["chromium", "chromium-browser", "google-chrome"])?;
        let program = installed(&["chromedriver", "chromium.chromedriver"])?;
        let mut chromedriver = Child::start(&program, &["--port=0"])?;
        let port = chromedriver
            .wait_for(Duration::from_secs(30), port_in)
            .await?;

        let profile = profile()?;
        let mut capabilities = ChromeCapabilities::new();
        capabilities.set_binary(chromium.to_str().context("the path is UTF-8")?)?;
        for flag in FLAGS {
            capabilities.add_arg(flag)?;
        }
        capabilities.add_arg(&format!("--user-data-dir={}", profile.path().display()))?;
        capabilities.add_arg(&format!(
            "--disk-cache-dir={}",
            profile.path().join("cache").display()
        ))?;
        let driver = WebDriver::builder(format!("http://127.0.0.1:{port}"), capabilities)
            .request_timeout(PATIENCE)
            .connect()
            .await
            .context("Chromium does not start")?;
        driver.set_script_timeout(PATIENCE).await?;
        Ok(Self {
            driver,
            _chromedriver: chromedriver,
            _profile: profile,
        })
    }

    /// Ends the session, the browser and its driver.
    ///
    /// # Errors
    /// When the browser has gone before.
    pub async fn quit(self) -> anyhow::Result<()> {
        Ok(self.driver.quit().await?)
    }
}

/// A snap sees no `/tmp` but its own, and nothing hidden at home.
fn profile() -> anyhow::Result<TempDir> {
    let home = env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    let snap = home.join("snap/chromium/common");
    let folder = if snap.is_dir() { snap } else { env::temp_dir() };
    tempfile::Builder::new()
        .prefix("synema-browser-")
        .tempdir_in(&folder)
        .with_context(|| format!("no folder can be made in {}", folder.display()))
}

/// `ChromeDriver was started successfully on port 40123.`
fn port_in(line: &str) -> Option<u16> {
    let (_, port) = line.split_once("successfully on port ")?;
    port.trim_end_matches('.').parse().ok()
}
