//! Experiments in the page: each is run, stepped through, changed, and shared.

use anyhow::{Context, ensure};
use browser_tests::page::{Lab, Page};

/// Where the page is, without its key.
fn front(lab: &Lab) -> anyhow::Result<&str> {
    let (front, _) = lab
        .url
        .split_once('#')
        .context("the URL has a key after #")?;
    Ok(front)
}

#[tokio::test]
async fn the_page_opens_on_a_running_experiment() -> anyhow::Result<()> {
    let lab = Lab::start().await?;
    let page = Page::open(front(&lab)?, (1280, 800), "light").await?;
    page.wait_for("experiment", "data-played", &["true"], 30)
        .await?;
    page.wait_for("transport", "data-state", &["playing"], 10)
        .await?;
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    page.screenshot("experiment-playing").await?;
    page.wait_for("transport", "data-state", &["ended"], 30)
        .await?;
    page.screenshot("experiment-ended").await?;
    let console = page.browser.console().await;
    ensure!(console.is_empty(), "{console}");
    page.browser.quit().await
}
