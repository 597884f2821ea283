//! What one can do to the world, in the trade's verbs.
//!
//! The only room that opens sockets, starts processes and touches files that are not cutover's own. [`Gateway`] is what primitives
//! see; `live` is the real world, `simulated` a model of it, [`Faulty`] makes any world fail at a chosen place. A gateway finds things by the names of the
//! environment; it knows no journal and no script.

mod adapting;
mod admin_access;
mod admin_status;
mod certificates;
mod configuration;
mod declarative;
mod failure;
mod faulty;
mod gap;
mod hold;
mod http;
pub mod live;
mod node_facts;
mod plugins;
mod preflight;
mod probing;
mod process_identity;
mod reaching;
pub mod redaction;
mod review;
mod rotation;
mod scratch_node;
pub mod simulated;
mod verbs;
mod writes;

pub use crate::kong::rate_limits::{OutOfReach, SyncRates};
pub use adapting::{Adaptation, Adapted, Adapting, Rebased, Recorded};
pub use admin_access::AdminAccess;
pub use admin_status::{AdminStatus, NO_CONFIGURATION};
pub use certificates::certificates_of;
pub use configuration::{Configuration, Configurations};
pub use declarative::{DataPlane, Declarative, ExportedDatabase, KeptDeclarative, LeftBehind};
pub use failure::Failure;
pub use faulty::{ChangingCall, FaultMoment, Faulty, Plan, StepFault};
pub use gap::{
    CopyFacts, CopyFound, Counted, Gap, GapFacts, Given, Lacking, Sides, TableTotals, Totals,
};
pub use hold::{Hold, Holding};
pub use http::{
    Body, CertificateWanted, Difference, Expectation, HttpAnswer, HttpRequest, HttpVersion, Login,
    MultipartPart, OneOrMore, Predicate, Reach, SecretText, ServerCertificate, StatusWanted, Text,
    Wanted, at, differences, is_secret_header,
};
pub use node_facts::{
    ChangedFile, ClockFacts, DiskFacts, Facts, KongFacts, LimitFacts, ListenerFacts, NodeFacts,
    OsFacts, PackageFacts, PluginFacts, PortFacts, RockFacts, RoomFacts, SessionFacts,
    SettingsFacts, UnitFacts,
};
pub use plugins::{Plugin, PluginOwner, PluginPlace, Plugins};
pub use preflight::{
    Administered, Dated, HostFacts, Kept, KongLock, LeftCopy, PidFile, PlaceFacts, Preflight,
    Privilege, Seats, ServerFacts, StorageFacts, TableSize, Tried, Versions,
};
pub use probing::{Moment, Probe, ProbeCheck, Probing, Seen};
pub use process_identity::ProcessIdentity;
pub use reaching::{Reached, Reaching};
pub use review::Review;
pub use rotation::{Rotation, RotationState, SwitchSide, Traffic};
pub(crate) use scratch_node::TRIAL_HINT;
pub use scratch_node::{ScratchCopy, ScratchNode};
pub use verbs::{
    BackupFacts, Clock, CommandAnswer, Commands, ContentDigest, DatabaseFacts, Databases,
    KeptPackage, Kong, KongSessions, MigrationRun, PACKAGE_WORK, Packages, Practice, Processes,
    Report, ScratchPlace, Stopped, StrangeNode, Turn, TurnKind, VerifyTier, Web, WriteDenial,
};
pub use writes::{BaselineFacts, NAMED_KEYS, RowWrites, Since, TableWrites, Writes};

/// The world.
pub trait Gateway:
    Clock
    + Hold
    + Processes
    + Practice
    + Kong
    + Plugins
    + Packages
    + Databases
    + Gap
    + Traffic
    + Probing
    + Review
    + Configurations
    + Declarative
    + Adapting
    + Reaching
    + Facts
    + Preflight
    + Web
    + Commands
{
}

impl<
    World: Clock
        + Hold
        + Processes
        + Practice
        + Kong
        + Plugins
        + Packages
        + Databases
        + Gap
        + Traffic
        + Probing
        + Review
        + Configurations
        + Declarative
        + Adapting
        + Reaching
        + Facts
        + Preflight
        + Web
        + Commands,
> Gateway for World
{
}
