//! The page in its lab, as somebody who uses it sees it: what is pressed, typed, and read.
//!
//! Elements are found by `data-test`, and their state is read from attributes, not from words.

use std::{
    env, fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, bail};
use serde_json::{Value, json};
use thirtyfour::{By, Key, WebElement};
use tokio::{
    process::Command,
    time::{Instant, sleep},
};

use crate::{browser::Browser, child::Child};

/// How long a lab may take until it says where its page is.
const LAB_PATIENCE: Duration = Duration::from_secs(60);
/// How often the page is asked whether something has happened.
const GLANCE: Duration = Duration::from_millis(50);

/// A lab that serves the page.
pub struct Lab {
    /// Its process.
    pub child: Child,
    /// Where the page is, token included.
    pub url: String,
}

impl Lab {
    /// Starts `synema lab` on a free port.
    ///
    /// # Errors
    /// When it does not start or prints no URL; the message holds what it printed.
    pub async fn start() -> anyhow::Result<Self> {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "TERM"]).arg(program());
        Self::of(command).await
    }

    /// The same for a command whose last word so far is the program.
    ///
    /// # Errors
    /// As [`Lab::start`].
    pub async fn of(mut command: Command) -> anyhow::Result<Self> {
        command.args(["lab", "--listen", "127.0.0.1:0"]);
        Self::listen(Child::spawn(command)?).await
    }

    /// Waits until a program that has been started says where its page is.
    ///
    /// # Errors
    /// When it ends, or a minute has passed, without a URL.
    pub async fn listen(mut child: Child) -> anyhow::Result<Self> {
        let url = child
            .wait_for(LAB_PATIENCE, url_in)
            .await
            .context("synema lab prints no URL")?;
        Ok(Self { child, url })
    }
}

fn url_in(line: &str) -> Option<String> {
    let url = &line[line.find("http://")?..];
    url.split_whitespace().next().map(str::to_owned)
}

/// The program under test: told by `SYNEMA_PROGRAM`, else the one beside this test.
pub fn program() -> PathBuf {
    let told = env::var_os("SYNEMA_PROGRAM").map(PathBuf::from);
    told.unwrap_or_else(|| target().join("debug/synema"))
}

/// The built page: told by `SYNEMA_SITE`, else `target/site`.
pub fn site() -> PathBuf {
    let told = env::var_os("SYNEMA_SITE").map(PathBuf::from);
    told.unwrap_or_else(|| target().join("site"))
}

pub(crate) fn target() -> PathBuf {
    let told = env::var_os("SYNEMA_TARGET").or_else(|| env::var_os("CARGO_TARGET_DIR"));
    let told = told.map(PathBuf::from);
    told.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target"))
}

/// The page in a browser.
pub struct Page {
    /// The browser that shows it.
    pub browser: Browser,
}

/// What came of a fetch, as the page tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// `200 OK`.
    pub status: String,
    /// The body's length in bytes.
    pub bytes: u64,
    /// The body's SHA-256 in hexadecimal.
    pub sha256: String,
    /// The body, when it is text.
    pub body: String,
}

impl Page {
    /// Opens a URL in a window whose inside has this size in CSS pixels, by day or by night.
    ///
    /// # Errors
    /// When the browser does not start.
    pub async fn open(url: &str, size: (u32, u32), theme: &str) -> anyhow::Result<Self> {
        let browser = Browser::start().await?;
        let page = Self { browser };
        page.resize(size).await?;
        page.set_theme(theme).await?;
        page.browser.driver.goto(url).await?;
        Ok(page)
    }

