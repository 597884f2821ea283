//! Whether a package file is signed by a key that rpm knows, and whether dnf looks at that. After `rpmkeys(8)`, `dnf.conf(5)`; recorded
//! from rpm 4.18 and dnf-plugins-core 4.3.

use serde::Serialize;

/// The question who signed `file`. It exits 1 where anything is amiss, and 0 also where nobody signed.
#[must_use]
pub fn check_signature(file: &str) -> [String; 5] {
    ["rpmkeys", "--checksig", "--verbose", "--", file].map(str::to_owned)
}

/// What a package file's signature is worth.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Signature {
    /// A key that rpm knows made it, for just this file.
    Good,
    /// Nobody signed.
    Absent,
    /// Somebody did whose key rpm does not know; in rpm's words.
    Unknown(String),
    /// It is for another content, or that is not what the file says of itself; in rpm's words.
    Bad(String),
}

/// Reads the answer to [`check_signature`].
#[must_use]
pub fn signature(answer: &str) -> Signature {
    let lines = || answer.lines().skip(1).filter(|line| line.starts_with(' '));
    // What stands nowhere in the file is told as well, once something else is amiss.
    let is_wrong = |line: &&str| !["OK", "NOKEY", "NOTFOUND"].contains(&verdict(line));
    if let Some(line) = lines().find(is_wrong) {
        return Signature::Bad(line.trim().to_owned());
    }
    let mut signatures = lines().filter(|line| line.contains(" Signature, "));
    if signatures.clone().any(|line| verdict(line) == "OK") {
        return Signature::Good;
    }
    let unknown = signatures.find(|line| verdict(line) == "NOKEY");
    unknown.map_or(Signature::Absent, |line| {
        Signature::Unknown(line.trim().to_owned())
    })
}

/// The word behind the last colon. Before rpm 4.15 the digest itself follows it.
fn verdict(line: &str) -> &str {
    let told = line.rsplit_once(": ").map_or("", |(_, told)| told);
    told.split(' ').next().unwrap_or_default()
}

/// Whether the signatures of packages of a repository are checked: the answer to
/// [`Manager::repository`](super::Manager::repository); nothing where that does not tell. yum tells of all repositories of which the word is
/// a part, and each of them counts.
#[must_use]
pub fn checks_signatures(answer: &str) -> Option<bool> {
    let mut all = answer
        .lines()
        .filter_map(|line| line.strip_prefix("gpgcheck = "))
        .map(|value| match value.trim() {
            "1" | "True" => Some(true),
            "0" | "False" => Some(false),
            _ => None,
        });
    let first = all.next()??;
    all.try_fold(first, |so_far, one| Some(so_far && one?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recorded_answers_are_read() {
        let digests = "    Header SHA256 digest: OK\n    Header SHA1 digest: OK\n    Payload SHA256 digest: OK\n    MD5 digest: OK\n";
        let with = |line: &str| signature(&format!("kong-3.4.2-1.x86_64.rpm:\n{line}{digests}"));
        let line = "    Header V4 EdDSA/SHA256 Signature, key ID f05a2f8a: ";
        assert_eq!(with(""), Signature::Absent);
        assert_eq!(with(&format!("{line}OK\n")), Signature::Good);
        let unknown = "Header V4 EdDSA/SHA256 Signature, key ID f05a2f8a: NOKEY".to_owned();
        assert_eq!(with(&format!("{line}NOKEY\n")), Signature::Unknown(unknown));
        // The header is signed, and the payload is another one's.
        let bad = format!(
            "kong-3.9.1-1.x86_64.rpm:\n{line}OK\n    Header SHA256 digest: OK\n    Payload SHA256 digest: BAD (Expected 8e39 != 47e5)\n    \
             RSA signature: NOTFOUND\n    DSA signature: NOTFOUND\n    MD5 digest: BAD (Expected 97e5 != c8fb)\n"
        );
        let told = "Payload SHA256 digest: BAD (Expected 8e39 != 47e5)".to_owned();
        assert_eq!(signature(&bad), Signature::Bad(told));
        let error = "error: kong.rpm: not an rpm package (or package manifest)\n";
        assert_eq!(signature(error), Signature::Absent);
    }

    #[test]
    fn whether_dnf_checks_is_read() {
        let dumped = "[kong]\ngpgcheck = 1\ngpgkey = file:///key.asc\nrepo_gpgcheck = 0\n";
        assert_eq!(checks_signatures(dumped), Some(true));
        let off = dumped.replace("gpgcheck = 1", "gpgcheck = 0");
        assert_eq!(checks_signatures(&off), Some(false));
        assert_eq!(checks_signatures(""), None);
        // After yum's source.
        let two = "=== repo: kong ===\n[kong]\ngpgcheck = True\n=== repo: kong-old ===\n[kong-old]\ngpgcheck = False\n";
        assert_eq!(checks_signatures(two), Some(false));
        assert_eq!(checks_signatures(&two.replace("False", "True")), Some(true));
    }
}
