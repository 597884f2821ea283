//! What the commands say when they are called wrongly. The usage of `migrations` is Kong's own, since tools meet it when they
//! ask an old release for `status`.

use crate::kong::Version;

/// The usage of the command itself.
pub(super) const KONG: &str = "Usage: kong COMMAND [OPTIONS]

The available commands are:
 check
 config
 health
 migrations
 prepare
 quit
 reload
 restart
 start
 stop
 version

Options:
 --v              verbose
 --vv             debug
";

/// The usage of `command`.
pub(super) fn of(command: &str, version: &Version) -> String {
    match command {
        "migrations" => migrations(version),
        "config" => CONFIG.to_owned(),
        "quit" => format!(
            "Usage: kong quit [OPTIONS]\n\n -p,--prefix  (optional string) prefix Kong is running at\n -t,--timeout (default 10) timeout before forced shutdown\n -w,--wait (default 0) wait time before initiating the shutdown\n{VERBOSITY}"
        ),
        "start" | "check" | "prepare" | "health" | "reload" | "restart" | "stop" | "version" => {
            format!("Usage: kong {command} [OPTIONS]\n{VERBOSITY}")
        }
        _ => KONG.to_owned(),
    }
}

const VERBOSITY: &str = "
 --v              verbose
 --vv             debug
";

const CONFIG: &str = "Usage: kong config COMMAND [OPTIONS]

The available commands are:
  db_import <file>                    Import a declarative config file into
                                      the Kong database.
  db_export [<file>]                  Export the Kong database into a
                                      declarative config file.
  parse <file>                        Parse a declarative config file.

Options:
 -c,--conf        (optional string)   Configuration file.
 -p,--prefix      (optional string)   Override prefix directory.

 --v              verbose
 --vv             debug
";

/// The usage of `migrations`; `status` came with 3.0, and in 3.7 the database timeout lost its default.
pub(super) fn migrations(version: &Version) -> String {
    let status = if version.is_at_least(3, 0) {
        "  status                            Dump the database migration status in JSON format\n\n"
    } else {
        ""
    };
    let default = if version.is_at_least(3, 7) {
        "(optional number) "
    } else {
        "(default 60)      "
    };
    format!(
        "Usage: kong migrations COMMAND [OPTIONS]

Manage database schema migrations.

The available commands are:
  bootstrap                         Bootstrap the database and run all
                                    migrations.

  up                                Run any new migrations.

  finish                            Finish running any pending migrations after
                                    'up'.

  list                              List executed migrations.

  reset                             Reset the database.

{status}Options:
 -y,--yes                           Assume \"yes\" to prompts and run
                                    non-interactively.

 -q,--quiet                         Suppress all output.

 -f,--force                         Run migrations even if database reports
                                    as already executed.

 --db-timeout     {default}Timeout, in seconds, for all database
                                    operations (including schema consensus for
                                    Cassandra).

 --lock-timeout   (default 60)      Timeout, in seconds, for nodes waiting on
                                    the leader node to finish running
                                    migrations.

 -c,--conf        (optional string) Configuration file.

 -p,--prefix      (optional string)   Override prefix directory.

 --v              verbose
 --vv             debug
"
    )
}
