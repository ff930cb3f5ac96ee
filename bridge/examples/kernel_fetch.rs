//! How long the kernel's own TCP takes for what `synema curl --lab` fetches, in a lab of the same kind and from
//! the same place (`cargo xtask bench`).
//!
//! `kernel_fetch SYNEMA PATH TIMES` prints nanoseconds from the connect to the last byte, one fetch a line.

use std::{
    env,
    error::Error,
    io::{Read, Write},
    time::Instant,
};

use synema_bridge::lab::{self, LabOptions, Place, plan};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [program, path, times] = arguments.as_slice() else {
        return Err("usage: kernel_fetch SYNEMA PATH TIMES".into());
    };
    let options = LabOptions {
        program: Some(program.into()),
        ..LabOptions::default()
    };
    let (lab, _socket) = lab::start(&options).map_err(|failure| failure.to_string())?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: www.lab.test\r\nConnection: close\r\n\r\n");
    let mut body = Vec::new();
    for _ in 0..times.parse()? {
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
