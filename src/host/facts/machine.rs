//! What a processor is called: by the kernel, by Debian and by rpm. After `uname(1)`, Debian's table of architectures and rpm's own names.

use std::fmt;

use serde::Serialize;

/// The question whose answer [`Architecture::of_machine`] reads.
pub const MACHINE: [&str; 2] = ["uname", "-m"];

/// A processor that Kong has packages for, or another.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Architecture {
    /// `x86_64`, for Debian `amd64`.
    X8664,
    /// `aarch64`, for Debian `arm64`.
    Aarch64,
    /// Another, by its name.
    Other(String),
}

impl Architecture {
    /// That of an answer to [`MACHINE`].
    #[must_use]
    pub fn of_machine(answer: &str) -> Self {
        Self::of_package(answer.trim())
    }

    /// That of a package's field or file name. Kong names Debian's word in names of rpm files too, so both words are taken anywhere.
    #[must_use]
    pub fn of_package(word: &str) -> Self {
        match word {
            "x86_64" | "amd64" => Self::X8664,
            "aarch64" | "arm64" => Self::Aarch64,
            other => Self::Other(other.to_owned()),
        }
    }

    /// Debian's word.
    #[must_use]
    pub fn debian(&self) -> &str {
        match self {
            Self::X8664 => "amd64",
            Self::Aarch64 => "arm64",
            Self::Other(word) => word,
        }
    }

    /// The word of rpm and the kernel.
    #[must_use]
    pub fn rpm(&self) -> &str {
        match self {
            Self::X8664 => "x86_64",
            Self::Aarch64 => "aarch64",
            Self::Other(word) => word,
        }
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.rpm())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_all_sides_are_one_architecture() {
        // The first is recorded.
        for (word, architecture, debian, rpm) in [
            ("x86_64\n", Architecture::X8664, "amd64", "x86_64"),
            ("amd64", Architecture::X8664, "amd64", "x86_64"),
            ("aarch64\n", Architecture::Aarch64, "arm64", "aarch64"),
            (
                "ppc64le",
                Architecture::Other("ppc64le".to_owned()),
                "ppc64le",
                "ppc64le",
            ),
        ] {
            let read = Architecture::of_machine(word);
            assert_eq!((read.debian(), read.rpm()), (debian, rpm));
            assert_eq!(read, architecture);
        }
    }
}
