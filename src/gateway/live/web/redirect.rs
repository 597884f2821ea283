//! Redirects: followed at the same server, and refused elsewhere. What may be asked was said of one server.

use url::Url;

use super::exchange::Exchange;
use super::filled::Filled;
use super::phase::Progress;
use crate::gateway::{Failure, HttpAnswer};

/// Whether a status says that the answer is elsewhere.
pub(super) fn leads_on(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

/// A longer place is none, in bytes.
const LONGEST: usize = 8 << 10;

impl Exchange {
    /// Sends a request, and what at most so many redirects make of it.
    pub(super) async fn follow(
        &self,
        mut request: Filled,
        url: &Url,
        most: u32,
        progress: &Progress,
    ) -> Result<HttpAnswer, Failure> {
        let mut url = url.clone();
        let mut followed = 0;
        loop {
            let answer = self.send(&request, &url, progress).await?;
            if most == 0 || !leads_on(answer.status) {
                return Ok(HttpAnswer {
                    redirects: followed,
                    ..answer
                });
            }
            if followed == most {
                let message = format!("more than {most} redirects, the last of them at `{url}`");
                return Err(Failure::new("http.redirects", message).hint(
                    "`curl -IL` shows the way; `redirects` in the request says how many are followed",
                ));
            }
            url = target(&answer, &url)?;
            request.follow(answer.status);
            followed += 1;
        }
    }
}

/// Where a redirect leads.
fn target(answer: &HttpAnswer, from: &Url) -> Result<Url, Failure> {
    let refused = |why: String| {
        let message = format!("a redirect of `{from}` {why}");
        Failure::new("http.redirects", message)
    };
    let Some(location) = answer.headers.get("location") else {
        return Err(refused(
            "says not where to: it has no `Location`".to_owned(),
        ));
    };
    let mut shown: String = location.chars().take(200).collect();
    if shown.len() < location.len() {
        shown.push('…');
    }
    if location.len() > LONGEST || location.contains(char::REPLACEMENT_CHARACTER) {
        return Err(refused(format!(
            "leads nowhere: its `Location` is too long or no text: `{shown}`"
        )));
    }
    let target = (from.join(location))
        .map_err(|error| refused(format!("leads nowhere: `Location: {shown}` ({error})")))?;
    if target.origin() != from.origin() {
        return Err(
            refused(format!("leads to another server: `Location: {shown}`"))
                .hint("leave `redirects` out and check the header `location` instead"),
        );
    }
    Ok(target)
}
