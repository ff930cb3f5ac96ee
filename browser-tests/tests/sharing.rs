//! What is shared of a capture, and that it opens again where it is promised.

use std::{fs, path::PathBuf};

use anyhow::{Context, ensure};
use browser_tests::page::{Lab, Page};
use serde_json::json;
use thirtyfour::By;

/// Where the page is, without its key.
fn front(lab: &Lab) -> anyhow::Result<&str> {
    let (front, _) = lab
        .url
        .split_once('#')
        .context("the URL has a key after #")?;
    Ok(front)
}

async fn key(page: &Page, keys: &str) -> anyhow::Result<()> {
    let body = page.browser.driver.find(By::Tag("body")).await?;
    Ok(body.send_keys(keys).await?)
}

/// The page with the sample that loses packets, its end alone, and a note on it.
async fn with_a_note(lab: &Lab) -> anyhow::Result<Page> {
    let page = Page::open(front(lab)?, (1280, 900), "light").await?;
    page.press("place-wire").await?;
    page.wait_for("bridge", "data-state", &["absent"], 30)
        .await?;
    page.press("sample").await?;
    page.wait_for("moment", "data-frame", &["67"], 30).await?;
    page.press("moment").await?;
    page.wait_for("packet", "data-frame", &["67"], 10).await?;
    key(&page, "n").await?;
    page.fill("note-text", "Only the timer found it.").await?;
    page.press("note-save").await?;
    page.wait_for("note", "data-test", &["note"], 10).await?;
    page.fill("filter", "frame.number >= 60").await?;
    page.wait_for("shown-count", "data-count", &["11"], 10)
        .await?;
    Ok(page)
}

async fn choose(page: &Page, test: &str) -> anyhow::Result<()> {
    let script = "document.querySelector(`[data-test='${arguments[0]}']`).click();";
    page.script(script, vec![json!(test)]).await?;
    Ok(())
}

async fn value(page: &Page, test: &str) -> anyhow::Result<String> {
    page.wait_for(test, "data-test", &[test], 10).await?;
    let script = "return document.querySelector(`[data-test='${arguments[0]}']`).value;";
    let value = page.script(script, vec![json!(test)]).await?;
    Ok(value.as_str().unwrap_or_default().to_owned())
}

async fn downloaded(page: &Page, form: &str, ending: &str) -> anyhow::Result<PathBuf> {
    choose(page, form).await?;
    page.press("share-download").await?;
    let file = page.browser.downloaded(ending).await?;
    ensure!(
        fs::metadata(&file)?.len() > 300,
        "{} is empty",
        file.display()
    );
    Ok(file)
}

/// Opens a file and looks whether the shared packets and their note are there.
async fn has_all(page: &Page, file: &std::path::Path) -> anyhow::Result<()> {
    let input = page
        .browser
        .driver
        .find(By::Css("[data-test='open']"))
        .await?;
    input.send_keys(file.display().to_string()).await?;
    let name = file.file_name().context("a name")?.to_string_lossy();
    page.wait_for("file", "data-name", &[&name], 20).await?;
    has_the_note(page).await
}

async fn has_the_note(page: &Page) -> anyhow::Result<()> {
    page.wait_for("packet-count", "data-count", &["11"], 10)
        .await?;
    page.wait_for("note-card", "data-packet", &["8"], 10)
        .await?;
    let note = page.text("note-card").await?;
    ensure!(note.contains("Only the timer"), "{note}");
    Ok(())
}

