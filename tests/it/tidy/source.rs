//! The repository's own files, as the rules read them.
//!
//! Guarantees that a rule sees every tracked Rust file and manifest (build outputs are skipped), and that
//! [`SourceFile::code`] holds no comment and no literal, so that a word in a sentence is not taken for code.

use std::path::{Path, PathBuf};

/// Folders that hold no source of ours.
const SKIPPED: &[&str] = &["target", ".git", "node_modules"];

/// One file of the repository.
#[derive(Debug)]
pub(crate) struct SourceFile {
    /// The path below the root, with `/`.
    pub(crate) path: String,
    /// The file as it is.
    pub(crate) text: String,
}

impl SourceFile {
    /// Returns the text with comments removed and literals emptied; lines keep their numbers.
    pub(crate) fn code(&self) -> String {
        code_of(&self.text)
    }

    /// Returns the names of the test functions in this file.
    pub(crate) fn tests(&self) -> Vec<String> {
        let mut names = Vec::new();
        let mut is_test = false;
        for line in self.code().lines().map(str::trim) {
            if line.contains("#[test]") {
                is_test = true;
            }
            if let Some(name) = line.split_once("fn ").map(|(_, rest)| identifier(rest))
                && is_test
            {
                names.push(name.to_owned());
                is_test = false;
            }
        }
        names
    }
}

/// Returns the root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the repository").to_path_buf()
}

/// Returns every file below the root whose name ends like this, ordered by path.
pub(crate) fn files(ending: &str) -> Vec<SourceFile> {
    let root = root();
    let mut found = Vec::new();
    walk(&root, &root, ending, &mut found);
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

/// Returns the identifier that the text begins with.
pub(crate) fn identifier(text: &str) -> &str {
    let end = text.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(text.len());
    &text[..end]
}

fn walk(root: &Path, folder: &Path, ending: &str, found: &mut Vec<SourceFile>) {
    for entry in std::fs::read_dir(folder).expect("a folder of the repository can be read") {
        let path = entry.expect("an entry of the repository can be read").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() {
            if !SKIPPED.contains(&name) {
                walk(root, &path, ending, found);
            }
        } else if name.ends_with(ending) {
            let relative = path.strip_prefix(root).expect("the walk began at the root");
            found.push(SourceFile {
                path: relative.to_string_lossy().replace('\\', "/"),
                text: std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())),
            });
        }
    }
}

/// Copies code only. Block comments nest; raw strings end at as many `#` as they began with.
fn code_of(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            block_comment(rest)
        } else if let Some(length) = raw_string(rest, code.chars().next_back()) {
            length
        } else if first == '"' {
            quoted(rest, '"')
        } else if let Some(length) = character(rest) {
            length
        } else {
            code.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        };
        code.extend(rest[..skipped].chars().filter(|letter| *letter == '\n'));
        rest = &rest[skipped..];
    }
    code
}

fn block_comment(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < text.len() {
        if text[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if text[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    at
}

fn raw_string(text: &str, before: Option<char>) -> Option<usize> {
    if before.is_some_and(|letter| letter.is_alphanumeric() || letter == '_') {
        return None;
    }
    let after = text.strip_prefix("br").or_else(|| text.strip_prefix('r'))?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    if !after[hashes..].starts_with('"') {
        return None;
    }
    let open = text.len() - after.len() + hashes + 1;
    let close = format!("\"{}", "#".repeat(hashes));
    Some(text[open..].find(&close).map_or(text.len(), |at| open + at + close.len()))
}

fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if letter == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Returns the length of a character literal; a lifetime is none.
fn character(text: &str) -> Option<usize> {
    let inner = text.strip_prefix('\'')?;
    let first = inner.chars().next()?;
    let closed = inner[first.len_utf8()..].starts_with('\'');
    (first == '\\' || closed).then(|| quoted(text, '\''))
}

#[test]
fn comments_and_literals_are_not_code() {
    let text = "a // b\n/* c /* d */ e */ f \"g \\\" h\" 'i' '\\'' 'life r#\"j\"# for\"k\" b'\"' l";
    assert_eq!(code_of(text), "a \n f    'life  for b l");
}

#[test]
fn tests_are_found_by_their_attribute() {
    let text =
        "#[test]\nfn one() {}\nfn two() {}\n#[test]\n#[should_panic]\npub fn three() {}\n// #[test]\nfn four() {}";
    let file = SourceFile { path: String::new(), text: text.to_owned() };
    assert_eq!(file.tests(), ["one", "three"]);
}
