//! How inputs are changed: as bytes, as lines, and where they are lines of JSON, as values.

use std::collections::BTreeSet;
use std::ops::Range;

use mutatis::{Candidates, Context, Mutate, Result, Session, mutators};
use serde_json::{Value, json};

/// What inputs are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Text, in words and lines.
    Text,
    /// A value of JSON in each line.
    JsonLines,
}

/// Texts that are seldom thought of.
const ODD: [&str; 16] = [
    "",
    " ",
    "\n",
    "\0",
    "*",
    "://",
    "\u{202e}",
    "\u{feff}",
    "é",
    "ﬀ",
    "\u{10ffff}",
    "a\u{301}",
    "𝟛",
    "😀😀😀😀😀",
    "-1",
    "%2a",
];

/// The most values of JSON that are put into other places.
const GRAFTS: usize = 2_000;

/// Makes an input of those that are there.
pub(super) struct Mutator {
    shape: Shape,
    words: Vec<String>,
    /// Values that stand in seeds.
    grafts: Vec<Value>,
}

impl Mutator {
    pub(super) fn new(shape: Shape, words: &[&str], seeds: &[Vec<u8>]) -> Self {
        let mut known: BTreeSet<String> = words
            .iter()
            .chain(&ODD)
            .map(|word| (*word).to_owned())
            .collect();
        let mut grafts = Vec::new();
        for seed in seeds {
            let text = String::from_utf8_lossy(seed);
            let apart = |character: char| !character.is_alphanumeric() && character != '_';
            known.extend(text.split(apart).take(500).map(str::to_owned));
            if shape == Shape::JsonLines {
                text.lines()
                    .filter_map(|line| serde_json::from_str(line).ok())
                    .for_each(|value| harvest(&value, &mut grafts));
            }
        }
        Self {
            shape,
            words: known.into_iter().collect(),
            grafts,
        }
    }

    /// One of `kept`, changed in one to eight places.
    pub(super) fn next(&mut self, session: &mut Session, kept: &[Vec<u8>]) -> Vec<u8> {
        let mut input = kept[drawn(session, kept.len())].clone();
        for _ in 0..=drawn(session, 4) * drawn(session, 3) {
            let values = self.shape == Shape::JsonLines && drawn(session, 10) < 7;
            if values {
                self.change_value(session, &mut input);
            } else {
                let other = &kept[drawn(session, kept.len())];
                let words = &self.words;
                // Nothing to change is an error, and no matter.
                let _ = match drawn(session, 2) {
                    0 => session.mutate_with(&mut Lines { other }, &mut input),
                    _ => session.mutate_with(&mut Bytes { words, other }, &mut input),
                };
            }
        }
        input
    }

    /// Changes the value of one line.
    fn change_value(&self, session: &mut Session, input: &mut Vec<u8>) {
        let mut lines = lines(input);
        if lines.is_empty() {
            return;
        }
        let place = drawn(session, lines.len());
        let Ok(mut value) = serde_json::from_slice(&lines[place]) else {
            return;
        };
        let mut json = Json {
            words: &self.words,
            grafts: &self.grafts,
        };
        let _ = session.mutate_with(&mut json, &mut value);
        lines[place] = value.to_string().into_bytes();
        lines[place].push(b'\n');
        *input = lines.concat();
    }
}

/// A number below `below`, which is not 0.
fn drawn(session: &mut Session, below: usize) -> usize {
    let drawn: u64 = session.generate().expect("every number can be drawn");
    usize::try_from(drawn % below as u64).unwrap_or_default()
}

/// The lines of `input`, each with its end.
fn lines(input: &[u8]) -> Vec<Vec<u8>> {
    let lines = input.split_inclusive(|byte| *byte == b'\n');
    lines.map(<[u8]>::to_vec).collect()
}

