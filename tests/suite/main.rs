//! One binary for all behaviours that need the whole program or a server; one file per behaviour.

#![expect(
    clippy::print_stdout,
    reason = "sweeps print how much they covered, and tests say when they skip"
)]

mod admin_off;
mod adopt;
mod agreement;
mod architecture;
mod bad_input;
mod balancer;
mod balancer_commands;
mod behind_a_balancer;
mod blue_green;
mod canaries;
mod catching_up;
mod changes_nothing;
mod check;
mod clocks;
mod counting_in_redis;
mod damage;
mod drill;
mod endings;
mod failures;
mod finish_gates;
mod freeze;
mod fuzz;
#[path = "../fuzz/mod.rs"]
mod fuzzing;
mod gap;
mod gap_in_redis;
mod gap_locks;
mod gap_statistics;
mod gap_traces;
mod grants;
mod haproxy;
mod haproxy_map;
mod hardened;
mod harness;
mod hostile;
mod in_place;
mod invariants;
mod kept_connections;
mod kept_plan;
mod killed_at_work;
mod kong_upstream;
mod leftover_processes;
mod looking;
mod migration_states;
mod model_kong;
mod mutants;
mod nginx;
mod node_exec;
mod one_database;
mod plan;
mod plan_ways_back;
mod plugins_on_routes;
mod postgres_backup;
mod postgres_damage;
mod postgres_facts;
mod postgres_fixture;
mod postgres_swap;
mod postgres_tls;
mod practice;
mod practice_cluster;
mod redis_beside_a_copy;
mod redis_server;
mod redis_tls;
mod rehearsal;
mod resume;
mod rhai_traps;
mod route_paths;
mod sandbox;
mod sealed;
mod simulated;
mod stand_in_cli;
mod stand_in_node;
mod stand_in_traps;
mod sync_rate;
mod traced;
mod unit_tests;
mod waiting_work;
mod watching;
mod ways_back;
mod words;
mod world_lock;
