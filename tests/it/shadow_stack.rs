//! The shadow stack: where compiled Rust keeps what does not fit into Wasm's own locals.

use alloy_primitives::keccak256;
use florin_build::{BuildError, Scope, build};
use florin_sandbox::{Balance, Sandbox, Status};

/// A contract that goes as many frames of 1 KiB deep as its input says, and answers with static data.
const CONTRACT: &str = r#"
    #[unsafe(link_section = "florin.abi")]
    pub static ABI: [u8; 2] = *b"[]";
    #[link(wasm_import_module = "florin")]
    unsafe extern "C" {
        fn input(out: *mut u8, capacity: usize) -> i32;
        fn finish(data: *const u8, length: usize);
    }
    #[panic_handler]
    fn panic(_: &core::panic::PanicInfo) -> ! { core::arch::wasm32::unreachable() }
    static DATA: [u8; 64] = [7; 64];
    fn deep(levels: u8) -> u32 {
        let room = core::hint::black_box([levels; 1024]);
        let below = if levels == 0 { 0 } else { core::hint::black_box(deep as fn(u8) -> u32)(levels - 1) };
        below + u32::from(room[usize::from(levels)])
    }
    #[unsafe(no_mangle)]
    pub extern "C" fn florin_call() {
        let mut levels = [0; 1];
        unsafe { input(levels.as_mut_ptr(), 1) };
        core::hint::black_box(deep(levels[0]));
        let data = core::hint::black_box(&DATA);
        unsafe { finish(data.as_ptr(), data.len()) }
    }"#;

/// Builds the contract by the recipe; `None` where the Wasm target is not installed, which the error says.
fn module() -> Option<Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let metadata = [&[4 << 2], &b"deep"[..], &[5 << 2], b"0.1.0", keccak256(b"[]").as_slice()].concat();
    let length = metadata.len();
    let section =
        format!(r#"#[unsafe(link_section = "florin.metadata")] pub static METADATA: [u8; {length}] = {metadata:?};"#);
    let manifest = "[package]\nname = \"deep\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[workspace]\n";
    std::fs::create_dir(folder.path().join("src")).unwrap();
    std::fs::write(folder.path().join("Cargo.toml"), manifest).unwrap();
    std::fs::write(folder.path().join("src/lib.rs"), format!("#![no_std]\n{section}{CONTRACT}")).unwrap();
    match build(folder.path(), Scope::Crate) {
        Ok(artifacts) => Some(artifacts[0].module().to_vec()),
        Err(BuildError::ToolchainMissing { .. } | BuildError::TargetMissing { .. }) => None,
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn case_22_a_contract_that_overflows_its_shadow_stack_traps_before_it_touches_its_data() {
    let Some(module) = module() else { return };
    crate::engines::on_every_engine(|sandbox: &Sandbox| {
        let wallet = sandbox.by(&sandbox.account("alice"));
        let contract = sandbox.deploy_wasm(&module, &[]).unwrap().contract.unwrap();
        let deep = |levels: u8| wallet.send(contract, Balance::ZERO, vec![levels]).unwrap();
        // 16 KiB hold 14 frames and what the entry needs, not 17.
        for levels in [0, 13] {
            let receipt = deep(levels);
            assert_eq!((receipt.status, &receipt.output[..]), (Status::Success, &[7; 64][..]), "{levels}");
        }
        for levels in [17, 100, 255] {
            assert_eq!(deep(levels).status, Status::MemoryOutOfBounds, "{levels}");
        }
        assert_eq!(&deep(13).output[..], [7; 64]);
    });
}
