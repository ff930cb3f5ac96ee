//! A network of namespaces to fetch in, made without root.

pub mod child;

/// The hidden subcommand under which the program starts itself as the lab's child.
pub const CHILD_COMMAND: &str = "lab-child";
