//! Writes the seeds into `fuzz/corpus`, where `cargo fuzz` looks for them.

use std::path::Path;
use std::{fs, io};

fn main() -> io::Result<()> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for target in ["frame", "session", "file"] {
        let folder = corpus.join(target);
        fs::create_dir_all(&folder)?;
        for (number, seed) in synema_fuzz::seeds::all().enumerate() {
            fs::write(folder.join(format!("seed-{number:03}")), seed)?;
        }
        println!("{}", folder.display());
    }
    Ok(())
}
