;; A contract that does what its calldata says: the test's hand inside a call.
;;
;; Calldata: 4 bytes of selector, then steps; the selector "open" opts in to reentrancy. A step is a code and operands;
;; lengths and counts are little-endian. What a step learns is appended to a log, which the last step returns.
;;   0 END                                          finish with the log
;;   1 WRITE   klen u8, key, vlen u16, value
;;   2 CALL    to 20, value 16, gas u64, flags u32, len u16, input      logs the status, 1 byte
;;   3 EMIT    len u16, data                        no topics
;;   4 SEND    to 20, amount 16                     logs the status, 1 byte
;;   5 REVERT  len u16, data
;;   6 TRAP
;;   7 READ    klen u8, key                         logs the length as i32 (-1: absent), then the value
;;   8 ANSWER                                       logs the length of the last return data as i32, then the data
;;   9 SPIN    rounds u32
;;  10 GAS                                          logs the gas left, u64
;;  11 CREATE  code hash 32, salt 32, value 16, gas u64, len u16, input logs the status, 1 byte, and the address, 20
;;  12 FLOOD   count u32, len u16, data             emits the data count times
;;  13 CALLER                                       logs the caller, 20 bytes
;;  14 CALLS   count u32, then the operands of CALL; logs the last status, 1 byte
;; Memory: calldata from 0, log from 0x8000.
(module
  (import "florin" "input" (func $input (param i32 i32) (result i32)))
  (import "florin" "finish" (func $finish (param i32 i32)))
  (import "florin" "revert" (func $revert (param i32 i32)))
  (import "florin" "caller" (func $caller (param i32)))
  (import "florin" "gas_left" (func $gas_left (result i64)))
  (import "florin" "storage_read" (func $storage_read (param i32 i32 i32 i32) (result i32)))
  (import "florin" "storage_write" (func $storage_write (param i32 i32 i32 i32)))
  (import "florin" "transfer" (func $transfer (param i32 i32) (result i32)))
  (import "florin" "call" (func $call (param i32 i32 i64 i32 i32 i32) (result i32)))
  (import "florin" "create" (func $create (param i32 i32 i32 i64 i32 i32 i32) (result i32)))
  (import "florin" "return_data" (func $return_data (param i32 i32) (result i32)))
  (import "florin" "emit" (func $emit (param i32 i32 i32 i32)))
  (memory (export "memory") 1 1)
  ;; Where the next step begins, and where the next log entry goes.
  (global $at (mut i32) (i32.const 4))
  (global $log (mut i32) (i32.const 0x8000))

  ;; Takes operands of this length; returns where they begin.
  (func $take (param $length i32) (result i32)
    (local $start i32)
    (local.set $start (global.get $at))
    (global.set $at (i32.add (global.get $at) (local.get $length)))
    (local.get $start))
  (func $u8 (result i32) (i32.load8_u (call $take (i32.const 1))))
  (func $u16 (result i32) (i32.load16_u (call $take (i32.const 2))))
  (func $u32 (result i32) (i32.load (call $take (i32.const 4))))
  (func $u64 (result i64) (i64.load (call $take (i32.const 8))))
  (func $log_room (result i32) (i32.sub (i32.const 0x10000) (global.get $log)))
  (func $grow_log (param $length i32) (global.set $log (i32.add (global.get $log) (local.get $length))))
  (func $log_u8 (param $value i32)
    (i32.store8 (global.get $log) (local.get $value))
    (call $grow_log (i32.const 1)))
  ;; Writes a length in front of the bytes that already lie behind it.
  (func $log_bytes (param $length i32)
    (i32.store (global.get $log) (local.get $length))
    (call $grow_log (i32.const 4))
    (if (i32.gt_s (local.get $length) (i32.const 0)) (then (call $grow_log (local.get $length)))))

  (func $write
    (local $key i32) (local $key_length i32) (local $length i32)
    (local.set $key_length (call $u8))
    (local.set $key (call $take (local.get $key_length)))
    (local.set $length (call $u16))
    (call $storage_write (local.get $key) (local.get $key_length) (call $take (local.get $length)) (local.get $length)))
  (func $read
    (local $length i32)
    (local.set $length (call $u8))
    (call $log_bytes (call $storage_read (call $take (local.get $length)) (local.get $length)
      (i32.add (global.get $log) (i32.const 4)) (i32.sub (call $log_room) (i32.const 4)))))
  (func $repeat_call (param $count i32)
    (local $to i32) (local $value i32) (local $gas i64) (local $flags i32) (local $length i32) (local $input i32)
    (local $status i32)
    (local.set $to (call $take (i32.const 20)))
    (local.set $value (call $take (i32.const 16)))
    (local.set $gas (call $u64))
    (local.set $flags (call $u32))
    (local.set $length (call $u16))
    (local.set $input (call $take (local.get $length)))
    (loop $again
      (local.set $status (call $call (local.get $to) (local.get $value) (local.get $gas)
        (local.get $input) (local.get $length) (local.get $flags)))
      (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (br_if $again (local.get $count)))
    (call $log_u8 (local.get $status)))
  (func $make
    (local $hash i32) (local $salt i32) (local $value i32) (local $gas i64) (local $length i32)
    (local.set $hash (call $take (i32.const 32)))
    (local.set $salt (call $take (i32.const 32)))
    (local.set $value (call $take (i32.const 16)))
    (local.set $gas (call $u64))
    (local.set $length (call $u16))
    (call $log_u8 (call $create (local.get $hash) (local.get $salt) (local.get $value) (local.get $gas)
      (call $take (local.get $length)) (local.get $length) (i32.add (global.get $log) (i32.const 1))))
    (call $grow_log (i32.const 20)))
  (func $flood (param $count i32)
    (local $length i32) (local $data i32)
    (local.set $length (call $u16))
    (local.set $data (call $take (local.get $length)))
    (loop $again
      (call $emit (i32.const 0) (i32.const 0) (local.get $data) (local.get $length))
      (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (br_if $again (local.get $count))))
  (func $spin (param $rounds i32)
    (loop $again
      (local.set $rounds (i32.sub (local.get $rounds) (i32.const 1)))
      (br_if $again (local.get $rounds))))
  (func $stop
    (local $length i32)
    (local.set $length (call $u16))
    (call $revert (call $take (local.get $length)) (local.get $length)))

  (func (export "florin_init"))
  (func (export "florin_call")
    (local $step i32)
    (drop (call $input (i32.const 0) (i32.const 0x8000)))
    (loop $next
      (local.set $step (call $u8))
      (if (i32.eqz (local.get $step))
        (then (call $finish (i32.const 0x8000) (i32.sub (global.get $log) (i32.const 0x8000)))))
      (if (i32.eq (local.get $step) (i32.const 1)) (then (call $write)))
      (if (i32.eq (local.get $step) (i32.const 2)) (then (call $repeat_call (i32.const 1))))
      (if (i32.eq (local.get $step) (i32.const 3)) (then (call $flood (i32.const 1))))
      (if (i32.eq (local.get $step) (i32.const 4))
        (then (call $log_u8 (call $transfer (call $take (i32.const 20)) (call $take (i32.const 16))))))
      (if (i32.eq (local.get $step) (i32.const 5)) (then (call $stop)))
      (if (i32.eq (local.get $step) (i32.const 6)) (then unreachable))
      (if (i32.eq (local.get $step) (i32.const 7)) (then (call $read)))
      (if (i32.eq (local.get $step) (i32.const 8))
        (then (call $log_bytes
          (call $return_data (i32.add (global.get $log) (i32.const 4)) (i32.sub (call $log_room) (i32.const 4))))))
      (if (i32.eq (local.get $step) (i32.const 9)) (then (call $spin (call $u32))))
      (if (i32.eq (local.get $step) (i32.const 10))
        (then (i64.store (global.get $log) (call $gas_left)) (call $grow_log (i32.const 8))))
      (if (i32.eq (local.get $step) (i32.const 11)) (then (call $make)))
      (if (i32.eq (local.get $step) (i32.const 12)) (then (call $flood (call $u32))))
      (if (i32.eq (local.get $step) (i32.const 13))
        (then (call $caller (global.get $log)) (call $grow_log (i32.const 20))))
      (if (i32.eq (local.get $step) (i32.const 14)) (then (call $repeat_call (call $u32))))
      (br $next)))
  (@custom "florin.reentrant" "open"))
