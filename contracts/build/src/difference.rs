//! What is not as it would be built, told so precisely that one knows where to look.

use std::fmt;
use std::path::{Path, PathBuf};

use wasmparser::{Parser, Payload};

use crate::error::BuildError;
use crate::manifest::{MANIFEST, Manifest, Row};

/// One file, or one field of the manifest, that differs from what the sources give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// The file, or the manifest's row, is not there.
    Missing {
        /// The file; for a row, the manifest.
        path: PathBuf,
        /// The row's name.
        row: Option<String>,
    },
    /// The file has other bytes.
    Bytes {
        /// The file.
        path: PathBuf,
        /// Its size.
        found: usize,
        /// The size of what the sources give.
        built: usize,
        /// Offset of the first byte that differs.
        offset: usize,
        /// Where in a module that is: a section, a function.
        place: Option<String>,
    },
    /// The manifest's row has another value.
    Field {
        /// The manifest.
        path: PathBuf,
        /// The row's name.
        row: String,
        /// The field.
        field: &'static str,
        /// What it says.
        found: String,
        /// What the sources give.
        built: String,
    },
    /// The file, or the manifest's row, belongs to no contract of the workspace.
    Leftover {
        /// The file; for a row, the manifest.
        path: PathBuf,
        /// The row's name.
        row: Option<String>,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = |row: &Option<String>| row.as_ref().map(|row| format!(": row [{row}]")).unwrap_or_default();
        match self {
            Self::Missing { path, row } => write!(f, "{}{} is missing", path.display(), place(row)),
            Self::Leftover { path, row } => write!(f, "{}{} belongs to no contract", path.display(), place(row)),
            Self::Bytes { path, found, built, offset, place } => {
                write!(f, "{}: {found} bytes, built {built}; first difference at byte {offset}", path.display())?;
                place.as_ref().map_or(Ok(()), |place| write!(f, ", in {place}"))
            }
            Self::Field { path, row, field, found, built } => {
                write!(f, "{}: [{row}] {field} = {found}, built {built}", path.display())
            }
        }
    }
}

/// Compares a file with what it should be.
pub(crate) fn file(path: &Path, built: &[u8]) -> Result<Option<Difference>, BuildError> {
    let found = match std::fs::read(path) {
        Ok(found) => found,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(Some(Difference::Missing { path: path.to_owned(), row: None }));
        }
        Err(error) => return Err(BuildError::io("read", path)(error)),
    };
    if found == built {
        return Ok(None);
    }
    let equal = found.iter().zip(built).take_while(|(left, right)| left == right).count();
    Ok(Some(Difference::Bytes {
        path: path.to_owned(),
        found: found.len(),
        built: built.len(),
        offset: equal,
        place: place(built, equal),
    }))
}

/// Compares a row of the manifest with what it should be.
pub(crate) fn row(path: &Path, name: &str, found: Option<&Row>, built: &Row) -> Vec<Difference> {
    let Some(found) = found else {
        return vec![Difference::Missing { path: path.to_owned(), row: Some(name.to_owned()) }];
    };
    let fields = |row: &Row| {
        let Row { package, code_hash, bytes, source_hash, toolchain } = row.clone();
        [
            ("package", package),
            ("code_hash", code_hash),
            ("bytes", bytes.to_string()),
            ("source_hash", source_hash),
            ("toolchain", toolchain),
        ]
    };
    let pairs = fields(found).into_iter().zip(fields(built));
    let differing = pairs.filter(|((_, found), (_, built))| found != built);
    let difference = |((field, found), (_, built))| Difference::Field {
        path: path.to_owned(),
        row: name.to_owned(),
        field,
        found,
        built,
    };
    differing.map(difference).collect()
}

/// Finds rows and `.wasm` and `.json` files whose name is not known.
pub(crate) fn leftovers(folder: &Path, known: impl Fn(&str) -> bool) -> Result<Vec<Difference>, BuildError> {
    let mut found = Vec::new();
    for name in Manifest::read(folder)?.rows.into_keys().filter(|name| !known(name)) {
        found.push(Difference::Leftover { path: folder.join(MANIFEST), row: Some(name) });
    }
    let Ok(entries) = folder.read_dir() else { return Ok(found) };
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(entry.map_err(BuildError::io("list", folder))?.path());
    }
    paths.sort();
    for path in paths {
        let artifact = path.extension().is_some_and(|extension| extension == "wasm" || extension == "json");
        let name = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        // What an author debugs with belongs to the artifact of the same name.
        if artifact && !known(name.strip_suffix(".debug").unwrap_or(name)) {
            found.push(Difference::Leftover { path, row: None });
        }
    }
    Ok(found)
}

