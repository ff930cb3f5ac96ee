//! How long the kernel's own TCP takes for what `synema curl --lab` fetches, in a lab of the same kind and from
//! the same place (`cargo xtask bench`).
//!
//! `kernel_fetch SYNEMA PATH TIMES` prints nanoseconds from the connect to the last byte, one fetch a line. The
//! way to the servers is told as `synema lab` is told of it.

use std::{
    error::Error,
    io::{Read, Write},
    path::PathBuf,
    time::Instant,
};

use clap::Parser;
use synema_bridge::cli::WayArgs;
use synema_bridge::lab::{self, LabOptions, Place, plan};

/// Fetches with the kernel's TCP, and prints how long each fetch took
#[derive(Parser)]
struct Arguments {
    synema: PathBuf,
    path: String,
    times: u32,
    #[command(flatten)]
    way: WayArgs,
}

fn main() -> Result<(), Box<dyn Error>> {
    let Arguments {
        synema,
        path,
        times,
        way,
    } = Arguments::parse();
    let options = LabOptions {
        program: Some(synema),
        way: way.way(),
        ..LabOptions::default()
    };
    let (lab, _socket) = lab::start(&options).map_err(|failure| failure.to_string())?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: www.lab.test\r\nConnection: close\r\n\r\n");
    let mut body = Vec::new();
    for _ in 0..times {
        body.clear();
        let begun = Instant::now();
        let mut stream = lab
            .connect(Place::Wire, (plan::WEB_IP, plan::HTTP_PORT).into())
            .map_err(|failure| failure.to_string())?;
        stream.write_all(request.as_bytes())?;
        stream.read_to_end(&mut body)?;
        println!("{}", begun.elapsed().as_nanos());
        if !body.starts_with(b"HTTP/1.1 200 ") {
            return Err(format!("{path} is not there").into());
        }
    }
    Ok(())
}
