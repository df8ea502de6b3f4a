//! The messages of the economy's contracts, as Solidity has them.

use alloy_sol_types::sol;

sol! {
    interface Staking {
        function register(bytes32 key, bytes32[2] possession, uint32 commission) external payable;
        function delegate(address validator) external payable;
        function setCommission(uint32 ppm) external;
        function unbond(address validator, uint128 amount) external returns (uint64);
        function withdraw(address validator) external returns (uint128);
        function claimRewards(address validator) external returns (uint128);
    }

    interface Slashing {
        function reportDoubleSign(
            address validator, uint64 height, uint64 view, bytes32 hashA, bytes32[2] signatureA, bytes32 hashB,
            bytes32[2] signatureB
        ) external returns (uint128);
    }

    interface Registry {
        function register() external payable returns (uint32);
        function deregister() external;
        function commit(bytes32 commitment) external;
        function reveal(bytes32 salt, bytes32[] weights) external;
        function report(uint64 tasks, uint32 difficulty, uint32 participation, uint32 quality) external;
        function finalize(uint32 maxSteps) external returns (uint64);
    }

    interface Claims {
        function claimMany(uint64 campaign, (uint32, address, uint128, bytes32[])[] claims) external;
    }

    interface Recycling {
        function recycle(uint8 source) external payable;
        function burnQualityPenalty() external payable;
    }

    interface Treasury {
        function deposit() external payable;
        function spend(address to, uint128 amount, bytes32 memo) external;
        function grant(
            address holder, uint128 total, uint128 atStart, uint64 start, uint64 cliff, uint64 length, bool isRevocable
        ) external returns (uint64);
        function release(uint64 id) external returns (uint128);
        function revoke(uint64 id) external returns (uint128);
    }

    interface Multisig {
        function propose(address to, uint128 value, bytes input) external returns (uint64);
        function confirm(uint64 id) external;
        function execute(uint64 id) external returns (bytes);
    }
}
