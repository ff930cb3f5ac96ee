//! The page on a web host that knows nothing of us, below a path of its own, with no bridge.

use anyhow::ensure;
use browser_tests::{host::Host, page::Page};

#[tokio::test]
async fn the_page_works_below_any_path_of_any_host() -> anyhow::Result<()> {
    let host = Host::start().await?;
    let page = Page::open(&host.url, (1280, 800), "light").await?;
    page.press("place-wire").await?;
    page.wait_for("bridge", "data-state", &["absent"], 30)
        .await?;

    // What comes with the page is found: a sample, through the document's worker.
    page.press("sample").await?;
    page.wait_for("app", "data-source", &["file"], 30).await?;
    let rows = page.ladder(10).await?;
    ensure!(!rows.arrows.is_empty(), "no arrows of the sample");

    // A link made here leads here.
    page.press("share-open").await?;
    let made = "document.querySelector(`[data-test='form-link']`).click();";
    page.script(made, Vec::new()).await?;
    page.wait_for("share-text", "data-test", &["share-text"], 10)
        .await?;
    let made = "return document.querySelector(`[data-test='share-text']`).value;";
    let link = page.script(made, Vec::new()).await?;
    let link = link.as_str().unwrap_or_default();
    ensure!(link.starts_with(&format!("{}#", host.url)), "{link}");

    let console = page.browser.console().await;
    ensure!(console.is_empty(), "the console says: {console}");
    page.browser.quit().await
}
