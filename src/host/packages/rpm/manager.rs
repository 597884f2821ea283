//! The two programs that bring packages of rpm's from repositories, by the words that each is asked with. Those of dnf after `dnf(8)` and
//! `dnf-plugins-core`; those of yum, which is version 3 of Red Hat's seventh release, after the sources of yum 3.4.3 and yum-utils.

/// A line for each version. The program itself reads the escapes; dnf 4 and yum end the line once more, dnf 5 does not.
const FORMAT: &str =
    "--queryformat=%{name}\\t%{epoch}\\t%{version}\\t%{release}\\t%{arch}\\t%{repoid}\\n";

/// yum's locks hide every other version, also from those who only ask.
const WITHOUT_LOCKS: &str = "--disableplugin=versionlock";

/// Who brings packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manager {
    /// dnf, of version 4 or 5, which newer systems call yum too.
    Dnf,
    /// yum, of version 3, with the programs of yum-utils.
    Yum,
}

impl Manager {
    /// Its name, and that of its program.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dnf => "dnf",
            Self::Yum => "yum",
        }
    }

    /// The question which versions of `package` repositories have, whatever a version lock keeps from being installed.
    #[must_use]
    pub fn available(self, package: &str) -> Vec<String> {
        match self {
            Self::Dnf => words(&[
                "dnf",
                "--quiet",
                "repoquery",
                "--showduplicates",
                FORMAT,
                package,
            ]),
            Self::Yum => words(&[
                "repoquery",
                WITHOUT_LOCKS,
                "--show-duplicates",
                FORMAT,
                package,
            ]),
        }
    }

    /// The question which versions of `package` are installed and to be had. It exits 1 where there is none.
    #[must_use]
    pub fn list(self, package: &str) -> Vec<String> {
        words(&[self.name(), "--quiet", "list", "--showduplicates", package])
    }

    /// The question what a repository is set up with.
    #[must_use]
    pub fn repository(self, id: &str) -> Vec<String> {
        match self {
            Self::Dnf => words(&["dnf", "--quiet", "config-manager", "--dump", id]),
            Self::Yum => words(&["yum-config-manager", id]),
        }
    }

    /// Brings the file of a package: `kong-3.4.2-1.x86_64`.
    #[must_use]
    pub fn download(self, directory: &str, package: &str) -> Vec<String> {
        match self {
            Self::Dnf => words(&[
                "dnf",
                "--quiet",
                "download",
                "--destdir",
                directory,
                package,
            ]),
            Self::Yum => words(&[
                "yumdownloader",
                "--quiet",
                WITHOUT_LOCKS,
                "--destdir",
                directory,
                package,
            ]),
        }
    }

    /// Installs the file behind the words, from which nobody is asked anything, and a lock is told of rather than waited for without an end.
    #[must_use]
    pub fn install(self, is_older: bool, repositories: Repositories) -> Vec<String> {
        let mut all = vec![self.name(), "--quiet", "--assumeyes"];
        all.push("--setopt=exit_on_lock=True");
        if repositories == Repositories::None {
            all.push("--disablerepo=*");
        }
        all.push(match self {
            Self::Yum if is_older => "downgrade",
            Self::Dnf | Self::Yum => "install",
        });
        words(&all)
    }

    /// The question which versions are locked. Without a word about repositories all of them are asked for their lists before that.
    #[must_use]
    pub fn locks(self) -> Vec<String> {
        self.versionlock(&["list"])
    }

    /// Locks a package to the version that is installed, which has this epoch.
    #[must_use]
    pub fn lock(self, package: &str, version: &str) -> Vec<String> {
        match self {
            Self::Dnf => self.versionlock(&["add", "--raw", &format!("{package}-{version}.*")]),
            // It takes the installed one, and writes that down itself.
            Self::Yum => self.versionlock(&["add", package]),
        }
    }

    /// Takes the lock to a version away.
    #[must_use]
    pub fn unlock(self, package: &str, version: &str) -> Vec<String> {
        self.versionlock(&["delete", &format!("{package}-{version}")])
    }

    fn versionlock(self, what: &[&str]) -> Vec<String> {
        let before = [self.name(), "--quiet", "--disablerepo=*", "versionlock"];
        words(&[&before, what].concat())
    }
}

/// What a call may take packages from beside the file that it is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repositories {
    /// Nothing: they may be gone.
    None,
    /// All that are set up.
    All,
}

fn words(all: &[&str]) -> Vec<String> {
    all.iter().map(|word| (*word).to_owned()).collect()
}
