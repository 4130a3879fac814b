#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| jiuding_fuzz::config(bytes));
