//! cutover: upgrade playbooks for Kong Gateway, as code.
pub mod environment;
pub mod gateway;
pub mod kong;
pub mod lab;