/// Takes the parts of `value` that have a meaning of their own.
fn harvest(value: &Value, grafts: &mut Vec<Value>) {
    if grafts.len() < GRAFTS && !grafts.contains(value) {
        grafts.push(value.clone());
    }
    match value {
        Value::Array(values) => values.iter().for_each(|value| harvest(value, grafts)),
        Value::Object(map) => map.values().for_each(|value| harvest(value, grafts)),
        _ => {}
    }
}

fn index(context: &mut Context, length: usize) -> usize {
    context.rng().gen_index(length).unwrap_or_default()
}

/// A part of something so long, most often a short one.
fn part(context: &mut Context, length: usize) -> Range<usize> {
    let start = index(context, length + 1);
    let most = if context.rng().gen_bool() { 8 } else { length };
    start..(start + index(context, most + 1)).min(length)
}

/// Changes lines.
struct Lines<'a> {
    other: &'a [u8],
}

impl Mutate<Vec<u8>> for Lines<'_> {
    fn mutate(&mut self, candidates: &mut Candidates<'_>, input: &mut Vec<u8>) -> Result<()> {
        let apart = lines(input);
        if apart.is_empty() {
            return Ok(());
        }
        let mut change = |change: &dyn Fn(&mut Context, &mut Vec<Vec<u8>>)| {
            candidates.mutation(|context| {
                let mut changed = apart.clone();
                change(context, &mut changed);
                *input = changed.concat();
                Ok(())
            })
        };
        change(&|context, lines| {
            lines.remove(index(context, lines.len()));
        })?;
        change(&|context, lines| {
            let (from, to) = (index(context, lines.len()), index(context, lines.len()));
            lines.insert(to, lines[from].clone());
        })?;
        change(&|context, lines| {
            let (one, other) = (index(context, lines.len()), index(context, lines.len()));
            lines.swap(one, other);
        })?;
        change(&|context, lines| {
            lines.truncate(index(context, lines.len()));
        })?;
        let others = self::lines(self.other);
        change(&|context, lines| {
            if let Some(line) = context.rng().choose(&others) {
                lines.insert(index(context, lines.len()), line.clone());
            }
        })?;
        change(&|context, lines| {
            lines.truncate(index(context, lines.len()));
            lines.extend(others[index(context, others.len() + 1)..].iter().cloned());
        })
    }
}

/// Changes bytes.
struct Bytes<'a> {
    words: &'a [String],
    other: &'a [u8],
}

impl Mutate<Vec<u8>> for Bytes<'_> {
    fn mutate(&mut self, candidates: &mut Candidates<'_>, input: &mut Vec<u8>) -> Result<()> {
        candidates.mutation(|context| {
            let place = index(context, input.len());
            let bit = index(context, 8);
            if let Some(byte) = input.get_mut(place) {
                *byte ^= 1 << bit;
            }
            Ok(())
        })?;
        candidates.mutation(|context| {
            let gone = part(context, input.len());
            input.drain(gone);
            Ok(())
        })?;
        candidates.mutation(|context| {
            let twice = input[part(context, input.len())].to_vec();
            let place = index(context, input.len() + 1);
            // Now and then very often: deep nesting begins so.
            let times = if index(context, 16) == 0 { 512 } else { 1 };
            input.splice(place..place, twice.repeat(times));
            Ok(())
        })?;
        candidates.mutation(|context| {
            let taken = self.other[part(context, self.other.len())].to_vec();
            let place = part(context, input.len());
            input.splice(place, taken);
            Ok(())
        })?;
        candidates.mutation(|context| {
            let word = context.rng().choose(self.words).map_or("", String::as_str);
            let place = part(context, input.len());
            input.splice(place, word.bytes());
            Ok(())
        })?;
        candidates.mutation(|context| {
            // A whole word gives way to another one.
            let from = index(context, input.len() + 1);
            let plain = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
            let start = from + input[from..].iter().take_while(|byte| !plain(byte)).count();
            let end = start + input[start..].iter().take_while(|byte| plain(byte)).count();
            let word = context.rng().choose(self.words).map_or("", String::as_str);
            input.splice(start..end, word.bytes());
            Ok(())
        })?;
        candidates.mutation(|context| {
            let place = index(context, input.len() + 1);
            let character = context.rng().gen_char().to_string();
            input.splice(place..place, character.bytes());
            Ok(())
        })?;
        candidates.mutation(|context| {
            let place = part(context, input.len());
            let number = number(context).to_string();
            input.splice(place, number.bytes());
            Ok(())
        })
    }
}

