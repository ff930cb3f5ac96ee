//! Privileges: used once, then dropped on every thread.
