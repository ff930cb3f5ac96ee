//! The page that `synema draw -o page.html` makes, opened from the disk as anybody opens it.

use std::{fs, path::Path, time::Duration};

use anyhow::{Context, ensure};
use browser_tests::page::{Page, program};
use serde_json::{Value, json};
use tokio::process::Command;

/// What nobody may be able to run by writing it on a packet.
const HOSTILE: &str = "</title><script>document.body.id='taken'</script><img src=x onerror=\"document.body.id='taken'\">";

/// A pcapng of a handshake and twenty segments with their ACKs; a note on the third packet.
fn capture() -> Vec<u8> {
    let block = |kind: u32, body: &[u8]| {
        let length = (body.len() as u32 + 12).to_le_bytes();
        [&kind.to_le_bytes()[..], &length, body, &length].concat()
    };
    let mut file = block(
        0x0a0d_0d0a,
        &[
            &0x1a2b_3c4d_u32.to_le_bytes()[..],
            &[1, 0, 0, 0],
            &[0xff; 8],
        ]
        .concat(),
    );
    // Ethernet, everything kept, microseconds.
    file.extend(block(1, &[1, 0, 0, 0, 0, 0, 0, 0]));
    let mut number = 0;
    let mut packet = |from_client: bool, flags: u8, seq: u32, ack: u32, len: usize| {
        number += 1;
        let frame = segment(from_client, flags, seq, ack, len);
        let us = 1_000_000 + number * 2_000_u32;
        let length = (frame.len() as u32).to_le_bytes();
        let mut body = [&[0; 8][..], &us.to_le_bytes(), &length, &length, &frame].concat();
        body.resize(body.len().next_multiple_of(4), 0);
        if number == 3 {
            // The option that Wireshark shows as the packet's comment.
            body.extend([1, 0]);
            body.extend((HOSTILE.len() as u16).to_le_bytes());
            body.extend(HOSTILE.as_bytes());
            body.resize(body.len().next_multiple_of(4), 0);
            body.extend([0; 4]);
        }
        file.extend(block(6, &body));
    };
    packet(true, 0x02, 0, 0, 0);
    packet(false, 0x12, 0, 1, 0);
    packet(true, 0x10, 1, 1, 0);
    for index in 0..20 {
        packet(false, 0x18, 1 + index * 100, 1, 100);
        packet(true, 0x10, 1, 101 + index * 100, 0);
    }
    file
}

/// A TCP segment in IPv4 in Ethernet, without checksums.
fn segment(from_client: bool, flags: u8, seq: u32, ack: u32, len: usize) -> Vec<u8> {
    let [client, server] = [[192, 0, 2, 1], [192, 0, 2, 80]];
    let [own, other] = if from_client { [1_u16, 2] } else { [2, 1] };
    let (from, to) = if from_client {
        (client, server)
    } else {
        (server, client)
    };
    let (source, target) = if from_client {
        (50_000_u16, 80_u16)
    } else {
        (80, 50_000)
    };
    let mac = |last: u16| [2, 0, 0, 0, 0, last as u8];
    let mut frame = [&mac(other)[..], &mac(own), &[8, 0]].concat();
    frame.extend([0x45, 0]);
    frame.extend((40 + len as u16).to_be_bytes());
    frame.extend([0, 1, 0x40, 0, 64, 6, 0, 0]);
    frame.extend([from, to].concat());
    frame.extend([source.to_be_bytes(), target.to_be_bytes()].concat());
    frame.extend([seq.to_be_bytes(), ack.to_be_bytes()].concat());
    frame.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
    frame.resize(frame.len() + len, b'x');
    frame
}

/// Draws the capture, and opens the page.
async fn opened(folder: &Path, size: (u32, u32), theme: &str) -> anyhow::Result<Page> {
    let [from, to] = ["a.pcapng", "a.html"].map(|name| folder.join(name));
    fs::write(&from, capture())?;
    let mut draw = Command::new(program());
    draw.arg("draw").arg(&from).arg("-o").arg(&to);
    let drawn = draw.args(["--title", HOSTILE]).output().await?;
    ensure!(drawn.status.success(), "{drawn:?}");
    Page::open(&format!("file://{}", to.display()), size, theme).await
}

