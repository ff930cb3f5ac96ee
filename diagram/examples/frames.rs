//! Prints a capture's frames, one a line, in the columns in which `tshark -T fields` would print them: so
//! that two programs that share no code can be compared (`cargo xtask conformance`).
//!
//! `cargo run -p synema-diagram --example frames -- FILE`

use std::{
    env, fs,
    io::{self, Write},
    process::ExitCode,
};

use synema_core::wire::{ChecksumStatus, LayerKind, dissect};
use synema_diagram::capture::{Capture, Frame, file};

fn main() -> ExitCode {
    let Some(name) = env::args_os().nth(1) else {
        eprintln!("which capture? frames FILE");
        return ExitCode::from(2);
    };
    let read = fs::read(&name).map_err(|error| error.to_string());
    let opened = read.and_then(|bytes| file::read(&bytes).map_err(|problem| problem.to_string()));
    match opened {
        Ok(opened) => {
            for warning in &opened.warnings {
                eprintln!("passed over {warning}");
            }
            if let Some(stopped) = &opened.stopped {
                eprintln!("stopped {stopped}");
            }
            match print(&opened.capture) {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => {
                    eprintln!("{error}");
                    ExitCode::FAILURE
                }
            }
        }
        Err(error) => {
            eprintln!("{}: {error}", name.display());
            ExitCode::FAILURE
        }
    }
}

fn print(capture: &Capture) -> io::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    for frame in capture.frames() {
        let interface = &capture.interfaces()[frame.interface as usize];
        writeln!(out, "{}", columns(frame, interface.link_type).join("\t"))?;
    }
    out.flush()
}

fn columns(frame: &Frame, link_type: u16) -> [String; 15] {
    let wire_len = frame.original_len as usize;
    let packet = dissect(link_type.into(), &frame.bytes, wire_len);
    let tcp = packet.tcp();
    let udp = packet.udp();
    let or_empty =
        |number: Option<u32>| number.map(|number| number.to_string()).unwrap_or_default();
    // tshark's checksum status 0; where we know that a sum is only unfinished, tshark says the same.
    let bad = |kind| {
        let layer = packet.layer(kind);
        let bad = layer.is_some_and(|layer| {
            layer.checksum.is_bad() || layer.checksum == ChecksumStatus::Unfinished
        });
        if bad { "0".to_owned() } else { String::new() }
    };
    let ns = frame.at.as_nanos();
    [
        format!("{}.{:09}", ns / 1_000_000_000, ns % 1_000_000_000),
        frame.original_len.to_string(),
        frame.bytes.len().to_string(),
        or_empty(packet.arp().map(|arp| u16::from(arp.operation).into())),
        or_empty(packet.ipv4().map(|ip| ip.protocol().0.into())),
        or_empty(packet.icmpv4().map(|icmp| icmp.kind().into())),
        or_empty(tcp.map(|tcp| u16::from(tcp.src_port()).into())),
        or_empty(tcp.map(|tcp| u16::from(tcp.dst_port()).into())),
        or_empty(tcp.map(|tcp| tcp.seq().0)),
        or_empty(tcp.map(|tcp| tcp.ack().0)),
        tcp.map(|tcp| format!("0x{:04x}", tcp.flags().bits()))
            .unwrap_or_default(),
        or_empty(udp.map(|udp| u16::from(udp.src_port()).into())),
        or_empty(udp.map(|udp| u16::from(udp.dst_port()).into())),
        bad(LayerKind::Ipv4),
        bad(LayerKind::Tcp),
    ]
}
