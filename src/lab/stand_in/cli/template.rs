//! What `--nginx-conf` names: the template out of which nginx's configuration is made. The stand-in runs no nginx, so it fills nothing in;
//! of what `nginx -t` finds wrong with the outcome it sees braces that do not match.

use std::path::Path;

use super::Invocation;
use super::error::CommandError;

/// What stands for the configuration that is made of Kong's own template.
const OWN: &str = "# The stand-in runs no nginx.\n";

/// The text of `nginx.conf` in `prefix`.
pub(super) fn nginx_conf(
    invocation: &Invocation<'_>,
    prefix: &Path,
) -> Result<String, CommandError> {
    let Some(template) = invocation.arguments.value("nginx-conf") else {
        return Ok(OWN.to_owned());
    };
    let unprepared = |problem: String| CommandError::Unprepared {
        prefix: prefix.to_owned(),
        problem,
    };
    let text = match std::fs::read_to_string(template) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(unprepared(format!("no such file: {template}")));
        }
        Err(error) => {
            return Err(unprepared(format!(
                "failed reading custom nginx template file: {error}"
            )));
        }
    };
    if let Some(emergency) = unbalanced(&text) {
        let place = prefix.join("nginx.conf");
        return Err(unprepared(format!(
            "nginx configuration is invalid (exit code 1):\nnginx: [emerg] {emergency} in {}",
            place.display()
        )));
    }
    Ok(text)
}

/// What nginx says of braces that do not match; comments do not count.
fn unbalanced(text: &str) -> Option<&'static str> {
    let mut open = 0_usize;
    for line in text.lines() {
        for letter in line.split('#').next().unwrap_or_default().chars() {
            match letter {
                '{' => open += 1,
                '}' if open == 0 => return Some("unexpected \"}\""),
                '}' => open -= 1,
                _ => {}
            }
        }
    }
    (open > 0).then_some("unexpected end of file, expecting \"}\"")
}

#[cfg(test)]
mod tests {
    use super::unbalanced;

    #[test]
    fn braces_are_counted_outside_of_comments() {
        assert_eq!(unbalanced("http {\n # }\n}\n"), None);
        assert_eq!(
            unbalanced("http {\n"),
            Some("unexpected end of file, expecting \"}\"")
        );
        assert_eq!(unbalanced("}\n{\n"), Some("unexpected \"}\""));
    }
}
