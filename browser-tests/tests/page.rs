//! The page against the kernel's TCP, in the lab that `synema lab` makes.

use std::{fs, path::Path, time::Duration};

use anyhow::{Context, ensure};
use browser_tests::{
    child::Child,
    ladder::{Arrow, Ladder},
    page::{Lab, Page, program, site},
};
use tokio::{net::TcpStream, process::Command};

/// The sizes at which nothing may be cut off: a laptop's, half of a large screen, and all of it.
const SIZES: [(u32, u32); 3] = [(1280, 800), (900, 800), (1920, 1080)];

/// A fetch of the lab's first page, and everything that it has to show.
async fn shows_the_first_page(page: Page, name: &str) -> anyhow::Result<()> {
    page.claim().await?;
    let response = page.fetch("http://www.lab.test/", 60).await?;
    ensure!(response.status == "200 OK", "status {:?}", response.status);
    ensure!(
        response.body.contains("It works"),
        "the body is {:?}",
        response.body
    );
    ensure!(response.bytes > 0, "the body is empty");

    let ladder = page.ladder(40).await?;
    page.scroll_to(0.0).await?;
    page.screenshot(name).await?;
    begins_as_it_should(&ladder)?;
    ensure!(
        ladder.unreadable.is_empty(),
        "not readable:\n{}",
        ladder.unreadable.join("\n")
    );
    page.browser.quit().await
}

/// ARP probes and an announcement, the gateway's resolution, DNS, then SYN, SYN-ACK, ACK.
///
/// An address is announced twice (RFC 5227 section 2.3), and the second time falls where it falls: on a slow
/// machine before the resolution, on a fast one between the name and the SYN.
fn begins_as_it_should(ladder: &Ladder) -> anyhow::Result<()> {
    let all: Vec<&Arrow> = ladder.arrows.values().collect();
    let told = || {
        format!(
            "the ladder is {:#?}",
            all.iter().take(16).collect::<Vec<_>>()
        )
    };
    let caused = |arrow: &Arrow, cause: &str| arrow.cause.as_deref() == Some(cause);
    let probes = all
        .iter()
        .take_while(|arrow| caused(arrow, "ArpProbe"))
        .count();
    ensure!(probes >= 1, "no probe at the beginning; {}", told());
    ensure!(
        all.get(probes)
            .is_some_and(|arrow| caused(arrow, "ArpAnnounce")),
        "no announcement after {probes} probes; {}",
        told()
    );
    let mut arrows = all[probes..].to_vec();
    arrows.retain(|arrow| !caused(arrow, "ArpAnnounce"));

    let [asked, answered, ..] = arrows[..] else {
        anyhow::bail!("nothing after the claim; {}", told());
    };
    ensure!(
        (asked.kind.as_str(), asked.from.as_str()) == ("arp", "page")
            && (answered.kind.as_str(), answered.to.as_str()) == ("arp", "page"),
        "no resolution; {}",
        told()
    );

    let dns = arrows[2..]
        .iter()
        .take_while(|arrow| arrow.kind == "dns")
        .count();
    ensure!(dns >= 2, "{dns} DNS packets after ARP; {}", told());
    let [syn, syn_ack, ack, ..] = &arrows[2 + dns..] else {
        anyhow::bail!("no handshake; {}", told());
    };
    ensure!(
        syn.flags.as_deref() == Some("SYN") && syn.from == "page",
        "{syn:?}"
    );
    ensure!(syn.seq == Some(0), "{syn:?}");
    let flags = syn_ack.flags.as_deref().unwrap_or_default();
    ensure!(
        flags.contains("SYN") && flags.contains("ACK") && syn_ack.to == "page",
        "{syn_ack:?}"
    );
    ensure!(
        (syn_ack.seq, syn_ack.ack) == (Some(0), Some(1)),
        "{syn_ack:?}"
    );
    ensure!(
        (ack.seq, ack.ack, ack.from.as_str()) == (Some(1), Some(1), "page"),
        "{ack:?}"
    );
    let sent = all.iter().filter(|arrow| arrow.from == "page");
    let unexplained: Vec<_> = sent.filter(|arrow| arrow.cause.is_none()).collect();
    ensure!(
        unexplained.is_empty(),
        "sent, and nobody knows why: {unexplained:?}"
    );
    Ok(())
}

