//! The command line, as clap reads it.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use synema_diagram::words::Language;

/// The hidden subcommand under which the program starts itself as the lab's child.
pub const LAB_CHILD: &str = "lab-child";

/// A TCP stack you can watch.
#[derive(Debug, Parser)]
#[command(name = "synema", version, about, propagate_version = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What `synema` can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the network interfaces: MAC, addresses, MTU, gateway
    Interfaces(InterfacesArgs),
    /// Serve the page and the relay for one claimed address
    Serve(ServeArgs),
    /// Serve on a network of its own, made of namespaces, without root
    Lab(LabArgs),
    /// Fetch a URL with our own stack, without a browser
    Curl(CurlArgs),
    /// Serve the files of a folder over HTTP with our own stack, at a claimed address
    ServeHttp(ServeHttpArgs),
    /// Draw a capture as a sequence diagram: SVG, PNG, text, Markdown or Mermaid
    Draw(DrawArgs),
    /// Draw one direction of a TCP conversation over time: SVG, PNG or text
    Graph(GraphArgs),
    /// Say what is worth looking at in a capture, and what every TCP segment was
    Analyze(AnalyzeArgs),
    /// Write on a capture: notes, brackets, names of lanes, a title; Wireshark shows them, too
    Annotate(AnnotateArgs),
    /// Make one capture of two that were taken at the two ends of a connection
    Merge(MergeArgs),
    /// Print packets of a capture, with the notes on them, as a link that holds them
    Link(LinkArgs),
    /// Run an experiment of the page's: simulated, or with this machine's kernel for the server
    Experiment(ExperimentArgs),
    /// The process that holds the lab's namespaces (started by the program itself)
    #[command(name = LAB_CHILD, hide = true)]
    LabChild,
}

/// Arguments of `synema experiment`.
#[derive(Args, Clone, Debug)]
pub struct ExperimentArgs {
    /// Which one; without it, all are listed, with their knobs
    #[arg(value_name = "ID")]
    pub id: Option<String>,
    /// Set a knob
    #[arg(long, value_name = "KNOB=VALUE")]
    pub set: Vec<String>,
    /// What chance decides, it decides alike for the same number; without it, the experiment's own
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// On a wire of the lab's: our stack calls, the kernel answers, and the way loses what the
    /// experiment says
    #[arg(long)]
    pub lab: bool,
    /// Save what the page's end saw
    #[arg(long, value_name = "FILE.pcapng")]
    pub capture: Option<PathBuf>,
    /// The language of all words
    #[arg(long, value_enum, default_value_t = Spoken::En)]
    pub language: Spoken,
}

/// Arguments of `synema merge`.
#[derive(Args, Clone, Debug)]
pub struct MergeArgs {
    /// The capture taken at the near end: from there the result is told, on its clock
    #[arg(value_name = "NEAR")]
    pub near: PathBuf,
    /// The capture taken at the far end
    #[arg(value_name = "FAR")]
    pub far: PathBuf,
    /// The pcapng file to write
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
}

/// Arguments of `synema interfaces`.
#[derive(Args, Clone, Debug)]
pub struct InterfacesArgs {
    /// Print JSON instead of a table
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `synema serve`.
#[derive(Args, Clone, Debug)]
pub struct ServeArgs {
    /// The interface to use (see `synema interfaces`)
    #[arg(long, value_name = "IF")]
    pub interface: String,
    /// The address to claim; without it, the page proposes a free one
    #[arg(long, value_name = "A")]
    pub ip: Option<Ipv4Addr>,
    /// Use the interface's own MAC (Wi-Fi, port security) instead of one of our own
    #[arg(long)]
    pub host_mac: bool,
    /// Send no more than this, in Mbit/s
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..))]
    pub max_mbit: u64,
    /// Say what will and will not work on this machine and network, and stop
    #[arg(long)]
    pub check: bool,
    /// How the page is reached.
    #[command(flatten)]
    pub web: WebArgs,
}

/// How the page is reached: shared by `serve` and `lab`.
#[derive(Args, Clone, Debug)]
pub struct WebArgs {
    /// Where the page and the relay listen
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8620")]
    pub listen: SocketAddr,
    /// A further name under which the page may be reached (loopback names always may)
    #[arg(long, value_name = "NAME")]
    pub allow_host: Vec<String>,
    /// The folder with the built page
    #[arg(long, value_name = "DIR")]
    pub www: Option<PathBuf>,
}

/// Arguments of `synema lab`.
#[derive(Args, Clone, Debug)]
pub struct LabArgs {
    /// The lab's network.
    #[command(flatten)]
    pub wire: LabWireArgs,
    /// How the page is reached.
    #[command(flatten)]
    pub web: WebArgs,
}

