//! `cargo xtask test`: everything that is checked, in named groups, with a table at the end.
//!
//! ```text
//!   format  clippy  unit  imports  tables  wasm  lab  browser
//!      \       \      \      |       |     /     /      /
//!       `-------`------`-- Tally ---'----`-----`------'
//!                            |
//!                   table, "N passed, N failed"
//! ```
//!
//! A group that ran nothing has failed, and so has one whose tools are missing: nothing is skipped in
//! silence. All native tests are compiled by one cargo call, so that no crate is built twice.

mod imports;
mod native;
mod system;
mod tables;
mod tally;
mod wasm;

use std::time::{Duration, Instant};

use anyhow::bail;
use clap::ValueEnum;

use crate::{
    house::House,
    site::{self, Speed, WASM},
};
use native::Native;
use tally::Tally;

/// Arguments of `cargo xtask test`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Run this group alone (may be given several times)
    #[arg(long, value_name = "GROUP")]
    only: Vec<Group>,
    /// Run the other groups as well when one has failed
    #[arg(long)]
    keep_going: bool,
}

/// What is checked, in the order in which it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Group {
    /// rustfmt has nothing to change
    Format,
    /// Clippy has nothing to say, natively and for wasm
    Clippy,
    /// Unit, property, scenario and documentation tests
    Unit,
    /// Who may import whom, and what the pure crates never touch
    Imports,
    /// What the tables of requirements say, against the code and its tests
    Tables,
    /// The pure crates' tests again, in the browser's WebAssembly
    Wasm,
    /// The bridge in namespaces, against the kernel's TCP
    Lab,
    /// The page in Chromium
    Browser,
}

impl Group {
    fn name(self) -> &'static str {
        match self {
            Self::Format => "format",
            Self::Clippy => "clippy",
            Self::Unit => "unit",
            Self::Imports => "imports",
            Self::Tables => "tables",
            Self::Wasm => "wasm",
            Self::Lab => "lab",
            Self::Browser => "browser",
        }
    }

    fn needs(self) -> &'static [system::Need] {
        use system::Need::{Browser, CjkFont, Driver, Ip, Nft, Nginx, Setpriv, Tshark};
        match self {
            Self::Format | Self::Clippy | Self::Unit | Self::Imports | Self::Tables => &[],
            Self::Wasm => &[Browser, Driver],
            Self::Lab => &[Ip, Nft, Nginx, Setpriv, Tshark],
            Self::Browser => &[Browser, Driver, CjkFont, Ip, Nginx, Setpriv, Tshark],
        }
    }
}

/// What became of one group.
struct Outcome {
    group: Group,
    tally: Tally,
    took: Duration,
    /// Why it failed, when no single test did.
    trouble: Option<String>,
}

impl Outcome {
    fn passed(&self) -> bool {
        self.trouble.is_none() && self.tally.failed == 0 && self.tally.passed > 0
    }

    /// Failures to report: a group that could not run counts as one.
    fn failures(&self) -> u64 {
        self.tally.failed + u64::from(!self.passed() && self.tally.failed == 0)
    }
}

/// Runs the groups and prints the table.
///
/// # Errors
/// When any group failed.
pub(crate) fn run(house: &House, arguments: &Arguments) -> anyhow::Result<()> {
    let wanted = |group: &Group| arguments.only.is_empty() || arguments.only.contains(group);
    let groups: Vec<Group> = Group::value_variants()
        .iter()
        .copied()
        .filter(wanted)
        .collect();
    let begun = Instant::now();
    let mut runner = Runner {
        house,
        native: None,
    };
    let mut outcomes = Vec::new();

    // Missing tools are found before the first minute is spent.
    let needs: Vec<_> = groups
        .iter()
        .flat_map(|group| group.needs())
        .copied()
        .collect();
    let absent = system::provide(&needs)?;

    for &group in &groups {
        println!("\n=== {} ===", group.name());
        let missing = absent.iter().find(|need| group.needs().contains(need));
        let outcome = match missing {
            Some(need) => Outcome {
                group,
                tally: Tally::default(),
                took: Duration::ZERO,
                trouble: Some(format!("{} is missing", need.what())),
            },
            None => runner.run(group),
        };
        if let Some(trouble) = &outcome.trouble {
            println!("{}: {trouble}", group.name());
        }
        let failed = !outcome.passed();
        outcomes.push(outcome);
        if failed && !arguments.keep_going {
            break;
        }
    }
    print_table(&groups, &outcomes, begun.elapsed());
    if let Some(advice) = system::advice(&absent) {
        println!("{advice}");
    }
    let passed: u64 = outcomes.iter().map(|outcome| outcome.tally.passed).sum();
    let failed: u64 = outcomes.iter().map(Outcome::failures).sum();
    println!("{passed} passed, {failed} failed");
    if failed > 0 {
        bail!("not everything passed");
    }
    Ok(())
}