/// Changes a value of JSON, or a part of it.
struct Json<'a> {
    words: &'a [String],
    grafts: &'a [Value],
}

impl Json<'_> {
    fn word(&self, context: &mut Context) -> String {
        context
            .rng()
            .choose(self.words)
            .cloned()
            .unwrap_or_default()
    }
}

impl Mutate<Value> for Json<'_> {
    fn mutate(&mut self, candidates: &mut Candidates<'_>, value: &mut Value) -> Result<()> {
        candidates.mutation(|context| {
            *value = extreme(context);
            Ok(())
        })?;
        candidates.mutation(|context| {
            *value = context
                .rng()
                .choose(self.grafts)
                .cloned()
                .unwrap_or_default();
            Ok(())
        })?;
        match value {
            Value::Null => Ok(()),
            Value::Bool(truth) => candidates.mutation(|_| {
                *truth = !*truth;
                Ok(())
            }),
            Value::Number(_) => candidates.mutation(|context| {
                *value = number(context);
                Ok(())
            }),
            Value::String(text) => {
                candidates.mutation(|context| {
                    *text = self.word(context);
                    Ok(())
                })?;
                candidates.mutation(|context| {
                    text.push_str(&self.word(context));
                    Ok(())
                })?;
                mutators::default::<String>().mutate(candidates, text)
            }
            Value::Array(values) => {
                candidates.mutation(|context| {
                    values.truncate(index(context, values.len()));
                    Ok(())
                })?;
                candidates.mutation(|context| {
                    let place = index(context, values.len());
                    values.extend(values.get(place).cloned());
                    Ok(())
                })?;
                values
                    .iter_mut()
                    .try_for_each(|value| self.mutate(candidates, value))
            }
            Value::Object(map) => {
                candidates.mutation(|context| {
                    if let Some(key) = context
                        .rng()
                        .choose(map.keys().cloned().collect::<Vec<_>>())
                    {
                        map.remove(&key);
                    }
                    Ok(())
                })?;
                candidates.mutation(|context| {
                    let graft = context
                        .rng()
                        .choose(self.grafts)
                        .cloned()
                        .unwrap_or_default();
                    map.insert(self.word(context), graft);
                    Ok(())
                })?;
                map.values_mut()
                    .try_for_each(|value| self.mutate(candidates, value))
            }
        }
    }
}

/// A number, at the border of something more often than not.
fn number(context: &mut Context) -> Value {
    const BORDERS: [u64; 14] = [
        0,
        1,
        2,
        255,
        65_536,
        u32::MAX as u64,
        u32::MAX as u64 + 1,
        i64::MAX as u64,
        i64::MAX as u64 + 1,
        u64::MAX,
        u64::MAX - 1,
        253_402_300_799,
        253_402_300_799_000,
        86_400_000,
    ];
    match index(context, 6) {
        0 => json!(context.rng().gen_u64() >> (context.rng().gen_u8() % 64)),
        1 => json!(-1_i64),
        2 => json!(i64::MIN),
        3 => json!(context.rng().gen_f64() * 1e300),
        _ => json!(BORDERS[index(context, BORDERS.len())]),
    }
}

/// A value that nobody writes.
fn extreme(context: &mut Context) -> Value {
    match index(context, 8) {
        0 => Value::Null,
        1 => json!([]),
        2 => json!({}),
        3 => json!("x".repeat(70_000 >> index(context, 16))),
        4 => json!(ODD[index(context, ODD.len())]),
        5 => (0..index(context, 130)).fold(json!("deep"), |within, _| json!([within])),
        6 => (0..index(context, 130)).fold(json!("deep"), |within, _| json!({ "in": within })),
        _ => number(context),
    }
}
