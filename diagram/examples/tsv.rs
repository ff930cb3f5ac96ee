//! Prints what `analysis` makes of a capture, one row a TCP segment, under
//! tshark's field names: `cargo run -p synema-diagram --example tsv FILE`.

use std::io::Write;
use synema_diagram::analysis::Analysis;
use synema_diagram::capture::file;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("usage: tsv FILE")?;
    let opened = file::read(&std::fs::read(path)?)?;
    if let Some(stopped) = &opened.stopped {
        eprintln!("stopped {stopped}");
    }
    let mut analysis = Analysis::default();
    for frame in opened.capture.frames() {
        analysis.push(
            frame,
            &opened.capture.interfaces()[frame.interface as usize],
        );
    }
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for (number, digest) in (1..).zip(analysis.digests()) {
        let Some(tcp) = digest.tcp else { continue };
        let verdicts: Vec<_> = tcp.verdicts.names().collect();
        writeln!(
            out,
            "{number}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}",
            tcp.stream,
            tcp.seq,
            tcp.ack,
            tcp.len,
            tcp.window,
            verdicts.join(","),
            tcp.duplicate_ack,
            tcp.ack_rtt_ns,
            tcp.in_flight,
        )?;
    }
    Ok(())
}
