//! The way between page and bridge: lost in the middle of a fetch, and who is let in.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU16, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, ensure};
use browser_tests::page::{Lab, Page};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::broadcast,
};

/// A door before the bridge that can be shut: all that goes through it is cut at once.
struct Door {
    port: u16,
    bridge: Arc<AtomicU16>,
    is_open: Arc<AtomicBool>,
    shut: broadcast::Sender<()>,
}

impl Door {
    async fn before(bridge: u16) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let port = listener.local_addr()?.port();
        let is_open = Arc::new(AtomicBool::new(true));
        let (shut, _) = broadcast::channel(1);
        let bridge = Arc::new(AtomicU16::new(bridge));
        let (open, shuts, leads_to) = (is_open.clone(), shut.clone(), bridge.clone());
        tokio::spawn(async move {
            while let Ok((mut page, _)) = listener.accept().await {
                if !open.load(Ordering::SeqCst) {
                    continue;
                }
                let mut shut = shuts.subscribe();
                let bridge = leads_to.load(Ordering::SeqCst);
                tokio::spawn(async move {
                    let mut bridge = TcpStream::connect(("127.0.0.1", bridge)).await?;
                    tokio::select! {
                        ended = copy_bidirectional(&mut page, &mut bridge) => ended.map(drop),
                        _ = shut.recv() => Ok(()),
                    }
                });
            }
        });
        Ok(Self {
            port,
            bridge,
            is_open,
            shut,
        })
    }

    fn shut(&self) {
        self.is_open.store(false, Ordering::SeqCst);
        // Nobody may be passing just now.
        let _ = self.shut.send(());
    }

    fn open(&self) {
        self.is_open.store(true, Ordering::SeqCst);
    }

    /// From now on, another bridge is behind it.
    fn lead_to(&self, bridge: u16) {
        self.bridge.store(bridge, Ordering::SeqCst);
    }

    /// The door's own URL for what a bridge printed.
    fn url(&self, printed: &str) -> anyhow::Result<String> {
        let (_, rest) = split(printed)?;
        Ok(format!("http://127.0.0.1:{}/{rest}", self.port))
    }
}

fn split(url: &str) -> anyhow::Result<(u16, &str)> {
    let (authority, rest) = url
        .strip_prefix("http://")
        .and_then(|rest| rest.split_once('/'))
        .context("http://HOST:PORT/…")?;
    let (_, port) = authority.rsplit_once(':').context("the URL has a port")?;
    Ok((port.parse()?, rest))
}

#[tokio::test]
async fn a_bridge_that_goes_and_comes_back_loses_no_transfer() -> anyhow::Result<()> {
    const BYTES: u64 = 30_000_000;
    let lab = Lab::start().await?;
    let (bridge, _) = split(&lab.url)?;
    let door = Door::before(bridge).await?;
    let url = door.url(&lab.url)?;
    let page = Page::open(&url, (1280, 800), "light").await?;
    page.claim().await?;
    let digest = page
        .fetch(&format!("http://www.lab.test/size/{BYTES}.sha256"), 60)
        .await?;

    page.begin(&format!("http://www.lab.test/size/{BYTES}"))
        .await?;
    let received = "const bar = document.querySelector('progress'); return bar ? bar.value : 0;";
    let mut so_far = 0.0;
    for _ in 0..2000 {
        so_far = page
            .script(received, Vec::new())
            .await?
            .as_f64()
            .unwrap_or(0.0);
        if so_far > 0.0 {
            break;
        }
    }
    ensure!(so_far > 0.0, "no body came before the end");
    door.shut();
    page.wait_for("bridge", "data-state", &["lost"], 30).await?;
    let still = page.attribute("fetch-state", "data-state").await?;
    ensure!(
        still == "running",
        "the fetch was {still} when the bridge went: {so_far} bytes before"
    );
    let words = shown(&page).await?;
    for told in [
        "The bridge is gone.",
        "The capture so far is kept.",
        "go on when it is back",
    ] {
        ensure!(words.contains(told), "no {told:?} in:\n{words}");
    }
    page.screenshot("bridge-lost").await?;

    door.open();
    page.wait_for("bridge", "data-state", &["claimed"], 30)
        .await?;
    let response = page.response(120).await?;
    ensure!(response.bytes == BYTES, "{} bytes", response.bytes);
    ensure!(
        response.sha256 == digest.body.trim(),
        "{} is not {}",
        response.sha256,
        digest.body
    );
    // What the socket took with it is missing in the capture, which says how much; all that is there
    // is sound.
    page.press("download").await?;
    let file = page.browser.downloaded(".pcapng").await?;
    let complaints = judge::complaints(&file)?;
    ensure!(complaints.is_empty(), "tshark finds {complaints:?}");
    let took = Duration::from_nanos(judge::transfer_ns(&file)?);
    ensure!(took < Duration::from_secs(120), "a transfer of {took:?}");
    page.browser.quit().await
}

