//! The way between page and bridge: lost in the middle of a fetch, and who is let in.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
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
    is_open: Arc<AtomicBool>,
    shut: broadcast::Sender<()>,
}

impl Door {
    async fn before(bridge: u16) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let port = listener.local_addr()?.port();
        let is_open = Arc::new(AtomicBool::new(true));
        let (shut, _) = broadcast::channel(1);
        let (open, shuts) = (is_open.clone(), shut.clone());
        tokio::spawn(async move {
            while let Ok((mut page, _)) = listener.accept().await {
                if !open.load(Ordering::SeqCst) {
                    continue;
                }
                let mut shut = shuts.subscribe();
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
    let (bridge, rest) = split(&lab.url)?;
    let door = Door::before(bridge).await?;
    let url = format!("http://127.0.0.1:{}/{rest}", door.port);
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
    page.browser.quit().await
}

#[tokio::test]
async fn a_page_with_a_wrong_token_is_told_so() -> anyhow::Result<()> {
    let lab = Lab::start().await?;
    let (token_at, _) = lab
        .url
        .rsplit_once('=')
        .context("the URL carries a token")?;
    let page = Page::open(&format!("{token_at}=wrong"), (1280, 800), "light").await?;
    page.wait_for("bridge", "data-state", &["refused", "lost"], 30)
        .await?;
    let shown = page
        .script("return document.body.textContent;", Vec::new())
        .await?;
    let shown = shown.as_str().unwrap_or_default().to_lowercase();
    ensure!(
        shown.contains("token") || shown.contains("key") || shown.contains("address that"),
        "{shown}"
    );
    page.screenshot("wrong-token").await?;
    page.browser.quit().await
}
