//! The `upstream` block of an nginx configuration, read and changed in place. Pure.
//!
//! Whatever else stands in the file stays as it is, to the byte: comments, order, other parameters. That is why no parser that writes the
//! file anew serves here.

use std::ops::Range;

use crate::gateway::{Rotation, RotationState};

/// Why the file does not say what a server gets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(in crate::gateway::live::traffic) enum UpstreamError {
    /// There is no such block, or it has no end.
    #[error("there is no `upstream {0}` in it")]
    NoUpstream(String),
    /// The block does not name the server.
    #[error("its `upstream` has no `server {0}`")]
    NoServer(String),
    /// The block names it more than once.
    #[error("its `upstream` has `server {0}` more than once")]
    Ambiguous(String),
    /// The weight is no number, or nginx has none that small.
    #[error("a weight is 1 to 65535, and not `{0}`")]
    Weight(String),
}

/// A word of the configuration and where it stands.
struct Word<'a> {
    text: &'a str,
    range: Range<usize>,
}

/// The `server` line of one server.
struct Server<'a> {
    /// The address and the parameters behind it.
    words: Vec<Word<'a>>,
}

/// What `server` of the block `upstream` gets.
pub(in crate::gateway::live::traffic) fn rotation(
    text: &str,
    upstream: &str,
    server: &str,
) -> Result<Rotation, UpstreamError> {
    let server = find(text, upstream, server)?;
    let weight = server
        .words
        .iter()
        .find_map(|word| word.text.strip_prefix("weight="));
    let weight = match weight {
        None => 1,
        Some(weight) => weight
            .parse()
            .map_err(|_| UpstreamError::Weight(weight.to_owned()))?,
    };
    let is_down = server.words.iter().any(|word| word.text == "down");
    let state = if is_down {
        RotationState::Drain
    } else {
        RotationState::Ready
    };
    Ok(Rotation::by_weight(weight, state))
}

/// What stands behind `server` in the block `upstream`.
pub(in crate::gateway::live::traffic) fn servers(
    text: &str,
    upstream: &str,
) -> Result<Vec<String>, UpstreamError> {
    let statements = statements(text, upstream)?;
    let servers = statements
        .iter()
        .filter(|words| words.len() > 1 && words[0].text == "server");
    Ok(servers.map(|words| words[1].text.to_owned()).collect())
}

/// The same text with `rotation` for `server`.
pub(in crate::gateway::live::traffic) fn with_rotation(
    text: &str,
    upstream: &str,
    server: &str,
    rotation: &Rotation,
) -> Result<String, UpstreamError> {
    if rotation.weight == 0 {
        return Err(UpstreamError::Weight("0".to_owned()));
    }
    let found = find(text, upstream, server)?;
    let (address, parameters) = found
        .words
        .split_first()
        .expect("it was found by its address");
    let mut changes: Vec<(Range<usize>, String)> = Vec::new();
    let weight = format!("weight={}", rotation.weight);
    match parameters
        .iter()
        .find(|word| word.text.starts_with("weight="))
    {
        Some(word) => changes.push((word.range.clone(), weight)),
        // What nginx assumes need not be written.
        None if rotation.weight == 1 => {}
        None => changes.push((address.range.end..address.range.end, format!(" {weight}"))),
    }
    let down = parameters.iter().find(|word| word.text == "down");
    match (down, rotation.state) {
        (None, RotationState::Drain) => {
            let end = found.words.last().expect("the address at least").range.end;
            changes.push((end..end, " down".to_owned()));
        }
        (Some(word), RotationState::Ready) => {
            let before = text[..word.range.start].trim_end_matches([' ', '\t']).len();
            changes.push((before..word.range.end, String::new()));
        }
        _ => {}
    }
    // From the end, so that what stands before keeps its place.
    changes.sort_by_key(|(range, _)| std::cmp::Reverse((range.start, range.end)));
    let mut changed = text.to_owned();
    for (range, instead) in changes {
        changed.replace_range(range, &instead);
    }
    Ok(changed)
}

/// The line of `server` in the block `upstream`.
fn find<'a>(text: &'a str, upstream: &str, server: &str) -> Result<Server<'a>, UpstreamError> {
    let mut found = None;
    for words in statements(text, upstream)? {
        let is_it = words.len() > 1 && words[0].text == "server" && words[1].text == server;
        if is_it && found.replace(words).is_some() {
            return Err(UpstreamError::Ambiguous(server.to_owned()));
        }
    }
    let mut words = found.ok_or_else(|| UpstreamError::NoServer(server.to_owned()))?;
    words.remove(0);
    Ok(Server { words })
}

/// The statements of the block `upstream`, each as its words.
fn statements<'a>(text: &'a str, upstream: &str) -> Result<Vec<Vec<Word<'a>>>, UpstreamError> {
    let absent = || UpstreamError::NoUpstream(upstream.to_owned());
    let mut words = words(text).into_iter();
    let mut before: [&str; 2] = ["", ""];
    loop {
        let word = words.next().ok_or_else(absent)?;
        if word.text == "{" && before == ["upstream", upstream] {
            break;
        }
        before = [before[1], word.text];
    }
    let mut statements = Vec::new();
    let mut statement = Vec::new();
    for word in words {
        match word.text {
            ";" => statements.push(std::mem::take(&mut statement)),
            "}" => return Ok(statements),
            _ => statement.push(word),
        }
    }
    Err(absent())
}