/// Names the section, and in the code section the function, that an offset of a module lies in.
fn place(module: &[u8], offset: usize) -> Option<String> {
    let mut function = 0_u32;
    let mut section = None;
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload.ok()?;
        match &payload {
            Payload::ImportSection(imports) => {
                for import in imports.clone().into_imports() {
                    if matches!(import.ok()?.ty, wasmparser::TypeRef::Func(_)) {
                        function = function.saturating_add(1);
                    }
                }
            }
            Payload::CodeSectionEntry(body) => {
                if body.range().contains(&offset) {
                    return Some(format!("the code section, function {function}"));
                }
                function = function.saturating_add(1);
            }
            Payload::CustomSection(custom) if custom.range().contains(&offset) => {
                return Some(format!("the custom section {}", custom.name().escape_default()));
            }
            _ => {}
        }
        if let Some((id, range)) = payload.as_section()
            && range.contains(&offset)
        {
            section = section_name(id);
        }
    }
    section.map(|name| format!("the {name} section"))
}

fn section_name(id: u8) -> Option<&'static str> {
    const NAMES: [&str; 12] = [
        "custom", "type", "import", "function", "table", "memory", "global", "export", "start", "element", "code",
        "data",
    ];
    NAMES.get(usize::from(id)).copied()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::{Difference, file, leftovers, place, row};
    use crate::manifest::Row;

    const MODULE: &str = r#"(module (import "florin" "revert" (func (param i32 i32)))
        (memory 1 1) (func nop) (func nop nop) (data (i32.const 0) "abc") (@custom "florin.x" (after data) "zz"))"#;

    #[test]
    fn a_difference_names_the_function_that_it_lies_in() {
        let module = wat::parse_str(MODULE).unwrap();
        let find = |bytes: &[u8]| module.windows(bytes.len()).position(|window| window == bytes).unwrap();
        assert_eq!(place(&module, find(&[1, 1, 0x0b])).as_deref(), Some("the code section, function 2"));
        assert_eq!(place(&module, find(b"abc")).as_deref(), Some("the data section"));
        assert_eq!(place(&module, find(b"zz")).as_deref(), Some("the custom section florin.x"));
        assert_eq!(place(&module, find(b"revert")).as_deref(), Some("the import section"));
        assert_eq!(place(&module, module.len()), None);
    }

    #[test]
    fn one_flipped_byte_is_found_and_an_equal_file_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token.wasm");
        let built = wat::parse_str(MODULE).unwrap();
        assert_eq!(file(&path, &built).unwrap(), Some(Difference::Missing { path: path.clone(), row: None }));
        std::fs::write(&path, &built).unwrap();
        assert_eq!(file(&path, &built).unwrap(), None);
        let mut other = built.clone();
        let last = other.len() - 1;
        other[last] ^= 1;
        std::fs::write(&path, &other).unwrap();
        let difference = file(&path, &built).unwrap().unwrap();
        let text = difference.to_string();
        assert!(text.ends_with(&format!("first difference at byte {last}, in the custom section florin.x")), "{text}");
        std::fs::write(&path, &built[..last]).unwrap();
        assert!(matches!(file(&path, &built).unwrap(), Some(Difference::Bytes { offset, .. }) if offset == last));
    }

    #[test]
    fn a_stale_row_and_a_leftover_file_are_named() {
        let built = Row {
            package: "florin-token".to_owned(),
            code_hash: "0x01".to_owned(),
            bytes: 9,
            source_hash: "aa".to_owned(),
            toolchain: "1.95.0".to_owned(),
        };
        let stale = Row { source_hash: "bb".to_owned(), ..built.clone() };
        let path = std::path::Path::new("manifest.toml");
        assert_eq!(row(path, "token", Some(&built), &built), []);
        let texts: Vec<_> = row(path, "token", Some(&stale), &built).iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["manifest.toml: [token] source_hash = bb, built aa"]);
        assert_eq!(row(path, "token", None, &built)[0].to_string(), "manifest.toml: row [token] is missing");

        let folder = tempfile::tempdir().unwrap();
        for name in ["token.wasm", "old.wasm", "notes.txt"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let found = leftovers(folder.path(), |name| name == "token").unwrap();
        assert_eq!(found, [Difference::Leftover { path: folder.path().join("old.wasm"), row: None }]);
    }
}
