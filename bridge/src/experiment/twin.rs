//! What a scene asks of a wire and of a kernel, if they can do it.

use crate::error::{Exit, Failure};
use crate::lab::KernelTcp;
use crate::lab::impair::Way;
use std::time::Duration;
use synema_core::tcp::Policy;
use synema_core::tcp::policy::{Nagle, Recovery};
use synema_sim::experiment::{Cue, Deed, Scene, Speaker};

/// Nobody waits longer for an experiment on a wire.
const MAX_UNTIL: Duration = Duration::from_secs(120);

/// A scene whose server is a kernel.
#[derive(Clone, Debug)]
pub(super) struct Twin {
    /// Our end, on our own stack.
    pub(super) page: Speaker,
    /// What the kernel's end says.
    pub(super) server: Speaker,
    /// What is switched in the kernel's TCP.
    pub(super) kernel: KernelTcp,
    /// What is set on its socket.
    pub(super) socket: SocketOptions,
    /// The wire.
    pub(super) way: Way,
    /// How long it is looked at.
    pub(super) until: Duration,
}

/// What a program sets on its socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SocketOptions {
    /// `TCP_NODELAY`.
    pub(super) no_delay: bool,
    /// `TCP_QUICKACK`: the first ACKs are not delayed.
    pub(super) quick_acks: bool,
}

impl Twin {
    /// The same scene, with a kernel for its server.
    ///
    /// # Errors
    /// When the scene has what only a simulation has.
    pub(super) fn of(scene: &Scene, seed: u64) -> Result<Self, Failure> {
        if !scene.other.is_empty() || scene.gateway.is_some() {
            return Err(only_simulated("it has more machines than two"));
        }
        if scene.errand.is_some() {
            return Err(Failure::new(
                Exit::Unsupported,
                "this one fetches a page: on a wire that has a command of its own",
                "run `synema curl --lab http://www.lab.test/ -v`, with --delay and --loss as you like",
            ));
        }
        if scene.page.think > Duration::ZERO || scene.server.think > Duration::ZERO {
            return Err(only_simulated(
                "one of its ends takes its time over every packet",
            ));
        }
        let claims = |line: &synema_sim::experiment::Line| {
            line.on == Cue::Granted || line.does.iter().any(|deed| matches!(deed, Deed::Claim(_)))
        };
        if scene.page.script.iter().any(claims) {
            return Err(only_simulated("it is about how an address is claimed"));
        }
        let policy = scene.server.policy.policy();
        let policy = policy.map_err(|error| only_simulated(&error.to_string()))?;
        let (kernel, socket) = switched(&policy)?;
        Ok(Self {
            page: scene.page.clone(),
            server: scene.server.clone(),
            kernel,
            socket,
            way: Way {
                there: scene.way.out.clone(),
                back: scene.way.back.clone(),
                seed,
            },
            until: scene.until.min(MAX_UNTIL),
        })
    }
}

/// What makes a kernel of today behave so.
fn switched(policy: &Policy) -> Result<(KernelTcp, SocketOptions), Failure> {
    let (sack, rack) = match policy.recovery {
        Recovery::Rack => (true, true),
        Recovery::Sack => (true, false),
        Recovery::NewReno => (false, false),
        Recovery::TimeoutOnly | Recovery::None => {
            return Err(only_simulated(
                "its server does not look at duplicate ACKs, which no switch of a kernel does",
            ));
        }
    };
    let kernel = KernelTcp {
        sack,
        rack,
        tail_loss_probe: policy.loss.tail_loss_probe,
    };
    let socket = SocketOptions {
        no_delay: policy.send.nagle == Nagle::Off,
        quick_acks: policy.receive.quick_acks > 0,
    };
    // All else has to be as a kernel is.
    let mut plain = Policy::linux();
    plain.recovery = policy.recovery;
    plain.loss.tail_loss_probe = policy.loss.tail_loss_probe;
    plain.receive.quick_acks = policy.receive.quick_acks;
    plain.timing.msl = policy.timing.msl;
    if socket.no_delay {
        plain.send.nagle = Nagle::Off;
    }
    if plain != *policy {
        return Err(only_simulated(
            "its server behaves as no kernel can be told to",
        ));
    }
    Ok((kernel, socket))
}

fn only_simulated(why: &str) -> Failure {
    Failure::new(
        Exit::Unsupported,
        format!("this cannot be had from a kernel on a wire: {why}"),
        "turn its knobs otherwise, or leave --lab out: it runs in the simulator",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use synema_sim::experiment::{Setting, Settings, catalogue};

    fn twin(id: &str, set: &[(&str, &str)]) -> Result<Twin, Failure> {
        let catalogue = catalogue();
        let found = catalogue.iter().find(|one| one.id == id);
        let settings: Settings = set
            .iter()
            .map(|(knob, to)| ((*knob).to_owned(), Setting::Choice((*to).to_owned())))
            .collect();
        let scene = found.expect("it is there").scene(&settings);
        Twin::of(&scene.expect("it has these knobs"), 7)
    }

    #[test]
    fn recovery_is_switched_where_a_kernel_has_a_switch() {
        let told = |recovery, probe| {
            let twin = twin(
                "one-goes-missing",
                &[("recovery", recovery), ("probe", probe)],
            );
            twin.map(|twin| (twin.kernel, twin.socket.no_delay))
        };
        let kernel = |sack, rack, tail_loss_probe| KernelTcp {
            sack,
            rack,
            tail_loss_probe,
        };
        assert_eq!(told("rack", "on"), Ok((kernel(true, true, true), true)));
        assert_eq!(
            told("three", "off"),
            Ok((kernel(false, false, false), true))
        );
        let failure = told("timer", "off").expect_err("a kernel always looks");
        assert!(failure.cause.contains("no switch"), "{failure}");
    }

    #[test]
    fn what_only_a_simulation_has_is_said() {
        for id in ["who-sent-this-rst", "get-the-page", "slow-start-and-cubic"] {
            let failure = twin(id, &[]).expect_err(id);
            assert_eq!(failure.exit, Exit::Unsupported);
            assert!(failure.next_step.contains("--lab"), "{failure}");
        }
    }
}
