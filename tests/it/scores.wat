;; A registry and a staking contract of any size, which compute what they answer: miner i of MINERS has the address that begins
;; with i + 1, and the score i * 7919 mod 1,000,000 + 1; validator j of VALIDATORS is miner 3 * j, with a stake of j + 1 MDT.
;; Every epoch is final, with full work. SELECTOR_* are the selectors as little-endian numbers.
(module
  (import "florin" "input" (func $input (param i32 i32) (result i32)))
  (import "florin" "finish" (func $finish (param i32 i32)))
  (import "florin" "revert" (func $revert (param i32 i32)))
  (memory (export "memory") 2 2)
  (global $out i32 (i32.const 32768))

  ;; Writes a word of the answer.
  (func $put (param $word i32) (param $value i64)
    (local $at i32) (local $left i32)
    (local.set $at (i32.add (global.get $out) (i32.add (i32.shl (local.get $word) (i32.const 5)) (i32.const 31))))
    (local.set $left (i32.const 8))
    (loop $bytes
      (i32.store8 (local.get $at) (i32.wrap_i64 (local.get $value)))
      (local.set $value (i64.shr_u (local.get $value) (i64.const 8)))
      (local.set $at (i32.sub (local.get $at) (i32.const 1)))
      (br_if $bytes (local.tee $left (i32.sub (local.get $left) (i32.const 1))))))
  ;; Writes an account: its number plus one, big-endian, at the begin of the 20 bytes.
  (func $put_account (param $word i32) (param $number i32)
    (local $at i32)
    (local.set $at (i32.add (global.get $out) (i32.add (i32.shl (local.get $word) (i32.const 5)) (i32.const 12))))
    (local.set $number (i32.add (local.get $number) (i32.const 1)))
    (i32.store8 (local.get $at) (i32.shr_u (local.get $number) (i32.const 24)))
    (i32.store8 offset=1 (local.get $at) (i32.shr_u (local.get $number) (i32.const 16)))
    (i32.store8 offset=2 (local.get $at) (i32.shr_u (local.get $number) (i32.const 8)))
    (i32.store8 offset=3 (local.get $at) (local.get $number)))
  ;; Reads 4 bytes, big-endian.
  (func $big (param $at i32) (result i32)
    (i32.or
      (i32.or (i32.shl (i32.load8_u (local.get $at)) (i32.const 24)) (i32.shl (i32.load8_u offset=1 (local.get $at)) (i32.const 16)))
      (i32.or (i32.shl (i32.load8_u offset=2 (local.get $at)) (i32.const 8)) (i32.load8_u offset=3 (local.get $at)))))
  (func $score (param $miner i32) (result i64)
    (i64.add (i64.const 1)
      (i64.rem_u (i64.mul (i64.extend_i32_u (local.get $miner)) (i64.const 7919)) (i64.const 1000000))))
  (func $end (param $words i32) (call $finish (global.get $out) (i32.shl (local.get $words) (i32.const 5))))

  (func $outcome
    (local $miner i32) (local $sum i64)
    (block $done (loop $each
      (br_if $done (i32.ge_u (local.get $miner) (i32.const MINERS)))
      (local.set $sum (i64.add (local.get $sum) (call $score (local.get $miner))))
      (local.set $miner (i32.add (local.get $miner) (i32.const 1)))
      (br $each)))
    (call $put (i32.const 0) (i64.const 1))
    (call $put (i32.const 1) (i64.extend_i32_u (i32.shr_u (i32.add (i32.const MINERS) (i32.const 63)) (i32.const 6))))
    (call $put (i32.const 2) (i64.const MINERS))
    (call $put (i32.const 3) (local.get $sum))
    (call $end (i32.const 4)))

  (func $scores
    (local $first i32) (local $count i32) (local $place i32)
    (local.set $first (i32.shl (call $big (i32.const 64)) (i32.const 6)))
    (if (i32.lt_u (local.get $first) (i32.const MINERS))
      (then (local.set $count (i32.sub (i32.const MINERS) (local.get $first)))))
    (if (i32.gt_u (local.get $count) (i32.const 64)) (then (local.set $count (i32.const 64))))
    (call $put (i32.const 0) (i64.const 64))
    (call $put (i32.const 1) (i64.extend_i32_u (i32.shl (i32.add (local.get $count) (i32.const 3)) (i32.const 5))))
    (call $put (i32.const 2) (i64.extend_i32_u (local.get $count)))
    (call $put (i32.add (local.get $count) (i32.const 3)) (i64.extend_i32_u (local.get $count)))
    (block $done (loop $each
      (br_if $done (i32.ge_u (local.get $place) (local.get $count)))
      (call $put_account (i32.add (local.get $place) (i32.const 3)) (i32.add (local.get $first) (local.get $place)))
      (call $put (i32.add (i32.add (local.get $count) (local.get $place)) (i32.const 4))
        (call $score (i32.add (local.get $first) (local.get $place))))
      (local.set $place (i32.add (local.get $place) (i32.const 1)))
      (br $each)))
    (call $end (i32.add (i32.shl (local.get $count) (i32.const 1)) (i32.const 4))))

  ;; Validators behind the account in the second word: (addresses, keys, stakes).
  (func $validators
    (local $first i32) (local $count i32) (local $place i32) (local $limit i32)
    (local.set $first (i32.div_u (i32.add (call $big (i32.const 48)) (i32.const 2)) (i32.const 3)))
    (local.set $limit (call $big (i32.const 96)))
    (if (i32.lt_u (local.get $first) (i32.const VALIDATORS))
      (then (local.set $count (i32.sub (i32.const VALIDATORS) (local.get $first)))))
    (if (i32.gt_u (local.get $count) (local.get $limit)) (then (local.set $count (local.get $limit))))
    (call $put (i32.const 0) (i64.const 96))
    (call $put (i32.const 1) (i64.extend_i32_u (i32.shl (i32.add (local.get $count) (i32.const 4)) (i32.const 5))))
    (call $put (i32.const 2) (i64.extend_i32_u
      (i32.shl (i32.add (i32.shl (local.get $count) (i32.const 1)) (i32.const 5)) (i32.const 5))))
    (call $put (i32.const 3) (i64.extend_i32_u (local.get $count)))
    (call $put (i32.add (local.get $count) (i32.const 4)) (i64.extend_i32_u (local.get $count)))
    (call $put (i32.add (i32.shl (local.get $count) (i32.const 1)) (i32.const 5)) (i64.extend_i32_u (local.get $count)))
    (block $done (loop $each
      (br_if $done (i32.ge_u (local.get $place) (local.get $count)))
      (call $put_account (i32.add (local.get $place) (i32.const 4))
        (i32.mul (i32.add (local.get $first) (local.get $place)) (i32.const 3)))
      (call $put (i32.add (i32.add (i32.shl (local.get $count) (i32.const 1)) (local.get $place)) (i32.const 6))
        (i64.mul (i64.const 1000000000)
          (i64.extend_i32_u (i32.add (i32.add (local.get $first) (local.get $place)) (i32.const 1)))))
      (local.set $place (i32.add (local.get $place) (i32.const 1)))
      (br $each)))
    (call $end (i32.add (i32.mul (local.get $count) (i32.const 3)) (i32.const 6))))

  (func (export "florin_call")
    (local $selector i32)
    (drop (call $input (i32.const 0) (i32.const 32768)))
    (local.set $selector (i32.load (i32.const 0)))
    (if (i32.eq (local.get $selector) (i32.const SELECTOR_OUTCOME)) (then (call $outcome)))
    (if (i32.eq (local.get $selector) (i32.const SELECTOR_SCORES)) (then (call $scores)))
    (if (i32.eq (local.get $selector) (i32.const SELECTOR_VALIDATORS)) (then (call $validators)))
    (if (i32.eq (local.get $selector) (i32.const SELECTOR_STAKE)) (then
      (call $put (i32.const 0) (i64.mul (i64.const 500000000) (i64.mul (i64.const VALIDATORS) (i64.add (i64.const VALIDATORS) (i64.const 1)))))
      (call $end (i32.const 1))))
    (if (i32.eq (local.get $selector) (i32.const SELECTOR_METRICS)) (then
      (call $put (i32.const 0) (i64.const 1))
      (call $put (i32.const 1) (i64.const 10000))
      (call $put (i32.const 2) (i64.const 1000000))
      (call $put (i32.const 3) (i64.const 1000000))
      (call $put (i32.const 4) (i64.const QUALITY))
      (call $end (i32.const 5))))
    ;; The rewards of an epoch, and its end: taken without a word.
    (if (i32.eq (local.get $selector) (i32.const SELECTOR_REWARD)) (then (call $end (i32.const 0))))
    (if (i32.eq (local.get $selector) (i32.const SELECTOR_CLOSE)) (then (call $end (i32.const 0))))
    (call $revert (i32.const 0) (i32.const 4))))