/// How the lab's wire is made.
#[derive(Args, Clone, Debug)]
pub struct LabWireArgs {
    /// Segmentation and checksum offloads of the lab's wires
    #[arg(long, value_enum, default_value_t = Offloads::On)]
    pub offloads: Offloads,
    /// Use the wire's own MAC instead of one of our own
    #[arg(long)]
    pub host_mac: bool,
    /// Let the host end of the lab's wire forward packets, as any Docker host does
    #[arg(long)]
    pub ip_forward: bool,
    /// The way to the lab's servers.
    #[command(flatten)]
    pub way: WayArgs,
}

/// What the way to the lab's servers does to frames, alike in both directions; without any of these,
/// nothing.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "The way to the lab's servers")]
pub struct WayArgs {
    /// Milliseconds from end to end, in each direction
    #[arg(long, value_name = "MS", value_parser = at_most(60_000.0))]
    pub delay: Option<f64>,
    /// Up to so many milliseconds more, by chance; order is kept
    #[arg(long, value_name = "MS", value_parser = at_most(60_000.0))]
    pub jitter: Option<f64>,
    /// So many frames of a hundred are lost
    #[arg(long, value_name = "PERCENT", value_parser = at_most(100.0))]
    pub loss: Option<f64>,
    /// So many are 5 ms late, and overtaken by those behind them
    #[arg(long, value_name = "PERCENT", value_parser = at_most(100.0))]
    pub reorder: Option<f64>,
    /// So many arrive twice
    #[arg(long, value_name = "PERCENT", value_parser = at_most(100.0))]
    pub duplicate: Option<f64>,
    /// So many arrive with one bit changed
    #[arg(long, value_name = "PERCENT", value_parser = at_most(100.0))]
    pub corrupt: Option<f64>,
    /// Mbit/s that the way carries
    #[arg(long, value_name = "MBIT", value_parser = at_most(100_000.0))]
    pub rate: Option<f64>,
    /// KiB that may wait where the rate is limited
    #[arg(long, value_name = "KIB", requires = "rate")]
    pub queue: Option<u64>,
    /// Chance is the same for the same seed and the same frames
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
}

/// A number from 0 to `limit`.
fn at_most(limit: f64) -> impl Fn(&str) -> Result<f64, String> + Clone {
    move |text| match text.parse::<f64>() {
        Ok(number) if (0.0..=limit).contains(&number) => Ok(number),
        _ => Err(format!("give a number from 0 to {limit}")),
    }
}

#[cfg(target_os = "linux")]
impl WayArgs {
    /// The way that the arguments tell of; `None` if they tell of none.
    pub fn way(&self) -> Option<crate::lab::impair::Way> {
        use std::time::Duration;
        use synema_sim::Conditions;
        const OVERTAKEN_BY: Duration = Duration::from_millis(5);
        let ms = |value: Option<f64>| Duration::from_secs_f64(value.unwrap_or(0.0) / 1000.0);
        // The ranges are checked when the arguments are read.
        let ppm = |value: Option<f64>| (value.unwrap_or(0.0) * 10_000.0).round() as u32;
        let conditions = Conditions {
            delay: ms(self.delay),
            jitter: ms(self.jitter),
            rate_bps: self.rate.map(|mbit| (mbit * 1e6).round() as u64),
            queue_len: self.queue.map(|kib| kib.saturating_mul(1024)),
            loss_ppm: ppm(self.loss),
            reorder_ppm: ppm(self.reorder),
            reorder_by: OVERTAKEN_BY,
            duplicate_ppm: ppm(self.duplicate),
            corrupt_ppm: ppm(self.corrupt),
            ..Conditions::default()
        };
        let nothing = Conditions {
            reorder_by: OVERTAKEN_BY,
            ..Conditions::default()
        };
        (conditions != nothing).then(|| crate::lab::impair::Way {
            there: conditions.clone(),
            back: conditions,
            seed: self.seed,
        })
    }
}

/// Whether segmentation and checksums are left to the (virtual) hardware.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Offloads {
    /// As a kernel has them: super-frames and unfinished checksums on the raw socket
    #[default]
    On,
    /// Every frame complete and within the MTU
    Off,
}

