//! `gap`: what a copy that goes live lacks of what its original counted, and carrying it.

use rhai::plugin::*;
use rhai::{Dynamic, EvalAltResult, Map, NativeCallContext};

use super::arguments::{Options, data, database as database_name};
use super::{call, wrong_argument};
use crate::gateway::Sides;
use crate::playbook::duration;
use crate::primitive::{
    Carry, CloseGap, Configured, Gap, Intent, MeasureGap, NoteConfiguration, OpenGap, ReportGap,
    Settles,
};

/// What one step may do before it answers.
const MOST_ROUNDS: u64 = 10_000;

#[export_module]
pub(super) mod gap {
    /// The gap between a database and a copy of it that `database::clone_to` made, in this run or an earlier one: `taken_at`, `tables` and
    /// `redis` (whose counters are carried), `out_of_reach`, the rate limits whose counters are not: each with `plugin`, `policy`, `plugins`
    /// (how many) and `why`, which says how much may pass again; and `holes`, the tables of Vitals that are not carried. What nodes write into
    /// `vitals_stats_minutes` and `vitals_node_meta` is copied to the other side with the counters.
    ///
    /// # Needs
    /// `gap.open`
    /// # Effect
    /// None.
    /// # Undo
    /// Nothing to undo.
    /// # On resume
    /// The recorded answer.
    /// # Errors
    /// `gap.unknown`: the one is no such copy of the other. `gap.layout`: a table of counters is not as Kong's are known to be.
    /// `gap.redis.unreachable`, `gap.redis.refused`: a Redis that the environment names for a database.
    /// # Example
    /// ```rhai
    /// let gap = gap::open(env::database("main"), env::database("green"));
    /// for limit in gap.out_of_reach { run::note(`${limit.plugin}, ${limit.policy}: ${limit.why}`); }
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn open(
        context: NativeCallContext,
        from_database: Dynamic,
        to_database: Dynamic,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let sides = sides_of(from_database, to_database)?;
        call(&context, Intent::OpenGap(OpenGap { sides }))
    }

    /// Refuses unless a pause of `settle` is long enough for what nodes count in their memory, and push to where it is counted every
    /// `sync_rate` seconds only: twice the longest of them. Kong that is stopped earlier loses it. Answers `plugins` (how many have a
    /// `sync_rate`) and `longest` (milliseconds).
    ///
    /// # Needs
    /// `gap.settles`
    /// # Effect
    /// None.
    /// # Undo
    /// Nothing to undo.
    /// # On resume
    /// The recorded answer.
    /// # Errors
    /// `gap.settle`: it is too short. `argument.value`: it is not a duration. `database.failed`.
    /// # Example
    /// ```rhai
    /// gap::settles(env::database("main"), "10s");
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn settles(
        context: NativeCallContext,
        database: Dynamic,
        settle: &str,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let settle = duration(settle).map_err(|error| wrong_argument(error, "\"10s\""))?;
        let database = database_name(database)?;
        call(&context, Intent::Settles(Settles { database, settle }))
    }

    /// What the copy lacks now, of windows that are still open: `increments`, `over_at_most` (the requests over their limits that it
    /// would let pass, if every client used all that it is given) and `over_expected` (if clients went on as fast as they were since
    /// the copy was made); and `lacking`, the same by table and period, with `counters`, the `largest` of them and how many are `limited`.
    ///
    /// # Needs
    /// `gap.measure`
    /// # Effect
    /// None: the counters are compared in a temporary table on the copy's server.
    /// # Undo
    /// Nothing to undo.
    /// # On resume
    /// The recorded answer.
    /// # Errors
    /// Those of `gap::open`.
    /// # Example
    /// ```rhai
    /// let gap = gap::open(env::database("main"), env::database("green"));
    /// run::note(`up to ${gap::measure(gap).over_at_most} requests too many`);
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn measure(
        context: NativeCallContext,
        gap: Dynamic,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let Gap { sides, .. } = data("the gap", &gap)?;
        call(&context, Intent::MeasureGap(MeasureGap { sides }))
    }

    /// Brings the copy what happened in the original since the last round: first tokens, codes and sessions that were taken from clients, then
    /// those that were given to them, then what was counted. The answer has `rounds`, `taken`, `given`, `to_copy` and `to_original` (how much
    /// was counted), and `longest`, the milliseconds of the longest round.
    ///
    /// # Needs
    /// `gap.carry`
    /// # Effect
    /// The copy's counters are higher by what was counted elsewhere. Counters and what is remembered of them change in one transaction, so a round that is made again adds nothing; in Redis one script changes both, and a new key lives as long as that of the other side
    /// has left. Rows of tokens keep their ids; one that was changed in place is left as it is.
    /// # Undo
    /// What came from the other side is taken away from counters of both that are still there, never below 0. Tokens stay as they are: what
    /// was revoked is not given back.
    /// # On resume
    /// Carried again, which adds what is new.
    /// # Errors
    /// Those of `gap::open`. `gap.other`: the counters are part of another gap.
    /// # Example
    /// ```rhai
    /// gap::carry(gap::open(env::database("main"), env::database("green")));
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn carry(context: NativeCallContext, gap: Dynamic) -> Result<Dynamic, Box<EvalAltResult>> {
        carry_with(context, gap, Map::new())
    }

