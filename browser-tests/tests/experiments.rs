//! Experiments in the page: each is run, predicted, changed, stepped through and shared.

use std::time::Duration;

use anyhow::{Context, ensure};
use browser_tests::page::{Lab, Page};
use serde_json::{Value, json};
use thirtyfour::{By, Key, TypingData};
use tokio::time::{Instant, sleep};

/// Where the page is, without its key.
fn front(lab: &Lab) -> anyhow::Result<&str> {
    let (front, _) = lab
        .url
        .split_once('#')
        .context("the URL has a key after #")?;
    Ok(front)
}

async fn is_played(page: &Page) -> anyhow::Result<()> {
    page.wait_for("experiment", "data-played", &["true"], 30)
        .await
        .map(drop)
}

async fn key(page: &Page, keys: impl Into<TypingData>) -> anyhow::Result<()> {
    let body = page.browser.driver.find(By::Tag("body")).await?;
    Ok(body.send_keys(keys).await?)
}

/// The cursor's time in the run, ns.
async fn time_ns(page: &Page) -> anyhow::Result<u64> {
    Ok(page.attribute("transport", "data-ns").await?.parse()?)
}

/// Moves a knob, or the first one, to another of its settings, by what a hand does; says which.
async fn move_a_knob(page: &Page, which: Option<&str>) -> anyhow::Result<Option<String>> {
    let script = "
        const id = arguments[0] ?? document.querySelector('[data-test=knob]')?.dataset.knob;
        if (!id) return null;
        const parts = [...document.querySelectorAll(`[data-knob='${id}']`)];
        const knob = parts[0];
        if (knob.tagName === 'SELECT') {
            knob.selectedIndex = (knob.selectedIndex + 1) % knob.options.length;
            knob.dispatchEvent(new Event('change', { bubbles: true }));
        } else if (knob.type === 'radio') {
            parts[(parts.findIndex((part) => part.checked) + 1) % parts.length].click();
        } else {
            const step = Number(knob.step), at = Number(knob.value);
            knob.value = at + step <= Number(knob.max) ? at + step : at - step;
            knob.dispatchEvent(new Event('input', { bubbles: true }));
        }
        return id;";
    let moved = page.script(script, vec![json!(which)]).await?;
    Ok(moved.as_str().map(str::to_owned))
}

/// The fragment in the address bar, once it is as it is to be, or after two seconds.
async fn fragment(page: &Page, is_there: impl Fn(&str) -> bool) -> anyhow::Result<String> {
    let begun = Instant::now();
    loop {
        let hash = page.script("return location.hash;", Vec::new()).await?;
        let hash = hash.as_str().unwrap_or_default().to_owned();
        if is_there(&hash) || begun.elapsed() > Duration::from_secs(2) {
            return Ok(hash);
        }
        sleep(Duration::from_millis(20)).await;
    }
}

/// Every packet that is drawn: number, kind, numbers, and where it begins and ends in the ladder.
async fn rows(page: &Page) -> anyhow::Result<Vec<Value>> {
    let script = "
        return [...document.querySelectorAll('[data-test=arrow]')].map((arrow) => [
            arrow.dataset.frame, arrow.dataset.kind, arrow.dataset.seq ?? '', arrow.dataset.end,
            arrow.querySelector('.line').getAttribute('d')]);";
    let rows = page.script(script, Vec::new()).await?;
    Ok(rows.as_array().cloned().unwrap_or_default())
}

