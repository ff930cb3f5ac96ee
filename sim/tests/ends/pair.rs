//! Two stacks on one cable that call, send and close by chance.

use core::net::{Ipv4Addr, SocketAddrV4};
use synema_core::app::server::Service;
use synema_core::ip::Interface as Ip;
use synema_core::random::Random;
use synema_core::stack::{ListenError, StackEvent};
use synema_core::tcp::{ConnectionEvent, Policy};
use synema_core::time::{Duration, Instant};
use synema_core::trace::{ConnId, Record};
use synema_core::wire::{MacAddr, Port};
use synema_sim::host::TracedStack;
use synema_sim::{Conditions, Host, Network, NodeId, NodeRef};

pub(crate) const CLIENT: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 1);
pub(crate) const SERVER: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 2);
const PORT: Port = Port(80);
const CALLED_FROM: Port = Port(5_000);

/// What an end does, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    Call,
    Send(usize),
    Close,
    Abort,
}

/// An end that does what it was told to, and reads what comes.
#[derive(Debug)]
pub(crate) struct Actor {
    listens: bool,
    remote: SocketAddrV4,
    /// The next one last.
    acts: Vec<(Instant, Act)>,
    closes_after_peer: bool,
    conn: Option<ConnId>,
}

impl Actor {
    fn act(&mut self, stack: &mut TracedStack, now: Instant, act: Act) {
        if act == Act::Call {
            let policy = Policy::rfc();
            self.conn = stack
                .connect_from(now, CALLED_FROM, self.remote, &policy)
                .ok();
        }
        let Some(conn) = self.conn else { return };
        match act {
            Act::Call => {}
            Act::Send(len) => {
                stack.send(now, conn, &vec![b'.'; len]);
            }
            Act::Close => stack.shutdown(now, conn),
            Act::Abort => stack.abort(now, conn),
        }
    }
}

impl Service<Vec<Record>> for Actor {
    fn start(&mut self, stack: &mut TracedStack) -> Result<(), ListenError> {
        if self.listens {
            stack.listen(PORT, &Policy::rfc())?;
        }
        Ok(())
    }

    fn on_event(&mut self, stack: &mut TracedStack, now: Instant, event: StackEvent) {
        if let StackEvent::Acceptable { port } = event {
            self.conn = stack.accept(port).map(|(conn, _)| conn);
        }
        let Some(conn) = self.conn else { return };
        let mut piece = [0; 4_096];
        while stack.recv(now, conn, &mut piece) > 0 {}
        let closed = matches!(
            event,
            StackEvent::Connection {
                event: ConnectionEvent::PeerClosed,
                ..
            }
        );
        if closed && self.closes_after_peer {
            stack.shutdown(now, conn);
        }
    }

    fn on_timeout(&mut self, stack: &mut TracedStack, now: Instant) {
        while let Some((_, act)) = self.acts.pop_if(|(at, _)| *at <= now) {
            self.act(stack, now, act);
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.acts.last().map(|&(at, _)| at)
    }
}

/// A run of two ends on one cable.
pub(crate) struct Run {
    pub(crate) network: Network,
    pub(crate) ends: [NodeId; 2],
    pub(crate) traces: [Vec<Record>; 2],
}

pub(crate) fn run(scene: &Scene) -> Run {
    let mut network = Network::new(scene.seed);
    let lan = network.add_lan(scene.way.clone());
    let ips = [CLIENT, SERVER];
    let hosts = [0, 1].map(|who: usize| {
        let mac = MacAddr([2, 0, 0, 0, 0, who as u8 + 1]);
        let ip = Ip::new(ips[who], 24, None).expect("the addresses fit together");
        let port = if scene.both_call { CALLED_FROM } else { PORT };
        let mut acts = scene.acts[who].clone();
        acts.sort_by_key(|&(at, _)| core::cmp::Reverse(at));
        let actor = Actor {
            listens: scene.listens && who == 1,
            remote: SocketAddrV4::new(ips[1 - who], port.0),
            acts,
            closes_after_peer: scene.closes_after_peer[who],
            conn: None,
        };
        let host = network.add(Host::new(mac, ip, scene.seed ^ who as u64, actor));
        network.plug(host, 0, lan);
        host
    });
    network.run_for(Duration::from_secs(300));
    let traces = hosts.map(|host| network.node(host).trace().to_vec());
    Run {
        ends: hosts.map(NodeRef::id),
        traces,
        network,
    }
}

/// What two ends do on what way.
#[derive(Clone, Debug)]
pub(crate) struct Scene {
    pub(crate) seed: u64,
    pub(crate) way: Conditions,
    listens: bool,
    both_call: bool,
    pub(crate) acts: [Vec<(Instant, Act)>; 2],
    closes_after_peer: [bool; 2],
}

fn ms(ms: u64) -> Instant {
    Instant::from_millis(ms)
}

/// A scene by chance: how it opens, what is sent, how each end closes, what the way does.
pub(crate) fn scene(seed: u64, loss: u32) -> Scene {
    let mut random = Random::new(seed);
    let mut below = |limit: u32| random.next_u32() % limit;
    let both_call = below(8) == 0;
    let mut acts = [vec![(ms(10), Act::Call)], Vec::new()];
    if both_call {
        acts[1].push((ms(10 + u64::from(below(6))), Act::Call));
    }
    let mut closes_after_peer = [false; 2];
    for who in 0..2 {
        for _ in 0..below(4) {
            let at = ms(40 + u64::from(below(400)));
            acts[who].push((at, Act::Send(1 + below(9_000) as usize)));
        }
        closes_after_peer[who] = below(2) == 0;
        let at = ms(30 + u64::from(below(600)));
        match below(8) {
            0 => acts[who].push((at, Act::Abort)),
            1 | 2 => {}
            3 => acts[who].push((ms(500), Act::Close)),
            _ => acts[who].push((at, Act::Close)),
        }
    }
    let way = Conditions {
        delay: Duration::from_millis(10),
        jitter: Duration::from_millis(u64::from(below(3))),
        loss_ppm: loss * 10_000,
        reorder_ppm: loss * 5_000,
        reorder_by: Duration::from_millis(4),
        duplicate_ppm: loss * 3_000,
        ..Conditions::default()
    };
    Scene {
        seed,
        way,
        listens: below(16) != 0,
        both_call,
        acts,
        closes_after_peer,
    }
}
