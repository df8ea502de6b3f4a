//! The recipe of a module: toolchain, target, profile and flags. A change here changes the code hash of every contract.
//!
//! Guarantees that nothing of the machine gets into the bytes: every setting is given, and each folder that a path
//! could name is mapped to a fixed word.

use std::path::Path;

use florin_runtime::gas::NEAR_PAGES;

/// The release of Rust that builds contracts.
pub const TOOLCHAIN: &str = "1.95.0";

/// The target: MVP and mutable globals, no operating system, frozen.
pub const TARGET: &str = "wasm32v1-none";

/// The condition under which the contract macro writes entry points and sections: set for the one crate that becomes a
/// module.
pub const ARTIFACT_CFG: &str = "florin_artifact";

/// What the code may use beyond the target's own features: bytes are copied and numbers extended by one instruction each instead of
/// a loop and two shifts. The upload check allows wide arithmetic too, but the compiler of this release (LLVM 22.1) gets it wrong:
/// where a sum of 128 bits is also compared or bounded, it reads the upper half before the addition. `tests/it/amounts.rs` would
/// tell.
pub const FEATURES: &str = "+bulk-memory,+sign-ext";

/// Name of the cargo profile, which exists on the command line only.
pub const PROFILE: &str = "contract";

/// Folder of contract builds in the target folder.
pub const TARGET_FOLDER: &str = "contracts";

/// The profile, complete, so that what an author's own profile says does not matter.
pub const PROFILE_SETTINGS: &[(&str, &str)] = &[
    ("inherits", "\"release\""),
    ("lto", "\"fat\""),
    ("codegen-units", "1"),
    ("panic", "\"abort\""),
    ("overflow-checks", "true"),
    ("debug-assertions", "false"),
    ("debug", "false"),
    // Measured on the claims contract: 3 saves 1 % of a claim's gas and adds a tenth to its size, "z" is no smaller.
    ("opt-level", "\"s\""),
    // Our own pass strips, after the check had the names for its messages.
    ("strip", "\"none\""),
    ("incremental", "false"),
    ("rpath", "false"),
];

/// The shadow stack, in bytes. It lies below the data, so that an overflow leaves the memory and traps.
const STACK_BYTES: u32 = 16 << 10;

/// Bytes of a page of linear memory.
const PAGE_BYTES: u32 = 64 << 10;

/// Returns the linker's arguments.
pub fn link_args() -> [String; 3] {
    [
        format!("-zstack-size={STACK_BYTES}"),
        "--stack-first".to_owned(),
        format!("--max-memory={}", NEAR_PAGES.saturating_mul(PAGE_BYTES)),
    ]
}

/// Returns the recipe as text, one setting a line: a part of every source hash.
pub fn text() -> String {
    let mut lines = vec![format!("toolchain {TOOLCHAIN}"), format!("target {TARGET}"), format!("cfg {ARTIFACT_CFG}")];
    lines.push(format!("features {FEATURES}"));
    lines.extend(PROFILE_SETTINGS.iter().map(|(key, value)| format!("profile {key} = {value}")));
    lines.extend(link_args().iter().map(|argument| format!("link {argument}")));
    lines.join("\n")
}

/// Where each operator comes from in the source, for the module that an author debugs with. The deployed one is stripped of it.
/// A flag and not the profile's setting, which would enter the names of symbols and so the order of the functions.
const LINES: &str = "-Cdebuginfo=line-tables-only";

/// Returns the compiler's flags, where `folders` maps folders of this machine to fixed words; a later row wins.
pub(crate) fn rustflags<'a>(folders: impl IntoIterator<Item = (&'a Path, String)>) -> Vec<String> {
    let remaps = folders.into_iter().map(|(folder, word)| format!("--remap-path-prefix={}={word}", folder.display()));
    let links = link_args().into_iter().map(|argument| format!("-Clink-arg={argument}"));
    remaps.chain(links).chain([format!("-Ctarget-feature={FEATURES}"), LINES.to_owned()]).collect()
}

#[cfg(test)]
mod tests {
    use super::{rustflags, text};
    use std::path::Path;

    #[test]
    fn the_recipe_names_every_setting_once() {
        let text = text();
        let mut keys: Vec<_> = text.lines().map(|line| line.split(" = ").next().unwrap_or(line)).collect();
        let count = keys.len();
        keys.dedup();
        assert_eq!(keys.len(), count);
        assert!(text.contains("profile overflow-checks = true"), "{text}");
        assert!(text.contains("link --max-memory=1048576"), "{text}");
    }

    #[test]
    fn folders_are_mapped_before_the_linker_is_told() {
        let flags = rustflags([(Path::new("/home/ann/token"), "/contract".to_owned())]);
        assert_eq!(flags[0], "--remap-path-prefix=/home/ann/token=/contract");
        assert_eq!(flags[1], "-Clink-arg=-zstack-size=16384");
    }
}
