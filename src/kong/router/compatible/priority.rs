//! The number of a route.
//!
//! Its fields are meant for 64 bits: how many kinds of conditions there are from bit 61 on, then whether all hosts are plain, how many
//! headers, whether the path is an expression, the priority of that, and the length of a prefix. But Kong shifts them as signed numbers
//! of 32 bits, but for the two flags. So plain hosts come first, then expressions, and only then how many kinds there are, together with
//! headers and priority; and a number that becomes negative, which four kinds are enough for, counts as bit 63 and no more.
//!
//! Source: `get_priority` of `router/transform.lua` of 3.9.3, as `LuaJIT` executes it on x86-64; 3.3 to 3.8 do the same. On 64-bit
//! ARM a negative number becomes 0, and where it has compiled the function, one keeps its lower bits: which of several routes with
//! negative numbers comes first is not the same everywhere.

use super::super::route::Route;
use super::parts::is_expression;

const PLAIN_HOSTS: u64 = 1 << 60;
const EXPRESSION: u64 = 1 << 51;

/// Where the numbers begin: bits 61, 52 and 19, as a shift of 32 bits counts them.
const KINDS: u32 = 61 % 32;
const HEADERS: u32 = 52 % 32;
const REGEX_PRIORITY: u32 = 19;

/// How many headers count.
const MOST_HEADERS: usize = 255;

/// How much of a length counts.
const LENGTH: usize = 0x7FFFF;

/// The number of a route with these of its paths.
pub(super) fn priority(route: &Route, paths: &[&str]) -> u64 {
    let path = paths.first();
    let has_expression = path.is_some_and(|path| is_expression(path));
    let length = path
        .filter(|_| !has_expression)
        .map_or(0, |path| path.len());
    let regex_priority = if has_expression {
        low(route.regex_priority())
    } else {
        0
    };
    let headers = route.header_count().min(MOST_HEADERS);
    let numbers = [
        route.conditions() << KINDS,
        small(headers) << HEADERS,
        regex_priority << REGEX_PRIORITY,
        small(length & LENGTH),
    ];
    let flags = match (route.has_plain_hosts_only(), has_expression) {
        // Without a flag all is one number of 32 bits until the very end.
        (false, false) => return widened(numbers.iter().fold(0, |all, number| all | number)),
        (true, false) => PLAIN_HOSTS,
        (false, true) => EXPRESSION,
        (true, true) => PLAIN_HOSTS | EXPRESSION,
    };
    numbers
        .iter()
        .fold(flags, |all, number| all | widened(*number))
}

/// A number of 32 bits as one of 64, where the greater has no sign.
fn widened(number: u32) -> u64 {
    if number.cast_signed() < 0 {
        1 << 63
    } else {
        number.into()
    }
}

/// The lower half of a number.
fn low(number: i64) -> u32 {
    let [a, b, c, d, ..] = number.to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
