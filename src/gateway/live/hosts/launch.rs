//! How a program is started on another host: in a process group of its own, told of before it acts, with an end that is certain.
//!
//! SSH's own protocol does not tell a program that was killed from a connection that was cut, and ends a command only when everybody has
//! closed its outputs, which a service that was started never does. So the lines below say which process it is, wait for leave, and say
//! at the end how it ended. Both are marked with a token that nobody else knows.

use super::super::process::Ending;
use crate::gateway::ProcessIdentity;

/// Given to `sh -c`: the token, the directory, then the program and its arguments. With the leave come the variables of its environment,
/// a line each, so that they stand in nobody's list of processes; what the shell has of its own is taken away again.
///
/// The start of a process is field 22 of `/proc/PID/stat`, the twentieth behind the name, which is that of a shell here. What is read is read
/// without starting anything: an upgrade starts some hundred programs on each host, and each one more is felt there.
pub(super) const LAUNCHER: &str = r#"token=$1 directory=$2; shift 2
started() { shift 19; started=$1; }
read -r stat <"/proc/$$/stat" && read -r boot </proc/sys/kernel/random/boot_id && read -r host </proc/sys/kernel/hostname || exit 125
started ${stat##*) }
printf '%s %s %s %s %s\n' "$token" "$$" "$started" "$boot" "$host"
IFS= read -r leave; [ "$leave" = "$token" ] || exit 125
while IFS= read -r pair && [ -n "$pair" ]; do export "$pair"; done
cd -- "$directory" && env -u PWD -u OLDPWD -u SHLVL -u _ "$@" </dev/null
printf '\n%s %s\n' "$token" "$?" >&2"#;

/// Given to `sh -c`: process, start, boot and a signal, of which 0 only looks. Sends it to the group of that very process; exits with 0 if
/// it is gone, with 10 if any of it was there.
///
/// What `sudo` started is not the user's to end, and outlives its leader. The number of a group is given to nobody else while it has members,
/// so those that it has without its leader are of it. Where nobody lists them, nothing is told at all: they may be there.
pub(super) const ENDER: &str = r#"twentieth() { shift 19; printf %s "$1"; }
[ "$(cat /proc/sys/kernel/random/boot_id)" = "$3" ] || exit 0
if stat=$(cat "/proc/$1/stat" 2>/dev/null); then
    fields=${stat##*) }
    [ "$(twentieth $fields)" = "$2" ] || exit 0
fi
all=$(ps -e -o pgid= -o stat=) || exit 125
printf '%s\n' "$all" | while read -r group state; do
    case $group,$state in "$1",Z*) ;; "$1",*) exit 10;; esac
done && exit 0
kill -s "$4" -- "-$1" || kill -s "$4" "$1"
exit 10"#;

/// What [`ENDER`] exits with where some of it was still there.
pub(super) const WAS_THERE: i32 = 10;

/// The process that a first line tells of; nothing for a line of somebody else's.
pub(super) fn identity(line: &str, token: &str, node: &str) -> Option<ProcessIdentity> {
    let mut words = line.trim_end().strip_prefix(token)?.split_whitespace();
    Some(ProcessIdentity {
        pid: words.next()?.parse().ok()?,
        started: words.next()?.parse().ok()?,
        boot: words.next()?.to_owned(),
        host: words.next()?.to_owned(),
        node: Some(node.to_owned()),
    })
}

/// How a program ended, by the code that a shell gives: a signal's number is added to 128.
pub(super) fn ending(code: i32) -> Ending {
    match code {
        129..=192 => Ending::Signalled(code - 128),
        code => Ending::Exited(code),
    }
}
