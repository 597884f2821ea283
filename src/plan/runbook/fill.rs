//! For each primitive what a person would do in its place.

use super::RunbookStep;
use super::packages;
use super::plugin::plugin;
use super::split::split;
use super::typed::{Typed, asked_at, command, kong, making, rotate, start};
use crate::environment::Service;
use crate::gateway::{RotationState, VerifyTier};
use crate::primitive::Intent;

/// Fills in what the step of `intent` needs.
#[expect(
    clippy::too_many_lines,
    reason = "one arm per primitive, each a few lines that belong together"
)]
pub(super) fn fill(typed: &Typed<'_>, step: &mut RunbookStep, intent: &Intent) {
    let expect = |step: &mut RunbookStep, text: &str| step.expect = Some(text.to_owned());
    let stop = |step: &mut RunbookStep, text: &str| step.stop = Some(text.to_owned());
    match intent {
        Intent::Version(look) => {
            step.commands = typed.on(&look.nodes, |node| format!("{} version", kong(node)));
        }
        Intent::Health(look) => {
            step.commands = typed.on(&look.nodes, |node| {
                format!("{} health -p {}", kong(node), node.prefix.display())
            });
        }
        Intent::Status(look) => {
            step.commands = typed.on(&look.nodes, |node| format!("curl -sS {}/", asked_at(node)));
            expect(
                step,
                "the version that is to be there, and a database that is reachable",
            );
        }
        Intent::CheckConfiguration(look) => {
            step.commands = typed.on(&look.nodes, |node| {
                format!("{} check {}", kong(node), node.conf.display())
            });
            expect(step, "`configuration at … is valid`, exit code 0");
            stop(
                step,
                "any error: the new version does not accept this configuration",
            );
        }
        Intent::ProveDatabase(look) => {
            step.commands = typed.on(&look.nodes, |node| {
                    format!("{} prepare -c {} -p /tmp/prefix; grep ^pg_ /tmp/prefix/.kong_env; rm -r /tmp/prefix", kong(node), node.conf.display())
                });
            expect(
                step,
                "host, port, database, schema and user of the database that the cluster is to use",
            );
            stop(
                step,
                "anything else: `kong migrations` would change another database",
            );
        }
        Intent::Entities(look) => typed.counts(step, &look.node),
        Intent::Compare(look) => {
            typed.counts(step, &look.node);
            expect(step, "the counts that were there before the upgrade");
            stop(step, "any other count");
        }
        Intent::Migrations(look) => step.commands = vec![typed.migrations(&look.node, "list")],
        Intent::CheckHosts(look) => {
            step.commands = typed.on(&look.nodes, |node| {
                let unit = match &node.service {
                    Service::Systemd(unit) => {
                        format!("systemctl cat {unit}; systemctl status {unit}")
                    }
                    Service::Kong => "systemctl list-units 'kong*'".to_owned(),
                };
                let sudo = if node.sudo.is_empty() {
                    ""
                } else {
                    "; sudo -n -l"
                };
                format!("{unit}{sudo}")
            });
            expect(
                step,
                "no unit of Kong's that is masked, migrates by itself or comes back after a stop; every command that is to be run as root",
            );
            stop(step, "anything else: mend it on that host first");
        }
        Intent::CheckListed(look) => {
            step.commands = vec![format!(
                "compare the servers of the load balancer of `{}` with the list of nodes",
                look.cluster
            )];
            stop(
                step,
                "a server that is no node: it would keep the old version, and clients with it",
            );
        }
        Intent::CheckLeftovers(look) => {
            step.commands = vec![
                typed.migrations(&look.node, "list"),
                typed.sql(&look.database, "SELECT * FROM locks"),
            ];
            expect(
                step,
                "nothing pending, nothing new, no lock on `migrations`",
            );
            stop(
                step,
                "anything else: an earlier upgrade was not brought to its end",
            );
        }
        Intent::Stop(act) => {
            step.commands = typed.on(&act.nodes, |node| {
                format!(
                    "{} quit -p {} -t {}",
                    kong(node),
                    node.prefix.display(),
                    act.patience
                )
            });
            expect(
                step,
                "`Kong stopped (gracefully)`; no process of Kong is left on the node",
            );
            stop(
                step,
                "`Kong stopped forcefully`: requests were dropped, although the exit code is 0",
            );
            step.undo = typed.on(&act.nodes, start);
        }
        Intent::Start(act) => {
            step.commands = typed.on(&act.nodes, start);
            expect(
                step,
                "`Kong started`, and the version that is installed at the Admin API",
            );
            stop(
                step,
                "`New migrations available`, or an error in `logs/error.log`",
            );
            step.undo = typed.on(&act.nodes, |node| {
                format!("{} quit -p {}", kong(node), node.prefix.display())
            });
        }
        Intent::Reload(act) => {
            step.commands = typed.on(&act.nodes, |node| making("reload", node));
        }
        Intent::Exec(act) => {
            let words = act.command.clone();
            step.commands = typed.on(&act.nodes, |node| command(node, &words));
            let right: Vec<String> = act.statuses.iter().map(ToString::to_string).collect();
            step.expect = Some(format!("exit code {}", right.join(" or ")));
            stop(step, "any other exit code");
        }
        Intent::Install(act) => packages::install(typed, step, act),
        Intent::Fetch(act) => packages::fetch(typed, step, act),
        Intent::Archive(act) => packages::archive(typed, step, act),
        Intent::Facts(look) => {
            step.commands = vec![typed.sql(
                    &look.database,
                    "SELECT version(), pg_size_pretty(pg_database_size(current_database())), count(*) FROM pg_stat_activity WHERE datname = current_database()",
                )];
            expect(
                step,
                "room for three times the database's size where backups go",
            );
        }
        Intent::Backup(act) => {
            step.commands = vec![format!(
                "pg_dump {} -Fd -j 2 -f BACKUP --lock-wait-timeout=30s",
                typed.connection(&act.database)
            )];
            expect(
                step,
                "exit code 0; checksums of every file written beside it",
            );
            stop(step, "any error, or less free space than the backup takes");
        }
        Intent::Verify(act) if act.tier == VerifyTier::Restore => {
            step.commands = vec![
                format!("createdb {} COPY", typed.server(&act.database)),
                format!(
                    "pg_restore {} -d COPY -j 2 --exit-on-error --no-owner BACKUP",
                    typed.server(&act.database)
                ),
                "compare the number of rows, table by table, with what was dumped".to_owned(),
            ];
            if act.keep {
                step.undo = vec![format!("dropdb {} COPY", typed.server(&act.database))];
            } else {
                step.commands
                    .push(format!("dropdb {} COPY", typed.server(&act.database)));
            }
            expect(step, "exit code 0, and the same rows");
            stop(step, "anything else: this backup is no way back");
        }
        Intent::Verify(_) => {
            step.commands = vec!["sha256sum -c CHECKSUMS && pg_restore -l BACKUP".to_owned()];
        }
        Intent::MigrateUp(act) => {
            step.commands = vec![
                    typed.sql(&act.database, "SELECT pid, usename, state, query FROM pg_stat_activity WHERE datname = current_database()"),
                    format!("{} --lock-timeout {}", typed.migrations(&act.node, "up"), act.lock_timeout),
                    typed.migrations(&act.node, "list"),
                ];
            expect(
                step,
                "`list` tells nothing new any more. The exit code of `up` proves nothing: it is 0 also when another node held the lock",
            );
            stop(step, "anything new or half done in `list`");
            step.undo = vec![
                    "stop every node; rename the database away and the kept copy into its place, both in one transaction:".to_owned(),
                    format!("psql {} -d postgres -c 'BEGIN; ALTER DATABASE {} RENAME TO kong_before; ALTER DATABASE COPY RENAME TO {}; COMMIT'",
                        typed.server(&act.database), typed.name(&act.database), typed.name(&act.database)),
                ];
        }
        Intent::Finish(act) => {
            let node = act.nodes.first().map(String::as_str).unwrap_or_default();
            step.commands = vec![
                format!(
                    "{} --lock-timeout {}",
                    typed.migrations(node, "finish"),
                    act.lock_timeout
                ),
                typed.migrations(node, "list"),
            ];
            expect(step, "`list` tells neither pending nor new migrations");
            stop(
                step,
                "BEFORE this: any node that does not run the new version, any wrong answer. From here on the old version cannot serve",
            );
            step.undo = vec![
                "none of its own: only the copy or the backup, with the loss of every write since"
                    .to_owned(),
            ];
        }
        Intent::Drain(act) => rotate(step, &act.nodes, "drain", "ready"),
        Intent::Admit(act) => {
            let weight = act.weight.map_or_else(
                || "the weight it had".to_owned(),
                |weight| format!("weight {weight}"),
            );
            rotate(
                step,
                &act.nodes,
                &format!("ready, with {weight}"),
                "what it was before",
            );
        }
        Intent::Split(act) => split(typed, step, act),
        Intent::SetRotation(act) => {
            let state = match act.rotation.state {
                RotationState::Drain => "drain",
                RotationState::Ready => "ready",
            };
            rotate(step, &act.nodes, state, "what it was before");
        }
        Intent::Terminate(_) | Intent::Redirect(_) | Intent::Canary(_) | Intent::PutBack(_) => {
            plugin(typed, step, intent);
        }
        Intent::TrafficStatus(look) => {
            step.commands = vec![format!(
                "look at the load balancer's weight and state of {}",
                look.nodes.join(", ")
            )];
        }
        Intent::Check(look) => typed.requests(step, std::slice::from_ref(look), 1),
        Intent::Poll(look) => typed.requests(step, std::slice::from_ref(&look.check), look.passes),
        Intent::CheckAll(look) => typed.requests(step, &look.checks, look.passes),
        Intent::Freeze(act) => {
            step.commands = vec![
                "tell everybody who writes configuration to stop, deployments included".to_owned(),
            ];
            step.undo = vec![format!(
                "tell them that `{}` takes configuration again",
                act.cluster
            )];
            let reload = |listen: &str| {
                typed.on(&act.nodes, |node| {
                    format!("KONG_ADMIN_LISTEN={listen} {}", making("reload", node))
                })
            };
            step.commands.extend(reload("off"));
            step.undo.extend(reload("ITS_ADMIN_LISTEN"));
        }
        Intent::Thaw(act) => {
            step.commands = vec![format!(
                "open the Admin APIs that were closed, and tell everybody that `{}` takes configuration again",
                act.cluster
            )];
        }
        Intent::Approve(act) => {
            step.commands = vec![format!("ask whoever decides: {}", act.what)];
            stop(step, "no clear yes");
        }
        Intent::WaitFor(act) => {
            step.commands = vec![format!("wait for the window `{}`", act.window)];
        }
        Intent::Pause(act) => {
            step.commands = vec![format!("watch for {} s", act.milliseconds / 1_000)];
        }
        Intent::Note(note) => step.commands = vec![format!("write down: {}", note.text)],
        _ => {}
    }
}
