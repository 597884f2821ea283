//! What of an answer may stand in a journal.

use std::collections::BTreeMap;

use crate::gateway::{HttpAnswer, is_secret_header};

/// The headers of an answer; values that let somebody in are hidden.
pub(super) fn headers(answer: &HttpAnswer) -> BTreeMap<&str, &str> {
    let headers = answer.headers.iter();
    headers
        .map(|(name, value)| {
            let is_secret = is_secret_header(name);
            (name.as_str(), if is_secret { "(hidden)" } else { value })
        })
        .collect()
}