    /// The same with options: `both: true` also adds to the original what the copy counted; `during` makes rounds for so long, one begun
    /// `every` (preset `"2s"`), in the place of a pause while traffic is split.
    ///
    /// # Needs
    /// `gap.carry`
    /// # Effect
    /// That of one round, again and again. In the original, tables of cutover's own appear beside the counters, until the undo or
    /// `gap::close`.
    /// # Undo
    /// What came from the other side is taken away from counters of both that are still there, never below 0.
    /// # On resume
    /// Carried again, for the whole time.
    /// # Errors
    /// `argument.value`: `every` is shorter than 100 ms, or there would be more than 10,000 rounds. Those of one round.
    /// # Example
    /// ```rhai
    /// let gap = gap::open(env::database("main"), env::database("green"));
    /// gap::carry(gap, #{ both: true, every: "2s", during: "30s" });
    /// ```
    #[rhai_fn(name = "carry", return_raw, volatile)]
    pub fn carry_with(
        context: NativeCallContext,
        gap: Dynamic,
        options: Map,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let Gap { sides, .. } = data("the gap", &gap)?;
        let mut options = Options::new(options);
        let both = options.flag("both")?;
        let interval = options.duration("every", "2s")?;
        let within = options.duration("during", "0s")?;
        options.done()?;
        if interval < 100 || within / interval > MOST_ROUNDS {
            return Err(wrong_argument(
                format!(
                    "a round begins every 100 ms at most, and {MOST_ROUNDS} times: each reads every counter whose window is open"
                ),
                "#{ every: \"2s\", during: \"30s\" }",
            ));
        }
        call(
            &context,
            Intent::Carry(Carry {
                sides,
                both,
                interval,
                within,
            }),
        )
    }

    /// What both sides counted since the copy was made, of windows that are still open (in Redis since these began), and the requests of Vitals'
    /// minutes: `over_admitted`, the requests over their limits that passed, `uncertain`, how many fewer they can be (in Redis, Kong since 3.0
    /// counts refused requests too), `lacking`, what the copy has not got yet, and `counted`, the same by table and period, with `counters`,
    /// `by_from` and `by_to`. Kong itself lets a few too many pass in a burst, since it counts after it has answered.
    ///
    /// # Needs
    /// `gap.report`
    /// # Effect
    /// None.
    /// # Undo
    /// Nothing to undo.
    /// # On resume
    /// The recorded answer.
    /// # Errors
    /// Those of `gap::open`.
    /// # Example
    /// ```rhai
    /// let gap = gap::open(env::database("main"), env::database("green"));
    /// run::note(`${gap::report(gap).over_admitted} requests too many`);
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn report(context: NativeCallContext, gap: Dynamic) -> Result<Dynamic, Box<EvalAltResult>> {
        let Gap { sides, .. } = data("the gap", &gap)?;
        call(&context, Intent::ReportGap(ReportGap { sides }))
    }

    /// Notes what configuration the copy holds now, for `gap::configured`, in the copy itself. What was noted before is replaced.
    ///
    /// # Needs
    /// `gap.note_configuration`
    /// # Effect
    /// A table of cutover's own in the copy: a hash for each row of Kong's configuration, and no value of one.
    /// # Undo
    /// None is needed: the table goes with the copy, and with `gap::close`.
    /// # On resume
    /// Done again.
    /// # Errors
    /// Those of `gap::open`; `database.failed`.
    /// # Example
    /// ```rhai
    /// gap::note_configuration(gap::open(env::database("main"), env::database("green")));
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn note_configuration(
        context: NativeCallContext,
        gap: Dynamic,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let Gap { sides, .. } = data("the gap", &gap)?;
        call(
            &context,
            Intent::NoteConfiguration(NoteConfiguration { sides }),
        )
    }

    /// What people configured on the copy since `gap::note_configuration`, in this run or an earlier one: `known` (whether it was noted what
    /// the copy held) and `tables`, those that differ: each with `table`, its number of rows `before` and `after`, and `rows`, which
    /// tells how many were `added`, `changed` and `removed`, with the `keys` of the first 20.
    ///
    /// # Needs
    /// `gap.configured`
    /// # Effect
    /// None.
    /// # Undo
    /// Nothing to undo.
    /// # On resume
    /// The recorded answer.
    /// # Errors
    /// Those of `gap::open`; `database.failed`.
    /// # Example
    /// ```rhai
    /// let written = gap::configured(gap::open(env::database("main"), env::database("green")));
    /// for table in written.tables { run::note(`${table.table}: ${table.before} rows, now ${table.after}`); }
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn configured(
        context: NativeCallContext,
        gap: Dynamic,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let Gap { sides, .. } = data("the gap", &gap)?;
        call(&context, Intent::Configured(Configured { sides }))
    }

    /// Ends carrying for good: what was remembered for it goes from both databases, and the counters stay as they are.
    ///
    /// # Needs
    /// `gap.close`
    /// # Effect
    /// Tables of cutover's own are dropped.
    /// # Undo
    /// None: after this nothing can be carried any more, and the end of a run that is taken back says so.
    /// # On resume
    /// Done again, which changes nothing.
    /// # Errors
    /// `database.unreachable`, `database.failed`.
    /// # Example
    /// ```rhai
    /// gap::close(gap::open(env::database("main"), env::database("green")));
    /// ```
    #[rhai_fn(return_raw, volatile)]
    pub fn close(context: NativeCallContext, gap: Dynamic) -> Result<Dynamic, Box<EvalAltResult>> {
        let Gap { sides, .. } = data("the gap", &gap)?;
        call(&context, Intent::CloseGap(CloseGap { sides }))
    }
}

/// Two different databases.
pub(super) fn sides_of(from: Dynamic, to: Dynamic) -> Result<Sides, Box<EvalAltResult>> {
    let (from_database, to_database) = (database_name(from)?, database_name(to)?);
    if from_database == to_database {
        return Err(wrong_argument(
            format!("`{from_database}` cannot be the copy of itself"),
            "name the database that is copied, and the other",
        ));
    }
    Ok(Sides {
        from_database,
        to_database,
    })
}
