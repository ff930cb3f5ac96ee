//! The same scripts for the kernel's TCP and for ours: what comes back is compared.
//!
//! ```text
//!   wire                              host
//!   the scripts' clients   ── LAN ──  a listening socket for each script
//! ```
//!
//! All scripts of a batch take their next step in the same round, so that a batch takes no longer
//! than one script. `SYNEMA_SCRIPTS` says how many there are, `SYNEMA_FIRST_SCRIPT` with which seed
//! they begin; `SYNEMA_SHOW` prints both sides of each script.
#![cfg(target_os = "linux")]

use rustix::net::sockopt::set_socket_oobinline;
use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};
use synema_bridge::io::{Admit, Batch, RawSocket};
use synema_bridge::lab::{self, Lab, LabOptions, Place, plan};
use synema_core::tcp::Policy;
use synema_core::wire::arp::{self, Operation};
use synema_core::wire::{EtherType, LinkType, MacAddr, Port, dissect, ethernet};
use synema_fuzz::differential::{
    Act, Answers, Client, Ends, KNOWN, ROUND, Script, Step, Verdict, compare, play, told_read,
};

/// The first port of the clients', one for each batch, and of the servers', one for each script of
/// a batch.
const CLIENT_PORT: u16 = 1_024;
const FIRST_PORT: u16 = 10_000;
/// Scripts that are played at once.
const BATCH: u64 = 128;

/// One script, as the kernel plays it.
struct Stage {
    script: Script,
    client: Client,
    listener: TcpListener,
    stream: Option<TcpStream>,
    closed: bool,
    answers: Answers,
}

impl Stage {
    fn new(lab: &Lab, seed: u64, from: Port, port: u16) -> Self {
        let ends = Ends {
            client: (MacAddr(plan::OWN_MAC), plan::FREE_IP, from),
            server: (MacAddr(plan::HOST_MAC), plan::HOST_IP, Port(port)),
        };
        let address = SocketAddr::from((plan::HOST_IP, port));
        let listener = lab.listen(Place::Host, address).expect("a free port");
        // Where our stack has them (RFC 6093 §6).
        set_socket_oobinline(&listener, true).expect("a socket");
        Self {
            script: Script::new(seed),
            client: Client::new(ends),
            listener,
            stream: None,
            closed: false,
            answers: Vec::new(),
        }
    }

    /// Takes the step of a round; answers the frame that it puts on the wire.
    fn step(&mut self, round: usize) -> Option<Vec<u8>> {
        let step = self.script.steps.get(round)?.clone();
        self.answers.push(Vec::new());
        let clock = u64::try_from(round).unwrap() * ROUND.as_millis() as u64;
        match step {
            Step::Segment(plan) => Some(self.client.frame(&plan, u32::try_from(clock).unwrap())),
            Step::Act(act) => {
                let done = self.act(act);
                self.answers[round].push(done);
                None
            }
            Step::Pause => None,
        }
    }

    fn act(&mut self, act: Act) -> String {
        if self.closed {
            return String::from("closed");
        }
        if self.stream.is_none() {
            self.stream = self.listener.accept().ok().map(|(stream, _)| stream);
        }
        let Some(stream) = &mut self.stream else {
            return String::from("nobody");
        };
        stream.set_nonblocking(true).expect("a socket");
        match act {
            Act::Write(len) => match stream.write(&vec![0; len]) {
                Ok(len) => format!("wrote {len}"),
                Err(_) => String::from("wrote nothing"),
            },
            Act::Read => {
                let mut data = Vec::new();
                let outcome = stream.read_to_end(&mut data);
                let waits = |error: std::io::Error| error.kind() == ErrorKind::WouldBlock;
                told_read(&data, !outcome.is_err_and(waits))
            }
            Act::Shutdown => {
                // Who is not connected any more has nothing to shut down.
                let _ = stream.shutdown(std::net::Shutdown::Write);
                String::from("shut down")
            }
            Act::Close => {
                self.stream = None;
                self.closed = true;
                String::from("closes")
            }
        }
    }

    fn hear(&mut self, segment: &synema_core::wire::tcp::Segment<'_>, round: usize) {
        if let Some(step) = self.script.steps.get(round) {
            let told = self.client.hear(segment, step);
            self.answers[round].push(told);
        }
    }
}

/// The kernel's answers to the scripts of these seeds.
fn play_to_kernel(
    lab: &Lab,
    socket: &RawSocket,
    from: Port,
    seeds: impl Iterator<Item = u64>,
) -> Vec<Stage> {
    let mut stages: BTreeMap<u16, Stage> = (FIRST_PORT..)
        .zip(seeds)
        .map(|(port, seed)| (port, Stage::new(lab, seed, from, port)))
        .collect();
    let rounds = stages.values().map(|stage| stage.script.steps.len()).max();
    for round in 0..rounds.unwrap_or(0) {
        let frames = stages.values_mut().filter_map(|stage| stage.step(round));
        for frame in frames {
            let sent = socket.try_send_batch(&[&frame]).expect("the wire is up");
            assert_eq!(sent, 1, "the wire took it not");
        }
        listen(socket, from, &mut stages, round);
    }
    stages.into_values().collect()
}