/// What the page shows, in words.
async fn shown(page: &Page) -> anyhow::Result<String> {
    let script = "return document.body.innerText;";
    let shown = page.script(script, Vec::new()).await?;
    Ok(shown.as_str().unwrap_or_default().to_owned())
}

/// The page says that its key is not the bridge's, and where the right one is.
async fn does_not_know_the_key(page: &Page, name: &str) -> anyhow::Result<()> {
    page.wait_for("bridge", "data-state", &["refused"], 30)
        .await?;
    let shown = shown(page).await?;
    for words in [
        "does not know the page's key",
        "Open the link that it printed last, with all that follows the #.",
    ] {
        ensure!(shown.contains(words), "{name}: no {words:?} in:\n{shown}");
    }
    page.screenshot(name).await
}

#[tokio::test]
async fn a_page_with_a_wrong_key_is_told_so_in_each_state() -> anyhow::Result<()> {
    let lab = Lab::start().await?;
    let (bridge, _) = split(&lab.url)?;
    let door = Door::before(bridge).await?;
    let url = door.url(&lab.url)?;
    let (front, key) = url.split_once('#').context("the URL carries a key")?;
    ensure!(key.starts_with("token="), "{key}");

    // Without any key, and with a wrong one: at the first visit, and after a reload.
    let page = Page::open(front, (1280, 800), "light").await?;
    page.press("place-wire").await?;
    page.wait_for("bridge", "data-state", &["absent"], 30)
        .await?;
    let without = shown(&page).await?;
    let words = "without its last part (#token=…), open it again";
    ensure!(without.contains(words), "{without}");
    page.screenshot("key-none").await?;
    page.browser
        .driver
        .goto(&format!("{front}#token=wrong"))
        .await?;
    does_not_know_the_key(&page, "key-wrong").await?;
    page.browser.driver.refresh().await?;
    does_not_know_the_key(&page, "key-wrong-reloaded").await?;

    // The right link in the same tab, and a fetch; then another bridge, with another key.
    page.browser.driver.goto(&url).await?;
    page.claim().await?;
    page.begin("http://www.lab.test/size/100000000").await?;
    page.wait_for("fetch-state", "data-state", &["running"], 30)
        .await?;
    let second = Lab::start().await?;
    door.shut();
    page.wait_for("bridge", "data-state", &["lost"], 30).await?;
    door.lead_to(split(&second.url)?.0);
    door.open();
    does_not_know_the_key(&page, "key-restarted").await?;
    let fetch = page.attribute("fetch-state", "data-state").await?;
    ensure!(
        fetch == "failed",
        "nobody goes on with a fetch that is {fetch}"
    );
    let packets = page.attribute("packet-count", "data-count").await?;
    ensure!(packets.parse::<u64>()? > 10, "{packets} packets are kept");
    page.browser.driver.refresh().await?;
    does_not_know_the_key(&page, "key-restarted-reloaded").await?;

    // The new link, in the same tab; that bridge takes its leave, and the old one is there again.
    page.browser.driver.goto(&door.url(&second.url)?).await?;
    page.claim().await?;
    second.child.interrupt().await?;
    page.wait_for("bridge", "data-state", &["refused"], 30)
        .await?;
    let ended = shown(&page).await?;
    for words in ["The bridge was ended", "open the link that it prints"] {
        ensure!(ended.contains(words), "no {words:?} in:\n{ended}");
    }
    page.screenshot("key-bye").await?;
    door.lead_to(bridge);
    page.press("connect").await?;
    let key = "return document.body.innerText.includes(\"page's key\");";
    for _ in 0..100 {
        if page.script(key, Vec::new()).await?.as_bool() == Some(true) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    does_not_know_the_key(&page, "key-tried-again").await?;
    page.browser.quit().await
}

#[tokio::test]
async fn a_bridge_that_is_away_is_not_taken_for_one_with_another_key() -> anyhow::Result<()> {
    let lab = Lab::start().await?;
    let (bridge, _) = split(&lab.url)?;
    let door = Door::before(bridge).await?;
    let page = Page::open(&door.url(&lab.url)?, (1280, 800), "light").await?;
    page.claim().await?;
    door.shut();
    page.wait_for("bridge", "data-state", &["lost"], 30).await?;
    tokio::time::sleep(Duration::from_secs(4)).await;
    let state = page.attribute("bridge", "data-state").await?;
    ensure!(state == "lost", "a bridge that is away is {state}");
    let shown = shown(&page).await?;
    for words in [
        "The bridge is gone.",
        "The capture so far is kept.",
        "Trying again",
    ] {
        ensure!(shown.contains(words), "no {words:?} in:\n{shown}");
    }
    door.open();
    page.wait_for("bridge", "data-state", &["claimed"], 30)
        .await?;
    page.browser.quit().await
}
