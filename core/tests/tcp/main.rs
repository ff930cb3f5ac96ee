//! What a connection does, told as packet stories, and what must hold in every
//! story that could be told.

mod beside_linux;
mod cell;
mod closing;
mod ecn;
mod handshake;
mod held;
mod hostile;
mod info;
mod link;
mod liveness;
mod loss;
mod measuring;
mod path;
mod policies;
mod receiving;
mod sending;
mod states;
mod story;
mod transfer;
mod urgent;
mod writes;