/// The words of a configuration, without comments: what white space, `;`, `{` and `}` separate, and these three themselves. Quotes keep
/// what they enclose together.
fn words(text: &str) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut letters = text.char_indices().peekable();
    while let Some((start, letter)) = letters.next() {
        let mut end = start + letter.len_utf8();
        match letter {
            '#' => while letters.next_if(|(_, letter)| *letter != '\n').is_some() {},
            ';' | '{' | '}' => words.push(Word {
                text: &text[start..end],
                range: start..end,
            }),
            '"' | '\'' => {
                for (at, other) in letters.by_ref() {
                    end = at + other.len_utf8();
                    if other == letter {
                        break;
                    }
                }
                words.push(Word {
                    text: &text[start..end],
                    range: start..end,
                });
            }
            letter if letter.is_whitespace() => {}
            _ => {
                let more = |(_, letter): &(usize, char)| {
                    !letter.is_whitespace() && !matches!(letter, ';' | '{' | '}')
                };
                while let Some((at, other)) = letters.next_if(more) {
                    end = at + other.len_utf8();
                }
                words.push(Word {
                    text: &text[start..end],
                    range: start..end,
                });
            }
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FILE: &str = "# upstream kong { server 10.0.0.9:8000; }\n\
        upstream other { server 10.0.0.1:8000 weight=3; }\n\
        upstream kong {\n\
        \u{20}   zone kong 64k; # shared\n\
        \u{20}   server 10.0.0.1:8000 weight=100 max_fails=0; # kong-1, not weight=7\n\
        \u{20}   server 10.0.0.2:8000;\n\
        \u{20}   server 10.0.0.3:8000\tdown   fail_timeout=5s;\n\
        \u{20}   keepalive 32;\n\
        }\n";

    fn rotation_of(weight: u16, is_ready: bool) -> Rotation {
        let state = if is_ready {
            RotationState::Ready
        } else {
            RotationState::Drain
        };
        Rotation::by_weight(weight, state)
    }

    #[test]
    fn servers_are_read() {
        let read = |server| rotation(FILE, "kong", server);
        assert_eq!(read("10.0.0.1:8000"), Ok(rotation_of(100, true)));
        assert_eq!(read("10.0.0.2:8000"), Ok(rotation_of(1, true)));
        assert_eq!(read("10.0.0.3:8000"), Ok(rotation_of(1, false)));
        assert_eq!(
            read("10.0.0.9:8000"),
            Err(UpstreamError::NoServer("10.0.0.9:8000".to_owned()))
        );
        assert_eq!(
            rotation(FILE, "konga", "a"),
            Err(UpstreamError::NoUpstream("konga".to_owned()))
        );
        let twice = "upstream kong { server a; server a down; }";
        assert_eq!(
            rotation(twice, "kong", "a"),
            Err(UpstreamError::Ambiguous("a".to_owned()))
        );
        let heavy = "upstream kong { server a weight=x; }";
        assert_eq!(
            rotation(heavy, "kong", "a"),
            Err(UpstreamError::Weight("x".to_owned()))
        );
    }

    #[test]
    fn nothing_else_changes() {
        let changed =
            with_rotation(FILE, "kong", "10.0.0.1:8000", &rotation_of(5, false)).expect("changed");
        let changed = with_rotation(&changed, "kong", "10.0.0.2:8000", &rotation_of(9, true))
            .expect("changed");
        let changed = with_rotation(&changed, "kong", "10.0.0.3:8000", &rotation_of(1, true))
            .expect("changed");
        insta::assert_snapshot!(changed, @r"
        # upstream kong { server 10.0.0.9:8000; }
        upstream other { server 10.0.0.1:8000 weight=3; }
        upstream kong {
            zone kong 64k; # shared
            server 10.0.0.1:8000 weight=5 max_fails=0 down; # kong-1, not weight=7
            server 10.0.0.2:8000 weight=9;
            server 10.0.0.3:8000   fail_timeout=5s;
            keepalive 32;
        }
        ");
    }

    proptest! {
        #[test]
        fn what_was_set_is_read_and_what_was_found_comes_back(
            server in prop::sample::select(vec!["10.0.0.1:8000", "10.0.0.2:8000", "10.0.0.3:8000"]),
            weight in 1_u16..=256,
            is_ready in any::<bool>(),
        ) {
            let found = rotation(FILE, "kong", server).expect("there");
            let wanted = rotation_of(weight, is_ready);
            let set = with_rotation(FILE, "kong", server, &wanted).expect("set");
            prop_assert_eq!(rotation(&set, "kong", server), Ok(wanted));
            let back = with_rotation(&set, "kong", server, &found).expect("set");
            prop_assert_eq!(rotation(&back, "kong", server), Ok(found.clone()));
            // Again, it changes nothing.
            prop_assert_eq!(with_rotation(&back, "kong", server, &found).expect("set"), back);
        }
    }
}
