//! `cargo xtask conformance`: what others made, told by environment variables.
//!
//! - `SYNEMA_CAPTURES`: a folder with captures; every one is opened, and every frame, and what
//!   `synema analyze` makes of every TCP segment, compared with what tshark says of it; and what
//!   `synema annotate` writes of it, with all that tshark and capinfos tell of the file.
//! - `PACKETDRILL`, `PD_TCP`: packetdrill's program and its folder of TCP scripts.

use std::{
    env, fs,
    io::Read as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, bail};

use crate::{house::House, packetdrill};

/// Arguments of `cargo xtask conformance`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// What to check; without it, everything whose environment variable is set
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Outside captures, against tshark
    Captures,
    /// Google's packetdrill scripts
    Packetdrill(packetdrill::Arguments),
}

/// At most so many differences of one file are shown.
const SHOWN: usize = 3;

/// Runs what was asked for.
///
/// # Errors
/// When nothing can be run, or something differs.
pub(crate) fn run(house: &House, arguments: &Arguments) -> anyhow::Result<()> {
    let captures = env::var_os("SYNEMA_CAPTURES").map(PathBuf::from);
    let has_packetdrill = env::var_os("PACKETDRILL").is_some() || env::var_os("PD_TCP").is_some();
    match &arguments.what {
        Some(What::Packetdrill(arguments)) => packetdrill::run(house, arguments),
        Some(What::Captures) => {
            let folder = captures.context("set SYNEMA_CAPTURES to a folder with captures")?;
            compare_all(house, &folder)
        }
        None if captures.is_none() && !has_packetdrill => {
            bail!(
                "nothing to check: set SYNEMA_CAPTURES to a folder with captures, or PACKETDRILL and PD_TCP as \
                 packetdrill/README.md says"
            )
        }
        None => {
            if let Some(folder) = captures {
                compare_all(house, &folder)?;
            }
            if has_packetdrill {
                packetdrill::run(house, &packetdrill::Arguments::default())
            } else {
                Ok(())
            }
        }
    }
}

fn compare_all(house: &House, folder: &Path) -> anyhow::Result<()> {
    house.cargo(&["build", "-p", "synema-diagram", "--example", "frames"])?;
    house.cargo(&["build", "-p", "synema-bridge", "--bin", "synema"])?;
    let program = house.target().join("debug/examples/frames");
    let synema = house.target().join("debug/synema");
    let room = house.target().join("conformance");
    fs::create_dir_all(&room)?;
    let mut segments = judge::Comparison::default();
    let files = captures_in(folder)?;
    let (mut frames, mut differing) = (0, 0);
    for file in &files {
        let name = file.strip_prefix(folder).unwrap_or(file).display();
        segments.add(
            &name.to_string(),
            &analyzed(&synema, file)?,
            &judge::segments(file)?,
        )?;
        match with_rewritten((&synema, &room), file, compare(&program, file)?)? {
            Comparison::Same(count) => {
                frames += count;
                println!("ok        {count:>6}  {name}");
            }
            Comparison::Differs(differences) => {
                differing += 1;
                println!("DIFFERS           {name}");
                for difference in differences.iter().take(SHOWN) {
                    println!("{difference}");
                }
                if differences.len() > SHOWN {
                    println!("    and {} more", differences.len() - SHOWN);
                }
            }
        }
    }
    let same = files.len() - differing;
    println!("{frames} frames in {same} captures are as tshark says");
    println!("{same} passed, {differing} failed\n\n{segments}");
    for difference in &segments.differences {
        println!("{difference}");
    }
    if differing > 0 || !segments.differences.is_empty() {
        bail!(
            "{differing} of {} captures, and {} segments, differ from what tshark says",
            files.len(),
            segments.differences.len()
        );
    }
    Ok(())
}