    /// Gives the window's inside this size.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn resize(&self, (width, height): (u32, u32)) -> anyhow::Result<()> {
        let size =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.browser
            .devtools("Emulation.setDeviceMetricsOverride", size)
            .await
    }

    /// What the system prefers: `light` or `dark`.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn set_theme(&self, theme: &str) -> anyhow::Result<()> {
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": theme}]});
        self.browser
            .devtools("Emulation.setEmulatedMedia", features)
            .await
    }

    /// Claims the proposed address and waits until it is ours.
    ///
    /// # Errors
    /// When the bridge cannot be reached or the claim fails; the message is the page's.
    pub async fn claim(&self) -> anyhow::Result<()> {
        self.wait_for("bridge", "data-state", &["open", "claimed"], 30)
            .await?;
        if self.attribute("bridge", "data-state").await? == "open" {
            self.press("claim").await?;
        }
        self.wait_for("bridge", "data-state", &["claimed"], 60)
            .await?;
        Ok(())
    }

    /// Types a URL, presses Fetch and waits for the end.
    ///
    /// # Errors
    /// When it fails or takes longer; the message is the page's.
    pub async fn fetch(&self, url: &str, patience_s: u64) -> anyhow::Result<Response> {
        self.begin(url).await?;
        self.response(patience_s).await
    }

    /// Types a URL and presses Fetch.
    ///
    /// # Errors
    /// When there is no such field, or the page does not begin.
    pub async fn begin(&self, url: &str) -> anyhow::Result<()> {
        let before = self.attribute("fetch-state", "data-fetch").await?;
        self.fill("url", url).await?;
        self.press("fetch").await?;
        let deadline = Instant::now() + Duration::from_secs(10);
        while self.attribute("fetch-state", "data-fetch").await? == before {
            if Instant::now() > deadline {
                bail!("Fetch of {url} was pressed, and nothing began");
            }
            sleep(GLANCE).await;
        }
        Ok(())
    }

    /// Waits for the end of the fetch that runs.
    ///
    /// # Errors
    /// As [`Page::fetch`].
    pub async fn response(&self, patience_s: u64) -> anyhow::Result<Response> {
        let ended = self
            .wait_for("fetch-state", "data-state", &["done", "failed"], patience_s)
            .await?;
        if ended == "failed" {
            bail!("the fetch failed: {}", self.text("error").await?);
        }
        let bytes = self.attribute("body-length", "data-bytes").await?;
        let body = self.find_opt("body").await?;
        Ok(Response {
            status: self.text("status").await?,
            bytes: bytes
                .parse()
                .with_context(|| format!("a length, not {bytes:?}"))?,
            sha256: self.text("body-sha256").await?,
            body: match body {
                Some(element) => element.text().await?,
                None => String::new(),
            },
        })
    }

    /// The message of a fetch that is to fail.
    ///
    /// # Errors
    /// When it does not fail.
    pub async fn failure(&self, url: &str, patience_s: u64) -> anyhow::Result<String> {
        self.fill("url", url).await?;
        self.press("fetch").await?;
        let deadline = Instant::now() + Duration::from_secs(patience_s);
        loop {
            if let Some(error) = self.find_opt("error").await? {
                return Ok(error.text().await?);
            }
            if Instant::now() > deadline {
                bail!(
                    "{url} was to fail, and is {}",
                    self.attribute("fetch-state", "data-state").await?
                );
            }
            sleep(GLANCE).await;
        }
    }

    /// Waits until an attribute has one of these values, and returns which.
    ///
    /// # Errors
    /// When the time is up; the message holds what the page shows.
    pub async fn wait_for(
        &self,
        test: &str,
        attribute: &str,
        wanted: &[&str],
        patience_s: u64,
    ) -> anyhow::Result<String> {
        let deadline = Instant::now() + Duration::from_secs(patience_s);
        loop {
            let element = self.find_opt(test).await?;
            let value = match &element {
                Some(element) => element.attr(attribute).await.ok().flatten(),
                None => None,
            };
            match value {
                Some(value) if wanted.contains(&value.as_str()) => return Ok(value),
                _ if Instant::now() > deadline => {
                    let shown = self
                        .browser
                        .driver
                        .find(By::Tag("body"))
                        .await?
                        .text()
                        .await?;
                    bail!(
                        "{test} is {value:?} after {patience_s} s, not {}; the page shows:\n{shown}\n{}",
                        wanted.join(" or "),
                        self.browser.console().await
                    );
                }
                _ => sleep(GLANCE).await,
            }
        }
    }

    /// An attribute of an element that has to be there.
    ///
    /// # Errors
    /// When there is no such element or attribute.
    pub async fn attribute(&self, test: &str, attribute: &str) -> anyhow::Result<String> {
        let value = self.find(test).await?.attr(attribute).await?;
        value.with_context(|| format!("{test} has no {attribute}"))
    }

    /// The text of an element that has to be there.
    ///
    /// # Errors
    /// When there is none.
    pub async fn text(&self, test: &str) -> anyhow::Result<String> {
        Ok(self.find(test).await?.text().await?)
    }

    /// The texts of all such elements, in the page's order.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub async fn texts(&self, test: &str) -> anyhow::Result<Vec<String>> {
        let script = "return [...document.querySelectorAll(`[data-test='${arguments[0]}']`)].map((e) => e.textContent)";
        let texts = self
            .browser
            .driver
            .execute(script, vec![json!(test)])
            .await?;
        Ok(texts.convert()?)
    }

    /// Presses a button once it can be pressed.
    ///
    /// # Errors
    /// When there is none within ten seconds.
    pub async fn press(&self, test: &str) -> anyhow::Result<()> {
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            if let Some(button) = self.find_opt(test).await?
                && button.is_enabled().await.unwrap_or(false)
                && button.click().await.is_ok()
            {
                return Ok(());
            }
            if Instant::now() > deadline {
                bail!("{test} cannot be pressed");
            }
            sleep(GLANCE).await;
        }
    }

    /// Replaces what stands in a text field.
    ///
    /// # Errors
    /// When there is no such field.
    pub async fn fill(&self, test: &str, text: &str) -> anyhow::Result<()> {
        let field = self.find(test).await?;
        field.send_keys(Key::Control + "a").await?;
        field.send_keys(text).await?;
        let typed = field.prop("value").await?.unwrap_or_default();
        if typed != text {
            bail!("{text:?} was typed into {test}, which now holds {typed:?}");
        }
        Ok(())
    }

    /// Presses Enter in a field.
    ///
    /// # Errors
    /// When there is no such field.
    pub async fn enter(&self, test: &str) -> anyhow::Result<()> {
        Ok(self.find(test).await?.send_keys(Key::Enter).await?)
    }

    /// Chooses from a menu by the choice's value.
    ///
    /// # Errors
    /// When there is no such menu or choice.
    pub async fn choose(&self, test: &str, value: &str) -> anyhow::Result<()> {
        let script = "
            const menu = document.querySelector(`[data-test='${arguments[0]}']`);
            menu.value = arguments[1];
            menu.dispatchEvent(new Event('change', { bubbles: true }));
            return menu.value;";
        let chosen = self.script(script, vec![json!(test), json!(value)]).await?;
        if chosen != value {
            bail!("{test} has no choice {value:?}");
        }
        Ok(())
    }

    /// Waits until there is no such element.
    ///
    /// # Errors
    /// When it is still there after ten seconds.
    pub async fn gone(&self, test: &str) -> anyhow::Result<()> {
        let deadline = Instant::now() + Duration::from_secs(10);
        while self.find_opt(test).await?.is_some() {
            if Instant::now() > deadline {
                bail!("{test} is still there: {}", self.text(test).await?);
            }
            sleep(GLANCE).await;
        }
        Ok(())
    }

    /// Presses a key in an element.
    ///
    /// # Errors
    /// When there is no such element.
    pub async fn type_key(&self, test: &str, key: Key) -> anyhow::Result<()> {
        Ok(self.find(test).await?.send_keys(key).await?)
    }

    /// Writes what is seen to `target/screenshots/NAME.png`.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn screenshot(&self, name: &str) -> anyhow::Result<()> {
        let file = target().join("screenshots").join(format!("{name}.png"));
        let folder = file.parent().context("it is in a folder")?;
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let picture = self.browser.driver.screenshot_as_png().await?;
        fs::write(&file, picture).with_context(|| format!("cannot write {}", file.display()))
    }

    /// Runs a script that returns a value.
    ///
    /// # Errors
    /// When it throws.
    pub async fn script(&self, script: &str, arguments: Vec<Value>) -> anyhow::Result<Value> {
        Ok(self
            .browser
            .driver
            .execute(script, arguments)
            .await?
            .json()
            .clone())
    }

    async fn find(&self, test: &str) -> anyhow::Result<WebElement> {
        let found = self.find_opt(test).await?;
        found.with_context(|| format!("the page shows no {test}"))
    }

    async fn find_opt(&self, test: &str) -> anyhow::Result<Option<WebElement>> {
        let mut found = self
            .browser
            .driver
            .find_all(By::Css(selector(test)))
            .await?;
        Ok((!found.is_empty()).then(|| found.swap_remove(0)))
    }
}

fn selector(test: &str) -> String {
    format!("[data-test='{test}']")
}
