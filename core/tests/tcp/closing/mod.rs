//! Closing: one way, both ways, at once, and by force.

mod fin;
mod force;
mod orderly;
mod time_wait;
