//! `florin cache`: the compiled code that is kept between runs, as an operator sees it.
//!
//! Guarantees that looking makes no folder and no key, and that nothing of a file's own text is printed.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use florin_runtime::vm::{CacheFolder, Cleared, CodeFiles, FileReport, Standing, Vm, VmConfig};
use serde::Serialize;
use serde_json::json;

use crate::cli::{Failure, Format, Output};
use crate::code_cache::{CodeCache, CodeCacheError};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Count the files and their bytes, without authenticating them.
    Stats(Place),
    /// Authenticate every file; exit with 7 if one is refused.
    Verify(Place),
    /// Remove every file; compiled code is made anew when it is needed. The key stays.
    Clear(Place),
}

#[derive(Debug, Args)]
pub(super) struct Place {
    /// The cache's folder [default: $XDG_CACHE_HOME/florin, else ~/.cache/florin, else ./.florin].
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// The key that authenticates the files [default: DIR/node.key].
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// How to print.
    #[arg(short, long, value_enum, default_value_t = Format::Table)]
    output: Format,
}

/// How many files there are of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
struct Stats {
    /// All files.
    files: u64,
    /// Their bytes.
    bytes: u64,
    /// The most bytes that they may take.
    bytes_max: u64,
    /// For this program and its settings.
    current: u64,
    /// For another release, engine or price list.
    other_settings: u64,
    /// Being written, or left by a writer that died.
    temporary: u64,
    /// Refused when their contract is called.
    refused: u64,
}

impl Stats {
    fn of(files: &[FileReport]) -> Self {
        let mut stats = Self { bytes_max: CacheFolder::BYTES_MAX_DEFAULT, ..Self::default() };
        for file in files {
            let kind = match file.standing {
                Standing::Current { .. } => &mut stats.current,
                Standing::OtherSetting { .. } => &mut stats.other_settings,
                Standing::Temporary => &mut stats.temporary,
                Standing::Refused(_) => &mut stats.refused,
            };
            *kind = kind.saturating_add(1);
            stats.files = stats.files.saturating_add(1);
            stats.bytes = stats.bytes.saturating_add(file.bytes);
        }
        stats
    }
}

impl Command {
    pub(super) fn run(self, output: &mut Output) -> Result<(), Failure> {
        match self {
            Self::Stats(place) => place.stats(output),
            Self::Verify(place) => place.verify(output),
            Self::Clear(place) => place.clear(output),
        }
    }
}

impl Place {
    fn stats(&self, output: &mut Output) -> Result<(), Failure> {
        let stats = Stats::of(&self.with(CodeFiles::survey)?.unwrap_or_default());
        let Stats { files, bytes, bytes_max, current, other_settings, temporary, refused } = stats;
        match self.output {
            Format::Json => output.line(json!(stats)),
            Format::Table => output.line(format_args!(
                "{}: {files} files, {bytes} of {bytes_max} bytes\n\
                 {current:>8} for this program\n\
                 {other_settings:>8} for other releases, engines or prices\n\
                 {temporary:>8} being written\n\
                 {refused:>8} not to be used",
                self.cache().code_folder().display()
            )),
        }
    }

    fn verify(&self, output: &mut Output) -> Result<(), Failure> {
        let files = self.with(CodeFiles::verify)?.unwrap_or_default();
        let refused: Vec<(&str, String)> = files
            .iter()
            .filter_map(|file| match file.standing {
                Standing::Refused(problem) => Some((&*file.name, problem.to_string())),
                _ => None,
            })
            .collect();
        let stats = Stats::of(&files);
        let sound = stats.current.saturating_add(stats.other_settings);
        match self.output {
            Format::Json => {
                let refused: Vec<_> =
                    refused.iter().map(|(file, reason)| json!({ "file": file, "reason": reason })).collect();
                output.line(json!({ "files": stats.files, "sound": sound, "refused": refused }))?;
            }
            Format::Table => output.line(format_args!("{sound} of {} files are sound", stats.files))?,
        }
        if refused.is_empty() {
            return Ok(());
        }
        Err(Failure::CheckFailed {
            message: format!("{} files of {} are refused", refused.len(), self.cache().code_folder().display()),
            findings: refused.iter().map(|(file, reason)| format!("{file}: {reason}")).collect(),
            help: Some("a node removes them by itself when it meets them; `florin cache clear` removes all".to_owned()),
        })
    }

    fn clear(&self, output: &mut Output) -> Result<(), Failure> {
        let Cleared { files, bytes } = self.with(CodeFiles::clear)?.unwrap_or_default();
        match self.output {
            Format::Json => output.line(json!({ "files": files, "bytes": bytes })),
            Format::Table => output.line(format_args!(
                "removed {files} files, {bytes} bytes, from {}",
                self.cache().code_folder().display()
            )),
        }
    }

    /// Asks the files something, if the folder is there.
    fn with<T>(
        &self,
        ask: impl FnOnce(&CodeFiles) -> Result<T, florin_runtime::fault::Fault>,
    ) -> Result<Option<T>, Failure> {
        let cache = self.cache();
        if std::fs::symlink_metadata(cache.code_folder()).is_err() {
            return Ok(None);
        }
        let config = VmConfig { cache_folder: Some(cache.open()?), instances_max: 1, ..VmConfig::default() };
        let vm = Vm::new(config)?;
        Ok(vm.cache_files().map(ask).transpose()?)
    }

    fn cache(&self) -> CodeCache {
        let variable = |name: &str| std::env::var_os(name).map(PathBuf::from);
        let folder = self.dir.clone().unwrap_or_else(|| CodeCache::default_folder(variable));
        CodeCache::new(folder, self.key.clone())
    }
}

impl From<CodeCacheError> for Failure {
    fn from(error: CodeCacheError) -> Self {
        Self::Usage {
            message: format!("the cache cannot be used: {error}"),
            help: Some("give a folder of your own with --dir or --cache-dir".to_owned()),
        }
    }
}