async fn value(page: &Page, script: &str) -> anyhow::Result<Value> {
    page.script(&format!("return {script};"), Vec::new()).await
}

/// The number of the packet whose panel is shown, if one is.
async fn shown(page: &Page) -> anyhow::Result<Option<u64>> {
    // A change of the fragment is told of in a task of its own.
    tokio::time::sleep(Duration::from_millis(60)).await;
    let ids =
        "[...document.querySelectorAll('article')].filter(a => a.offsetHeight > 0).map(a => a.id)";
    let ids = value(page, ids).await?;
    let ids: Vec<String> = serde_json::from_value(ids)?;
    ensure!(ids.len() < 2, "more than one packet is shown: {ids:?}");
    let number = ids
        .first()
        .and_then(|id| id.strip_prefix("packet-")?.parse().ok());
    Ok(number)
}

async fn key(page: &Page, key: &str) -> anyhow::Result<()> {
    for kind in ["keyDown", "keyUp"] {
        let event =
            json!({"type": kind, "key": key, "text": if key.len() == 1 { key } else { "" }});
        page.browser
            .devtools("Input.dispatchKeyEvent", event)
            .await?;
    }
    Ok(())
}

async fn click(page: &Page, x: f64, y: f64) -> anyhow::Result<()> {
    for kind in ["mousePressed", "mouseReleased"] {
        let event = json!({"type": kind, "x": x, "y": y, "button": "left", "clickCount": 1});
        page.browser
            .devtools("Input.dispatchMouseEvent", event)
            .await?;
    }
    Ok(())
}

/// The middle of the first thing that a selector means.
async fn middle(page: &Page, selector: &str) -> anyhow::Result<(f64, f64)> {
    let script = "const box = document.querySelector(arguments[0]).getBoundingClientRect(); \
                  return [box.x + box.width / 2, box.y + box.height / 2];";
    let found = page.script(script, vec![json!(selector)]).await?;
    Ok(serde_json::from_value(found)?)
}

