#!/bin/sh
# Builds the kernels with the settings of a contract (contracts/build/src/recipe.rs), but for a stack that holds their arrays.
# The modules are committed: no build and no test needs the target. Run in this folder after a change of a kernel.
set -e
for kernel in fixed_point division sha256 mixed sort merkle; do
    rustc +1.95.0 --edition 2021 --crate-type cdylib --target wasm32v1-none -C opt-level=s -C lto=fat -C codegen-units=1 \
        -C panic=abort -C overflow-checks=on -C strip=symbols -C target-feature=+bulk-memory,+sign-ext \
        -C link-arg=-zstack-size=262144 -C link-arg=--stack-first -C link-arg=--max-memory=16777216 \
        "$kernel.rs" -o "$kernel.wasm"
done