/// Arguments of `synema curl`.
#[derive(Args, Clone, Debug)]
pub struct CurlArgs {
    /// What to fetch: http://host[:port]/path
    pub url: String,
    /// Fetch in a lab made for this fetch
    #[arg(long, conflicts_with_all = ["interface", "ip"])]
    pub lab: bool,
    /// The lab's wire, with --lab.
    #[command(flatten)]
    pub wire: LabWireArgs,
    /// The interface to use (see `synema interfaces`)
    #[arg(
        long,
        value_name = "IF",
        required_unless_present = "lab",
        requires = "ip"
    )]
    pub interface: Option<String>,
    /// The address to claim
    #[arg(long, value_name = "A", requires = "interface")]
    pub ip: Option<Ipv4Addr>,
    /// Write the body to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Write every frame to this file, as pcapng, however the fetch ends
    #[arg(long, value_name = "FILE")]
    pub capture: Option<PathBuf>,
    /// Keep all inputs and the seed in this file, so that the run can be had again to the byte
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
    /// Put the response's head in front of the body
    #[arg(short, long)]
    pub include: bool,
    /// Tell every step on standard error
    #[arg(short, long)]
    pub verbose: bool,
    /// Give up when the peer lets us wait so long for a connection, an answer, or more of it
    #[arg(long, value_name = "SECONDS")]
    pub timeout: Option<u64>,
}

/// Arguments of `synema serve-http`.
#[derive(Args, Clone, Debug)]
pub struct ServeHttpArgs {
    /// The folder whose files are served; names that begin with a dot are not
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// Serve in a lab made for this, whose kernel can be the client
    #[arg(long, conflicts_with_all = ["interface", "ip"])]
    pub lab: bool,
    /// The lab's wire, with --lab.
    #[command(flatten)]
    pub wire: LabWireArgs,
    /// With --lab: who connects here is connected to the server by the kernel of a machine in the
    /// lab
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8621")]
    pub listen: SocketAddr,
    /// The interface to use (see `synema interfaces`)
    #[arg(
        long,
        value_name = "IF",
        required_unless_present = "lab",
        requires = "ip"
    )]
    pub interface: Option<String>,
    /// The address to claim
    #[arg(long, value_name = "A", requires = "interface")]
    pub ip: Option<Ipv4Addr>,
    /// The port to serve on
    #[arg(long, value_name = "N", default_value_t = 80, value_parser = clap::value_parser!(u16).range(1..))]
    pub port: u16,
    /// Write every frame to this file, as pcapng, when the server ends
    #[arg(long, value_name = "FILE")]
    pub capture: Option<PathBuf>,
    /// Tell each request on standard error
    #[arg(short, long)]
    pub verbose: bool,
}

/// Arguments of `synema draw`.
#[derive(Args, Clone, Debug)]
pub struct DrawArgs {
    /// The capture: pcap or pcapng, gzipped or not; - reads from standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Where the picture goes; how its name ends says what it is: .svg, .png, .html, .txt, .md, .mmd.
    /// Without it, text on standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// One TCP conversation alone, by its number (see `synema analyze`, `tcp.stream`)
    #[arg(long, value_name = "N")]
    pub stream: Option<u32>,
    /// Only packets that this means, in Wireshark's words, as 'tcp.port == 80 && ip.addr == 192.0.2.0/24'
    #[arg(long, value_name = "EXPR")]
    pub filter: Option<String>,
    /// Only packets with these numbers, as 1-200 or 5000-
    #[arg(long, value_name = "FROM-TO", value_parser = numbers)]
    pub rows: Option<RangeInclusive<u64>>,
    /// Draw runs of alike packets as one thick arrow each way
    #[arg(long)]
    pub fold: bool,
    /// How time becomes height
    #[arg(long, value_enum, default_value_t = DrawAxis::Gaps)]
    pub axis: DrawAxis,
    /// How labels are worded
    #[arg(long, value_enum, default_value_t = DrawLabels::Words)]
    pub labels: DrawLabels,
    /// The language of all words
    #[arg(long, value_enum, default_value_t = Spoken::En)]
    pub language: Spoken,
    /// Colours, in SVG and PNG
    #[arg(long, value_enum, default_value_t = DrawTheme::Light)]
    pub theme: DrawTheme,
    /// Width of the picture in pixels (PNG: twice as many), or of text in columns
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(40..=10_000))]
    pub width: Option<u32>,
    /// What the picture is called; the file's name if nothing else is told
    #[arg(long, value_name = "TEXT")]
    pub title: Option<String>,
    /// SVG, PNG and HTML carry the packets that they show, to be opened again; with this also what
    /// those carry, not their headers alone
    #[arg(long)]
    pub payload: bool,
    /// SVG, PNG and HTML carry no packets
    #[arg(long, conflicts_with = "payload")]
    pub bare: bool,
    /// With .md: draw an .svg of the same name beside it, and show that, too
    #[arg(long)]
    pub picture: bool,
}

