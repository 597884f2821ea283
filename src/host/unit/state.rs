//! The words in which systemd tells how a unit stands. After `systemctl(1)` and `systemd.service(5)`; a word that is not known here
//! is kept as it is, since new versions bring new ones.

use std::fmt;

use serde::{Serialize, Serializer};

/// Makes an enum of known words and other ones.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$about:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$about])* $variant,)+
            /// A word of another version of systemd.
            Other(String),
        }

        impl $name {
            /// What `word` says.
            #[must_use]
            pub fn of(word: &str) -> Self {
                match word {
                    $($word => Self::$variant,)+
                    other => Self::Other(other.to_owned()),
                }
            }

            /// The word of systemd.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $word,)+
                    Self::Other(word) => word,
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(self.as_str())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    };
}

words! {
    /// Whether systemd could read the unit's files.
    LoadState {
        /// It could.
        Loaded = "loaded",
        /// There are none.
        NotFound = "not-found",
        /// They are linked to nothing, so that nobody can start the unit.
        Masked = "masked",
        /// One has a setting without which or with which the unit makes no sense.
        BadSetting = "bad-setting",
        /// One cannot be read.
        Error = "error",
        /// The unit stands for another.
        Merged = "merged",
        /// Not read yet.
        Stub = "stub",
    }
}

words! {
    /// Whether the unit runs.
    ActiveState {
        /// It runs.
        Active = "active",
        /// It runs and reads its configuration again.
        Reloading = "reloading",
        /// It does not run.
        Inactive = "inactive",
        /// It does not run, and went down with an error.
        Failed = "failed",
        /// It is being started; between two tries of a restart too.
        Activating = "activating",
        /// It is being stopped.
        Deactivating = "deactivating",
    }
}

words! {
    /// Whether the unit starts at boot.
    UnitFileState {
        /// It does.
        Enabled = "enabled",
        /// It does until the next boot.
        EnabledRuntime = "enabled-runtime",
        /// It does not.
        Disabled = "disabled",
        /// It cannot be told to: its file has no `[Install]`.
        Static = "static",
        /// It is linked to nothing.
        Masked = "masked",
        /// It is linked to nothing until the next boot.
        MaskedRuntime = "masked-runtime",
        /// Its file lies elsewhere and is linked.
        Linked = "linked",
        /// Another unit is enabled in its place.
        Indirect = "indirect",
        /// Made by a program when the host boots.
        Generated = "generated",
        /// Made by a call, without a file that lasts.
        Transient = "transient",
        /// Another name of a unit.
        Alias = "alias",
        /// Its file cannot be read.
        Bad = "bad",
    }
}

words! {
    /// When systemd starts the service again that ended without being asked to by systemd.
    Restart {
        /// Never.
        No = "no",
        /// Whenever.
        Always = "always",
        /// After an end without error.
        OnSuccess = "on-success",
        /// After any error, signal, timeout or watchdog.
        OnFailure = "on-failure",
        /// After a signal that is no clean one, a timeout or the watchdog.
        OnAbnormal = "on-abnormal",
        /// After a signal that is no clean one.
        OnAbort = "on-abort",
        /// After the watchdog.
        OnWatchdog = "on-watchdog",
    }
}

words! {
    /// How the last run of the service ended.
    ServiceResult {
        /// Well, or it did not end.
        Success = "success",
        /// With an exit code that is an error.
        ExitCode = "exit-code",
        /// By a signal.
        Signal = "signal",
        /// By a signal that writes a core.
        CoreDump = "core-dump",
        /// It took too long.
        Timeout = "timeout",
        /// It did not tell that it lives.
        Watchdog = "watchdog",
        /// It was started again too often.
        StartLimitHit = "start-limit-hit",
        /// It did not follow the protocol of its type, such as a missing process file.
        Protocol = "protocol",
        /// There was not enough of something.
        Resources = "resources",
        /// The kernel ended it for want of memory.
        OomKill = "oom-kill",
    }
}

words! {
    /// How systemd learns that the service has started.
    ServiceType {
        /// Its process is there.
        Simple = "simple",
        /// Its program is there.
        Exec = "exec",
        /// Its first process has ended and left another.
        Forking = "forking",
        /// It has run to its end.
        OneShot = "oneshot",
        /// It says so.
        Notify = "notify",
        /// It says so, and reloads at a signal.
        NotifyReload = "notify-reload",
        /// It has a name on the bus.
        Bus = "dbus",
        /// As `simple`, once other jobs are through.
        Idle = "idle",
    }
}
