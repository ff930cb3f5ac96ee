//! A fetch over a veth from the kernel's web server in the lab: by our stack, by smoltcp and by the kernel,
//! from the same place and, for the two, through the same raw socket and the same loop.

use crate::host::{Call, Host, Setting};
use crate::memory::Pipe;
use std::error::Error;
use std::io::{Read as _, Write as _};
use std::net::SocketAddrV4;
use std::path::Path;
use std::time::{Duration, Instant};
use synema_bridge::io::{Admit, Batch, RawSocket};
use synema_bridge::lab::{self, Lab, LabOptions, Place, plan};

/// Holds a window of what the raw socket's ring has room for.
const BUFFER_LEN: usize = 1 << 20;
/// Nothing takes so long without a frame.
const PATIENCE: Duration = Duration::from_secs(10);

/// A lab whose wires carry what a real one does: nothing is left to the hardware.
fn lab(synema: &Path) -> Result<(Lab, RawSocket), Box<dyn Error>> {
    let options = LabOptions {
        program: Some(synema.to_owned()),
        offloads: false,
        ..LabOptions::default()
    };
    lab::start(&options).map_err(|failure| failure.to_string().into())
}

fn server() -> SocketAddrV4 {
    SocketAddrV4::new(plan::WEB_IP, plan::HTTP_PORT)
}

fn request(len: usize) -> String {
    format!("GET /size/{len} HTTP/1.1\r\nHost: www.lab.test\r\n\r\n")
}

/// How long a stack takes for a body of `len` bytes, from the first byte to the last: that the two find each
/// other first, by ARP and a handshake, is no part of it.
///
/// # Errors
/// When there is no lab, or nothing comes any more.
pub(crate) fn by_stack<H: Host>(synema: &Path, len: usize) -> Result<Duration, Box<dyn Error>> {
    let (lab, socket) = lab(synema)?;
    socket.admit(&Admit::Addresses(vec![lab.facts.free_ip]))?;
    let mut host = H::new(&Setting {
        mac: lab.facts.mac.0,
        address: lab.facts.free_ip,
        gateway: Some(lab.facts.gateway),
        call: Call::To(server()),
        buffer_len: BUFFER_LEN,
    });
    let request = request(len);
    let (mut incoming, mut outgoing) = (Pipe::default(), Pipe::default());
    let (mut batch, mut written, mut read) = (Batch::new(), 0, 0);
    let (begun, mut first_at) = (Instant::now(), None);
    loop {
        written += host.write(begun.elapsed(), &request.as_bytes()[written..]);
        host.run(begun.elapsed(), &mut incoming, &mut outgoing);
        while host.read(begun.elapsed(), &mut |bytes| read += bytes.len()) > 0 {}
        if read > 0 {
            let first_at = *first_at.get_or_insert_with(Instant::now);
            if read >= len {
                return Ok(first_at.elapsed());
            }
        }
        // What was read may have made room that is worth telling.
        host.run(begun.elapsed(), &mut incoming, &mut outgoing);
        send(&socket, &mut outgoing)?;
        let idle = host.idle(begun.elapsed());
        let idle = idle.unwrap_or(PATIENCE).min(PATIENCE);
        if !socket.wait_readable(idle)? {
            if idle == PATIENCE {
                return Err(format!("{read} bytes of {len}, and nothing more").into());
            }
            continue;
        }
        socket.try_recv_batch(&mut batch)?;
        for frame in batch.iter() {
            let mut buffer = incoming.buffer();
            buffer.clear();
            buffer.extend_from_slice(frame.bytes);
            incoming.push(buffer);
        }
        batch.clear();
    }
}

fn send(socket: &RawSocket, outgoing: &mut Pipe) -> Result<(), Box<dyn Error>> {
    let frames: Vec<Vec<u8>> = std::iter::from_fn(|| outgoing.pop()).collect();
    let views: Vec<&[u8]> = frames.iter().map(Vec::as_slice).collect();
    let mut sent = 0;
    while sent < views.len() {
        sent += socket.try_send_batch(&views[sent..])?;
    }
    frames
        .into_iter()
        .for_each(|frame| outgoing.give_back(frame));
    Ok(())
}

/// The same by the kernel's TCP.
///
/// # Errors
/// When there is no lab, or the connection breaks.
pub(crate) fn by_kernel(synema: &Path, len: usize) -> Result<Duration, Box<dyn Error>> {
    let (lab, _socket) = lab(synema)?;
    let mut buffer = vec![0; 256 << 10];
    let connected = lab.connect(Place::Wire, server().into());
    let mut stream = connected.map_err(|failure| failure.to_string())?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(request(len).as_bytes())?;
    let mut read = stream.read(&mut buffer)?;
    let first_at = Instant::now();
    while read < len {
        match stream.read(&mut buffer)? {
            0 => return Err(format!("it ends after {read} bytes of {len}").into()),
            more => read += more,
        }
    }
    Ok(first_at.elapsed())
}
