//! Which control planes hand their configuration to which data planes.
//!
//! Source: Kong's own check (`kong/clustering/compat`, the same from 2.8 to 3.9) and its upgrade guide for hybrid mode.

use serde::{Deserialize, Serialize};

use super::Version;

/// Enterprise builds that do not speak the protocol that every build before and after them speaks.
const ALONE: [[u16; 4]; 2] = [[3, 1, 0, 0], [3, 1, 1, 1]];

/// Whether a control plane hands its configuration to a data plane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hands {
    /// Whether it does.
    pub hands: bool,
    /// Why, for people.
    pub why: String,
}

/// Whether a control plane of the version `control` hands its configuration to a data plane of the version `data`. One that is handed nothing
/// serves what it has.
#[must_use]
pub fn hands(control: &Version, data: &Version) -> Hands {
    let is_alone = |version: &Version| {
        let build = version
            .build
            .map(|build| [version.major, version.minor, version.patch, build]);
        build.is_some_and(|build| ALONE.contains(&build))
    };
    let refused = if control.major != data.major {
        Some("their major versions differ")
    } else if data.minor > control.minor {
        Some("the data plane has a newer minor version than the control plane")
    } else if is_alone(control) != is_alone(data) {
        Some(
            "one of them is a build that does not speak the protocol of the others; leave it through 3.1.1.2",
        )
    } else {
        None
    };
    Hands {
        hands: refused.is_none(),
        why: match refused {
            Some(why) => {
                format!("a control plane of {control} hands a data plane of {data} nothing: {why}")
            }
            None => format!(
                "a control plane of {control} hands its configuration to a data plane of {data}"
            ),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_control_plane_hands_to_its_own_minor_and_older_ones_of_its_major() {
        let handed = |control: &str, data: &str| {
            let version = |text: &str| text.parse().expect("a version");
            hands(&version(control), &version(data)).hands
        };
        assert!(handed("3.9.1", "3.4.2") && handed("3.4.2", "3.4.9") && handed("3.4.3.5", "3.4.2"));
        assert!(
            !handed("3.4.2", "3.9.1") && !handed("3.0.0", "2.8.5") && !handed("2.8.5", "3.0.0")
        );
        assert!(
            !handed("3.1.1.2", "3.1.0.0")
                && handed("3.1.1.1", "3.1.0.0")
                && handed("3.2.0.0", "3.1.1.2")
        );
    }
}
