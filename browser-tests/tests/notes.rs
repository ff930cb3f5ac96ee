//! What is written on a capture: on its ladder, and in the file that is downloaded.

use std::path::Path;

use anyhow::{Context, ensure};
use browser_tests::page::{Lab, Page};
use thirtyfour::{By, Key, TypingData};
use tokio::process::Command;

/// The page with the sample that loses packets.
async fn with_losses(lab: &Lab) -> anyhow::Result<Page> {
    let (front, _) = lab
        .url
        .split_once('#')
        .context("the URL has a key after #")?;
    let page = Page::open(front, (1280, 800), "light").await?;
    page.press("place-wire").await?;
    page.wait_for("bridge", "data-state", &["absent"], 30)
        .await?;
    page.press("sample").await?;
    page.wait_for("moment", "data-frame", &["67"], 30).await?;
    Ok(page)
}

async fn key(page: &Page, keys: impl Into<TypingData>) -> anyhow::Result<()> {
    let body = page.browser.driver.find(By::Tag("body")).await?;
    Ok(body.send_keys(keys).await?)
}

async fn write(page: &Page, text: &str) -> anyhow::Result<()> {
    page.wait_for("draft", "data-test", &["draft"], 10).await?;
    page.fill("note-text", text).await?;
    page.press("note-save").await?;
    page.gone("draft").await
}

/// What tshark shows as comments of the packets, one line a packet that has some.
async fn comments(file: &Path) -> anyhow::Result<Vec<String>> {
    let output = Command::new("tshark")
        .arg("-r")
        .arg(file)
        .args(["-T", "fields", "-e", "frame.number", "-e", "frame.comment"])
        .output()
        .await?;
    let text = String::from_utf8(output.stdout)?;
    let noted = text.lines().filter_map(|line| line.split_once('\t'));
    let noted = noted.filter(|(_, comment)| !comment.is_empty());
    Ok(noted
        .map(|(number, comment)| format!("{number} {comment}"))
        .collect())
}

#[tokio::test]
async fn what_is_written_on_a_ladder_is_in_its_file_and_comes_back() -> anyhow::Result<()> {
    let lab = Lab::start().await?;
    let page = with_losses(&lab).await?;

    // A note on a packet, from the keyboard.
    page.press("moment").await?;
    page.wait_for("packet", "data-frame", &["67"], 10).await?;
    key(&page, "n").await?;
    write(&page, "Only the timer found this loss.").await?;
    page.wait_for("note", "data-test", &["note"], 10).await?;
    // One on a field.
    page.press("pen-field").await?;
    write(&page, "our own address").await?;
    // Highlighted; a bracket from it to an earlier one.
    key(&page, "h").await?;
    page.wait_for("pen-highlight", "aria-pressed", &["true"], 10)
        .await?;
    key(&page, "b").await?;
    page.wait_for("bracket-from", "data-frame", &["67"], 10)
        .await?;
    key(&page, Key::Up + "").await?;
    key(&page, Key::Up + "").await?;
    page.wait_for("packet", "data-frame", &["65"], 10).await?;
    page.screenshot("bracket-half").await?;
    key(&page, "b").await?;
    write(&page, "a quarter of a second").await?;
    // A lane gets a name and a note; the whole a title.
    page.press("lane").await?;
    page.fill("lane-name", "the reader").await?;
    write(&page, "a laptop").await?;
    key(&page, "a").await?;
    page.wait_for("notes", "data-count", &["4"], 10).await?;
    page.fill("title", "The last packet is the dearest").await?;
    page.fill("summary", "What a loss at the end costs.")
        .await?;
    page.type_key("summary", Key::Tab).await?;
    // Hidden, and taken back.
    key(&page, "x").await?;
    page.wait_for("hidden-count", "data-count", &["1"], 10)
        .await?;
    key(&page, Key::Control + "z").await?;
    page.gone("hidden-count").await?;
    key(&page, Key::Control + Key::Shift + "z").await?;
    page.wait_for("hidden-count", "data-count", &["1"], 10)
        .await?;
    page.press("undo").await?;
    page.gone("hidden-count").await?;
    page.screenshot("notes").await?;
    let lane = page.texts("lane").await?.join(" ");
    ensure!(lane.contains("the reader"), "{lane}");

    its_notes_are_not_lost(&page).await?;

    // The file has them, and opened it shows them.
    page.press("download").await?;
    let file = page.browser.downloaded(".pcapng").await?;
    page.wait_for("notes", "data-unsaved", &["false"], 10)
        .await?;
    let told = comments(&file).await?;
    ensure!(
        told.iter()
            .any(|line| line.starts_with("67 ") && line.contains("Only the timer found")),
        "{told:?}"
    );
    page.press("notes-close").await?;
    page.press("menu").await?;
    page.press("menu-sample").await?;
    page.gone("unsaved").await?;
    let input = page
        .browser
        .driver
        .find(By::Css("[data-test='open']"))
        .await?;
    input.send_keys(file.display().to_string()).await?;
    key(&page, "a").await?;
    page.wait_for("notes", "data-count", &["4"], 20).await?;
    let texts = page.texts("note-entry").await?.join("\n");
    for text in ["Only the timer", "our own address", "a laptop", "a quarter"] {
        ensure!(texts.contains(text), "no {text:?} in {texts}");
    }
    let title = page.script(
        "return document.querySelector('[data-test=title]').value;",
        Vec::new(),
    );
    let title = title.await?;
    ensure!(title == "The last packet is the dearest", "{title}");
    let console = page.browser.console().await;
    ensure!(console.is_empty(), "{console}");
    page.browser.quit().await
}

