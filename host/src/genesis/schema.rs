//! Every key of a genesis file with its unit and its meaning: what the comments of a new file say, and what an unknown key is
//! compared with.
//!
//! A list is `name[]`. A key that is a prefix of others is a table.

use super::problem::{Mistake, Problem};

/// A key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// The path from the root.
    pub path: &'static str,
    /// What its value counts or is.
    pub unit: &'static str,
    /// What it means, in one line.
    pub meaning: &'static str,
}

const fn key(path: &'static str, unit: &'static str, meaning: &'static str) -> Key {
    Key { path, unit, meaning }
}

/// The keys, in the order of a file.
pub const KEYS: &[Key] = &[
    key("chain.id", "number", "EIP-155 chain id, which every transaction and vote is signed for"),
    key("chain.time", "seconds since 1970", "time of the genesis"),
    key("chain.epoch_blocks", "blocks", "length of an epoch"),
    key("chain.gas_price", "amount", "lowest price of a gas"),
    key("chain.fee_burn_ppm", "ppm", "part of each fee that is burned; the proposer gets the rest"),
    key("chain.block_gas_limit", "gas", "what a block's transactions may ask for together"),
    key(
        "chain.max_supply",
        "amount",
        "the most that is ever allocated and minted; what is burned is never minted again",
    ),
    key("chain.proposer", "address", "who proposes blocks and gets the rest of the fees"),
    key("owners.members", "addresses", "members of the multisignature that owns the treasury and the parameters"),
    key("owners.required", "members", "how many of them must confirm a call"),
    key("emission.base", "amount", "what an epoch of full utility brings before the first halving"),
    key("emission.halving_epochs", "epochs", "time between two halvings; 0: there is none"),
    key("emission.quality_threshold_ppm", "ppm", "quality below which a part of the emission is burned"),
    key("emission.tasks_full", "tasks", "tasks of an epoch that count in full"),
    key("emission.tasks_weight_ppm", "ppm", "weight of the tasks in the utility; the three weights are one whole"),
    key("emission.difficulty_weight_ppm", "ppm", "weight of the difficulty"),
    key("emission.participation_weight_ppm", "ppm", "weight of the validators' participation"),
    key("emission.claim_window_blocks", "blocks", "how long rewards can be claimed"),
    key("emission.split[].recipient", "recipient", "miners, validators, claiming validators, treasury, or an address"),
    key("emission.split[].share_ppm", "ppm", "share of the row; the shares are one whole"),
    key("staking.min_stake", "amount", "least own stake of a validator"),
    key("staking.unbonding_blocks", "blocks", "how long unbonding takes"),
    key("slashing.jail_blocks", "blocks", "how long double signing jails"),
    key("slashing.history_blocks", "blocks", "window in which a second slash is a repeated offence"),
    key("slashing.rate_ppm", "ppm", "what an offence takes of a stake before its severity"),
    key("slashing.double_sign_ppm", "ppm", "severity of two votes for one height and view"),
    key("slashing.invalid_vote_ppm", "ppm", "severity of a vote for a block that was refused"),
    key("slashing.downtime_ppm", "ppm", "severity of signing fewer than half of the last 100 blocks"),
    key("slashing.reporter_ppm", "ppm", "part of a slash for who brings the evidence"),
    key("slashing.burned_ppm", "ppm", "part of a slash that is burned; the rest is recycled"),
    key("registry.fee", "amount", "what the registration of a miner costs; it is recycled"),
    key("registry.miners_max", "miners", "how many miners there can be"),
    key("capabilities.mint", "contracts", "who may mint; the emission must"),
    key("capabilities.burn", "contracts", "who may burn its own money; slashing and recycling must"),
    key("hooks[].contract", "contract", "whom the chain calls before the transactions of every block, in this order"),
    key("hooks[].message", "text", "signature of a message without arguments"),
    key("hooks[].gas_limit", "gas", "the most that it may burn in a block; together at most chain.block_gas_limit"),
    key("allocations[].address", "contract or address", "whose first balance it is"),
    key("allocations[].amount", "amount", "how much"),
    key(
        "allocations[].vesting.at_start",
        "amount",
        "part that is the holder's from the genesis on; the treasury holds the rest",
    ),
    key("allocations[].vesting.cliff_blocks", "blocks", "time until the rest begins to vest"),
    key("allocations[].vesting.length_blocks", "blocks", "time over which the rest vests; 0: all of it at the cliff"),
    key("allocations[].vesting.revocable", "true or false", "whether the owners can end the grant"),
    key("validators[].address", "address", "account of a validator of epoch 0"),
    key("validators[].key", "32 bytes", "its ed25519 consensus key"),
    key("validators[].possession", "64 bytes", "its signature that shows that it holds the key"),
    key("validators[].stake", "amount", "its own stake, out of its allocation"),
    key("validators[].commission_ppm", "ppm", "what it keeps of its delegators' rewards"),
];

