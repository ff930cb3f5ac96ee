//! Runs a `wasm32-wasip1` program in Chromium, as `CARGO_TARGET_WASM32_WASIP1_RUNNER`.
//!
//! `wasm-runner PROGRAM.wasm [ARGUMENT…]`: standard input, when it is a pipe or a file, is the program's;
//! so are both outputs and the exit code. A trap is told with its stack and ends with 134.

use std::{
    env, fs,
    io::{self, IsTerminal, Read, Write},
    process::ExitCode,
};

use anyhow::Context;
use base64::{Engine, prelude::BASE64_STANDARD};
use browser_tests::browser::Browser;
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<ExitCode> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let program = arguments
        .first()
        .context("which program? wasm-runner PROGRAM.wasm [ARGUMENT…]")?;
    let wasm = fs::read(program).with_context(|| format!("cannot read {program}"))?;
    let mut input = Vec::new();
    if !io::stdin().is_terminal() {
        io::stdin().read_to_end(&mut input)?;
    }

    let browser = Browser::start().await?;
    // The page that a new window opens forbids wasm.
    browser.driver.goto("about:blank").await?;
    let given = vec![
        json!(BASE64_STANDARD.encode(wasm)),
        json!(arguments),
        json!(BASE64_STANDARD.encode(input)),
    ];
    let ran = browser
        .driver
        .execute_async(include_str!("../wasi.js"), given)
        .await;
    let ended: Value = ran
        .context("Chromium did not run the program to its end")?
        .json()
        .clone();
    browser.quit().await?;

    io::stdout().write_all(&decoded(&ended["stdout"])?)?;
    io::stderr().write_all(&decoded(&ended["stderr"])?)?;
    if let Some(trap) = ended["trap"].as_str().filter(|trap| !trap.is_empty()) {
        eprintln!("{trap}");
    }
    let code = ended["code"]
        .as_u64()
        .and_then(|code| u8::try_from(code).ok());
    Ok(code.unwrap_or(1).into())
}

fn decoded(stream: &Value) -> anyhow::Result<Vec<u8>> {
    let base64 = stream.as_str().context("an output is missing")?;
    BASE64_STANDARD
        .decode(base64)
        .context("an output is not base64")
}
