//! Who is logged in: what the list of logins says, and what only the login manager knows.

use super::inquiry::Inquiry;
use crate::gateway::SessionFacts;
use crate::host::facts::{LOGINS, Login, SESSIONS, Session, logins, sessions};

impl Inquiry<'_> {
    pub(super) async fn sessions(&self) -> Result<Vec<SessionFacts>, String> {
        let listed = self.told(&LOGINS).await;
        let listed = listed.and_then(|told| logins(&told).map_err(|error| error.to_string()));
        let managed = self.told(&SESSIONS).await;
        let managed = managed.and_then(|told| sessions(&told).map_err(|error| error.to_string()));
        match (listed, managed) {
            (Ok(listed), Ok(managed)) => Ok(both(listed, managed)),
            (Ok(listed), Err(_)) => Ok(both(listed, Vec::new())),
            (Err(_), Ok(managed)) => Ok(both(Vec::new(), managed)),
            (Err(why), Err(_)) => Err(why),
        }
    }
}

/// A terminal stands in both lists; the first says more of it.
fn both(listed: Vec<Login>, managed: Vec<Session>) -> Vec<SessionFacts> {
    let mut all: Vec<SessionFacts> = listed
        .into_iter()
        .map(|login| SessionFacts {
            user: login.user,
            terminal: Some(login.terminal),
            from: login.from,
            since: Some(login.since),
        })
        .collect();
    for session in managed {
        let is_listed =
            session.terminal.is_some() && all.iter().any(|one| one.terminal == session.terminal);
        if !is_listed {
            all.push(SessionFacts {
                user: session.user,
                terminal: session.terminal,
                from: None,
                since: None,
            });
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::facts::Idle;

    #[test]
    fn a_terminal_is_told_once_and_a_command_too() {
        let login = Login {
            user: "ada".to_owned(),
            terminal: "pts/0".to_owned(),
            since: "2026-11-23 02:00".to_owned(),
            idle: Idle::Active,
            process: 7,
            from: Some("10.0.0.9".to_owned()),
        };
        let session = |user: &str, terminal: Option<&str>| Session {
            id: "1".to_owned(),
            user_number: 1,
            user: user.to_owned(),
            seat: None,
            terminal: terminal.map(str::to_owned),
        };
        let managed = vec![
            session("ada", Some("pts/0")),
            session("bob", None),
            session("bob", None),
        ];
        let told: Vec<_> = both(vec![login], managed)
            .into_iter()
            .map(|one| (one.user, one.terminal, one.from))
            .collect();
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(
            told,
            [
                ("ada".to_owned(), text("pts/0"), text("10.0.0.9")),
                ("bob".to_owned(), None, None),
                ("bob".to_owned(), None, None),
            ]
        );
    }
}
