//! What one can do to the world: `live` is the real one. The only room that opens sockets, processes and foreign files.

pub mod live;
