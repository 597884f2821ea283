//! The conversation of a file of checks: its value is the list of them, and it does nothing.

use rhai::Dynamic;

use super::engine::engine;
use super::fault::Stop;
use super::link::{SharedLink, Wanted};
use super::{load, values};
use crate::primitive::Failure;
use crate::run::Raised;
use crate::script::protocol::{FromChild, SourceKind};

/// Loads the file, and answers its list when asked to.
pub(super) fn converse(link: &SharedLink, name: &str, text: &str) {
    let engine = engine(link);
    let parsed = load::load(&engine, link, SourceKind::Checks, name, text);
    link.hold(&parsed.units);
    link.send(FromChild::Loaded(parsed.loaded()));
    let Some(file) = parsed.runnable() else {
        return;
    };
    let Some(Wanted::List) = link.receive_wanted() else {
        return;
    };
    link.only_list();
    let result = engine.eval_ast::<Dynamic>(file);
    let value = result.as_ref().ok().cloned();
    let refused = |message: String| {
        Raised {
        failure: Failure::new("checks.file", message)
            .hint("the file ends with a list, as in `[ #{ request: \"/status\", expect: #{ status: 200 } } ]`"),
        place: None,
        through: Vec::new(),
    }
    };
    let listed = match link.stopped(result) {
        Ok(()) => match value.filter(Dynamic::is_array) {
            Some(list) => values::to_json(&list).map_err(|why| Box::new(refused(why))),
            None => Err(Box::new(refused("the file lists no checks".to_owned()))),
        },
        Err(Stop::Raised(raised)) => Err(raised),
        Err(Stop::Budget(what)) => return link.send(FromChild::Budget { what }),
        Err(Stop::Replayed | Stop::Abandoned | Stop::Gone) => return,
    };
    link.send(FromChild::Listed { listed });
}
