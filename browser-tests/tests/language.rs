//! The page in Japanese: the switch, what it changes, and that it is remembered.

use anyhow::{Context, ensure};
use browser_tests::page::{Lab, Page};
use serde_json::{Value, json};
use thirtyfour::By;

/// Looks for English; its argument is what may stand there all the same.
const ENGLISH: &str = include_str!("../src/english.js");

/// What is called so in every language: the page's and formats' names, units, protocols, flags,
/// options, states, timers, keys; and the hosts of experiments and samples.
const NAMES: &str = "\
    Synema Wireshark pcap pcapng SVG PNG HTML Markdown Mermaid README Wiki Ctrl Enter Cookie \
    ns ms min kB MB bit kbit Mbit SHA URL http tcp port RFC \
    ACK SYN FIN RST PSH TCP UDP IP IPv4 IPv6 ARP DNS ICMP TLS MAC ID MSS SACK MSL DSCP ECN \
    Ethernet II NAT HTTP GET OK HEAD HTTPS CLOSED LISTEN SENT RECEIVED ESTABLISHED WAIT CLOSE \
    LAST CLOSING TIME RTO SRTT TLP RACK cwnd ssthresh win ack mss ws sackOK ts dup sack flight \
    len raw val ecr Complete Incomplete DATA NO WITH CLIENT acked lost segment duplicate \
    retransmission fast spurious www lab test losses reset";

/// The English that is left, if any.
async fn english_on(page: &Page) -> anyhow::Result<Vec<String>> {
    let left = page.script(ENGLISH, vec![json!(NAMES)]).await?;
    let left = left.as_array().context("a list")?.iter();
    Ok(left.filter_map(Value::as_str).map(str::to_owned).collect())
}

async fn is_japanese(page: &Page, where_: &str) -> anyhow::Result<()> {
    let left = english_on(page).await?;
    ensure!(left.is_empty(), "{where_}: {left:#?}");
    Ok(())
}

async fn spoken(page: &Page) -> anyhow::Result<String> {
    let root = page.browser.driver.find(By::Tag("html")).await?;
    root.attr("lang")
        .await?
        .context("the page says its language")
}

#[tokio::test]
async fn the_page_speaks_japanese_when_it_is_told_and_still_after_a_reload() -> anyhow::Result<()> {
    let lab = Lab::start().await?;
    let (front, _) = lab
        .url
        .split_once('#')
        .context("the URL has a key after #")?;
    let page = Page::open(front, (1280, 800), "light").await?;
    page.wait_for("transport", "data-state", &["ended"], 60)
        .await?;
    ensure!(spoken(&page).await? == "en");
    ensure!(page.text("share-open").await? == "Share");
    ensure!(
        !english_on(&page).await?.is_empty(),
        "the witness sees English"
    );

    page.press("speak-ja").await?;
    ensure!(spoken(&page).await? == "ja");
    page.wait_for("speak-ja", "aria-pressed", &["true"], 10)
        .await?;
    page.screenshot("language-experiment").await?;
    is_japanese(&page, "an experiment").await?;

    // A capture: what is worth looking at, a packet, a graph, the keys, sharing.
    page.press("place-wire").await?;
    page.press("sample").await?;
    page.wait_for("moment", "data-frame", &["67"], 30).await?;
    page.press("moment").await?;
    page.wait_for("packet", "data-frame", &["67"], 10).await?;
    page.press("graph-open").await?;
    page.wait_for("graph-picture", "data-kind", &["sequence numbers"], 10)
        .await?;
    page.screenshot("language-capture").await?;
    is_japanese(&page, "a capture").await?;
    page.press("share-open").await?;
    is_japanese(&page, "sharing").await?;
    page.press("share-close").await?;

    // It is remembered, and unlearnt.
    page.browser.driver.refresh().await?;
    page.wait_for("speak-ja", "aria-pressed", &["true"], 30)
        .await?;
    ensure!(spoken(&page).await? == "ja");
    page.set_theme("dark").await?;
    page.resize((900, 800)).await?;
    page.wait_for("experiment", "data-played", &["true"], 30)
        .await?;
    page.screenshot("language-experiment-900-dark").await?;
    page.press("speak-en").await?;
    ensure!(page.text("share-open").await? == "Share");
    let console = page.browser.console().await;
    ensure!(console.is_empty(), "{console}");
    page.browser.quit().await
}
