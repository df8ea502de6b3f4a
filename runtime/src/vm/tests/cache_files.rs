//! Files of compiled code: what is sound is loaded, what is not is refused, and a call never notices.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::process::Command;

use alloy_primitives::keccak256;
use tempfile::TempDir;

use super::{PLENTY, Seen, contract, frame, wasm};
use crate::gas::GasSchedule;
use crate::vm::{
    CacheCounts, CacheFolder, CacheIncident, EngineKind, Exit, FileProblem, LoadError, NodeKey, Optimize, Standing, Vm,
    VmConfig,
};

/// A folder for one test, and machines on it.
struct Place {
    above: TempDir,
}

impl Place {
    fn new() -> Self {
        Self { above: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.above.path().join("code")
    }

    /// Settings of a machine whose node key is this byte, 32 times.
    fn config(&self, key: u8) -> VmConfig {
        let bytes_max = CacheFolder::BYTES_MAX_DEFAULT;
        let folder = CacheFolder { path: self.path(), bytes_max, key: NodeKey::new([key; 32]) };
        VmConfig { cache_folder: Some(folder), instances_max: 4, ..VmConfig::default() }
    }

    /// Starts a machine, as the node does when it starts.
    fn vm(&self) -> Vm {
        Vm::new(self.config(1)).unwrap()
    }

    /// Returns the only file.
    fn file(&self) -> PathBuf {
        let mut files: Vec<PathBuf> = fs::read_dir(self.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(files.len(), 1, "{files:?}");
        files.remove(0)
    }
}

/// A contract that no other number gives.
fn numbered(number: u32) -> Vec<u8> {
    contract(&format!("(drop (i32.const {number}))"))
}

/// Calls a contract under its true hash.
fn call(vm: &Vm, module: &[u8]) -> Seen {
    let code = vm.load(keccak256(module), module).unwrap_or_else(|error| panic!("{error}"));
    let (frame, outcome) = vm.run(&code, frame(vm, b"input"), PLENTY);
    assert!(matches!(outcome.exit, Exit::Finished), "{:?}", outcome.exit);
    Seen { exit: "Finished", ticks: outcome.ticks_used, output: frame.output }
}

fn origin(counts: &CacheCounts) -> (u64, u64) {
    (counts.file_hits, counts.compilations)
}

/// Damages the file of a contract, and asserts that it is refused for this reason, replaced, and told.
fn refused_for(problem: FileProblem, damage: impl FnOnce(&Place, &PathBuf)) {
    let (place, module) = (Place::new(), numbered(1));
    let seen = call(&place.vm(), &module);
    let file = place.file();
    damage(&place, &file);

    let vm = place.vm();
    assert_eq!(call(&vm, &module), seen);
    let counts = vm.cache_counts();
    assert_eq!(origin(&counts), (0, 1), "{problem:?}: {counts:?}");
    assert_eq!((counts.files.rejected(problem), counts.files.rejected_total()), (1, 1), "{problem:?}: {counts:?}");
    let name = file.file_name().unwrap().to_str().unwrap().to_owned();
    assert_eq!(vm.take_cache_incidents(), [CacheIncident::Rejected { file: name, problem }]);
    assert!(vm.take_cache_incidents().is_empty(), "an incident is told once");

    let next = place.vm();
    assert_eq!(call(&next, &module), seen);
    assert_eq!(origin(&next.cache_counts()), (1, 0), "{problem:?}: the file was not replaced");
}

#[test]
fn what_one_run_compiles_the_next_loads() {
    let (place, module) = (Place::new(), numbered(1));
    let first = place.vm();
    let seen = call(&first, &module);
    assert_eq!(origin(&first.cache_counts()), (0, 1));
    assert_eq!(first.cache_counts().files.written, 1);

    let second = place.vm();
    assert_eq!(call(&second, &module), seen);
    assert_eq!(origin(&second.cache_counts()), (1, 0));
    let info = |vm: &Vm| vm.load(keccak256(&module), &module).unwrap().info().clone();
    assert_eq!(info(&first), info(&second));
    assert_eq!(place.path().metadata().unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(place.file().metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(second.cache_counts().files.bytes, place.file().metadata().unwrap().len());
}

#[test]
fn code_that_is_called_by_another_name_than_its_hash_has_no_file() {
    let place = Place::new();
    let vm = place.vm();
    vm.load(keccak256(b"another module"), &numbered(1)).unwrap();
    assert_eq!(vm.cache_counts().files.written, 0);
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
}

#[test]
fn the_interpreter_has_no_files() {
    let place = Place::new();
    let vm = Vm::new(VmConfig { engine: EngineKind::Interpreted, ..place.config(1) }).unwrap();
    call(&vm, &numbered(1));
    assert!(vm.cache_files().is_none() && !place.path().exists());
}

#[test]
fn case_41_a_flipped_byte_is_refused_before_it_is_loaded_and_the_code_compiled_again() {
    let (place, module) = (Place::new(), numbered(1));
    let vm = place.vm();
    let seen = call(&vm, &module);
    let (file, sound) = (place.file(), fs::read(place.file()).unwrap());
    let places: Vec<usize> = (0..sound.len()).step_by(sound.len() / 60).collect();
    for at in &places {
        let mut flipped = sound.clone();
        flipped[*at] ^= 0x10;
        fs::write(&file, &flipped).unwrap();
        vm.drop_cached();
        assert_eq!(call(&vm, &module), seen, "byte {at}");
    }
    let counts = vm.cache_counts();
    let refused = u64::try_from(places.len()).unwrap();
    assert_eq!((counts.files.rejected_total(), counts.compilations, counts.file_hits), (refused, refused + 1, 0));
    assert_eq!(counts.files.rejected(FileProblem::NotAccepted), 0, "something was not found by the MAC");
}

#[test]
fn case_42_a_file_of_another_contract_engine_or_schedule_under_this_name_is_refused() {
    refused_for(FileProblem::OtherKey, |place, file| {
        call(&place.vm(), &numbered(2));
        let other = fs::read_dir(place.path()).unwrap().map(|entry| entry.unwrap().path()).find(|path| path != file);
        fs::rename(other.unwrap(), file).unwrap();
    });
    let with = |config: VmConfig| {
        refused_for(FileProblem::OtherKey, |place, file| {
            let key = VmConfig { cache_folder: place.config(1).cache_folder, ..config };
            call(&Vm::new(key).unwrap(), &numbered(1));
            let mut files = fs::read_dir(place.path()).unwrap().map(|entry| entry.unwrap().path());
            fs::rename(files.find(|path| path != file).unwrap(), file).unwrap();
        });
    };
    with(VmConfig { engine: EngineKind::Compiled { optimize: Optimize::None }, ..VmConfig::default() });
    let mut dearer = GasSchedule::default();
    dearer.operators.simple += 1;
    with(VmConfig { schedule: dearer, ..VmConfig::default() });
}

#[test]
fn an_authentic_file_that_the_engine_does_not_take_is_refused_and_replaced() {
    refused_for(FileProblem::NotAccepted, |place, _| {
        let vm = place.vm();
        let info = Vm::check(&numbered(1)).unwrap();
        vm.cache_files().unwrap().save(keccak256(numbered(1)), &numbered(1), &info, b"no machine code");
    });
}

#[test]
fn case_44_a_torn_file_is_refused() {
    let (place, module) = (Place::new(), numbered(1));
    let vm = place.vm();
    let seen = call(&vm, &module);
    let (file, sound) = (place.file(), fs::read(place.file()).unwrap());
    let mut torn: Vec<Vec<u8>> = (0..sound.len()).step_by(512).map(|length| sound[..length].to_vec()).collect();
    let whole = torn.len();
    torn.extend([512, 4096].map(|zeros| {
        let mut file = sound.clone();
        let start = file.len() - zeros;
        file[start..].fill(0);
        file
    }));
    for file_contents in &torn {
        fs::write(&file, file_contents).unwrap();
        vm.drop_cached();
        assert_eq!(call(&vm, &module), seen);
    }
    let counts = vm.cache_counts().files;
    assert_eq!(counts.rejected(FileProblem::Torn), u64::try_from(whole).unwrap());
    assert_eq!(counts.rejected(FileProblem::BadMac), 2);
    assert_eq!(fs::read(&file).unwrap().len(), sound.len());
}

#[test]
fn case_44_what_is_no_file_is_refused_without_being_opened_for_good() {
    refused_for(FileProblem::NotAFile, |_, file| {
        fs::remove_file(file).unwrap();
        fs::create_dir(file).unwrap();
    });
    refused_for(FileProblem::NotAFile, |_, file| {
        fs::remove_file(file).unwrap();
        // Nobody writes to it: an ordinary open would wait forever.
        assert!(Command::new("mkfifo").arg(file).status().unwrap().success());
    });
    refused_for(FileProblem::NotAFile, |place, file| {
        fs::remove_file(file).unwrap();
        // By a short path: the name of a socket has few bytes.
        let short = place.above.path().join("s");
        UnixListener::bind(&short).unwrap();
        fs::rename(short, file).unwrap();
    });
}

#[test]
fn case_44_a_link_to_outside_is_not_followed_and_what_it_points_to_stays() {
    let outside = tempfile::tempdir().unwrap();
    let target = outside.path().join("sound");
    refused_for(FileProblem::NotAFile, |_, file| {
        // Even to a copy that would be sound.
        fs::rename(file, &target).unwrap();
        symlink(&target, file).unwrap();
    });
    assert!(target.metadata().unwrap().is_file());
}

#[test]
fn case_44_a_file_that_others_may_write_to_is_refused() {
    for mode in [0o620, 0o602, 0o666] {
        refused_for(FileProblem::NotOurs, |_, file| {
            fs::set_permissions(file, fs::Permissions::from_mode(mode)).unwrap();
        });
    }
    // Only the superuser can give files away.
    let probe = tempfile::NamedTempFile::new().unwrap();
    if std::os::unix::fs::chown(probe.path(), Some(12_345), None).is_ok() {
        refused_for(FileProblem::NotOurs, |_, file| {
            std::os::unix::fs::chown(file, Some(12_345), None).unwrap();
        });
    }
}

#[test]
fn case_44_a_file_longer_than_any_artifact_is_refused_unread() {
    refused_for(FileProblem::TooLong, |_, file| {
        // A hole: it takes no room on the disk.
        fs::File::options().write(true).open(file).unwrap().set_len(66 << 20).unwrap();
    });
}

#[test]
fn case_44_a_folder_that_others_may_write_to_is_refused_at_the_start_and_later() {
    let (place, module) = (Place::new(), numbered(1));
    let vm = place.vm();
    let seen = call(&vm, &module);
    for mode in [0o720, 0o777] {
        fs::set_permissions(place.path(), fs::Permissions::from_mode(mode)).unwrap();
        let error = Vm::new(place.config(1)).unwrap_err().to_string();
        assert!(error.contains("other users may write to it") && error.contains("0700"), "{error}");
    }
    // A running machine goes on without it.
    vm.drop_cached();
    assert_eq!(call(&vm, &module), seen);
    let counts = vm.cache_counts();
    assert_eq!((origin(&counts), counts.files.rejected(FileProblem::NotOurs)), ((0, 2), 1));
    assert_eq!(counts.files.write_failures, 1);

    fs::remove_dir_all(place.path()).unwrap();
    symlink(place.above.path(), place.path()).unwrap();
    assert!(Vm::new(place.config(1)).unwrap_err().to_string().contains("a link"));
}

#[test]
fn a_folder_that_cannot_be_written_is_told_once_and_fails_no_call() {
    let place = Place::new();
    fs::write(place.above.path().join("file"), b"").unwrap();
    let mut config = place.config(1);
    // A file stands where a folder above ours would be.
    if let Some(folder) = &mut config.cache_folder {
        folder.path = place.above.path().join("file").join("code");
    }
    assert!(Vm::new(config).is_err_and(|fault| fault.to_string().contains("no folder")));

    // Something stands where the file would be, and cannot be removed.
    let vm = place.vm();
    for number in [1, 2] {
        call(&vm, &numbered(number));
    }
    for entry in fs::read_dir(place.path()).unwrap() {
        let file = entry.unwrap().path();
        fs::remove_file(&file).unwrap();
        fs::create_dir_all(file.join("full")).unwrap();
    }
    vm.drop_cached();
    for number in [1, 2] {
        call(&vm, &numbered(number));
    }
    assert_eq!(vm.cache_counts().files.write_failures, 2);
    let told = vm.take_cache_incidents();
    let unwritable = told.iter().filter(|incident| matches!(incident, CacheIncident::Unwritable { .. })).count();
    assert_eq!(unwritable, 1, "{told:?}");
}

#[test]
fn case_49_a_refusal_is_remembered_with_its_reason_and_never_written() {
    let (place, module) = (Place::new(), wasm("(memory 1 1)"));
    let refusal = |vm: &Vm| match vm.load(keccak256(&module), &module) {
        Err(LoadError::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    };
    let vm = place.vm();
    let first = refusal(&vm);
    assert_eq!(refusal(&vm), first);
    assert_eq!(vm.cache_counts().refusal_hits, 1);
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);

    let next = place.vm();
    assert_eq!(refusal(&next), first);
    assert_eq!(next.cache_counts().refusal_hits, 0, "it is found anew after a restart");
    assert_eq!(next.drop_cached(), 0);
    assert_eq!(next.cache_counts().refusals, 0);
}

#[test]
fn case_50_files_of_another_node_are_refused_and_told() {
    let (place, module) = (Place::new(), numbered(1));
    let attacker = Vm::new(place.config(66)).unwrap();
    let seen = call(&attacker, &module);

    let vm = place.vm();
    assert_eq!(call(&vm, &module), seen);
    let counts = vm.cache_counts();
    assert_eq!((origin(&counts), counts.files.rejected(FileProblem::BadMac)), ((0, 1), 1));
    let told: Vec<String> = vm.take_cache_incidents().iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 1);
    assert!(told[0].ends_with("not authenticated by this node's key"), "{told:?}");

    let attacked = Vm::new(place.config(66)).unwrap().cache_files().unwrap().verify().unwrap();
    assert_eq!(attacked[0].standing, Standing::Refused(FileProblem::BadMac), "the node's own file took its place");
}

#[test]
fn case_51_the_folder_may_go_at_any_time() {
    let (place, modules) = (Place::new(), [numbered(1), numbered(2)]);
    let without = Vm::new(VmConfig { instances_max: 4, ..VmConfig::default() }).unwrap();
    let vm = place.vm();
    for round in 0..6_u32 {
        for module in &modules {
            assert_eq!(call(&vm, module), call(&without, module), "round {round}");
            if round % 2 == 0 {
                vm.drop_cached();
            }
            match round % 3 {
                0 => fs::remove_dir_all(place.path()).unwrap_or_default(),
                1 => fs::remove_dir_all(place.path()).and_then(|()| fs::write(place.path(), b"")).unwrap_or_default(),
                _ => fs::remove_file(place.path()).unwrap_or_default(),
            }
        }
    }
}

#[test]
fn a_survey_and_a_verification_tell_what_each_file_is() {
    let place = Place::new();
    let vm = place.vm();
    for number in [1, 2, 3] {
        call(&vm, &numbered(number));
    }
    let other = Vm::new(VmConfig { engine: EngineKind::Compiled { optimize: Optimize::None }, ..place.config(1) });
    call(&other.unwrap(), &numbered(1));
    fs::write(place.path().join("9-9.tmp"), b"").unwrap();
    fs::write(place.path().join("notes.txt"), b"").unwrap();
    fs::write(place.path().join("\u{1b}[2J.code"), b"").unwrap();
    let files = vm.cache_files().unwrap();
    let key = vm.0.backend.setting(vm.schedule(), vm.0.tracing).key(keccak256(numbered(3)));
    let path = place.path().join(format!("{key}.code"));
    let mut flipped = fs::read(&path).unwrap();
    let last = flipped.len() - 1;
    flipped[last] ^= 1;
    fs::write(&path, flipped).unwrap();

    let count = |reports: &[crate::vm::FileReport]| {
        let of = |wanted: fn(&Standing) -> bool| reports.iter().filter(|file| wanted(&file.standing)).count();
        [
            of(|standing| matches!(standing, Standing::Current { .. })),
            of(|standing| matches!(standing, Standing::OtherSetting { .. })),
            of(|standing| matches!(standing, Standing::Temporary)),
            of(|standing| matches!(standing, Standing::Refused(_))),
        ]
    };
    let verified = files.verify().unwrap();
    // Only the verification reads more than the header.
    assert_eq!(count(&files.survey().unwrap()), [3, 1, 1, 1]);
    assert_eq!(count(&verified), [2, 1, 1, 2]);
    assert!(verified.iter().all(|file| file.name.is_ascii() && !file.name.contains('\u{1b}')), "{verified:?}");

    let cleared = files.clear().unwrap();
    assert_eq!(cleared.files, 6);
    let left: Vec<_> = fs::read_dir(place.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["notes.txt"]);
}