fn numbers(text: &str) -> Result<RangeInclusive<u64>, String> {
    let read = || {
        let (from, to) = text.split_once('-').unwrap_or((text, text));
        let to = if to.is_empty() {
            u64::MAX
        } else {
            to.parse().ok()?
        };
        let from: u64 = from.parse().ok()?;
        (from >= 1 && from <= to).then_some(from..=to)
    };
    read().ok_or_else(|| {
        "give the first and the last packet's number, counted from 1, as 1-200 or 5000-".to_owned()
    })
}

/// How time becomes height.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DrawAxis {
    /// Each packet has a row of the same height
    Rows,
    /// Time is strictly linear
    Time,
    /// Linear, with silences cut out and labelled
    Gaps,
}

/// How labels are worded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DrawLabels {
    /// `SYN ACK number 0, wants 1`
    Words,
    /// `SYN ACK 0 ack 1 win 65535 mss 1460`
    Numbers,
}

/// In which language packets are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Spoken {
    /// English
    En,
    /// Japanese
    Ja,
}

impl From<Spoken> for Language {
    fn from(spoken: Spoken) -> Self {
        match spoken {
            Spoken::En => Self::English,
            Spoken::Ja => Self::Japanese,
        }
    }
}

/// Which colours a picture has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DrawTheme {
    /// Dark on light
    Light,
    /// Light on dark
    Dark,
    /// As the reader's system prefers (a PNG is light)
    Auto,
}

/// Arguments of `synema graph`.
#[derive(Args, Clone, Debug)]
pub struct GraphArgs {
    /// The capture: pcap or pcapng, gzipped or not; - reads from standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Where the picture goes; how its name ends says what it is: .svg, .png, .txt. Without it, text on
    /// standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// What is shown over time
    #[arg(long, value_enum, default_value_t = GraphWhat::Sequence)]
    pub kind: GraphWhat,
    /// The language of all words
    #[arg(long, value_enum, default_value_t = Spoken::En)]
    pub language: Spoken,
    /// Which TCP conversation, by its number (see `synema analyze`, `tcp.stream`)
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub stream: u32,
    /// Of the direction that carried less data, instead of the one that carried more
    #[arg(long)]
    pub reverse: bool,
    /// Only from here on, in seconds since the capture's first packet, or as 250ms
    #[arg(long, value_name = "TIME", value_parser = nanoseconds)]
    pub from: Option<u64>,
    /// Only until here
    #[arg(long, value_name = "TIME", value_parser = nanoseconds)]
    pub to: Option<u64>,
    /// Colours, in SVG and PNG
    #[arg(long, value_enum, default_value_t = DrawTheme::Light)]
    pub theme: DrawTheme,
    /// Width of the picture in pixels (PNG: twice as many), or of text in columns
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(40..=10_000))]
    pub width: Option<u32>,
    /// Height of the picture in pixels
    #[arg(long, value_name = "N", default_value_t = 420, value_parser = clap::value_parser!(u32).range(200..=10_000))]
    pub height: u32,
}

/// What a graph shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum GraphWhat {
    /// Sequence numbers: data, what is acknowledged, the window's end, SACK
    Sequence,
    /// Bits per second, on the wire and new
    Throughput,
    /// Round trips from data to its ACK; SRTT and RTO where the trace tells
    Rtt,
    /// Bytes in flight, the peer's window; cwnd and ssthresh where the trace tells
    Flight,
    /// The window that the receiver offers
    Window,
}

/// A time as `1.25`, `1.25s`, `250ms` or `80us`, in ns.
fn nanoseconds(text: &str) -> Result<u64, String> {
    let wrong = || "give seconds, as 1.25, or a time, as 250ms or 80us".to_owned();
    let units = [("ms", 6), ("us", 3), ("ns", 0), ("s", 9)];
    let (number, digits) = units
        .iter()
        .find_map(|&(unit, digits)| Some((text.strip_suffix(unit)?, digits)))
        .unwrap_or((text, 9));
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || part.len() > digits || !all_digits(whole) || !all_digits(part) {
        return Err(wrong());
    }
    format!("{whole}{part:0<digits$}")
        .parse()
        .map_err(|_| wrong())
}

/// Arguments of `synema analyze`.
#[derive(Args, Clone, Debug)]
pub struct AnalyzeArgs {
    /// The capture: pcap or pcapng, gzipped or not; - reads from standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// What is printed
    #[arg(long, value_enum, default_value_t = AnalyzeFormat::Text)]
    pub format: AnalyzeFormat,
    /// The language of the overview's words
    #[arg(long, value_enum, default_value_t = Spoken::En)]
    pub language: Spoken,
    /// Only rows that this means, in Wireshark's words, as 'tcp.analysis.retransmission'; with tsv or json
    #[arg(long, value_name = "EXPR")]
    pub filter: Option<String>,
}

