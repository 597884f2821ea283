//! Walking a recorded past again without touching anything: would this script have gone the same way?

use super::cursor::{Cursor, Past};
use super::{Fault, Request, Script};
use crate::journal::{RunState, Trail};

/// Lets `script` go the way that `state` records, and compares. It performs nothing, writes nothing and answers nothing: where the
/// record ends, the script is left waiting. The first difference is [`Fault::Diverged`].
pub async fn retrace(state: &RunState, script: &mut impl Script) -> Result<(), Fault> {
    let mut cursor = Cursor::new(state);
    script.begin(Cursor::ahead(state), false).await?;
    while !cursor.at_end() {
        let attempted = match script.next().await? {
            Request::Call { intent, place } => {
                match cursor.step(state, &intent, place.as_ref())? {
                    Past::Answered => continue,
                    // The last of the record: it has no answer to go on with.
                    Past::Open(_) | Past::Again(_) | Past::New(_) => return Ok(()),
                }
            }
            Request::Entered { name } => {
                cursor.phase(state, &Trail::Entered(name))?;
                continue;
            }
            Request::Left { name } => {
                cursor.phase(state, &Trail::Left(name))?;
                continue;
            }
            Request::Done => "the end of the playbook".to_owned(),
            Request::Raised(raised) => format!("raising `{}`", raised.failure.message),
            Request::Replayed | Request::ClosureEnded { .. } => {
                return Err(Fault::ScriptDied("answered what nobody asked".to_owned()));
            }
        };
        cursor.end(state, attempted)?;
    }
    Ok(())
}
