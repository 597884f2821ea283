//! `node`: what an operator does on a host by hand, and looks at there.

use rhai::plugin::*;
use rhai::{Dynamic, EvalAltResult, Map, NativeCallContext};

use super::arguments::{Options, data, node as first, nodes};
use super::{call, wrong_argument};
use crate::primitive::{Exec, FactsOfNode, Intent, Reach};

#[export_module]
pub(super) mod node {
    /// Connects from the hosts of nodes to every address that the configuration of another node names: services, targets of upstreams, and what
    /// plugins are set to (identity providers, logs, Redis, directories), and that their own settings name: the identity provider of Kong Manager
    /// (`admin_gui_auth_conf`), `proxy_server`, a vault, a mail server. Names are looked up there, and where the connection is encrypted
    /// the server's certificate has to be trusted there and be for that name. Answers `reached`, how many addresses; of several nodes a map by node.
    ///
    /// # Needs
    /// `node.reach`
    /// # Effect
    /// Connections are opened and closed again; nothing is sent.
    /// # Undo
    /// Nothing to undo.
    /// # On resume
    /// Not repeated.
    /// # Errors
    /// `node.unreached`: not all of them are reached; the message says which, who names them, and why not. `node.reach.unknown`: the configuration
    /// cannot be read. In a dry run all of them are reached.
    /// # Example
    /// ```rhai
    /// let blue = env::cluster("practice");
    /// let green = env::cluster("green");
    /// node::reach(green.nodes, blue);
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn reach(
        context: NativeCallContext,
        which: Dynamic,
        serving: Dynamic,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let intent = Reach {
            node: first(serving)?,
            nodes: nodes(which)?,
        };
        call(&context, Intent::Reach(intent))
    }

    /// Looks at the host of a node and at the Kong on it; of several nodes it answers a map by node. Every part is there, and one that cannot
    /// be told is a map with `unknown`, the reason, instead: the same holds of the fields marked with *. `()` stands where there is no such thing.
    ///
    /// - `os`: `id` (`debian`), `name`, `version`, `architecture` (`x86_64`), `kernel`
    /// - `installed`: `driver` (`apt`, `prefix`), `name`, `version` as it calls itself, `edition` (`open_source`, `enterprise`, `enterprise_fips`),
    ///   `ready`, `origin`* (repositories that have it; none for a file's), `held`*, `changed`* (its files that are not as it brought them:
    ///   `path`, `configuration`, `change`, which is `missing`, `content`, `attributes` or `unreadable`), `link` (where that of versions side
    ///   by side leads), `available`* (versions)
    /// - `kong`: `version`*, `sha256`* of its `kong`, `conf_sha256`*; this part itself is always a map of these
    /// - `unit`: `name`, `active`, `sub`, `enabled` and `restart` in systemd's words, `masked`, `needs_reload`, `migrates` (by itself, at a start),
    ///   `files`, `environment_files`, `hazards` (texts)
    /// - `settings`: `conf`, `sources` (files, units, `process`), `set` (how many keys), `digest` (SHA-256 of all that it goes by but secrets)
    /// - `plugins`: `named` beside `bundled`, `lua_package_path`, `lua_package_cpath`; and `rocks`, each with `name`, `version`, `tree`
    /// - `disk`: `prefix`*, `packages`* (the archive, or where versions stand), `temporary`*, each with `path`, `mount`, `kind`, `size` and `free` in bytes,
    ///   `files` and `free_files`; always a map of these
    /// - `clock`: `ahead` of ours in milliseconds, `within` so many more or less
    /// - `limits`: `process`, which runs, `open_files`, `open_files_most` (`()` is no limit)
    /// - `sessions`: each with `user`, `terminal`, `from`, `since`
    /// - `ports`, which its settings name: `port`, `settings`, `listeners`, each with `address`, `process`, `name`, `ours` (`()` where only root may know)
    ///
    /// # Needs
    /// `node.facts`
    /// # Effect
    /// None.
    /// # Undo
    /// Nothing to undo.
    /// # On resume
    /// Not repeated.
    /// # Errors
    /// The host cannot be reached: `host.unreachable`, `host.refused`, `host.key`. Whatever else cannot be told is `unknown`. In a dry run the
    /// answer is what was observed, with the version and the files that the plan has installed by then.
    /// # Example
    /// ```rhai
    /// let facts = node::facts(env::cluster("practice").nodes[0]);
    /// let free = facts.disk.prefix;
    /// if "unknown" in free {
    ///     run::note("room is not known: " + free.unknown);
    /// } else {
    ///     run::note(`${free.free / 1048576} MiB free on ${free.mount}`);
    /// }
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn facts(
        context: NativeCallContext,
        which: Dynamic,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let nodes = nodes(which)?;
        call(&context, Intent::FactsOfNode(FactsOfNode { nodes }))
    }

