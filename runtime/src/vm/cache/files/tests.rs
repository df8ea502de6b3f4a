//! The bytes of a file: each of them is authenticated.

#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "tests")]

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use alloy_primitives::{B256, keccak256};

use super::TEMPORARY_SUFFIX;
use super::folder::Folder;
use super::layout::{HEADER_BYTES, MAC_BYTES, MacKey, authenticate, header, open, seal};
use crate::vm::cache::counts::FileProblem;
use crate::vm::cache::key::Setting;
use crate::vm::{Metadata, ModuleInfo};

const SETTING: Setting = Setting([5; 32]);

fn key() -> MacKey {
    MacKey::derive(&[9; 32])
}

fn info() -> ModuleInfo {
    ModuleInfo {
        has_init: true,
        memory_pages_min: 1,
        memory_pages_max: 16,
        keeps_tables: true,
        data: 100..300,
        passive_elements: 3,
        work: crate::gas::CompileWork { functions: 7, ..Default::default() },
        reentrant: vec![[1, 2, 3, 4]],
        metadata: Some(Metadata { name: "jar".to_owned(), sdk_release: "0.1.0".to_owned(), abi_hash: [7; 32] }),
    }
}

/// Bytes that no pattern compresses.
fn artifact(bytes: usize) -> Vec<u8> {
    let mut artifact = vec![0; bytes];
    blake3::Hasher::new().finalize_xof().fill(&mut artifact);
    artifact
}

fn code() -> B256 {
    keccak256(b"code")
}

fn file(artifact: &[u8]) -> Vec<u8> {
    seal(&key(), SETTING, code(), &info(), artifact).unwrap()
}

fn problem(file: &[u8]) -> Option<FileProblem> {
    open(&key(), SETTING, code(), file.to_vec()).err()
}

#[test]
fn what_was_sealed_is_opened() {
    for bytes in [0, 1, 1000] {
        let opened = open(&key(), SETTING, code(), file(&artifact(bytes))).unwrap();
        assert_eq!(opened.artifact(), artifact(bytes));
        assert_eq!(*opened.info(), info());
    }
}

#[test]
fn case_41_every_flipped_bit_of_a_small_file_is_refused() {
    let sound = file(&artifact(600));
    for at in 0..sound.len() {
        for bit in 0..8 {
            let mut flipped = sound.clone();
            flipped[at] ^= 1 << bit;
            assert!(problem(&flipped).is_some(), "bit {bit} of byte {at}");
        }
    }
    assert_eq!(problem(&sound), None);
}

#[test]
fn case_41_ten_thousand_flipped_bytes_of_a_large_file_are_refused() {
    let mut file = file(&artifact(200_000));
    let places = artifact(40_000);
    for place in places.chunks_exact(4) {
        let at = u32::from_le_bytes(place.try_into().unwrap()) as usize % file.len();
        let flip = place[0] | 1;
        file[at] ^= flip;
        assert!(problem(&file).is_some(), "byte {at}");
        file[at] ^= flip;
    }
    assert_eq!(problem(&file), None);
}

#[test]
fn case_44_a_file_of_any_other_length_is_torn() {
    let sound = file(&artifact(3_000));
    for length in 0..sound.len() {
        assert_eq!(problem(&sound[..length]), Some(FileProblem::Torn), "{length} bytes");
    }
    assert_eq!(problem(&[&sound[..], &[0]].concat()), Some(FileProblem::Torn));
}

#[test]
fn case_44_claimed_lengths_that_overflow_are_torn_and_allocate_nothing() {
    let sound = file(&artifact(100));
    for (at, claim) in [(12, &[0xff; 4][..]), (16, &[0xff; 8]), (16, &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f])]
    {
        let mut lying = sound.clone();
        lying[at..at + claim.len()].copy_from_slice(claim);
        assert_eq!(problem(&lying), Some(FileProblem::Torn));
    }
    assert_eq!(problem(&[0; HEADER_BYTES + MAC_BYTES]), Some(FileProblem::Format));
}

#[test]
fn case_42_a_file_of_another_contract_setting_or_format_is_refused_by_name() {
    let other = |setting, code| seal(&key(), setting, code, &info(), &artifact(100)).unwrap();
    assert_eq!(problem(&other(Setting([6; 32]), code())), Some(FileProblem::OtherKey));
    assert_eq!(problem(&other(SETTING, keccak256(b"other"))), Some(FileProblem::OtherKey));
    let mut next_format = file(&artifact(100));
    next_format[8] += 1;
    assert_eq!(problem(&next_format), Some(FileProblem::Format));
    // Who patches the header has no MAC for it.
    let mut patched = other(Setting([6; 32]), code());
    patched[24..56].copy_from_slice(&SETTING.0);
    assert_eq!(problem(&patched), Some(FileProblem::BadMac));
}

#[test]
fn case_50_a_file_sealed_with_another_key_is_refused() {
    let foreign = MacKey::derive(&[8; 32]);
    let file = seal(&foreign, SETTING, code(), &info(), &artifact(100)).unwrap();
    assert_eq!(problem(&file), Some(FileProblem::BadMac));
    assert!(authenticate(&foreign, file).is_ok());
}

#[test]
fn an_authentic_file_with_an_info_that_does_not_decode_is_refused() {
    // Sealed with an artifact of four bytes more and an info of four less, so that the parts are not where they were.
    let mut file = file(&artifact(100));
    let info_bytes = u32::from_le_bytes(file[12..16].try_into().unwrap()) - 4;
    file[12..16].copy_from_slice(&info_bytes.to_le_bytes());
    file[16..24].copy_from_slice(&104_u64.to_le_bytes());
    assert!(header(&file, file.len()).is_ok());
    let signed = file.len() - MAC_BYTES;
    let mac_key = blake3::derive_key("florin/compiled-code-file/1", &[9; 32]);
    let mac = blake3::keyed_hash(&mac_key, &file[..signed]);
    file[signed..].copy_from_slice(mac.as_bytes());
    assert_eq!(problem(&file), Some(FileProblem::NotAccepted));
}

/// A process that begins sweeps while others write; it must not cost them their files.
#[test]
fn case_46_a_file_that_is_swept_while_it_is_made_is_written_again() {
    let above = tempfile::tempdir().unwrap();
    let folder = || Folder::new(above.path().join("code")).unwrap();
    folder().make().unwrap();
    let done = AtomicBool::new(false);
    let swept = thread::scope(|scope| {
        let sweeper = scope.spawn(|| {
            let (folder, mut swept) = (folder(), 0);
            while !done.load(Ordering::Relaxed) {
                swept += folder.sweep().unwrap();
            }
            swept
        });
        let writer = folder();
        let written: Vec<_> = (0..500).map(|number| writer.write(&format!("{number}.code"), b"code")).collect();
        done.store(true, Ordering::Relaxed);
        assert!(written.iter().all(Result::is_ok), "{written:?}");
        sweeper.join().unwrap()
    });
    println!("{swept} of the files were taken away between two steps");
    let left = folder().list().unwrap();
    assert!(left.iter().all(|listed| !listed.name.ends_with(TEMPORARY_SUFFIX)), "{left:?}");
}