/// Hears what comes back until the round is over, and what has come by then.
fn listen(socket: &RawSocket, client: Port, stages: &mut BTreeMap<u16, Stage>, round: usize) {
    let length = u64::try_from(ROUND.as_nanos()).expect("milliseconds");
    let end = Instant::now() + Duration::from_nanos(length);
    let mut batch = Batch::new();
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let has_come = socket.wait_readable(left).expect("the wire is up");
        if !has_come && left.is_zero() {
            return;
        }
        batch.clear();
        match socket.try_recv_batch(&mut batch) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
            outcome => outcome.expect("the wire is up"),
        };
        for frame in batch.iter() {
            let packet = dissect(LinkType::Ethernet, frame.bytes, frame.bytes.len());
            if let Some(segment) = packet.tcp() {
                // What an earlier batch has left behind is for another port.
                if segment.dst_port() == client
                    && let Some(stage) = stages.get_mut(&segment.src_port().0)
                {
                    stage.hear(segment, round);
                }
            } else if packet
                .arp()
                .is_some_and(|arp| arp.operation == Operation::Request)
            {
                let sent = socket.try_send_batch(&[&arp_reply()]);
                assert_eq!(sent.expect("the wire is up"), 1);
            }
        }
    }
}

/// The clients say where they are.
fn arp_reply() -> Vec<u8> {
    let mut frame = Vec::new();
    ethernet::Header {
        destination: MacAddr(plan::HOST_MAC),
        source: MacAddr(plan::OWN_MAC),
        ether_type: EtherType::ARP,
    }
    .emit(&mut frame);
    arp::Packet {
        operation: Operation::Reply,
        sender_mac: MacAddr(plan::OWN_MAC),
        sender_ip: plan::FREE_IP,
        target_mac: MacAddr(plan::HOST_MAC),
        target_ip: plan::HOST_IP,
    }
    .emit(&mut frame);
    frame
}

fn setting(name: &str, default: u64) -> u64 {
    let value = std::env::var(name).ok();
    value.map_or(default, |value| value.parse().expect("a number"))
}

/// Both sides of a script, round by round.
fn show(script: &Script, kernel: &Answers, ours: &Answers, until: usize) -> String {
    let mut text = format!("script {}\n", script.seed);
    for (index, step) in script.steps.iter().enumerate().take(until + 1) {
        text += &format!("  {step}\n");
        if kernel[index] == ours[index] {
            kernel[index]
                .iter()
                .for_each(|line| text += &format!("      {line}\n"));
        } else {
            kernel[index]
                .iter()
                .for_each(|line| text += &format!("      kernel {line}\n"));
            ours[index]
                .iter()
                .for_each(|line| text += &format!("      ours   {line}\n"));
        }
    }
    text
}

#[test]
fn our_stack_answers_as_the_kernel_does() {
    let count = setting("SYNEMA_SCRIPTS", 48);
    let first = setting("SYNEMA_FIRST_SCRIPT", 0);
    let options = LabOptions {
        program: Some(env!("CARGO_BIN_EXE_synema").into()),
        offloads: false,
        ..LabOptions::default()
    };
    let (lab, socket) = lab::start(&options).expect("this system lets us make user namespaces");
    let admit = Admit::Addresses(vec![plan::FREE_IP]);
    socket.admit(&admit).expect("an address");
    let (mut compared, mut lines, mut differing) = (0, 0, Vec::new());
    let mut met = vec![0_u64; KNOWN.len()];
    let batches = (first..first + count).step_by(BATCH as usize);
    for (begin, port) in batches.zip((CLIENT_PORT..=u16::MAX).cycle()) {
        let seeds = begin..(first + count).min(begin + BATCH);
        for stage in play_to_kernel(&lab, &socket, Port(port), seeds) {
            let (script, kernel) = (&stage.script, &stage.answers);
            let ours = play(script, &Policy::linux());
            let verdict = compare(script, kernel, &ours);
            let (known, rounds) = match verdict {
                Verdict::Alike(known) => (known, kernel.len()),
                Verdict::Parted { known, rounds } => (known, rounds),
                Verdict::Differs(round) => {
                    differing.push(show(script, kernel, &ours, round));
                    (Vec::new(), round)
                }
            };
            if std::env::var_os("SYNEMA_SHOW").is_some() {
                println!("{}", show(script, kernel, &ours, kernel.len() - 1));
            }
            known.into_iter().for_each(|index| met[index] += 1);
            compared += rounds;
            lines += kernel[..rounds].iter().map(Vec::len).sum::<usize>();
        }
    }
    println!("{count} scripts, {compared} steps, {lines} answers compared");
    for (known, met) in KNOWN.iter().zip(met) {
        println!("{met:>8}  {}: {}", known.name, known.why);
    }
    println!("{} differ otherwise", differing.len());
    assert!(differing.is_empty(), "{}", differing.join("\n"));
    assert!(lines as u64 > count * 5, "the kernel did not answer");
}