    /// Runs a command on the host of a node, or of several one after the other. The command is an array: `kong`, which is the one that is
    /// installed on the node, or the absolute path of another program, and its arguments. No shell reads them, nothing is on its
    /// standard input, and its environment holds a plain `PATH` alone. Options: `within` (preset `"1m"`), `statuses`, the exit codes
    /// that are right (preset `[0]`). Answers `status`, `stdout` and `stderr`, secrets blacked out; of several nodes a map by node.
    /// In a dry run nothing is run: the answer is the first of the right exit codes, and no output.
    ///
    /// # Needs
    /// `node.exec` with the command, such as `node.exec:kong version`; it is granted by a command alone, never by a glob
    /// # Effect
    /// What the command does.
    /// # Undo
    /// Nothing takes it back; the end of a run that was undone names the commands that ran. `run::on_rollback` can run another one.
    /// # On resume
    /// A command that was begun and not seen to end is not repeated: a person says whether it had its effect. If it had, the answer is
    /// `()`, since nobody kept what it printed.
    /// # Errors
    /// `node.exec.status`: another exit code; `node.exec.signal`, `node.exec.deadline`; `node.exec.command`: it is no command that
    /// could be granted, or a secret stands in it; `process.failed`: the program cannot be started.
    /// # Example
    /// ```rhai
    /// let answer = node::exec(env::cluster("practice").nodes[0], ["kong", "version"]);
    /// run::note("installed: " + answer.stdout);
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn exec(
        context: NativeCallContext,
        which: Dynamic,
        command: Dynamic,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        exec_with_options(context, which, command, Map::new())
    }

    /// The same with options.
    ///
    /// # Needs
    /// `node.exec` with the command
    /// # Effect
    /// What the command does.
    /// # Undo
    /// Nothing takes it back.
    /// # On resume
    /// A person says whether a command that was begun had its effect.
    /// # Errors
    /// Those of the one without options.
    /// # Example
    /// ```rhai
    /// let nodes = env::cluster("practice").nodes;
    /// node::exec(nodes, ["/bin/ls", "/"], #{ within: "10s", statuses: [0] });
    /// ```
    #[rhai_fn(name = "exec", return_raw, volatile)]
    pub fn exec_with_options(
        context: NativeCallContext,
        which: Dynamic,
        command: Dynamic,
        options: Map,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let mut options = Options::new(options);
        let within = options.duration("within", "1m")?;
        let statuses: Option<Vec<i32>> = options
            .take("statuses")
            .map(|statuses| data("`statuses`", &statuses))
            .transpose()?;
        options.done()?;
        let statuses = statuses.unwrap_or_else(|| vec![0]);
        if statuses.is_empty() {
            return Err(wrong_argument(
                "no exit code would be right",
                "#{ statuses: [0] }",
            ));
        }
        call(
            &context,
            Intent::Exec(Exec {
                nodes: nodes(which)?,
                command: data("the command", &command)?,
                statuses,
                within,
            }),
        )
    }
}
