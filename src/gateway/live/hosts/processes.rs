//! The processes of a host.

use std::io;

use super::Host;

impl Host {
    /// Every process with its command line, whose words are apart by NUL or by a space.
    pub(in crate::gateway::live) async fn processes(&self) -> io::Result<Vec<(u32, Vec<u8>)>> {
        match self {
            Self::Here => {
                let entries = std::fs::read_dir("/proc")?;
                let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
                let pids = names.filter_map(|name| name.parse::<u32>().ok());
                // One that has ended in between is none any more.
                let process =
                    |pid| Some((pid, std::fs::read(format!("/proc/{pid}/cmdline")).ok()?));
                Ok(pids.filter_map(process).collect())
            }
            Self::There(there) => {
                let told = there.told(&["ps", "-ww", "-e", "-o", "pid=,args="]).await?;
                let told = String::from_utf8_lossy(&told);
                let process = |line: &str| {
                    let (pid, words) = line.trim_start().split_once(' ')?;
                    Some((pid.parse().ok()?, words.as_bytes().to_vec()))
                };
                Ok(told.lines().filter_map(process).collect())
            }
        }
    }
}
