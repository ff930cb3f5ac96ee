//! `cargo xtask bench`: us and a peer in one run, and the ratio; absolute figures are noisy.

use std::{
    env, fs,
    path::Path,
    process::{self, Command, Stdio},
    time::Instant,
};

use anyhow::{Context, bail};

use crate::house::House;

/// Arguments of `cargo xtask bench`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// How often the page of 1 MB is fetched by each
    #[arg(long, default_value_t = 20)]
    times: u32,
}

/// A page, and what the way to it is like.
type Fetch = (&'static str, &'static [&'static str]);

const QUICK: Fetch = ("/size/1000000", &[]);
const LOSSY: Fetch = ("/size/20971520", &["--delay", "10", "--loss", "1"]);
const LOSSY_WORDS: &str = "10 ms and 1 % loss each way, a CUBIC sender";
const LOSSY_TIMES: u32 = 5;

/// Builds everything for speed, measures, and prints ratios.
///
/// # Errors
/// When something does not build or a fetch fails.
pub(crate) fn run(house: &House, arguments: &Arguments) -> anyhow::Result<()> {
    if arguments.times == 0 {
        bail!("nothing is measured by fetching 0 times");
    }
    house.cargo(&[
        "build",
        "--release",
        "-p",
        "synema-bridge",
        "--bins",
        "--example",
        "kernel_fetch",
    ])?;
    let built = house.target().join("release");
    let synema = built.join("synema");
    let kernel_fetch = built.join("examples/kernel_fetch");
    let kernel = by_the_kernel(&kernel_fetch, &synema, arguments.times, QUICK)?;
    let ours = by_us(&synema, arguments.times, QUICK)?;
    println!(
        "fetch of 1 MB in the lab, {} times, median, SYN to last byte",
        arguments.times
    );
    compare(kernel, ours, "at most 1");

    let kernel = by_the_kernel(&kernel_fetch, &synema, LOSSY_TIMES, LOSSY)?;
    let ours = by_us(&synema, LOSSY_TIMES, LOSSY)?;
    println!("fetch of 20 MiB, {LOSSY_WORDS}, {LOSSY_TIMES} times, median");
    compare(kernel, ours, "at most 1.1");

    println!("bulk from one host to another in one thread, Ethernet, MTU 1500, with checksums");
    println!("  both with buffers of 256 KiB; smoltcp without Nagle and congestion control");
    let measure = ["run", "--release", "--quiet", "-p", "synema-bench", "--"];
    house.cargo(&[&measure[..], &["memory"]].concat())?;

    long_captures(house, &synema, &measure)?;

    println!("1 GiB from the kernel's web server in the lab, MTU 1500, offloads off, median of 3");
    let synema = synema
        .to_str()
        .context("the target folder's name is text")?;
    house.cargo(&[&measure[..], &["wire", synema]].concat())
}

/// A million packets: as the page opens them, and as `synema draw` draws a part.
fn long_captures(house: &House, synema: &Path, measure: &[&str]) -> anyhow::Result<()> {
    let folder = env::temp_dir().join(format!("synema-bench-{}", process::id()));
    fs::create_dir_all(&folder)?;
    let measured = (|| {
        for (name, snap) in [("long.pcapng", None), ("snapped.pcap", Some("96"))] {
            let file = folder.join(name);
            let name = file
                .to_str()
                .context("the temporary folder's name is text")?;
            let cut = snap.map_or_else(Vec::new, |len| vec!["--snap", len]);
            println!("a capture of 1,000,000 packets, whole or cut to 96 bytes");
            house.cargo(&[measure, &["capture", name], &cut].concat())?;
            house.cargo(&[measure, &["open", name]].concat())?;
            let begun = Instant::now();
            let drawn = Command::new(synema)
                .args(["draw", name, "--rows", "1-40", "-o"])
                .arg(folder.join("window.svg"))
                .status()?;
            if !drawn.success() {
                bail!("synema draw failed");
            }
            println!(
                "  draw --rows 1-40  {:>8.2} s (goal: under 2)",
                begun.elapsed().as_secs_f64()
            );
            fs::remove_file(&file)?;
        }
        Ok(())
    })();
    fs::remove_dir_all(&folder)?;
    measured
}

fn compare(kernel: Vec<u64>, ours: Vec<u64>, goal: &str) {
    let (kernel_ms, our_ms) = (median_ms(kernel), median_ms(ours));
    println!("  the kernel's TCP  {kernel_ms:>8.2} ms");
    println!("  synema curl       {our_ms:>8.2} ms");
    println!(
        "  ratio             {:>8.2} (goal: {goal})",
        our_ms / kernel_ms
    );
}

fn by_the_kernel(
    program: &Path,
    synema: &Path,
    times: u32,
    (path, way): Fetch,
) -> anyhow::Result<Vec<u64>> {
    let mut command = Command::new(program);
    command
        .arg(synema)
        .args([path, &times.to_string()])
        .args(way);
    let output = command.stdin(Stdio::null()).output();
    let output = output.with_context(|| format!("{} does not start", program.display()))?;
    if !output.status.success() {
        bail!(
            "the kernel's fetch failed: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let times = text
        .lines()
        .map(|line| line.parse().context("nanoseconds a line"));
    times.collect()
}

/// Our own time is read from the capture: from our SYN to the last byte of data. What a fetch takes besides,
/// the lab, the claim and DNS, the kernel's has not to do either.
fn by_us(synema: &Path, times: u32, (path, way): Fetch) -> anyhow::Result<Vec<u64>> {
    let capture = env::temp_dir().join(format!("synema-bench-{}.pcapng", process::id()));
    let url = format!("http://www.lab.test{path}");
    let mut taken = Vec::new();
    for number in 1..=times {
        let mut command = Command::new(synema);
        command
            .args(["curl", "--lab", &url, "-o", "/dev/null", "--capture"])
            .arg(&capture)
            .args(way)
            .args(["--seed", &number.to_string()]);
        let output = command
            .stdin(Stdio::null())
            .output()
            .context("synema does not start")?;
        if !output.status.success() {
            bail!(
                "synema curl failed: {}",
                String::from_utf8_lossy(&output.stderr).trim()
            );
        }
        taken.push(judge::transfer_ns(&capture)?);
    }
    fs::remove_file(&capture).with_context(|| format!("cannot remove {}", capture.display()))?;
    Ok(taken)
}

fn median_ms(mut times: Vec<u64>) -> f64 {
    times.sort_unstable();
    let middle = times.get(times.len() / 2).copied().unwrap_or_default();
    std::time::Duration::from_nanos(middle).as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests {
    use super::median_ms;

    #[test]
    fn one_slow_fetch_does_not_move_the_median() {
        let median = median_ms(vec![9_000_000_000, 2_000_000, 1_000_000]);
        assert!((median - 2.0).abs() < 1e-9, "{median}");
    }
}
