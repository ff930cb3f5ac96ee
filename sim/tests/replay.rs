//! A run can be had again to the byte: here, natively, in wasm, tomorrow.

mod common;

use common::{URL, body, fetch_page};
use synema_core::app::recording::{Recording, replay};
use synema_core::time::Duration;
use synema_sim::{Conditions, Lab, Page};

/// The run that is kept in the repository, for the tests of core as well.
const FETCH: &[u8] = include_bytes!("../../core/tests/data/fetch.recording");
const DIGEST: &str = include_str!("../../core/tests/data/fetch.digest");
/// Where that is, to be written anew.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../core/tests/data");

fn recorded() -> Lab {
    let way = Conditions {
        jitter: Duration::from_millis(2),
        reorder_ppm: 20_000,
        reorder_by: Duration::from_millis(4),
        duplicate_ppm: 20_000,
        ..Conditions::delay(Duration::from_millis(10)).with_loss_percent(4)
    };
    let (mut lab, fetched) = fetch_page(2014, way, Page::chunked(&body(30_000), 4_000));
    assert_eq!(fetched.body, body(30_000), "{URL}");
    lab.network.run_for(Duration::from_secs(5)); // the FINs, and what repairs them
    lab
}

#[test]
fn a_run_is_replayed_to_the_byte() {
    let lab = recorded();
    let client = lab.network.node(lab.page);
    let bytes = client.recording().to_bytes();
    let recording = Recording::from_bytes(&bytes).expect("what was just written");
    let run = replay(&recording);
    assert!(
        run.records == client.trace(),
        "the replay's trace is another"
    );
    if std::env::var_os("SYNEMA_BLESS").is_some() {
        std::fs::write(format!("{FOLDER}/fetch.recording"), &bytes)
            .expect("the file can be written");
        let digest = format!("{}\n", run.digest);
        std::fs::write(format!("{FOLDER}/fetch.digest"), digest).expect("the file can be written");
        return;
    }
    let hint = "if the stacks are meant to behave otherwise, run `SYNEMA_BLESS=1 cargo test \
                -p synema-sim --test replay` and commit the files";
    assert_eq!(run.digest.to_string(), DIGEST.trim(), "{hint}");
    assert!(
        bytes == FETCH,
        "the simulation gives other frames than the recording has; {hint}"
    );
}
