//! The files in which Cassandra keeps tables: what their names say, and whether a set of them is whole.
//!
//! Sources: `db/Directories.java`, `io/sstable/Descriptor.java`, `io/sstable/Component.java`, `io/sstable/SSTable.java`, `io/util/ChecksumWriter.java`
//! and `io/util/DataIntegrityMetadata.java` of Cassandra 2.2.19, 3.0.28, 3.11.14 and 4.1.0.

mod checksum;
mod directory;
mod listing;
mod place;
mod sets;
mod sstable;

pub use checksum::{Checksum, ChecksumError, stored};
pub use directory::{DirectoryError, TableDirectory};
pub use listing::{Listed, ListingError, digests, list, listed};
pub use place::{Place, PlaceError};
pub use sets::{Flaw, flaws, listed_components};
pub use sstable::{Component, Sstable, SstableError, SstableFile};
