;; A contract that does what its input says: a sequence of steps, each `opcode u8 | length u16 | payload`.
;; The output is what the steps append. Entered by florin_init and florin_call alike.
;;
;; memory: 0x100 scratch, 0x20000 input, 0x50000 output, 0x70000 what another contract returned
(memory (export "memory") 16 16)
(global $out (mut i32) (i32.const 0x50000))

(func $append (param $from i32) (param $len i32)
  (memory.copy (global.get $out) (local.get $from) (local.get $len))
  (global.set $out (i32.add (global.get $out) (local.get $len))))

(func $append_byte (param $byte i32)
  (i32.store8 (global.get $out) (local.get $byte))
  (global.set $out (i32.add (global.get $out) (i32.const 1))))

(func $append_word (param $word i32)
  (i32.store (global.get $out) (local.get $word))
  (global.set $out (i32.add (global.get $out) (i32.const 4))))

;; Appends a length and, if there is something, the bytes at the scratch.
(func $append_found (param $len i32)
  (call $append_word (local.get $len))
  (if (i32.gt_s (local.get $len) (i32.const 0)) (then (call $append (i32.const 0x100) (local.get $len)))))

;; Appends the length and the bytes of what another contract returned.
(func $append_returned
  (local $len i32)
  (local.set $len (call $return_data (i32.const 0x70000) (i32.const 0x20000)))
  (call $append_word (local.get $len))
  (call $append (i32.const 0x70000) (local.get $len)))

;; Storage: [w]rite `key length u8 | key | value`, [d]elete `key`, [r]ead `key`, [a]dd `delta 16 | bound 16 | key`,
;; [n]ext `prefix length u8 | prefix | after`.
(func $storage_step (param $op i32) (param $at i32) (param $len i32)
  (local $first i32)
  (local.set $first (i32.load8_u (local.get $at)))
  (if (i32.eq (local.get $op) (i32.const 0x77)) (then
    (call $storage_write
      (i32.add (local.get $at) (i32.const 1)) (local.get $first)
      (i32.add (i32.add (local.get $at) (i32.const 1)) (local.get $first))
      (i32.sub (i32.sub (local.get $len) (i32.const 1)) (local.get $first)))))
  (if (i32.eq (local.get $op) (i32.const 0x64)) (then (call $storage_remove (local.get $at) (local.get $len))))
  (if (i32.eq (local.get $op) (i32.const 0x72)) (then
    (call $append_found (call $storage_read (local.get $at) (local.get $len) (i32.const 0x100) (i32.const 0x10000)))))
  (if (i32.eq (local.get $op) (i32.const 0x61)) (then
    (call $append_byte (call $storage_add
      (i32.add (local.get $at) (i32.const 32)) (i32.sub (local.get $len) (i32.const 32))
      (local.get $at) (i32.add (local.get $at) (i32.const 16))))))
  (if (i32.eq (local.get $op) (i32.const 0x6e)) (then
    (call $append_found (call $storage_next
      (i32.add (local.get $at) (i32.const 1)) (local.get $first)
      (i32.add (i32.add (local.get $at) (i32.const 1)) (local.get $first))
      (i32.sub (i32.sub (local.get $len) (i32.const 1)) (local.get $first))
      (i32.const 0x100) (i32.const 0x10000))))))

;; Money: [t]ransfer `to 20 | amount 16`, [m]int `to 20 | amount 16`, [b]urn `amount 16`, [B]alance `address 20`.
(func $money_step (param $op i32) (param $at i32)
  (if (i32.eq (local.get $op) (i32.const 0x74)) (then
    (call $append_byte (call $transfer (local.get $at) (i32.add (local.get $at) (i32.const 20))))))
  (if (i32.eq (local.get $op) (i32.const 0x6d)) (then
    (call $append_byte (call $mint (local.get $at) (i32.add (local.get $at) (i32.const 20))))))
  (if (i32.eq (local.get $op) (i32.const 0x62)) (then (call $append_byte (call $burn (local.get $at)))))
  (if (i32.eq (local.get $op) (i32.const 0x42)) (then
    (call $balance (local.get $at) (i32.const 0x100))
    (call $append (i32.const 0x100) (i32.const 16)))))

