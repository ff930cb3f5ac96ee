//! A learning switch, which takes no time: a frame for a MAC address that was seen goes to
//! its owner, any other to everybody.
//!
//! ```text
//!   socket 0: page, kernel (two stacks of one computer share a card)
//!   socket 1: server                     learned: 02::80 -> socket 1
//! ```
//!
//! Who shares a socket is given all that comes there, and nothing that another of them
//! sends.

use crate::node::{NodeId, Port};
use std::collections::BTreeMap;
use synema_core::wire::{MacAddr, ethernet};

/// A switch, and who is plugged into it.
#[derive(Debug, Default)]
pub(crate) struct Switch {
    members: Vec<Member>,
    /// Behind which socket a MAC address was seen.
    learned: BTreeMap<MacAddr, Socket>,
    sockets: usize,
}

/// A node's port that is plugged in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) node: NodeId,
    pub(crate) port: Port,
    socket: Socket,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Socket(usize);

impl Switch {
    /// Plugs a port into a socket of its own.
    pub(crate) fn plug(&mut self, node: NodeId, port: Port) {
        let socket = Socket(self.sockets);
        self.sockets += 1;
        self.members.push(Member { node, port, socket });
    }

    /// Plugs a port into the socket of `other`; false if that one has none.
    pub(crate) fn plug_beside(&mut self, node: NodeId, port: Port, other: NodeId) -> bool {
        let socket = self.socket_of(|member| member.node == other);
        if let Some(socket) = socket {
            self.members.push(Member { node, port, socket });
        }
        socket.is_some()
    }

    /// A MAC address is behind a node's socket, as if it had sent before.
    pub(crate) fn learn(&mut self, mac: MacAddr, node: NodeId) {
        if let Some(socket) = self.socket_of(|member| member.node == node) {
            self.learned.insert(mac, socket);
        }
    }

    /// To whom a frame goes; learns where its sender is.
    pub(crate) fn receivers(&mut self, sender: (NodeId, Port), bytes: &[u8]) -> Vec<Member> {
        let socket = self.socket_of(|member| (member.node, member.port) == sender);
        let (Some(socket), Ok(frame)) = (socket, ethernet::Frame::parse(bytes)) else {
            return Vec::new();
        };
        if frame.source().is_unicast() {
            self.learned.insert(frame.source(), socket);
        }
        let known = self.learned.get(&frame.destination()).copied();
        let goes_to = |member: &Member| match known {
            Some(known) => known == member.socket && known != socket,
            None => member.socket != socket,
        };
        let members = self.members.iter().copied();
        members.filter(goes_to).collect()
    }

    fn socket_of(&self, is: impl Fn(&Member) -> bool) -> Option<Socket> {
        let found = self.members.iter().find(|member| is(member));
        found.map(|member| member.socket)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use synema_core::wire::EtherType;

    const PAGE: NodeId = NodeId(0);
    const KERNEL: NodeId = NodeId(1);
    const SERVER: NodeId = NodeId(2);
    const OTHER: NodeId = NodeId(3);

    fn mac(last: u8) -> MacAddr {
        MacAddr([2, 0, 0, 0, 0, last])
    }

    fn switch() -> Switch {
        let mut switch = Switch::default();
        switch.plug(PAGE, 0);
        assert!(switch.plug_beside(KERNEL, 0, PAGE));
        switch.plug(SERVER, 0);
        switch.plug(OTHER, 0);
        switch
    }

    /// Who is given a frame.
    fn given(switch: &mut Switch, from: NodeId, source: u8, destination: MacAddr) -> Vec<NodeId> {
        let mut frame = Vec::new();
        ethernet::Header {
            destination,
            source: mac(source),
            ether_type: EtherType::IPV4,
        }
        .emit(&mut frame);
        let members = switch.receivers((from, 0), &frame);
        members.into_iter().map(|member| member.node).collect()
    }

    #[test]
    fn a_frame_goes_to_everybody_until_its_owner_was_seen() {
        let mut switch = switch();
        let asked = given(&mut switch, PAGE, 1, mac(2));
        assert_eq!(asked, [SERVER, OTHER]);
        assert_eq!(given(&mut switch, SERVER, 2, mac(1)), [PAGE, KERNEL]);
        assert_eq!(given(&mut switch, PAGE, 1, mac(2)), [SERVER]);
        assert_eq!(
            given(&mut switch, SERVER, 2, MacAddr::BROADCAST),
            [PAGE, KERNEL, OTHER]
        );
        switch.learn(mac(3), OTHER);
        assert_eq!(given(&mut switch, PAGE, 1, mac(3)), [OTHER]);
    }

    #[test]
    fn two_stacks_of_one_computer_do_not_hear_each_other() {
        let mut switch = switch();
        assert_eq!(given(&mut switch, KERNEL, 1, mac(1)), []);
        assert_eq!(
            given(&mut switch, KERNEL, 1, MacAddr::BROADCAST),
            [SERVER, OTHER]
        );
        assert!(!switch.plug_beside(NodeId(9), 0, NodeId(8)));
    }

    #[test]
    fn who_moves_to_another_socket_is_found_there() {
        let mut switch = switch();
        given(&mut switch, PAGE, 1, MacAddr::BROADCAST);
        given(&mut switch, OTHER, 1, MacAddr::BROADCAST);
        assert_eq!(given(&mut switch, SERVER, 2, mac(1)), [OTHER]);
    }
}
