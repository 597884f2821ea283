//! The room's tests: fixtures and laws that more than one file of it answers for.

mod comparisons;
mod edits;
mod fixtures;
mod laws;
mod layers;