/// A section: a table, or a list of tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Section {
    /// The path from the root.
    pub path: &'static str,
    /// What it is, in one line.
    pub meaning: &'static str,
    /// What a file that has none may write, in TOML.
    pub example: &'static str,
}

impl Section {
    /// Tells whether there can be several.
    pub fn is_list(&self) -> bool {
        self.path.ends_with("[]")
    }
}

const fn section(path: &'static str, meaning: &'static str) -> Section {
    Section { path, meaning, example: "" }
}

/// The sections, in the order of a file.
pub const SECTIONS: &[Section] = &[
    section("chain", "The chain itself."),
    section("owners", "The multisignature that owns the treasury and the parameters."),
    section("emission", "What an epoch brings, and who gets it."),
    section("emission.split[]", "The rows of the split."),
    section("staking", "Stakes."),
    section("slashing", "What offences cost."),
    section("registry", "Miners."),
    section("capabilities", "Who may make and destroy money."),
    section("hooks[]", "What the chain calls before the transactions of every block, in this order."),
    Section {
        path: "allocations[]",
        meaning: "First balances, an entry each. What vests is an entry of its own.",
        example: ALLOCATIONS,
    },
    section("allocations[].vesting", "When the amount vests; the treasury holds it until then."),
    section(
        "validators[]",
        "The validators of epoch 0, an entry each, which `florin genesis validator` prints. A stake is taken from the allocation.",
    ),
];

/// Two first balances, of which one vests.
const ALLOCATIONS: &str = r#"[[allocations]]
address = "treasury"
amount = "1000 MDT"

[[allocations]]
address = "0x0000000000000000000000000000000000000001"
amount = "500 MDT"

[allocations.vesting]
at_start = "50 MDT"
cliff_blocks = 7200
length_blocks = 216000
revocable = true
"#;

/// A table of a text, with the places of its keys.
pub(super) type Table<'i> = toml::de::DeTable<'i>;

/// A value of a text, with its place.
pub(super) type Value<'i> = toml::de::DeValue<'i>;

/// The most problems of one kind that are looked for, or told: whoever repairs so many reads the page.
pub(crate) const PROBLEMS_MAX: usize = 100;

/// Returns the keys of a text that the schema does not have, the first [`PROBLEMS_MAX`].
pub(crate) fn unknown_keys(text: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    if let Ok(document) = Table::parse(text) {
        compare(text, document.get_ref(), ("", ""), &mut problems);
    }
    problems
}

/// Compares a table with the schema. Of its place there are two paths: with numbers for the reader, without for the schema.
fn compare(text: &str, table: &Table<'_>, (shown, path): (&str, &str), problems: &mut Vec<Problem>) {
    for (name, value) in table {
        let name_text = name.get_ref();
        let (shown, path) = (join(shown, name_text), join(path, name_text));
        match value.get_ref() {
            Value::Table(inner) if is_table(&path) => compare(text, inner, (&shown, &path), problems),
            Value::Array(elements) if is_table(&format!("{path}[]")) => {
                for (place, element) in elements.iter().enumerate() {
                    if let Value::Table(inner) = element.get_ref() {
                        compare(text, inner, (&format!("{shown}[{place}]"), &format!("{path}[]")), problems);
                    }
                }
            }
            _ if is_known(&path) || is_table(&path) || is_table(&format!("{path}[]")) => {}
            _ if problems.len() >= PROBLEMS_MAX => return,
            _ => {
                let line = Some(line_at(text, name.span().start));
                problems.push(Problem { key: shown, line, mistake: Mistake::UnknownKey { similar: similar(&path) } });
            }
        }
    }
}

/// Returns the path of a name below another path.
pub(super) fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn is_known(path: &str) -> bool {
    KEYS.iter().any(|key| key.path == path)
}

/// Tells whether keys are below a path.
pub(super) fn is_table(path: &str) -> bool {
    KEYS.iter().any(|key| key.path.strip_prefix(path).is_some_and(|rest| rest.starts_with('.')))
}