/// How `synema analyze` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum AnalyzeFormat {
    /// The conversations, what is worth looking at, and what the capture got wrong
    Text,
    /// A row for each TCP frame: tab-separated values, tshark's names in the first row
    Tsv,
    /// The same as an array of objects
    Json,
}

/// Arguments of `synema annotate`. Packets are meant by their numbers, as `synema analyze` and
/// Wireshark count them.
#[derive(Args, Clone, Debug, Default)]
pub struct AnnotateArgs {
    /// The capture: pcap or pcapng, gzipped or not; - reads from standard input.
    /// Without anything to write, what is written on it is printed
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Where the annotated capture goes, as pcapng; - writes to standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// A note on a packet: 12="text"
    #[arg(long, value_name = "N=TEXT")]
    pub note: Vec<String>,
    /// A note on a packet's field, by tshark's name: 12:tcp.window_size_value="text"
    #[arg(long, value_name = "N:FIELD=TEXT")]
    pub field: Vec<String>,
    /// A note on a range of time, in seconds since the first packet: 0.1-0.5="text"
    #[arg(long, value_name = "FROM-TO=TEXT")]
    pub time: Vec<String>,
    /// A bracket from one packet to another: 3-7="text"
    #[arg(long, value_name = "N-M=TEXT")]
    pub bracket: Vec<String>,
    /// What the lane of an address is called: 192.0.2.1="name"
    #[arg(long, value_name = "ADDRESS=NAME")]
    pub lane: Vec<String>,
    /// A note on the lane of an address: 192.0.2.1="text"
    #[arg(long, value_name = "ADDRESS=TEXT")]
    pub lane_note: Vec<String>,
    /// Packets that are to catch the eye: 5,7-9
    #[arg(long, value_name = "N,N-M")]
    pub highlight: Vec<String>,
    /// Packets that are not to be drawn: 1-4
    #[arg(long, value_name = "N,N-M")]
    pub hide: Vec<String>,
    /// What the whole is called
    #[arg(long, value_name = "TEXT")]
    pub title: Option<String>,
    /// What the whole is about
    #[arg(long, value_name = "TEXT")]
    pub summary: Option<String>,
    /// Take away first what is written on it now
    #[arg(long)]
    pub clear: bool,
}

/// Arguments of `synema link`.
#[derive(Args, Clone, Debug)]
pub struct LinkArgs {
    /// The capture: pcap or pcapng, gzipped or not, or a picture; - reads from standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Where others can reach the page: the link points there
    #[arg(long, value_name = "URL")]
    pub viewer: String,
    /// Only these packets, by their numbers: 1-12,20
    #[arg(long, value_name = "N,N-M")]
    pub packets: Option<String>,
    /// Also what the packets carry, not their headers alone
    #[arg(long)]
    pub payload: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn times_are_read_to_the_nanosecond() {
        for (text, ns) in [
            ("1.25", Ok(1_250_000_000)),
            ("0.000000001s", Ok(1)),
            ("250ms", Ok(250_000_000)),
            ("1.5us", Ok(1_500)),
            ("7ns", Ok(7)),
            ("0.5ns", Err(())),
            ("-1", Err(())),
            (".5", Err(())),
            ("1e3", Err(())),
            ("99999999999999999999", Err(())),
        ] {
            assert_eq!(nanoseconds(text).map_err(drop), ns, "{text}");
        }
    }

    #[test]
    fn curl_wants_an_interface_and_an_address_or_the_lab() {
        let parse = |line: &str| Cli::try_parse_from(line.split(' '));
        assert!(parse("synema curl --lab http://lab.test/").is_ok());
        assert!(parse("synema curl http://a/ --interface eth0 --ip 192.168.0.129").is_ok());
        assert!(parse("synema curl http://a/").is_err());
        assert!(parse("synema curl http://a/ --interface eth0").is_err());
        assert!(parse("synema curl --lab http://a/ --ip 192.168.0.129").is_err());
    }

    #[test]
    fn serve_http_wants_a_folder_and_a_place_to_serve_it() {
        let parse = |line: &str| Cli::try_parse_from(line.split(' '));
        assert!(parse("synema serve-http --lab .").is_ok());
        assert!(parse("synema serve-http . --interface eth0 --ip 192.168.0.129").is_ok());
        assert!(parse("synema serve-http --lab").is_err());
        assert!(parse("synema serve-http . --interface eth0").is_err());
        assert!(parse("synema serve-http --lab . --port 0").is_err());
    }
}
