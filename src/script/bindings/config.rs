//! `config`: what nodes go by, and adapting it.

use rhai::plugin::*;
use rhai::{Dynamic, EvalAltResult, NativeCallContext};

use super::arguments::{node, nodes};
use super::call;
use crate::primitive::{
    Adapt, Intent, MarkFiles, ReadSettings, RebaseTemplates, RecordChanges, ReviewChanges,
};

#[export_module]
pub(super) mod config {
    /// What a change set would do on nodes: `writes` (the files that it would write), `conflicts` (why it does not fit, a line a reason), `code`
    /// (the parts by which code could run that the environment file does not list), `files` (what it touches, as that is), `change_set`
    /// (its SHA-256) and, where there is any, `later` (templates of a release that is not installed yet, where packages replace each other);
    /// of several nodes a map by node.
    ///
    /// # Needs
    /// `config.review`
    /// # Effect
    /// None. Secrets that the change set refers to are fetched.
    /// # Undo
    /// Nothing to undo.
    /// # On resume
    /// The recorded answer.
    /// # Errors
    /// `environment.change_set`: the environment file names no such change set. `config.change_set`: it cannot be read. `config.place`: a node does
    /// not declare a file of it. `config.unreadable`, `secret.unavailable`. That it does not fit is none.
    /// # Example
    /// ```rhai
    /// fn fits(nodes) {
    ///     for node in nodes {
    ///         let found = config::review([node], "to-3-4");
    ///         if !found.conflicts.is_empty() { throw `${node}: ${found.conflicts}`; }
    ///     }
    /// }
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn review(
        context: NativeCallContext,
        which: Dynamic,
        change_set: &str,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let intent = ReviewChanges {
            nodes: nodes(which)?,
            change_set: change_set.to_owned(),
        };
        call(&context, Intent::ReviewChanges(intent))
    }

    /// Adapts the files of nodes as a change set says, and lets the installed `kong` make its configuration of them (`kong prepare`). Answers the
    /// files that were written. Comments, order and whatever the change set does not speak of stay as they are on each node.
    ///
    /// # Needs
    /// `config.adapt`; what could let code run has to be listed under `code` of the change set in the environment file, part by part.
    /// # Effect
    /// Files are written, each in one step, with mode and owner. Kong does not hear of it until it is started or reloaded.
    /// # Undo
    /// The files are what they were, to the byte, the owner and the mode; not where somebody has changed them since.
    /// # On resume
    /// Gone on with: what is written is left alone.
    /// # Errors
    /// `config.conflict`: a node is not as the recording began; nothing is written. `config.code`: code could run by it that nobody let in.
    /// `config.unwritable`; those of `config::review`; `kong.command`: Kong cannot read what came of it.
    /// # Example
    /// ```rhai
    /// fn adapt(nodes) { config::adapt(nodes, "to-3-4"); }
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn adapt(
        context: NativeCallContext,
        which: Dynamic,
        change_set: &str,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let intent = Adapt {
            nodes: nodes(which)?,
            change_set: change_set.to_owned(),
        };
        call(&context, Intent::Adapt(intent))
    }

    /// Brings the nginx templates of nodes (`template:…` under `files`) to the installed release: what somebody made of the templates of the
    /// release that was installed at `config::mark` is made of those of the installed one, by a merge of the three. Answers `writes` (those
    /// that were written) and `left` (what is left to a person: lines that both sides changed, with a file that has them marked; or what the
    /// installed Kong says of the outcome, `nginx -t` included); of several nodes a map by node.
    ///
    /// # Needs
    /// `config.rebase`
    /// # Effect
    /// Templates are written, each in one step; one with a conflict stays as it is. Kong does not hear of it until it is started or reloaded.
    /// # Undo
    /// The templates are what they were, to the byte, the owner and the mode; not where somebody has changed them since.
    /// # On resume
    /// Gone on with: what is written is left alone.
    /// # Errors
    /// `config.unmarked`: the files were not kept before. `config.unwritable`; those of `config::mark`. Conflicts are none.
    /// # Example
    /// ```rhai
    /// fn rebased(node) {
    ///     config::mark(node);
    ///     packages::install([node], "3.4.2");
    ///     for place in config::rebase(node).left { run::note(place); }
    /// }
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn rebase(
        context: NativeCallContext,
        which: Dynamic,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let intent = RebaseTemplates {
            nodes: nodes(which)?,
        };
        call(&context, Intent::RebaseTemplates(intent))
    }

