//! A Chromium of the test's own.

use std::{
    env,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context;
use serde_json::{Value, json};
use tempfile::TempDir;
use thirtyfour::{ChromeCapabilities, ChromiumLikeCapabilities, LoggingPrefsLogLevel, WebDriver};

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
    profile: TempDir,
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
        capabilities.set_browser_log_level(LoggingPrefsLogLevel::Severe)?;
        let driver = WebDriver::builder(format!("http://127.0.0.1:{port}"), capabilities)
            .request_timeout(PATIENCE)
            .connect()
            .await
            .context("Chromium does not start")?;
        driver.set_script_timeout(PATIENCE).await?;
        let browser = Self {
            driver,
            _chromedriver: chromedriver,
            profile,
        };
        let downloads = json!({"behavior": "allow", "downloadPath": browser.downloads()});
        browser
            .devtools("Browser.setDownloadBehavior", downloads)
            .await?;
        Ok(browser)
    }

    /// Where what is downloaded is put.
    pub fn downloads(&self) -> PathBuf {
        self.profile.path().join("downloads")
    }

    /// Waits for a download whose name ends so.
    ///
    /// # Errors
    /// When none is there, and whole, within ten seconds.
    pub async fn downloaded(&self, ending: &str) -> anyhow::Result<PathBuf> {
        let folder = self.downloads();
        for _ in 0..200 {
            if let Some(file) = with_ending(&folder, ending) {
                return Ok(file);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        anyhow::bail!("no {ending} was downloaded to {}", folder.display())
    }

    /// A command of the DevTools protocol.
    ///
    /// # Errors
    /// When the browser refuses it.
    pub async fn devtools(&self, command: &str, arguments: Value) -> anyhow::Result<()> {
        let done = self.driver.cdp().send_raw(command, arguments).await;
        done.with_context(|| format!("{command} was refused"))
            .map(drop)
    }

    /// What the page's own code wrote to the console, errors of the content policy among it.
    pub async fn console(&self) -> String {
        let entries = self.driver.browser_log().await.unwrap_or_default();
        let lines: Vec<String> = entries.iter().map(|entry| entry.message.clone()).collect();
        lines.join("\n")
    }

    /// Ends the session, the browser and its driver.
    ///
    /// # Errors
    /// When the browser has gone before.
    pub async fn quit(self) -> anyhow::Result<()> {
        Ok(self.driver.clone().quit().await?)
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

impl Drop for Browser {
    /// A test that failed has not quit: its driver is ended with its browser, without a last conversation.
    fn drop(&mut self) {
        let _ = self.driver.clone().leak();
    }
}

fn with_ending(folder: &Path, ending: &str) -> Option<PathBuf> {
    let entries = folder.read_dir().ok()?;
    let mut files = entries.filter_map(|entry| Some(entry.ok()?.path()));
    files.find(|file| file.to_string_lossy().ends_with(ending))
}

/// `ChromeDriver was started successfully on port 40123.`
fn port_in(line: &str) -> Option<u16> {
    let (_, port) = line.split_once("successfully on port ")?;
    port.trim_end_matches('.').parse().ok()
}