#[tokio::test]
async fn the_demo_shows_the_first_page_and_ends_with_ctrl_c() -> anyhow::Result<()> {
    let mut command = Command::new(env!("CARGO"));
    command
        .args(["xtask", "demo", "--no-open", "--port", "0"])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let mut demo = Child::spawn(command)?;
    // It builds what is not built yet.
    let url = demo
        .wait_for(Duration::from_secs(900), |line| {
            let url = &line[line.find("http://")?..];
            url.split_whitespace().next().map(str::to_owned)
        })
        .await?;
    let page = Page::open(&url, (1280, 800), "light").await?;
    page.wait_for("app", "data-source", &["experiment"], 30)
        .await?;
    page.ladder(10).await?;
    page.screenshot("demo").await?;
    // The network that it made is one press away.
    page.press("place-wire").await?;
    shows_the_first_page(page, "first-page").await?;

    demo.interrupt().await?;
    let port = url_port(&url).context("the URL has a port")?;
    let refused = TcpStream::connect(("127.0.0.1", port)).await.is_err();
    ensure!(
        refused,
        "the demo has ended, and somebody still listens on port {port}"
    );
    Ok(())
}

fn url_port(url: &str) -> Option<u16> {
    let authority = url.strip_prefix("http://")?.split(['/', '#', '?']).next()?;
    authority.rsplit_once(':')?.1.parse().ok()
}

#[tokio::test]
async fn it_works_for_nobody_without_groups_and_capabilities() -> anyhow::Result<()> {
    // Where nobody may read: not every checkout is.
    let folder = tempfile::tempdir()?;
    let copy = folder.path().join("synema");
    fs::copy(program(), &copy)?;
    copy_readable(&site(), &folder.path().join("site"))?;
    let mut open = Command::new("chmod");
    let opened = open
        .args(["-R", "a+rX"])
        .arg(folder.path())
        .status()
        .await?;
    ensure!(opened.success(), "the copy cannot be made readable");

    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "TERM"]);
    if is_root().await? {
        command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]);
        command.args([
            "--bounding-set=-all",
            "--inh-caps=-all",
            "--ambient-caps=-all",
        ]);
    }
    command
        .arg(&copy)
        .env_remove("SYNEMA_SITE")
        .current_dir("/");
    let lab = Lab::of(command).await?;
    let page = Page::open(&lab.url, SIZES[0], "light").await?;
    shows_the_first_page(page, "nobody").await
}

async fn is_root() -> anyhow::Result<bool> {
    let id = Command::new("id").arg("-u").output().await?;
    Ok(id.stdout.trim_ascii() == b"0")
}