#[tokio::test]
async fn pictures_and_pages_carry_their_packets_and_open_again() -> anyhow::Result<()> {
    let lab = Lab::start().await?;
    let page = with_a_note(&lab).await?;
    page.press("share-open").await?;
    page.wait_for("share", "data-test", &["share"], 10).await?;
    page.screenshot("share").await?;

    for (form, expected) in [
        ("form-txt", "ACK"),
        ("form-md", "## Notes"),
        ("form-mmd", "sequenceDiagram"),
    ] {
        choose(&page, form).await?;
        let text = value(&page, "share-text").await?;
        ensure!(text.contains(expected), "{form}: {text}");
        page.screenshot(form).await?;
    }
    let svg = downloaded(&page, "form-svg", ".svg").await?;
    let png = downloaded(&page, "form-png", ".png").await?;
    let html = downloaded(&page, "form-html", ".html").await?;
    let pcapng = downloaded(&page, "form-pcapng", ".pcapng").await?;
    page.press("share-close").await?;
    page.gone("share").await?;

    ensure!(fs::read(&png)?.starts_with(b"\x89PNG"), "no PNG");
    let seen = judge::frames(&pcapng)?.len();
    ensure!(seen == 11, "tshark sees {seen} packets");
    // A part of it is in a file, not all: who opens another one is asked.
    let open = has_all(&page, &svg);
    let answer = async {
        page.wait_for("unsaved", "data-test", &["unsaved"], 10)
            .await?;
        page.press("unsaved-discard").await
    };
    tokio::try_join!(open, answer)?;
    for file in [png, html, pcapng] {
        let opened = has_all(&page, &file).await;
        opened.with_context(|| file.display().to_string())?;
    }
    let console = page.browser.console().await;
    ensure!(console.is_empty(), "{console}");
    page.browser.quit().await
}

#[tokio::test]
async fn a_link_shows_the_same_and_a_damaged_one_says_so() -> anyhow::Result<()> {
    let lab = Lab::start().await?;
    let page = with_a_note(&lab).await?;
    page.press("share-open").await?;
    choose(&page, "form-link").await?;
    let reach = page
        .wait_for("link-cost", "data-reach", &["anywhere", "most"], 10)
        .await?;
    let link = value(&page, "share-text").await?;
    let length = page.attribute("link-cost", "data-length").await?;
    ensure!(
        length == link.len().to_string(),
        "{length} of {}",
        link.len()
    );
    ensure!(
        link.starts_with(&format!("{}#d=", front(&lab)?)) && !link.contains("token"),
        "{link}"
    );
    ensure!(
        page.text("viewer-local").await?.contains("own machine"),
        "nobody warns"
    );
    println!("a link of {length} characters, which goes {reach}");
    page.screenshot("share-link").await?;
    // With payload it costs more.
    choose(&page, "share-payload").await?;
    page.wait_for("link-cost", "data-reach", &["most", "file"], 10)
        .await?;
    let with = value(&page, "share-text").await?;
    ensure!(with.len() > link.len(), "{} and {}", with.len(), link.len());
    page.fill("viewer", "https://example.org/synema/").await?;
    page.gone("viewer-local").await?;
    let elsewhere = value(&page, "share-text").await?;
    ensure!(
        elsewhere.starts_with("https://example.org/synema/#d="),
        "{elsewhere}"
    );
    page.browser.quit().await?;

    // Whoever gets the link, in a browser of his own.
    let page = Page::open(&link, (1280, 800), "light").await?;
    page.wait_for("app", "data-source", &["file"], 30).await?;
    has_the_note(&page).await?;
    page.screenshot("from-a-link").await?;

    // Another link in the same tab, cut off on its way: said, and nothing else happens.
    let cut = format!(
        "location.hash = {};",
        json!(&link[link.find('#').context("#")?..link.len() - 40])
    );
    page.script(&cut, Vec::new()).await?;
    page.wait_for("banner", "role", &["alert"], 10).await?;
    let said = page.text("banner").await?;
    ensure!(said.contains("The link cannot be opened"), "{said}");
    has_the_note(&page).await?;
    for hostile in ["#d=%3Cscript%3E", "#d=AAAAAAAAAAAAAAAA", "#d=/../../etc"] {
        page.script("location.hash = arguments[0];", vec![json!(hostile)])
            .await?;
        page.wait_for("banner", "role", &["alert"], 10).await?;
        has_the_note(&page).await?;
    }
    let console = page.browser.console().await;
    ensure!(console.is_empty(), "{console}");
    page.browser.quit().await
}
