//! `cargo xtask samples`: the captures that come with the page, made anew in the lab.
//!
//! ```text
//!   synema curl --lab … --capture www/samples/NAME.pcapng
//! ```
//!
//! Times and ports differ from run to run; what is lost is the seed's choice, but when a timer
//! fires is the kernel's, and now and then nothing worth looking at is lost. Look at them before
//! they are committed (`synema analyze` says what there is to see); the browser tests know some
//! of their packets by number.
//!
//! `google-wget.pcapng` is nobody's to make anew: Julia Evans' capture of 2013, without payload, with
//! notes of ours (`synema draw` to a picture, and `synema annotate` of that). Its summary says whence.

use std::fs;

use anyhow::{Context, bail};

use crate::house::House;

/// A sample: its file's name, and what is fetched, over which way, for it.
const SAMPLES: [(&str, &[&str]); 2] = [
    (
        "losses",
        &[
            "http://www.lab.test/size/40000",
            "--delay",
            "20",
            "--loss",
            "4",
            "--seed",
            "3",
        ],
    ),
    ("reset", &["http://www.lab.test/reset", "--delay", "20"]),
];

/// Makes every sample.
///
/// # Errors
/// When the program cannot be built or started, or leaves no capture.
pub(crate) fn run(house: &House) -> anyhow::Result<()> {
    house.cargo(&["build", "-p", "synema-bridge"])?;
    let folder = house.root().join("www/samples");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let body = house.target().join("sample-body");
    for (name, arguments) in SAMPLES {
        let capture = folder.join(format!("{name}.pcapng"));
        let before = fs::metadata(&capture).and_then(|file| file.modified()).ok();
        // A fetch that is cut off fails, as it is to: what counts is its capture.
        std::process::Command::new(house.target().join("debug/synema"))
            .args(["curl", "--lab", "--offloads", "off"])
            .args(arguments)
            .arg("--output")
            .arg(&body)
            .arg("--capture")
            .arg(&capture)
            .status()
            .context("synema does not start")?;
        let after = fs::metadata(&capture).and_then(|file| file.modified()).ok();
        if after.is_none() || after == before {
            bail!("{} was not written", capture.display());
        }
        println!("{}", capture.display());
    }
    Ok(())
}
