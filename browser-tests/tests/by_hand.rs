//! The reader is the stack: segments are written, sent, explained and taken back.

use anyhow::{Context, ensure};
use browser_tests::page::{Lab, Page};
use serde_json::json;

/// Whether the page has answered so many moves.
async fn has_played(page: &Page, moves: usize) -> anyhow::Result<()> {
    page.wait_for("by-hand", "data-moves", &[&moves.to_string()], 10)
        .await?;
    page.wait_for("experiment", "data-played", &["true"], 30)
        .await
        .map(drop)
}

/// The kinds of what is said of the last move.
async fn kinds(page: &Page) -> anyhow::Result<Vec<String>> {
    let script = "
        const move = document.querySelector('[data-test=hand-move]');
        return [...move.querySelectorAll('[data-test=hand-remark]')].map((one) => one.dataset.kind);";
    let kinds = page.script(script, Vec::new()).await?;
    Ok(serde_json::from_value(kinds)?)
}

async fn flag(page: &Page, name: &str) -> anyhow::Result<()> {
    let script =
        "document.querySelector(`[data-test=hand-flag][data-flag=${arguments[0]}]`).click();";
    page.script(script, vec![json!(name)]).await.map(drop)
}

async fn number(page: &Page, name: &str, value: i64) -> anyhow::Result<()> {
    let script = "
        const input = document.querySelector(`[data-test=hand-number][data-name=${arguments[0]}]`);
        input.value = arguments[1];
        input.dispatchEvent(new Event('input', { bubbles: true }));";
    let arguments = vec![json!(name), json!(value)];
    page.script(script, arguments).await.map(drop)
}

#[tokio::test]
async fn a_page_is_fetched_by_hand_and_a_mistake_is_explained() -> anyhow::Result<()> {
    let lab = Lab::start().await?;
    let (front, _) = lab.url.split_once('#').context("the URL has a key")?;
    let url = format!("{front}#e=you-are-the-stack");
    let page = Page::open(&url, (1280, 900), "light").await?;
    has_played(&page, 0).await?;
    page.screenshot("by-hand-begins").await?;

    // A SYN, and an ACK that does not count it.
    flag(&page, "SYN").await?;
    page.press("hand-mss").await?;
    page.press("hand-send").await?;
    has_played(&page, 1).await?;
    ensure!(kinds(&page).await? == ["right", "outcome"]);
    flag(&page, "SYN").await?;
    flag(&page, "ACK").await?;
    number(&page, "ack", 1).await?;
    page.press("hand-send").await?;
    has_played(&page, 2).await?;
    ensure!(kinds(&page).await?[0] == "mistake");
    let said = page.texts("hand-remark").await?;
    ensure!(said[0].contains("RFC 9293 §3.4"), "{said:?}");
    page.press("to-end").await?;
    page.screenshot("by-hand-mistake").await?;
    page.press("hand-back").await?;
    has_played(&page, 1).await?;

    // The rest as a right stack would do it.
    for moves in 2..=9 {
        page.press("hand-suggest").await?;
        page.press("hand-send").await?;
        has_played(&page, moves).await?;
        ensure!(kinds(&page).await?[0] == "right", "move {moves}");
        let is_due = page.script(
            "return !document.querySelector('[data-test=hand-suggest]').disabled;",
            Vec::new(),
        );
        if is_due.await? == json!(false) {
            break;
        }
    }
    page.press("to-end").await?;
    let said = page.texts("hand-remark").await?.join("\n");
    ensure!(
        said.contains("both FINs were sent and acknowledged"),
        "{said}"
    );
    let ladder = page.ladder(3).await?;
    ensure!(ladder.unreadable.is_empty(), "{:?}", ladder.unreadable);
    page.screenshot("by-hand-done").await?;

    // A link is the same game.
    let digest = page.attribute("experiment", "data-digest").await?;
    let hash = page.script("return location.hash;", Vec::new()).await?;
    let hash = hash.as_str().context("a fragment")?;
    ensure!(hash.contains("&m=S.0.0.0.65535.1460_"), "{hash}");
    let other = Page::open(&format!("{front}{hash}"), (1280, 900), "dark").await?;
    other
        .wait_for("experiment", "data-digest", &[&digest], 30)
        .await?;
    let japanese = "document.querySelector(`[data-test='speak-ja']`).click();";
    other.script(japanese, Vec::new()).await?;
    other.screenshot("by-hand-from-a-link-ja-dark").await?;
    for page in [page, other] {
        let console = page.browser.console().await;
        ensure!(console.is_empty(), "{console}");
        page.browser.quit().await?;
    }
    Ok(())
}