struct Runner<'a> {
    house: &'a House,
    native: Option<Native>,
}

impl Runner<'_> {
    fn run(&mut self, group: Group) -> Outcome {
        let begun = Instant::now();
        let mut tally = Tally::default();
        let trouble = match self.check(group, &mut tally) {
            Err(error) => Some(format!("{error:#}")),
            Ok(()) if tally.ignored > 0 => Some(format!("{} tests are ignored", tally.ignored)),
            Ok(()) if tally.passed + tally.failed == 0 => Some("it ran no test".to_owned()),
            Ok(()) => None,
        };
        Outcome {
            group,
            tally,
            took: begun.elapsed(),
            trouble,
        }
    }

    fn check(&mut self, group: Group, tally: &mut Tally) -> anyhow::Result<()> {
        let house = self.house;
        match group {
            Group::Format => {
                house.cargo(&["fmt", "--all", "--check"])?;
                tally.passed += self.packages();
            }
            Group::Clippy => {
                let deny = ["--", "-D", "warnings"];
                let sets: [&[&str]; 3] = [
                    native::SELECTION,
                    &["-p", "xtask"],
                    &["-p", "synema-web", "--target", WASM],
                ];
                house.need_target(WASM)?;
                for set in sets {
                    house.cargo(&[&["clippy", "--quiet", "--all-targets"], set, &deny].concat())?;
                }
                tally.passed += self.packages();
            }
            Group::Unit => {
                self.native()?.run_unit(house, tally)?;
                native::run_doc_tests(house, tally)?;
            }
            Group::Imports => imports::check(house, tally)?,
            Group::Tables => tables::check(house, tally)?,
            Group::Wasm => {
                let runner = self.native()?.program("wasm-runner")?.to_owned();
                wasm::run(house, &runner, tally)?;
            }
            Group::Lab => self.native()?.run_lab(house, tally)?,
            Group::Browser => {
                let site = site::build(house, Speed::Page)?;
                self.native()?.run_browser(house, &site, tally)?;
            }
        }
        Ok(())
    }

    /// The compiled native tests: compiled when first asked for.
    fn native(&mut self) -> anyhow::Result<&Native> {
        if self.native.is_none() {
            self.native = Some(Native::compile(self.house)?);
        }
        Ok(self.native.as_ref().expect("it was set two lines above"))
    }

    fn packages(&self) -> u64 {
        self.house.metadata.workspace_members.len() as u64
    }
}

fn print_table(groups: &[Group], outcomes: &[Outcome], took: Duration) {
    println!(
        "\n{:<10}{:<9}{:>9}{:>8}{:>8}",
        "group", "result", "seconds", "passed", "failed"
    );
    for &group in groups {
        let Some(outcome) = outcomes.iter().find(|outcome| outcome.group == group) else {
            println!("{:<10}{:<9}", group.name(), "NOT RUN");
            continue;
        };
        let result = if outcome.passed() { "ok" } else { "FAILED" };
        println!(
            "{:<10}{result:<9}{:>9.1}{:>8}{:>8}",
            group.name(),
            outcome.took.as_secs_f64(),
            outcome.tally.passed,
            outcome.failures(),
        );
    }
    println!("{:<19}{:>9.1}", "all", took.as_secs_f64());
}