#[tokio::test]
async fn a_page_from_the_disk_is_walked_through_and_nothing_hostile_in_it_runs()
-> anyhow::Result<()> {
    let folder = tempfile::tempdir_in(target()?)?;
    let page = opened(folder.path(), (1280, 800), "light").await?;
    ensure!(shown(&page).await?.is_none(), "nothing was chosen yet");

    // By a click beside the line, then from packet to packet by the keys.
    let (x, y) = middle(&page, ".arrow[data-packet='2']").await?;
    click(&page, x, y + 3.0).await?;
    ensure!(shown(&page).await? == Some(2), "{:?}", shown(&page).await?);
    key(&page, "ArrowDown").await?;
    ensure!(shown(&page).await? == Some(3), "{:?}", shown(&page).await?);
    key(&page, "End").await?;
    ensure!(shown(&page).await? == Some(43), "{:?}", shown(&page).await?);
    let (_, y) = middle(&page, ".arrow.x-on").await?;
    ensure!((100.0..800.0).contains(&y), "the last packet stands at {y}");
    key(&page, "Escape").await?;
    ensure!(shown(&page).await?.is_none(), "it is closed again");

    // A note leads to its packet, and the packet back.
    let (x, y) = middle(&page, ".x-notes a").await?;
    click(&page, x, y).await?;
    ensure!(shown(&page).await? == Some(3), "the note is on packet 3");
    let back = value(
        &page,
        "document.querySelector('article.x-on .x-note a').hash",
    )
    .await?;
    ensure!(value(&page, &format!("document.querySelector({back}) !== null")).await? == true);

    // What it shows can be had as a file again.
    let (x, y) = middle(&page, "a[download]").await?;
    click(&page, x, y).await?;
    let file = fs::read(page.browser.downloaded(".pcapng").await?)?;
    ensure!(file.starts_with(b"\x0a\x0d\x0d\x0a"), "{:?}", &file[..8]);

    // Larger, and as it was.
    let width = "document.getElementById('x-sheet').getBoundingClientRect().width";
    let before = value(&page, width).await?.as_f64().context("a width")?;
    key(&page, "+").await?;
    let after = value(&page, width).await?.as_f64().context("a width")?;
    ensure!((after / before - 1.25).abs() < 0.01, "{before} -> {after}");
    key(&page, "0").await?;
    let again = value(&page, width).await?.as_f64().context("a width")?;
    ensure!((again - before).abs() < 1.0, "{before} -> {again}");
    page.screenshot("html-light").await?;

    // By night it is dark, and light when that is asked for.
    let ground = "getComputedStyle(document.querySelector('svg .ground')).fill";
    page.set_theme("dark").await?;
    let night = value(&page, ground).await?;
    page.screenshot("html-dark").await?;
    let (x, y) = middle(&page, "[data-theme-of=light]").await?;
    click(&page, x, y).await?;
    let chosen = value(&page, ground).await?;
    ensure!(
        night == "rgb(21, 24, 29)" && chosen == "rgb(251, 250, 247)",
        "{night} {chosen}"
    );

    let title = value(&page, "document.querySelector('h1').textContent").await?;
    ensure!(title == HOSTILE, "{title}");
    ensure!(
        value(&page, "document.body.id").await? == "",
        "what was written on it ran"
    );
    // Nor could it have: the policy lets nothing run that is not the page's own.
    let tried = page.script(
        "const made = document.createElement('script'); made.textContent = \"document.body.id = 'taken'\"; \
         document.body.append(made); return document.body.id;",
        Vec::new(),
    );
    ensure!(tried.await? == "", "a script of somebody else ran");
    let console = page.browser.console().await;
    ensure!(
        console.lines().count() == 1 && console.contains("Content Security Policy"),
        "only that was refused: {console}"
    );
    for size in [(600, 900), (1920, 1080)] {
        page.resize(size).await?;
        page.screenshot(&format!("html-{}", size.0)).await?;
        let wide = value(&page, "document.documentElement.scrollWidth").await?;
        ensure!(wide.as_u64() <= Some(size.0.into()), "{wide} of {}", size.0);
    }
    let print = json!({"media": "print"});
    page.browser
        .devtools("Emulation.setEmulatedMedia", print)
        .await?;
    page.screenshot("html-print").await?;
    for hidden in [".x-tools", ".x-heads"] {
        let high = format!("document.querySelector('{hidden}').getBoundingClientRect().height");
        ensure!(value(&page, &high).await? == 0, "{hidden} is printed");
    }
    page.browser.quit().await
}

#[tokio::test]
async fn without_its_script_all_of_it_can_be_read() -> anyhow::Result<()> {
    let folder = tempfile::tempdir_in(target()?)?;
    let page = opened(folder.path(), (1280, 800), "light").await?;
    page.browser
        .devtools(
            "Emulation.setScriptExecutionDisabled",
            json!({"value": true}),
        )
        .await?;
    page.browser.driver.refresh().await?;
    let all = "[...document.querySelectorAll('article')].filter(a => a.offsetHeight > 40).length";
    page.browser
        .devtools(
            "Emulation.setScriptExecutionDisabled",
            json!({"value": false}),
        )
        .await?;
    ensure!(
        value(&page, all).await? == 43,
        "not every packet can be read"
    );
    ensure!(value(&page, "document.querySelector('.x-tools').offsetHeight").await? == 0);
    page.screenshot("html-without-script").await?;
    page.browser.quit().await
}

/// A folder that a browser from a snap can read, too.
fn target() -> anyhow::Result<std::path::PathBuf> {
    let folder = program();
    let folder = folder.parent().context("a program is in a folder")?;
    Ok(folder.to_owned())
}