/// The same, and what differs in the file as `synema annotate` writes it, without a note, as pcapng: all that
/// tshark and capinfos tell of it must be there again.
fn with_rewritten(
    (synema, room): (&Path, &Path),
    file: &Path,
    found: Comparison,
) -> anyhow::Result<Comparison> {
    let written = room.join("written.pcapng");
    let output = Command::new(synema)
        .arg("annotate")
        .arg(file)
        .arg("-o")
        .arg(&written)
        .stdin(Stdio::null())
        .output();
    let output = output.with_context(|| format!("{} does not start", synema.display()))?;
    if !output.status.success() {
        // Damaged: what could be read is written, and compared frame by frame.
        return Ok(found);
    }
    // A classic capture has no interfaces until it is a pcapng.
    let as_pcapng = room.join("theirs.pcapng");
    let arguments = [file.as_os_str(), as_pcapng.as_os_str()];
    let theirs = match is_pcapng(file)? {
        true => file,
        false => {
            judge::rewrite("editcap", &arguments)?;
            &as_pcapng
        }
    };
    let (ours, theirs) = (judge::whole(&written)?, judge::whole(theirs)?);
    let mut differences = match found {
        Comparison::Differs(differences) => differences,
        Comparison::Same(_) if ours == theirs => return Ok(found),
        Comparison::Same(_) => Vec::new(),
    };
    let lines = ours
        .iter()
        .zip(&theirs)
        .filter(|(ours, theirs)| ours != theirs);
    let told = lines.map(|(ours, theirs)| format!("    written {ours}\n      was    {theirs}"));
    differences.extend(told.take(SHOWN));
    if ours.len() != theirs.len() {
        differences.push(format!(
            "    written {} lines of it, was {}",
            ours.len(),
            theirs.len()
        ));
    }
    Ok(Comparison::Differs(differences))
}

fn is_pcapng(file: &Path) -> anyhow::Result<bool> {
    let mut begins = [0; 4];
    let mut file = fs::File::open(file)?;
    file.read_exact(&mut begins)?;
    Ok(begins == [0x0a, 0x0d, 0x0d, 0x0a] || begins[..2] == [0x1f, 0x8b])
}

/// What `synema analyze` prints, without the row of names. A damaged capture is analyzed as far as it goes.
fn analyzed(synema: &Path, file: &Path) -> anyhow::Result<Vec<String>> {
    let mut command = Command::new(synema);
    command.args(["analyze", "--format", "tsv"]).arg(file);
    let output = command.stdin(Stdio::null()).output();
    let output = output.with_context(|| format!("{} does not start", synema.display()))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(text.lines().skip(1).map(str::to_owned).collect())
}

enum Comparison {
    /// So many frames, all alike.
    Same(usize),
    /// What is not, in words.
    Differs(Vec<String>),
}

fn compare(program: &Path, file: &Path) -> anyhow::Result<Comparison> {
    let output = Command::new(program)
        .arg(file)
        .stdin(Stdio::null())
        .output();
    let output = output.with_context(|| format!("{} does not start", program.display()))?;
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    if !output.status.success() {
        return Ok(Comparison::Differs(vec![format!(
            "    ours: {said} ({})",
            output.status
        )]));
    }
    let ours = String::from_utf8_lossy(&output.stdout).into_owned();
    let ours: Vec<&str> = ours.lines().collect();
    let theirs = judge::frames(file)?;
    let mut differences = Vec::new();
    if ours.len() != theirs.len() {
        differences.push(format!(
            "    {} frames, tshark {}; {said}",
            ours.len(),
            theirs.len()
        ));
    }
    for (index, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
        if !is_same(ours, theirs) {
            let number = index + 1;
            differences.push(format!(
                "    frame {number}\n      ours   {ours}\n      tshark {theirs}"
            ));
        }
    }
    Ok(if differences.is_empty() {
        Comparison::Same(ours.len())
    } else {
        Comparison::Differs(differences)
    })
}

/// A frame without a time (in a Simple Packet Block) is given its predecessor's by us, none by tshark.
fn is_same(ours: &str, theirs: &str) -> bool {
    match (ours.split_once('\t'), theirs.strip_prefix('\t')) {
        (Some((_, ours)), Some(theirs)) => ours == theirs,
        _ => ours == theirs,
    }
}

fn captures_in(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder);
        for entry in entries.with_context(|| format!("cannot read {}", folder.display()))? {
            let path = entry?.path();
            let name = path.to_string_lossy().to_lowercase();
            let kinds = [".pcap", ".pcapng", ".cap", ".pcap.gz", ".pcapng.gz"];
            if path.is_dir() {
                folders.push(path);
            } else if kinds.iter().any(|kind| name.ends_with(kind)) {
                files.push(path);
            }
        }
    }
    if files.is_empty() {
        bail!("{} holds no captures", folder.display());
    }
    files.sort();
    Ok(files)
}
