//! A genesis file with a comment above the first of each section and key: what it means, and its unit.
//!
//! Guarantees that the text reads back as the file without comments does. What a file leaves out and must have stands in it as a
//! comment.

use std::collections::BTreeSet;

use super::GenesisFile;
use super::schema::{KEYS, SECTIONS, Section, Table, Value, is_table, join};

impl GenesisFile {
    /// Returns the file as TOML with comments, which [`GenesisFile::parse`] reads back.
    pub fn to_commented_toml(&self) -> String {
        let text = self.to_toml();
        let mut comments = Comments { text: &text, of: Vec::new(), seen: BTreeSet::new() };
        if let Ok(document) = Table::parse(&text) {
            comments.table(document.get_ref(), "");
        }
        let Comments { mut of, seen, .. } = comments;
        of.sort_by_key(|(offset, _)| *offset);
        let mut woven = String::new();
        let mut from = 0;
        for (offset, comment) in of {
            woven.push_str(text.get(from..offset).unwrap_or_default());
            woven.push_str(&comment);
            from = offset;
        }
        woven.push_str(text.get(from..).unwrap_or_default());
        for section in SECTIONS.iter().filter(|section| section.is_list() && !seen.contains(section.path)) {
            woven.push_str(&format!("\n{}", absent(section)));
        }
        woven
    }
}

/// Returns the comments of a section that a file does not have, with an example.
fn absent(section: &Section) -> String {
    let example: String = section.example.lines().map(|line| format!("{}\n", format!("# {line}").trim_end())).collect();
    format!("# {}\n{example}", section.meaning)
}

/// Comments and their places in a text.
struct Comments<'a> {
    text: &'a str,
    of: Vec<(usize, String)>,
    /// Paths that have theirs.
    seen: BTreeSet<&'static str>,
}

impl Comments<'_> {
    fn table(&mut self, table: &Table<'_>, path: &str) {
        for (name, value) in table {
            let path = join(path, name.get_ref());
            match value.get_ref() {
                Value::Table(inner) if is_table(&path) => {
                    self.section(&path, name.span().start);
                    self.table(inner, &path);
                    self.missing(inner, &path);
                }
                Value::Array(elements) if is_table(&format!("{path}[]")) => {
                    let path = format!("{path}[]");
                    // An empty list is a line of its own.
                    self.section(&path, elements.first().map_or(name.span().start, |first| first.span().start));
                    for element in elements {
                        if let Value::Table(inner) = element.get_ref() {
                            self.table(inner, &path);
                        }
                    }
                }
                _ => self.key(&path, name.span().start),
            }
        }
    }

    fn section(&mut self, path: &str, offset: usize) {
        let section = SECTIONS.iter().find(|section| section.path == path);
        if let Some(section) = section.filter(|section| self.seen.insert(section.path)) {
            self.of.push((self.line_start(offset), format!("# {}\n", section.meaning)));
        }
    }

    fn key(&mut self, path: &str, offset: usize) {
        let key = KEYS.iter().find(|key| key.path == path);
        if let Some(key) = key.filter(|key| self.seen.insert(key.path)) {
            self.of.push((self.line_start(offset), format!("# {} [{}]\n", key.meaning, key.unit)));
        }
    }

    /// Writes the keys that a section must have and does not behind its last one.
    fn missing(&mut self, table: &Table<'_>, path: &str) {
        let is_value = |value: &Value<'_>| !matches!(value, Value::Table(_));
        let ends = table.values().filter(|value| is_value(value.get_ref())).map(|value| value.span().end);
        let Some(end) = ends.max() else { return };
        let rest = self.text.get(end..).unwrap_or_default();
        let offset = end.saturating_add(rest.find('\n').map_or(rest.len(), |line_end| line_end.saturating_add(1)));
        for key in KEYS {
            let Some(name) = key.path.strip_prefix(path).and_then(|rest| rest.strip_prefix('.')) else { continue };
            if !name.contains(['.', '[']) && !table.contains_key(name) {
                self.of.push((offset, format!("# {} [{}]\n# {name} =\n", key.meaning, key.unit)));
            }
        }
    }

    fn line_start(&self, offset: usize) -> usize {
        let before = self.text.get(..offset).unwrap_or_default();
        before.rfind('\n').map_or(0, |line_end| line_end.saturating_add(1))
    }
}