/// Returns the key or section beside a path that its name most resembles, if one does.
fn similar(path: &str) -> Option<&'static str> {
    let (parent, name) = path.rsplit_once('.').map_or(("", path), |(parent, name)| (parent, name));
    let beside = KEYS.iter().filter_map(|key| {
        let rest = if parent.is_empty() { key.path } else { key.path.strip_prefix(parent)?.strip_prefix('.')? };
        let sibling = rest.split(['.', '[']).next()?;
        let end = key.path.len().checked_sub(rest.len())?.checked_add(sibling.len())?;
        Some((distance(sibling, name), key.path.get(..end)?))
    });
    let (letters, nearest) = beside.min()?;
    (letters <= name.len().div_ceil(3)).then_some(nearest)
}

/// Returns how many letters have to be put in, taken out or changed to make one word of another.
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (above, letter) in one.bytes().enumerate() {
        let mut diagonal = above;
        let mut left = above.saturating_add(1);
        for (cell, against) in row.iter_mut().skip(1).zip(other.bytes()) {
            let changed = diagonal.saturating_add(usize::from(letter != against));
            diagonal = *cell;
            left = changed.min(left.saturating_add(1)).min(diagonal.saturating_add(1));
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = above.saturating_add(1);
        }
    }
    row.last().copied().unwrap_or_default()
}

/// Returns the line of an offset, from 1.
pub(crate) fn line_at(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count().saturating_add(1)
}

/// Returns the innermost key whose value holds an offset of the text; nothing outside of all values.
pub(crate) fn key_at(text: &str, offset: usize) -> String {
    let Ok(document) = Table::parse(text) else { return String::new() };
    let mut path = String::new();
    let mut table = document.get_ref();
    'deeper: loop {
        for (name, value) in table {
            let holds = |start: usize, end: usize| (start..=end).contains(&offset);
            let (key, value_span) = (name.span(), value.span());
            match value.get_ref() {
                Value::Table(inner) if holds(value_span.start, value_span.end) || inside(inner, offset) => {
                    path = join(&path, name.get_ref());
                    table = inner;
                    continue 'deeper;
                }
                Value::Array(elements) => {
                    for (place, element) in elements.iter().enumerate() {
                        let span = element.span();
                        let Value::Table(inner) = element.get_ref() else { continue };
                        if holds(span.start, span.end) || inside(inner, offset) {
                            path = format!("{}[{place}]", join(&path, name.get_ref()));
                            table = inner;
                            continue 'deeper;
                        }
                    }
                }
                _ => {}
            }
            if holds(key.start, value_span.end) {
                return join(&path, name.get_ref());
            }
        }
        return path;
    }
}

/// Tells whether an offset is within a key or a value of a table: the span of a table that has a header is the header's.
fn inside(table: &Table<'_>, offset: usize) -> bool {
    table.iter().any(|(name, value)| {
        (name.span().start..=value.span().end).contains(&offset)
            || matches!(value.get_ref(), Value::Table(inner) if inside(inner, offset))
    })
}

/// Gives problems the lines of the text that their values were read from.
pub(crate) fn with_lines(text: &str, problems: impl IntoIterator<Item = Problem>) -> Vec<Problem> {
    let document = Table::parse(text).ok();
    let line = |key: &str| line_of(text, document.as_ref()?.get_ref(), key);
    problems.into_iter().map(|problem| Problem { line: line(&problem.key), ..problem }).collect()
}

/// Returns the line of a key that the text holds; of the deepest part of it that is there otherwise.
fn line_of(text: &str, mut table: &Table<'_>, key: &str) -> Option<usize> {
    let mut line = None;
    for part in key.split('.') {
        let (name, place) = match part.split_once('[') {
            Some((name, rest)) => (name, rest.trim_end_matches(']').parse::<usize>().ok()),
            None => (part, None),
        };
        let Some((known, value)) = table.iter().find(|(known, _)| known.get_ref() == name) else { break };
        line = Some(line_at(text, known.span().start));
        let element = match (value.get_ref(), place) {
            (Value::Array(elements), Some(place)) => elements.get(place),
            _ => Some(value),
        };
        let Some(element) = element else { break };
        if place.is_some() {
            line = Some(line_at(text, element.span().start));
        }
        let Value::Table(inner) = element.get_ref() else { break };
        table = inner;
    }
    line
}
