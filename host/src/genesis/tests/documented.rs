//! The page docs/genesis.md, held against the schema, the defaults and the checks.

use toml::{Table, Value};

use crate::genesis::schema::KEYS;
use crate::genesis::{GenesisFile, Mistake, Profile};

/// A row of the table of keys: key, meaning, unit, default, limits.
type Row = [String; 5];

fn rows() -> Vec<Row> {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/genesis.md");
    let page = std::fs::read_to_string(page).unwrap();
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.strip_suffix(" |"));
    let cells = rows.map(|row| row.split(" | ").map(|cell| cell.trim().replace('`', "")).collect::<Vec<_>>());
    // Other tables of the page are narrower.
    cells.filter_map(|cells| cells.try_into().ok()).collect()
}

fn table(file: &GenesisFile) -> Table {
    toml::from_str(&file.to_toml()).unwrap()
}

/// Returns the values under a path; of a list, those of its elements.
fn values<'a>(value: &'a Value, path: &str) -> Vec<&'a Value> {
    let Some((first, rest)) = path.split_once('.') else { return value.get(path).into_iter().collect() };
    let Some(list) = first.strip_suffix("[]") else {
        return value.get(first).map(|inner| values(inner, rest)).unwrap_or_default();
    };
    let elements = value.get(list).and_then(Value::as_array).into_iter().flatten();
    elements.flat_map(|element| values(element, rest)).collect()
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(elements) => elements.iter().map(shown).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

#[test]
fn the_page_has_every_key_with_its_meaning_and_its_unit() {
    let expected: Vec<[&str; 3]> = KEYS.iter().map(|key| [key.path, key.meaning, key.unit]).collect();
    let rows = rows();
    let actual: Vec<[&str; 3]> = rows.iter().map(|[key, meaning, unit, ..]| [&**key, meaning, unit]).collect();
    assert_eq!(actual, expected);
}

#[test]
fn the_page_has_the_default_of_every_key() {
    let defaults = Value::Table(table(&GenesisFile::default()));
    for [key, _, _, default, _] in rows() {
        let found = values(&defaults, &key).into_iter().map(shown).collect::<Vec<_>>().join(", ");
        let found = if found.is_empty() { "none".to_owned() } else { found };
        assert!(default == found || default.starts_with(&format!("{found};")), "{key}: {default} is {found}");
    }
}

/// Puts a value under the path of a file that is complete; returns the key, with the number of the element.
fn put(value: &mut Value, path: &str, new: &Value) -> Option<String> {
    let Some((first, rest)) = path.split_once('.') else {
        *value.get_mut(path)? = new.clone();
        return Some(path.to_owned());
    };
    let Some(list) = first.strip_suffix("[]") else {
        return put(value.get_mut(first)?, rest, new).map(|key| format!("{first}.{key}"));
    };
    let elements = value.get_mut(list)?.as_array_mut()?.iter_mut().enumerate();
    let mut places = elements.filter_map(|(place, element)| Some((place, put(element, rest, new)?)));
    places.next().map(|(place, key)| format!("{list}[{place}].{key}"))
}

/// Returns the range that a cell tells: the least, and the most if there is one.
fn range(limits: &str) -> Option<(u128, Option<u128>)> {
    let numbers = limits.strip_suffix(" wei").unwrap_or(limits);
    if let Some(least) = numbers.strip_prefix("at least ") {
        return Some((least.parse().ok()?, None));
    }
    let (least, most) = numbers.split_once(" to ")?;
    Some((least.parse().ok()?, Some(most.parse().ok()?)))
}

#[test]
fn the_page_has_the_limits_that_are_checked() {
    let dev = Value::Table(table(&GenesisFile::new(Profile::Dev)));
    let mut tried = 0;
    for [key, _, unit, _, limits] in rows() {
        let Some((least, most)) = range(&limits) else { continue };
        let outside = [least.checked_sub(1), most.and_then(|most| most.checked_add(1))];
        for number in outside.into_iter().flatten() {
            let mut changed = dev.clone();
            let value = match &*unit {
                "amount" => Value::String(format!("{number} wei")),
                _ => Value::Integer(i64::try_from(number).unwrap()),
            };
            let shown = put(&mut changed, &key, &value).unwrap();
            let file = GenesisFile::parse(&toml::to_string(&changed).unwrap()).unwrap();
            let problems = file.problems();
            let found = problems.iter().find(|problem| problem.key == shown);
            let Some(Mistake::Range { least: lower, most: upper, .. }) = found.map(|problem| &problem.mistake) else {
                panic!("{key}: {number} has {problems:?}");
            };
            assert_eq!(*lower, least, "{key}");
            assert!(most.is_none_or(|most| most == *upper), "{key}: {upper}");
            tried += 1;
        }
    }
    assert!(tried > 20, "{tried}");
}

#[test]
fn a_range_is_read_as_it_is_written() {
    assert_eq!(range("0 to 5 wei"), Some((0, Some(5))));
    assert_eq!(range("at least 7"), Some((7, None)));
    assert_eq!(range("at most 32, each once"), None);
}
