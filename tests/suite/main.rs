//! One binary for all behaviours that need the whole program or a server; one file per behaviour.

mod balancer;
mod stand_in_cli;
mod stand_in_node;
mod stand_in_traps;