fn copy_readable(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("no page in {}", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_readable(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_page_of_1_mb_arrives_whole_and_is_drawn_so_that_it_can_be_read() -> anyhow::Result<()> {
    let lab = Lab::start().await?;
    let page = Page::open(&lab.url, SIZES[0], "light").await?;
    page.claim().await?;
    let digest = page
        .fetch("http://www.lab.test/size/1000000.sha256", 60)
        .await?;
    let response = page.fetch("http://www.lab.test/size/1000000", 60).await?;
    ensure!(response.status == "200 OK", "status {:?}", response.status);
    ensure!(response.bytes == 1_000_000, "{} bytes", response.bytes);
    ensure!(
        response.sha256.len() == 64,
        "a digest, not {:?}",
        response.sha256
    );
    ensure!(
        response.sha256 == digest.body.trim(),
        "the server's digest is {}",
        digest.body
    );

    for size in SIZES {
        page.resize(size).await?;
        for theme in ["light", "dark"] {
            page.set_theme(theme).await?;
            page.wait_for("app", "data-theme", &[theme], 10).await?;
            let ladder = page.ladder(25).await?;
            let name = format!("1mb-{}x{}-{theme}", size.0, size.1);
            page.screenshot(&name).await?;
            ensure!(
                ladder.unreadable.is_empty(),
                "{name}, not readable:\n{}",
                ladder.unreadable.join("\n")
            );
            carries_the_page(&ladder)?;
        }
    }
    its_packet_says_why(&page).await?;
    its_capture_is_clean(&page).await?;
    ensure!(
        page.browser.console().await.is_empty(),
        "{}",
        page.browser.console().await
    );
    page.browser.quit().await
}

/// The parts of the ladder that were looked at show the handshake, data, ACKs and the states.
fn carries_the_page(ladder: &Ladder) -> anyhow::Result<()> {
    let count = |kind: &str| {
        ladder
            .arrows
            .values()
            .filter(|arrow| arrow.kind == kind)
            .count()
    };
    let from_server = |arrow: &&Arrow| arrow.to == "page" && arrow.len.is_some_and(|len| len > 0);
    let data: Vec<&Arrow> = ladder.arrows.values().filter(from_server).collect();
    ensure!(
        count("syn") >= 2,
        "no handshake among {} arrows",
        ladder.arrows.len()
    );
    ensure!(data.len() >= 20, "only {} arrows carry data", data.len());
    ensure!(count("ack") >= 5, "only {} bare ACKs", count("ack"));
    for arrow in data {
        let fits = arrow.len.is_some_and(|len| len <= 1460);
        ensure!(fits, "a segment larger than the MTU allows: {arrow:?}");
    }
    let ours = ladder.states_of("page");
    ensure!(
        ours.contains(&"SYN-SENT") && ours.contains(&"ESTABLISHED"),
        "our states are {ours:?}"
    );
    let inferred = |state: &&browser_tests::ladder::State| state.lane == "server" && state.inferred;
    ensure!(
        ladder.states.iter().any(|state| inferred(&state)),
        "the server's states are not shown as inferred"
    );
    Ok(())
}

/// A packet that is chosen tells its layers, its bytes, and why it was sent.
async fn its_packet_says_why(page: &Page) -> anyhow::Result<()> {
    page.scroll_to(0.0).await?;
    let click = "const arrow = [...document.querySelectorAll(\"[data-test='arrow']\")]
        .find((arrow) => arrow.dataset.kind === 'syn' && arrow.dataset.from === 'page');
        arrow.dispatchEvent(new MouseEvent('click', { bubbles: true }));
        return arrow.dataset.frame;";
    let frame = page.script(click, Vec::new()).await?;
    let frame = frame
        .as_str()
        .context("a SYN of ours is drawn at the top")?;
    page.wait_for("packet", "data-frame", &[frame], 10).await?;
    let why = page.text("packet-why").await?;
    ensure!(why.len() > 20, "why it was sent: {why:?}");
    let layers = page.texts("packet-layer").await?.join(" ");
    for layer in ["Ethernet", "IPv4", "TCP"] {
        ensure!(layers.contains(layer), "no {layer} in {layers}");
    }
    let bytes = page.text("packet-bytes").await?;
    ensure!(
        bytes.contains("45") && bytes.len() > 100,
        "bytes: {bytes:?}"
    );
    page.screenshot("packet").await
}

/// The capture that the page gives away, as tshark sees it.
async fn its_capture_is_clean(page: &Page) -> anyhow::Result<()> {
    let packets: u64 = page
        .attribute("packet-count", "data-count")
        .await?
        .parse()?;
    let dropped: u64 = page.attribute("stats", "data-dropped").await?.parse()?;
    page.press("download").await?;
    let file = page.browser.downloaded(".pcapng").await?;
    let seen = judge::frames(&file)?.len() as u64;
    ensure!(
        seen == packets,
        "{seen} of the {packets} packets that are shown"
    );
    let complaints = judge::complaints(&file)?;
    ensure!(
        complaints.is_empty(),
        "tshark finds {}; the page shows {dropped} as dropped",
        complaints.join(", ")
    );
    Ok(())
}

#[tokio::test]
async fn what_goes_wrong_is_said_with_its_cause() -> anyhow::Result<()> {
    let lab = Lab::start().await?;
    let page = Page::open(&lab.url, SIZES[0], "dark").await?;
    page.claim().await?;
    for (url, words) in [
        ("https://www.lab.test/", &["TLS"] as &[&str]),
        ("http://nobody.lab.test/", &["nobody.lab.test"]),
        ("http://www.lab.test:82/", &["refused"]),
        ("http://www.lab.test:81/", &["did not answer"]),
        ("http://www.lab.test/cut", &["cut", "end"]),
        ("http:/not a url", &["URL", "address"]),
    ] {
        let said = page.failure(url, 60).await?;
        let lower = said.to_lowercase();
        let named = words
            .iter()
            .any(|word| lower.contains(&word.to_lowercase()));
        ensure!(named, "{url}: {said:?} names none of {words:?}");
        ensure!(
            said.lines().count() >= 2 || said.len() > 60,
            "{url}: no next step in {said:?}"
        );
    }
    // And the page goes on as if nothing had been.
    let response = page.fetch("http://lab.test/", 60).await?;
    ensure!(
        response.status == "200 OK",
        "after the redirect: {response:?}"
    );
    page.screenshot("after-errors").await?;
    page.browser.quit().await
}
