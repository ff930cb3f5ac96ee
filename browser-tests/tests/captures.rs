//! Captures that are opened: what the page tells of them, and how they are looked through.

use std::{fs, path::Path};

use anyhow::{Context, ensure};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use browser_tests::page::{Lab, Page};
use serde_json::json;

/// A page without a bridge: as a static host serves it.
async fn without_bridge(lab: &Lab) -> anyhow::Result<Page> {
    let (front, _) = lab
        .url
        .split_once('#')
        .context("the URL has a key after #")?;
    let page = Page::open(front, (1280, 800), "light").await?;
    page.press("place-wire").await?;
    Ok(page)
}

fn sample(name: &str) -> anyhow::Result<Vec<u8>> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../www/samples")
        .join(name);
    fs::read(&file).with_context(|| format!("no {}", file.display()))
}

/// Drags a file over the page, and lets go of it there if that is asked for.
async fn drag(page: &Page, name: &str, bytes: &[u8], and_drop: bool) -> anyhow::Result<()> {
    let script = "
        const [name, text, drop] = arguments;
        const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
        const data = new DataTransfer();
        data.items.add(new File([bytes], name));
        const tell = (type) => window.dispatchEvent(
            new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
        tell('dragenter');
        tell('dragover');
        if (drop) tell('drop');";
    let arguments = vec![json!(name), json!(STANDARD.encode(bytes)), json!(and_drop)];
    page.script(script, arguments).await?;
    Ok(())
}

async fn open(page: &Page, name: &str, bytes: &[u8]) -> anyhow::Result<()> {
    drag(page, name, bytes, true).await
}

async fn count(page: &Page, test: &str) -> anyhow::Result<u64> {
    Ok(page.attribute(test, "data-count").await?.parse()?)
}

#[tokio::test]
async fn a_capture_tells_what_is_worth_looking_at_and_is_looked_through() -> anyhow::Result<()> {
    let lab = Lab::start().await?;
    let page = without_bridge(&lab).await?;
    page.wait_for("bridge", "data-state", &["absent"], 30)
        .await?;
    page.screenshot("nothing-yet").await?;

    // A sample that comes with the page.
    page.press("sample").await?;
    page.wait_for("app", "data-source", &["file"], 30).await?;
    page.wait_for("moment", "data-frame", &["67"], 10).await?;
    let stall = page.text("moment").await?;
    ensure!(stall.contains("only its timer told it"), "{stall:?}");
    page.screenshot("capture").await?;

    // What is worth looking at is gone to.
    page.press("moment").await?;
    page.wait_for("packet", "data-frame", &["67"], 10).await?;
    page.wait_for("moment", "aria-current", &["true"], 10)
        .await?;

    // One conversation alone, and back to all.
    let all = count(&page, "packet-count").await?;
    page.press("conversation").await?;
    page.wait_for("alone", "data-stream", &["0"], 10).await?;
    page.wait_for("shown-count", "data-count", &["61"], 10)
        .await?;
    let ladder = page.ladder(10).await?;
    ensure!(
        ladder.arrows.values().all(|arrow| arrow.seq.is_some()),
        "not TCP alone: {:?}",
        ladder.arrows
    );
    page.screenshot("conversation-alone").await?;
    page.press("show-all").await?;
    page.gone("shown-count").await?;
    ensure!(count(&page, "packet-count").await? == all, "all of them");

    // Runs of alike packets as one arrow, and one of them unfolded.
    let each = page.ladder(10).await?.arrows.len();
    page.press("fold").await?;
    let mut folded = each;
    for _ in 0..50 {
        folded = page.ladder(10).await?.arrows.len();
        if folded < each {
            break;
        }
    }
    ensure!(folded < each, "{folded} of {each} arrows are drawn");
    page.screenshot("folded").await?;
    let unfold = "document.querySelector('[data-fold]').dispatchEvent(new MouseEvent('dblclick', { bubbles: true }));";
    page.scroll_to(0.0).await?;
    page.script(unfold, Vec::new()).await?;
    let mut unfolded = folded;
    for _ in 0..50 {
        unfolded = page.ladder(10).await?.arrows.len();
        if unfolded > folded {
            break;
        }
    }
    ensure!(unfolded > folded, "{unfolded} arrows, {folded} before");
    page.press("fold").await?;

    for size in [(1280, 800), (900, 800), (1920, 1080)] {
        page.resize(size).await?;
        for theme in ["light", "dark"] {
            page.set_theme(theme).await?;
            page.wait_for("app", "data-theme", &[theme], 10).await?;
            let ladder = page.ladder(6).await?;
            page.screenshot(&format!("capture-{}x{}-{theme}", size.0, size.1))
                .await?;
            ensure!(
                ladder.unreadable.is_empty(),
                "{size:?} {theme}: {}",
                ladder.unreadable.join("\n")
            );
        }
    }
    let console = page.browser.console().await;
    ensure!(console.is_empty(), "{console}");
    page.browser.quit().await
}

#[tokio::test]
async fn a_filter_is_told_what_is_wrong_with_it_and_shows_what_it_means() -> anyhow::Result<()> {
    let lab = Lab::start().await?;
    let page = without_bridge(&lab).await?;
    open(&page, "losses.pcapng", &sample("losses.pcapng")?).await?;
    page.wait_for("app", "data-source", &["file"], 30).await?;

    page.fill("filter", "tcp.analysis.retransmission && ")
        .await?;
    page.wait_for("filter-state", "data-state", &["bad"], 10)
        .await?;
    let problem = page.text("filter-problem").await?;
    ensure!(problem.len() > 40, "{problem:?}");
    page.screenshot("filter-problem").await?;

    page.fill("filter", "tcp.analysis.retransmission").await?;
    page.wait_for("filter-state", "data-state", &["applied"], 10)
        .await?;
    page.wait_for("shown-count", "data-count", &["3"], 10)
        .await?;
    let ladder = page.ladder(3).await?;
    let kinds: Vec<_> = ladder.arrows.values().map(|arrow| &arrow.kind).collect();
    ensure!(kinds.len() == 3, "{kinds:?}");
    ensure!(
        kinds.iter().all(|kind| *kind == "retransmission"),
        "{kinds:?}"
    );
    page.screenshot("filter-applied").await?;

    // Escape shows everything again.
    page.type_key("filter", thirtyfour::Key::Escape).await?;
    page.wait_for("filter-state", "data-state", &["none"], 10)
        .await?;
    page.press("filter-example").await?;
    page.wait_for("filter-state", "data-state", &["applied"], 10)
        .await?;
    page.browser.quit().await
}

#[tokio::test]
async fn what_is_no_capture_or_half_of_one_is_said_to_be_so() -> anyhow::Result<()> {
    let lab = Lab::start().await?;
    let page = without_bridge(&lab).await?;
    let whole = sample("losses.pcapng")?;

    drag(&page, "losses.pcapng", &whole, false).await?;
    page.wait_for("drop-here", "data-test", &["drop-here"], 10)
        .await?;
    page.screenshot("drop-here").await?;

    open(&page, "holiday.jpg", b"\xff\xd8\xff\xe0 no capture at all").await?;
    page.wait_for("banner", "role", &["alert"], 10).await?;
    let said = page.text("banner").await?;
    ensure!(
        said.contains("holiday.jpg cannot be read") && said.contains("pcap or pcapng"),
        "{said:?}"
    );
    ensure!(page.texts("drop-here").await?.is_empty(), "nobody drags");

    open(&page, "half.pcapng", &whole[..whole.len() / 2]).await?;
    page.wait_for("app", "data-source", &["file"], 10).await?;
    let partly = page.text("partly").await?;
    ensure!(
        partly.contains("ends with packet") && partly.len() > 60,
        "{partly:?}"
    );
    ensure!(
        count(&page, "packet-count").await? > 10,
        "half of it is there"
    );
    ensure!(
        page.texts("banner").await?.is_empty(),
        "the trouble is over"
    );
    page.screenshot("half-a-capture").await?;
    page.browser.quit().await
}

#[tokio::test]
async fn a_graph_shows_the_conversation_and_leads_to_its_packets() -> anyhow::Result<()> {
    let lab = Lab::start().await?;
    let page = without_bridge(&lab).await?;
    open(&page, "losses.pcapng", &sample("losses.pcapng")?).await?;
    page.wait_for("moment", "data-frame", &["67"], 30).await?;
    page.press("graph-open").await?;
    page.wait_for("graph", "data-drawn", &["true"], 10).await?;
    page.press("moment").await?;
    page.wait_for("graph-here", "data-test", &["graph-here"], 10)
        .await?;
    page.screenshot("graph").await?;

    // A click on a mark goes to its packet; where is found by trying along the picture's middle.
    let script = "
        const picture = document.querySelector('[data-test=graph-picture]');
        const box = picture.getBoundingClientRect();
        for (let x = 60; x < box.width - 20; x += 6)
            picture.dispatchEvent(new MouseEvent('click', {
                bubbles: true, clientX: box.x + x, clientY: box.y + box.height / 2 }));";
    page.script(script, Vec::new()).await?;
    for _ in 0..100 {
        if page.attribute("packet", "data-frame").await? != "67" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let gone_to: u64 = page.attribute("packet", "data-frame").await?.parse()?;
    ensure!((10..=70).contains(&gone_to) && gone_to != 67, "{gone_to}");

    for (kind, test) in [("throughput", "throughput"), ("bytes in flight", "flight")] {
        page.choose("graph-kind", kind).await?;
        page.wait_for("graph-picture", "data-kind", &[kind], 10)
            .await?;
        page.screenshot(&format!("graph-{test}")).await?;
    }
    page.set_theme("dark").await?;
    page.resize((900, 800)).await?;
    page.wait_for("app", "data-theme", &["dark"], 10).await?;
    page.ladder(2).await?;
    page.screenshot("graph-900-dark").await?;
    let console = page.browser.console().await;
    ensure!(console.is_empty(), "{console}");
    page.browser.quit().await
}

#[tokio::test]
async fn several_megabytes_are_opened_while_the_page_goes_on() -> anyhow::Result<()> {
    let lab = Lab::start().await?;
    let page = without_bridge(&lab).await?;
    page.wait_for("bridge", "data-state", &["absent"], 30)
        .await?;
    // The same packets over and over: 6 MB of pcap.
    let script = "
        const packet = new Uint8Array(16 + 1014);
        const head = new Uint8Array(24);
        const view = new DataView(head.buffer);
        view.setUint32(0, 0xa1b2c3d4, true);
        view.setUint16(4, 2, true); view.setUint16(6, 4, true);
        view.setUint32(16, 65535, true); view.setUint32(20, 1, true);
        const record = new DataView(packet.buffer);
        record.setUint32(8, 1014, true); record.setUint32(12, 1014, true);
        packet.set([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xb5], 16);
        const parts = [head];
        for (let n = 0; n < 6000; n++) {
            record.setUint32(0, n >> 3, true);
            parts.push(packet.slice());
        }
        const data = new DataTransfer();
        data.items.add(new File(parts, 'large.pcap'));
        window.longest = 0;
        let before = performance.now();
        const beat = () => {
            const now = performance.now();
            window.longest = Math.max(window.longest, now - before);
            before = now;
            window.beats = setTimeout(beat, 5);
        };
        beat();
        window.dispatchEvent(new DragEvent('drop', { dataTransfer: data, cancelable: true }));";
    page.script(script, Vec::new()).await?;
    page.wait_for("packet-count", "data-count", &["6000"], 60)
        .await?;
    let longest = page.script("return window.longest;", Vec::new()).await?;
    let longest = longest.as_f64().context("a number of milliseconds")?;
    ensure!(longest < 1_000.0, "the page stood still for {longest} ms");
    page.browser.quit().await
}