#[tokio::test]
async fn the_page_opens_on_a_running_experiment_and_needs_no_network_after_that()
-> anyhow::Result<()> {
    let lab = Lab::start().await?;
    let page = Page::open("about:blank", (1280, 800), "light").await?;
    let begun = Instant::now();
    page.browser.driver.goto(front(&lab)?).await?;
    loop {
        let rows = "return document.querySelectorAll('[data-test=arrow]').length;";
        let rows = page.script(rows, Vec::new()).await?;
        if rows.as_u64().is_some_and(|rows| rows > 0) {
            break;
        }
        ensure!(begun.elapsed() < Duration::from_secs(30), "no ladder");
        sleep(Duration::from_millis(20)).await;
    }
    let took = begun.elapsed();
    println!("the first rows were there after {} ms", took.as_millis());
    ensure!(took < Duration::from_secs(3), "{} ms", took.as_millis());

    // The network goes; nothing of it is missed.
    let gone =
        json!({"offline": true, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0});
    page.browser.devtools("Network.enable", json!({})).await?;
    page.browser
        .devtools("Network.emulateNetworkConditions", gone)
        .await?;
    drop(lab);
    page.wait_for("transport", "data-state", &["playing"], 10)
        .await?;
    page.wait_for("in-flight", "data-test", &["in-flight"], 10)
        .await?;
    page.screenshot("experiment-playing").await?;
    page.wait_for("transport", "data-state", &["ended"], 30)
        .await?;
    page.press("experiment-next").await?;
    is_played(&page).await?;
    page.wait_for("transport", "data-state", &["paused"], 10)
        .await?;
    page.wait_for("before-run", "data-test", &["before-run"], 10)
        .await?;
    page.screenshot("experiment-before").await?;
    page.press("run").await?;
    page.wait_for("transport", "data-state", &["playing"], 10)
        .await?;
    key(&page, "]").await?;
    page.wait_for("transport", "data-state", &["ended"], 10)
        .await?;
    let console = page.browser.console().await;
    ensure!(console.is_empty(), "{console}");
    page.browser.quit().await
}

/// What a reader does with an experiment, whichever it is.
async fn use_it(page: &Page, id: &str) -> anyhow::Result<()> {
    is_played(page).await?;
    page.wait_for("transport", "data-state", &["ended"], 10)
        .await?;
    let end = time_ns(page).await?;
    let digest = page.attribute("experiment", "data-digest").await?;
    let ladder = page.ladder(3).await?;
    ensure!(!ladder.arrows.is_empty(), "no packets");
    ensure!(
        ladder.unreadable.is_empty(),
        "{}",
        ladder.unreadable.join("\n")
    );
    // What was predicted is told at the end.
    let answer = "document.querySelector('[data-test=answer]:not(:checked)')?.click();";
    page.script(answer, Vec::new()).await?;
    page.wait_for("question", "data-told", &["true"], 10)
        .await?;
    ensure!(page.text("because").await?.len() > 20, "no reason");

    // Step by step from the beginning, and back.
    page.press("to-start").await?;
    let mut times = vec![time_ns(page).await?];
    for _ in 0..3 {
        page.press("step").await?;
        times.push(time_ns(page).await?);
    }
    ensure!(times[0] == 0 && times.is_sorted(), "{times:?}");
    page.press("step-back").await?;
    ensure!(time_ns(page).await? <= times[3], "back");
    let scrub = "
        const slider = document.querySelector('[data-test=scrub]');
        slider.value = 500;
        slider.dispatchEvent(new Event('input', { bubbles: true }));";
    page.script(scrub, Vec::new()).await?;
    let middle = time_ns(page).await?;
    ensure!(middle > 0 && middle < end, "{middle} of {end}");
    page.wait_for("cursor", "data-test", &["cursor"], 10)
        .await?;
    page.screenshot(&format!("experiments/{id}-middle")).await?;
    page.fill("clock", "5 ms").await?;
    page.enter("clock").await?;
    let typed = time_ns(page).await?;
    ensure!(
        typed.abs_diff(5_000_000) < 1_000_000,
        "{typed} ns, not 5 ms"
    );
    page.press("to-end").await?;

    // A knob: another run, with a name of its own; and back to the very same.
    if let Some(knob) = move_a_knob(page, None).await? {
        is_played(page).await?;
        let begins = format!("#e={id}&k.{knob}=");
        let link = fragment(page, |link| link.starts_with(&begins)).await?;
        ensure!(link.starts_with(&begins), "{link} does not name {knob}");
        page.press("knobs-reset").await?;
        page.gone("knobs-reset").await?;
        is_played(page).await?;
        page.wait_for("experiment", "data-digest", &[&digest], 10)
            .await?;
    }
    Ok(())
}

