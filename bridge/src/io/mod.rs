//! Frames in and out of one interface.
