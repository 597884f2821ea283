//! cutover: upgrade playbooks for Kong Gateway, as code.
//!
//! ```text
//! argv ─► cli ─► playbook ─► script ─► run (the gate) ─► primitive ─► gateway ─► the world
//!                            child      │  recorded? granted?   intent,     live │ simulated │ faulty
//!                            process    │  observe, undo        undo,
//!                                       ▼                       settle
//!                                    journal ──records──► render: terminal │ ndjson
//! ```
//!
//! * [`cli`]: the only room that sees arguments, environment variables, the terminal and exit codes; wires everything.
//! * [`environment`]: the inventory file: clusters, nodes, databases, traffic, grants, references to secrets.
//! * [`playbook`]: what a playbook is before it runs: header, parameters, declared needs.
//! * [`script`]: the only room that names Rhai: the child process that interprets, and the host's side of the pipe.
//! * [`run`]: durable execution: the gate, the way back, standing conditions, verdicts.
//! * [`journal`]: the truth: records, append and sync, hash chain, fold, store.
//! * [`primitive`]: one file per word of the trade.
//! * [`gateway`]: what one can do to the world; the only room that opens sockets and starts processes on a playbook's behalf.
//! * [`checks`]: checks of what servers answer, as data: written out, from curl's command lines, from a gateway's routes.
//! * [`kong`]: knowledge: versions, ways between them, migrations, what changed with each release, paths of routes. Pure.
//! * [`change_set`]: what an adaptation did to a node's files, recorded, reviewed, and replayed on others. Pure.
//! * [`drill`]: what can go wrong, each played once, and what must hold all the same.
//! * [`host`]: what hosts answer, read into values: units, packages, Cassandra, facts. Pure.
//! * [`doctor`]: what would make a change of an environment go wrong, looked for before one is begun.
//! * [`plan`]: what a run would do, read off the same run played in a simulated world.
//! * [`trial`]: unit tests of playbooks: the worlds that they describe, what came of them, what they reached.
//! * [`lab`]: the practice cluster: a stand-in for Kong on real PostgreSQL.
//! * [`render`]: records in, text out; no decisions.
//! * [`haproxy`]: HAProxy's runtime interface, which the gateway and the practice cluster both speak.
//! * [`tls`]: encryption for PostgreSQL's driver, which the gateway and the stand-in both need.
//!
//! Arrows point one way: `cli` wires everything and nothing imports it; `environment`, `haproxy`, `kong` and `tls` point nowhere; and
//!
//! * `script → run, journal, primitive, playbook, gateway, drill, trial, environment, checks` (of `journal`, `gateway` and `environment`
//!   types only);
//! * `run → journal, primitive, environment, gateway`;
//! * `drill → run, journal, primitive, gateway, kong, environment` (of `environment` value types only);
//! * `trial → run, journal, primitive, gateway, kong, environment`;
//! * `doctor → gateway, kong, environment`;
//! * `plan → run, journal, primitive, gateway, environment` (types only);
//! * `render → journal, primitive, playbook, gateway, plan, doctor, drill, trial, checks, kong` (types only);
//! * `journal → primitive` (types only);
//! * `primitive → gateway, kong, playbook, environment, checks` (of `playbook` and `environment` value types only);
//! * `gateway → change_set, environment, haproxy, host, kong, tls`;
//! * `host → kong` (of it the version only);
//! * `checks → gateway, environment, kong` (of `gateway` and `environment` types only);
//! * `change_set → host, kong`;
//! * `lab → haproxy, kong, tls`;
//! * `playbook → kong, environment` (value types only).
//!
//! `tests/suite/architecture.rs` reads these lines and checks them.

pub mod change_set;
pub mod checks;
pub mod cli;
pub mod doctor;
pub mod drill;
pub mod environment;
#[cfg(test)]
#[path = "../tests/fuzz/mod.rs"]
mod fuzzing;
pub mod gateway;
pub mod haproxy;
pub mod host;
pub mod journal;
pub mod kong;
pub mod lab;
pub mod plan;
pub mod playbook;
pub mod primitive;
pub mod render;
pub mod run;
pub mod script;
pub mod tls;
pub mod trial;