;; Contracts: [c]all `to 20 | value 16 | gas 8 | flags 4 | input`, [C]reate `code hash 32 | salt 32 | value 16 | gas 8 |
;; input`. Both append the status and what came back; a creation appends the address too.
(func $call_step (param $op i32) (param $at i32) (param $len i32)
  (if (i32.eq (local.get $op) (i32.const 0x63)) (then
    (call $append_byte (call $call
      (local.get $at) (i32.add (local.get $at) (i32.const 20)) (i64.load offset=36 (local.get $at))
      (i32.add (local.get $at) (i32.const 48)) (i32.sub (local.get $len) (i32.const 48))
      (i32.load offset=44 (local.get $at))))
    (call $append_returned)))
  (if (i32.eq (local.get $op) (i32.const 0x43)) (then
    (call $append_byte (call $create
      (local.get $at) (i32.add (local.get $at) (i32.const 32)) (i32.add (local.get $at) (i32.const 64))
      (i64.load offset=80 (local.get $at))
      (i32.add (local.get $at) (i32.const 88)) (i32.sub (local.get $len) (i32.const 88)) (i32.const 0x100)))
    (call $append (i32.const 0x100) (i32.const 20))
    (call $append_returned))))

;; Endings and the rest: [e]mit `topics u8 | topics | data`, [R]evert `data`, [u]nreachable, [l]oop without end, [g]as left.
(func $other_step (param $op i32) (param $at i32) (param $len i32)
  (local $topics i32)
  (if (i32.eq (local.get $op) (i32.const 0x65)) (then
    (local.set $topics (i32.mul (i32.load8_u (local.get $at)) (i32.const 32)))
    (call $emit
      (i32.add (local.get $at) (i32.const 1)) (i32.load8_u (local.get $at))
      (i32.add (i32.add (local.get $at) (i32.const 1)) (local.get $topics))
      (i32.sub (i32.sub (local.get $len) (i32.const 1)) (local.get $topics)))))
  (if (i32.eq (local.get $op) (i32.const 0x52)) (then (call $revert (local.get $at) (local.get $len))))
  (if (i32.eq (local.get $op) (i32.const 0x75)) (then (unreachable)))
  (if (i32.eq (local.get $op) (i32.const 0x6c)) (then (loop $forever (br $forever))))
  (if (i32.eq (local.get $op) (i32.const 0x67)) (then
    (i64.store (i32.const 0x100) (call $gas_left))
    (call $append (i32.const 0x100) (i32.const 8)))))

(func $entry
  (local $at i32) (local $end i32) (local $len i32) (local $op i32)
  (local.set $at (i32.const 0x20000))
  (local.set $end (i32.add (local.get $at) (call $input (local.get $at) (i32.const 0x30000))))
  (loop $next
    (if (i32.lt_u (local.get $at) (local.get $end)) (then
      (local.set $op (i32.load8_u (local.get $at)))
      (local.set $len (i32.load16_u offset=1 (local.get $at)))
      (local.set $at (i32.add (local.get $at) (i32.const 3)))
      (call $storage_step (local.get $op) (local.get $at) (local.get $len))
      (call $money_step (local.get $op) (local.get $at))
      (call $call_step (local.get $op) (local.get $at) (local.get $len))
      (call $other_step (local.get $op) (local.get $at) (local.get $len))
      (local.set $at (i32.add (local.get $at) (local.get $len)))
      (br $next))))
  (call $finish (i32.const 0x50000) (i32.sub (global.get $out) (i32.const 0x50000))))

(export "florin_init" (func $entry))
(export "florin_call" (func $entry))
