//! Whether two gateways answer one request the same: an old one (blue) and a new one (green).
//!
//! Each is asked twice. What differs between two answers of one side is noise, such as a time or a number that counts, and proves
//! nothing about the other side; what is the same twice on each side and not on both is a difference. The method is that of Diffy.

mod facets;
mod rules;

use serde::{Deserialize, Serialize};

pub use rules::{BodyCompared, Scope};

use crate::gateway::{Failure, HttpAnswer};
use facets::{Facets, facets};

/// What came of comparing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sameness {
    /// Nothing differs.
    Same,
    /// Something cannot be told: a side answers otherwise each time, or not at all.
    Inconclusive,
    /// Something differs.
    Different,
}

/// What came of one request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compared {
    /// The verdict.
    pub verdict: Sameness,
    /// What differs, or cannot be told, in words.
    pub told: Vec<String>,
    /// What was left out since it is otherwise each time.
    pub noise: Vec<String>,
}

/// The answers of one side to one request, or why there is none.
pub type Answers = [Result<HttpAnswer, Failure>; 2];

/// Compares the answers of both sides.
#[must_use]
pub fn compare(blue: &Answers, green: &Answers, scope: &Scope) -> Compared {
    let (blue, green) = match (of_side("blue", blue), of_side("green", green)) {
        (Side::Answers(blue), Side::Answers(green)) => (blue, green),
        (Side::Silent(blue), Side::Silent(green)) => {
            return Compared::inconclusive(vec![format!("neither answers: {blue}; {green}")]);
        }
        (Side::Silent(why), Side::Answers(_)) | (Side::Answers(_), Side::Silent(why)) => {
            return Compared {
                verdict: Sameness::Different,
                told: vec![format!("one side alone answers: {why}")],
                noise: Vec::new(),
            };
        }
        (Side::Wavering(why), _) | (_, Side::Wavering(why)) => {
            return Compared::inconclusive(vec![why]);
        }
    };
    let [blue, green] = [blue, green].map(|side| side.map(|answer| facets(answer, scope)));
    if let Some(why) = wavers("blue", &blue).or_else(|| wavers("green", &green)) {
        return Compared::inconclusive(vec![why]);
    }
    let mut told = Vec::new();
    let mut noise = Vec::new();
    let names = blue.iter().chain(&green).flat_map(|facets| facets.keys());
    let names: std::collections::BTreeSet<&String> = names.collect();
    for name in names {
        let [one, other] =
            [&blue, &green].map(|side| side.each_ref().map(|facets| facets.get(name)));
        let comes_and_goes = |side: &[Option<&String>; 2]| side[0].is_some() != side[1].is_some();
        let is_noise = |side: &[Option<&String>; 2]| side[0] != side[1];
        if comes_and_goes(&one) || comes_and_goes(&other) {
            noise.push(name.clone());
        } else if one[0].is_some() != other[0].is_some() {
            let shown =
                |value: Option<&String>| value.map_or("missing".to_owned(), |value| shown(value));
            told.push(format!(
                "{name}: {} in blue, {} in green",
                shown(one[0]),
                shown(other[0])
            ));
        } else if is_noise(&one) || is_noise(&other) {
            noise.push(name.clone());
        } else if one[0] != other[0] {
            let value =
                |value: Option<&String>| value.map(|value| shown(value)).unwrap_or_default();
            told.push(format!(
                "{name}: {} in blue, {} in green",
                value(one[0]),
                value(other[0])
            ));
        }
    }
    Compared {
        verdict: if told.is_empty() {
            Sameness::Same
        } else {
            Sameness::Different
        },
        told,
        noise,
    }
}

impl Compared {
    fn inconclusive(told: Vec<String>) -> Self {
        Self {
            verdict: Sameness::Inconclusive,
            told,
            noise: Vec::new(),
        }
    }
}

/// What one side said.
enum Side<'a> {
    Answers([&'a HttpAnswer; 2]),
    Silent(String),
    Wavering(String),
}

fn of_side<'a>(name: &str, answers: &'a Answers) -> Side<'a> {
    match answers {
        [Ok(one), Ok(other)] => Side::Answers([one, other]),
        [Err(failure), Err(_)] => Side::Silent(format!("{name}: {failure}")),
        [Ok(_), Err(failure)] | [Err(failure), Ok(_)] => {
            Side::Wavering(format!("{name} answers only once of two times: {failure}"))
        }
    }
}

/// A side that answers with one status and then with another: whatever else it says, it is not known which of them it means.
fn wavers(name: &str, side: &[Facets; 2]) -> Option<String> {
    let [one, other] = side.each_ref().map(|facets| facets.get(facets::STATUS));
    let (one, other) = (one?, other?);
    (one != other).then(|| format!("{name} answers with status {one} and then with {other}"))
}

/// The longest value that is shown whole, in characters.
const LONGEST_SHOWN: usize = 80;

fn shown(value: &str) -> String {
    if value.chars().count() <= LONGEST_SHOWN {
        return format!("`{value}`");
    }
    let beginning: String = value.chars().take(LONGEST_SHOWN).collect();
    format!("`{beginning}…`")
}

/// How long answers took on both sides, and whether one side is slower.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Pace {
    /// The median of blue's answers, in milliseconds.
    pub blue: u64,
    /// The median of green's, in milliseconds.
    pub green: u64,
    /// Of how many answers of each side.
    pub of: usize,
    /// Whether green is slower than `slower` allows; nothing where too few answers were taken to say.
    pub is_slower: Option<bool>,
}

/// Fewer answers of a side say nothing about how fast it is.
pub const FEWEST: usize = 20;

/// A difference smaller than this is none, in milliseconds: the clock and the machine make as much.
const UNNOTICED: u64 = 20;

/// Compares how long answers took; green may be `slower` times as slow.
#[must_use]
pub fn pace(mut blue: Vec<u64>, mut green: Vec<u64>, slower: f64) -> Option<Pace> {
    blue.sort_unstable();
    green.sort_unstable();
    let of = blue.len().min(green.len());
    let (one, other) = (*blue.get(blue.len() / 2)?, *green.get(green.len() / 2)?);
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of a request")]
    let is_slower = other > one + UNNOTICED && other as f64 > slower * one as f64;
    Some(Pace {
        blue: one,
        green: other,
        of,
        is_slower: (of >= FEWEST).then_some(is_slower),
    })
}

#[cfg(test)]
mod tests;