#[tokio::test]
async fn every_experiment_is_run_answered_changed_and_stepped_through() -> anyhow::Result<()> {
    let lab = Lab::start().await?;
    let page = Page::open(front(&lab)?, (1280, 800), "light").await?;
    is_played(&page).await?;
    page.press("experiments-list").await?;
    page.wait_for("experiments", "data-test", &["experiments"], 10)
        .await?;
    page.screenshot("experiments-list").await?;
    let script = "return [...document.querySelectorAll('[data-test=experiment-open]')].map((one) => one.dataset.id);";
    let ids = page.script(script, Vec::new()).await?;
    let mut ids: Vec<String> = serde_json::from_value(ids)?;
    // Nothing happens in it before the reader does something.
    ids.retain(|id| id != "you-are-the-stack");
    ensure!(ids.len() >= 8 && ids[0] == "handshake", "{ids:?}");
    page.press("experiments-list").await?;

    let mut troubles = Vec::new();
    for id in &ids {
        page.script(
            "location.hash = arguments[0];",
            vec![json!(format!("e={id}"))],
        )
        .await?;
        page.wait_for("experiment", "data-id", &[id], 10).await?;
        if let Err(trouble) = use_it(&page, id).await {
            troubles.push(format!("{id}: {trouble:#}"));
        }
        page.scroll_to(0.0).await?;
        for (language, theme) in [
            ("en", "light"),
            ("ja", "light"),
            ("ja", "dark"),
            ("en", "dark"),
        ] {
            page.set_theme(theme).await?;
            page.wait_for("app", "data-theme", &[theme], 10).await?;
            speak(&page, language).await?;
            page.screenshot(&format!("experiments/{id}-{language}-{theme}"))
                .await?;
        }
        speak(&page, "en").await?;
        page.set_theme("light").await?;
    }
    ensure!(troubles.is_empty(), "{}", troubles.join("\n\n"));
    let console = page.browser.console().await;
    ensure!(console.is_empty(), "{console}");
    page.browser.quit().await
}

async fn speak(page: &Page, language: &str) -> anyhow::Result<()> {
    let script = "document.querySelector(`[data-test='speak-${arguments[0]}']`).click();";
    page.script(script, vec![json!(language)]).await?;
    Ok(())
}

#[tokio::test]
async fn a_link_to_an_experiment_shows_the_same_run_and_notes() -> anyhow::Result<()> {
    let lab = Lab::start().await?;
    let url = format!("{}#e=one-goes-missing&k.lose=2", front(&lab)?);
    let page = Page::open(&url, (1280, 900), "light").await?;
    is_played(&page).await?;
    page.wait_for("transport", "data-state", &["ended"], 10)
        .await?;
    // A note on a packet, and one knob more, by hand.
    move_a_knob(&page, Some("delay")).await?;
    is_played(&page).await?;
    key(&page, "jjj").await?;
    page.wait_for("packet", "data-frame", &["3"], 10).await?;
    key(&page, "n").await?;
    page.fill("note-text", "Here it begins.").await?;
    page.press("note-save").await?;
    page.wait_for("note-card", "data-packet", &["3"], 10)
        .await?;
    key(&page, Key::Escape).await?;
    page.gone("packet").await?;
    // The notes belong to this run: another has none, and they are there when it is back.
    let before = rows(&page).await?;
    let here = fragment(&page, |link| link.contains("k.delay=")).await?;
    move_a_knob(&page, Some("lose")).await?;
    is_played(&page).await?;
    page.gone("note-card").await?;
    fragment(&page, |link| link != here).await?;
    page.script("location.hash = arguments[0];", vec![json!(here)])
        .await?;
    page.wait_for("note-card", "data-packet", &["3"], 10)
        .await?;
    ensure!(rows(&page).await? == before, "the run of before");

    page.press("share-open").await?;
    page.wait_for("link-cost", "data-reach", &["anywhere"], 10)
        .await?;
    page.screenshot("share-experiment").await?;
    let value = "return document.querySelector(`[data-test='share-text']`).value;";
    let link = page.script(value, Vec::new()).await?;
    let link = link.as_str().context("a link")?.to_owned();
    println!("a link of {} characters: {link}", link.len());
    ensure!(
        link.contains("#e=one-goes-missing&k.") && link.contains("&n="),
        "{link}"
    );
    page.browser.quit().await?;

    // Whoever gets it, in a browser of his own.
    let other = Page::open(&link, (1280, 900), "light").await?;
    is_played(&other).await?;
    other
        .wait_for("note-card", "data-packet", &["3"], 10)
        .await?;
    ensure!(other.text("note-card").await?.contains("Here it begins."));
    let (after, differs) = (rows(&other).await?, other.texts("link-differs").await?);
    ensure!(after == before, "{before:?}\n{after:?}");
    ensure!(differs.is_empty(), "{differs:?}");
    other.screenshot("experiment-from-a-link").await?;

    // A link that was made with another version says so.
    let old = "location.hash = location.hash.replace(/digest=../, 'digest=00');";
    other.script(old, Vec::new()).await?;
    other
        .wait_for("link-differs", "data-what", &["digest"], 10)
        .await?;
    other.screenshot("experiment-differs").await?;
    let console = other.browser.console().await;
    ensure!(console.is_empty(), "{console}");
    other.browser.quit().await
}

