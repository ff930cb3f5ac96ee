//! What `diagram` makes of a run that was captured at one of its ends, or at both.

mod merge;
mod pair;
mod states;
