//! Any bytes as a file of compiled code.

use std::path::PathBuf;

use florin_runtime::vm::{CacheFolder, NodeKey, Vm, VmConfig};
use tempfile::TempDir;

use crate::reference::engines::{Seen, run};
use crate::reference::generate::Case;

/// The one file of a known contract, as the machine writes it, and what a call of the contract tells.
struct Known {
    above: TempDir,
    case: Case,
    file: PathBuf,
    sound: Vec<u8>,
    seen: Seen,
}

thread_local! {
    /// Compiled once.
    static KNOWN: Known = Known::new().unwrap_or_else(|why| panic!("{why}"));
}

/// Puts bytes in the place of a contract's file and calls the contract: the bytes themselves, or, where the first byte is
/// odd, the sound file with changes that they describe. Returns whether the file is refused.
///
/// # Panics
/// If a file that is not the sound one is loaded, or the sound one is not; if the call tells anything else than it does
/// without a file; or if the sound file does not come back.
pub fn cache_file(data: &[u8]) -> bool {
    KNOWN.with(|known| {
        let bytes = match data.split_first() {
            Some((kind, changes)) if kind % 2 == 1 => changed(&known.sound, changes),
            Some((_, bytes)) => bytes.to_vec(),
            None => Vec::new(),
        };
        let refused = known.meet(&bytes);
        refused.unwrap_or_else(|why| panic!("{why}"))
    })
}

/// Returns the sound file with changes, four bytes each: a place and what is done there.
fn changed(sound: &[u8], changes: &[u8]) -> Vec<u8> {
    let mut bytes = sound.to_vec();
    for change in changes.chunks_exact(4) {
        let &[low, middle, kind, with] = change else { continue };
        let far = usize::from(u16::from_le_bytes([low, middle]));
        // From the end as well as from the beginning: both have what is checked first.
        let at = if kind & 1 == 0 { Some(far) } else { bytes.len().checked_sub(far) };
        let Some(at) = at.filter(|at| *at < bytes.len()) else { continue };
        match kind >> 1 & 3 {
            0 | 1 => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= with),
            2 => bytes.truncate(at),
            _ => bytes.insert(at, with),
        }
    }
    bytes
}

impl Known {
    fn new() -> Result<Self, String> {
        let text = r#"(module (import "florin" "finish" (func $finish (param i32 i32))) (memory (export "memory") 1 1)
            (func (export "florin_call")
                (i32.store (i32.const 0) (i32.const 42)) (call $finish (i32.const 0) (i32.const 4))))"#;
        let code = wat::parse_str(text).map_err(|error| error.to_string())?;
        let above = tempfile::tempdir().map_err(|error| error.to_string())?;
        let case = Case { code, ticks: 1 << 18, input: Vec::new(), memory: [0; 32] };
        let mut known = Self { above, case, file: PathBuf::new(), sound: Vec::new(), seen: Seen::default() };
        known.seen = run(&known.vm()?, &known.case)?;
        let folder = std::fs::read_dir(known.folder()).map_err(|error| error.to_string())?;
        known.file = folder.flatten().map(|entry| entry.path()).next().ok_or("no file was written")?;
        known.sound = std::fs::read(&known.file).map_err(|error| error.to_string())?;
        Ok(known)
    }

    fn folder(&self) -> PathBuf {
        self.above.path().join("code")
    }

    /// Starts a machine on the folder, as the node does when it starts.
    fn vm(&self) -> Result<Vm, String> {
        let bytes_max = CacheFolder::BYTES_MAX_DEFAULT;
        let folder = CacheFolder { path: self.folder(), bytes_max, key: NodeKey::new([7; 32]) };
        let config = VmConfig { cache_folder: Some(folder), instances_max: 4, ..VmConfig::default() };
        Vm::new(config).map_err(|fault| fault.to_string())
    }

    /// Calls the contract with these bytes as its file; returns whether they are refused.
    fn meet(&self, bytes: &[u8]) -> Result<bool, String> {
        std::fs::write(&self.file, bytes).map_err(|error| error.to_string())?;
        let vm = self.vm()?;
        assert_eq!(run(&vm, &self.case)?, self.seen, "a file changes a call");
        let counts = vm.cache_counts();
        let sound = bytes == self.sound;
        let met = (counts.file_hits, counts.files.rejected_total(), counts.compilations);
        assert_eq!(met, if sound { (1, 0, 0) } else { (0, 1, 1) }, "loaded, refused, compiled");
        let left = std::fs::read(&self.file).map_err(|error| error.to_string())?;
        assert!(left == self.sound, "the sound file does not come back");
        Ok(!sound)
    }
}