#[tokio::test]
async fn two_runs_stand_side_by_side_in_every_window() -> anyhow::Result<()> {
    let lab = Lab::start().await?;
    let url = format!("{}#e=one-goes-missing&k.lose=2", front(&lab)?);
    let page = Page::open(&url, (1280, 800), "light").await?;
    is_played(&page).await?;
    page.press("compare").await?;
    page.wait_for("both", "data-same", &["false"], 10).await?;
    let drawn = "return [...document.querySelectorAll('.both .one')]
        .map((one) => one.querySelectorAll('[data-test=arrow]').length);";
    let mut arrows = Value::Null;
    for _ in 0..100 {
        arrows = page.script(drawn, Vec::new()).await?;
        if arrows
            .as_array()
            .is_some_and(|both| both.iter().all(|n| n.as_u64() > Some(10)))
        {
            break;
        }
        sleep(Duration::from_millis(50)).await;
    }
    ensure!(
        arrows.as_array().is_some_and(|both| both.len() == 2),
        "{arrows}"
    );
    page.screenshot("compare").await?;
    // One cursor goes through both.
    page.press("to-start").await?;
    for _ in 0..12 {
        page.press("step").await?;
    }
    let cursors = "return document.querySelectorAll('[data-test=cursor]').length;";
    let cursors = page.script(cursors, Vec::new()).await?;
    ensure!(cursors.as_u64() == Some(2), "{cursors}");
    page.screenshot("compare-middle").await?;
    page.press("pin").await?;
    page.wait_for("both", "data-same", &["true"], 10).await?;
    page.press("compare").await?;
    page.gone("both").await?;

    // Other windows: the ladder stays in sight, and what moves the cursor.
    for (size, theme) in [
        ((900, 800), "light"),
        ((1920, 1080), "light"),
        ((1920, 1080), "dark"),
    ] {
        page.resize(size).await?;
        page.set_theme(theme).await?;
        page.wait_for("app", "data-theme", &[theme], 10).await?;
        page.press("step").await?;
        sleep(Duration::from_millis(300)).await;
        page.screenshot(&format!("experiment-{}x{}-{theme}", size.0, size.1))
            .await?;
        let sizes = "
            const height = (test) => document.querySelector(`[data-test='${test}']`).getBoundingClientRect().height;
            return [height('ladder-scroll'), height('transport')];";
        let sizes = page.script(sizes, Vec::new()).await?;
        let tall = |index: usize| sizes[index].as_f64().unwrap_or_default();
        ensure!(tall(0) > 150.0 && tall(1) > 60.0, "{size:?}: {sizes}");
    }
    page.press("on-a-wire").await?;
    page.wait_for("on-a-wire-dialog", "data-test", &["on-a-wire-dialog"], 10)
        .await?;
    page.screenshot("on-a-wire").await?;
    page.press("on-a-wire-close").await?;

    // Who wants nothing to move sees the whole at once.
    let still = json!({"features": [{"name": "prefers-reduced-motion", "value": "reduce"}]});
    page.browser
        .devtools("Emulation.setEmulatedMedia", still)
        .await?;
    page.browser.driver.goto("about:blank").await?;
    page.browser.driver.goto(front(&lab)?).await?;
    is_played(&page).await?;
    page.wait_for("transport", "data-state", &["ended"], 5)
        .await?;
    let console = page.browser.console().await;
    ensure!(console.is_empty(), "{console}");
    page.browser.quit().await
}