    /// Keeps the files of nodes as they are, so that `config::record` can tell what was changed and `config::rebase` from which release
    /// templates come: kong.conf and what `files` of the node in the environment file declares. Answers how many they are.
    ///
    /// # Needs
    /// `config.mark`
    /// # Effect
    /// None on the nodes. The files are kept with the run, for nobody else to read.
    /// # Undo
    /// Nothing to undo.
    /// # On resume
    /// Not repeated where they were kept.
    /// # Errors
    /// `config.unreadable`, `config.place`, `storage.unusable`.
    /// # Example
    /// ```rhai
    /// config::mark(env::cluster("practice").nodes[0]);
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn mark(context: NativeCallContext, which: Dynamic) -> Result<Dynamic, Box<EvalAltResult>> {
        let intent = MarkFiles {
            nodes: nodes(which)?,
        };
        call(&context, Intent::MarkFiles(intent))
    }

    /// Records what was changed in the files of a node since `config::mark` as a change set, in the file that the environment file names under
    /// `[change_sets]`. Answers `change_set` (its SHA-256), `files` (how many it touches) and `review` (it in words). It holds no secret: who
    /// replays it says in it where each is to be had.
    ///
    /// # Needs
    /// `config.record`
    /// # Effect
    /// The file is written; one that holds something else is never overwritten.
    /// # Undo
    /// None: the recording stays.
    /// # On resume
    /// Repeated.
    /// # Errors
    /// `config.unmarked`: the files were not kept before. `config.recorded`: there is another change set in the file. Those of `config::mark`.
    /// # Example
    /// ```rhai
    /// fn recorded(node) {
    ///     config::mark(node);
    ///     run::approve("adapt the files of the node to the new version, then go on");
    ///     run::note(config::record(node, "to-3-4").review);
    /// }
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn record(
        context: NativeCallContext,
        which: Dynamic,
        change_set: &str,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let intent = RecordChanges {
            node: node(which)?,
            change_set: change_set.to_owned(),
        };
        call(&context, Intent::RecordChanges(intent))
    }

    /// Reads what a node goes by, key by key: Kong's defaults, its kong.conf, and the environment of its process or unit, as the installed
    /// version reads them; and what the node's own `kong` makes of it (`kong prepare`). Answers `version`, `settings` (by key `value`, `from`,
    /// such as `/etc/kong/kong.conf:12`, and `rendered`, where Kong makes anything of it), `unknown` (set for keys that the open-source
    /// version does not have), `misspelt`, and `unrendered`, why Kong makes nothing of it, where it does not; of several nodes a map by
    /// node. Of secrets it tells that there is one.
    ///
    /// # Needs
    /// `config.read`
    /// # Effect
    /// None.
    /// # Undo
    /// Nothing to undo.
    /// # On resume
    /// Not repeated.
    /// # Errors
    /// `config.unreadable`: a file or the environment cannot be read, or the version's defaults are not known.
    /// # Example
    /// ```rhai
    /// let found = config::read(env::cluster("practice").nodes[0]);
    /// run::note(`the database's host is ${found.settings.pg_host.value}, by ${found.settings.pg_host.from}`);
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn read(context: NativeCallContext, which: Dynamic) -> Result<Dynamic, Box<EvalAltResult>> {
        let nodes = nodes(which)?;
        call(&context, Intent::ReadSettings(ReadSettings { nodes }))
    }
}