/// Who leaves is warned; who opens another file is asked.
async fn its_notes_are_not_lost(page: &Page) -> anyhow::Result<()> {
    let leaves = "
        const event = new Event('beforeunload', { cancelable: true });
        window.dispatchEvent(event);
        return event.defaultPrevented;";
    let warned = page.script(leaves, Vec::new()).await?;
    ensure!(warned == true, "nobody warns who closes the tab");
    page.press("menu").await?;
    page.press("menu-sample").await?;
    page.wait_for("unsaved", "data-test", &["unsaved"], 10)
        .await?;
    page.screenshot("unsaved").await?;
    page.press("unsaved-cancel").await?;
    page.gone("unsaved").await?;
    page.wait_for("notes", "data-count", &["4"], 10).await?;
    Ok(())
}

#[tokio::test]
async fn all_keys_are_told_and_a_dialog_keeps_them_to_itself() -> anyhow::Result<()> {
    let lab = Lab::start().await?;
    let page = with_losses(&lab).await?;
    key(&page, Key::Down + "").await?;
    page.wait_for("packet", "data-frame", &["1"], 10).await?;
    key(&page, "?").await?;
    page.wait_for("keys", "data-test", &["keys"], 10).await?;
    page.screenshot("keys").await?;
    key(&page, Key::Down + "").await?;
    key(&page, Key::Escape + "").await?;
    page.gone("keys").await?;
    page.wait_for("packet", "data-frame", &["1"], 10).await?;
    key(&page, "n").await?;
    page.wait_for("draft", "data-test", &["draft"], 10).await?;
    page.screenshot("draft").await?;
    // Letters typed into a note are no keys.
    page.fill("note-text", "hbxa").await?;
    page.type_key("note-text", Key::Escape).await?;
    page.gone("draft").await?;
    ensure!(
        page.texts("note").await?.is_empty(),
        "Escape writes nothing"
    );
    page.browser.quit().await
}

#[tokio::test]
async fn notes_stay_on_the_live_capture_while_it_grows() -> anyhow::Result<()> {
    let lab = Lab::start().await?;
    let page = Page::open(&lab.url, (1280, 800), "light").await?;
    page.claim().await?;
    page.fetch("http://www.lab.test/", 60).await?;
    let click = "const arrow = [...document.querySelectorAll(\"[data-test='arrow']\")]
        .find((arrow) => arrow.dataset.kind === 'syn');
        arrow.dispatchEvent(new MouseEvent('click', { bubbles: true }));
        return arrow.dataset.frame;";
    page.scroll_to(0.0).await?;
    let syn = page.script(click, Vec::new()).await?;
    let syn = syn.as_str().context("a SYN is drawn")?.to_owned();
    page.wait_for("packet", "data-frame", &[&syn], 10).await?;
    key(&page, "n").await?;
    write(&page, "Here it begins.").await?;
    page.wait_for("note-card", "data-packet", &[&syn], 10)
        .await?;
    let before: u64 = page
        .attribute("packet-count", "data-count")
        .await?
        .parse()?;
    page.fetch("http://www.lab.test/four", 60).await?;
    page.scroll_to(0.0).await?;
    page.wait_for("note-card", "data-packet", &[&syn], 10)
        .await?;
    page.screenshot("live-note").await?;
    page.press("download").await?;
    let file = page.browser.downloaded(".pcapng").await?;
    let told = comments(&file).await?;
    ensure!(told == [format!("{syn} Here it begins.")], "{told:?}");
    let after: u64 = page
        .attribute("packet-count", "data-count")
        .await?
        .parse()?;
    ensure!(after > before, "{before} packets, then {after}");
    page.browser.quit().await
}
