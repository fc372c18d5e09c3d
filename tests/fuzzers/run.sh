#!/bin/bash
# Fuzzes the parser and the checker with libFuzzer, from all models as seeds.   usage: run.sh [SECONDS]
set -eu
cd "$(dirname "$0")/../.."
command -v clang >/dev/null || { echo "skipped: libFuzzer needs clang"; exit 77; }
build=${RNN_FUZZ_BUILD:-build/fuzzers}
generated=${RNN_GENERATED:-build/release/grammar} # parse.c and scan.c, by Bison and Flex: needs a release build
mkdir -p "$build/corpus" "$build/seeds"
cp examples/*/*.rnn stdlib/*.rnn tests/golden/*.rnn "$build/seeds"
cp "${RNN_SHARED:-../shared}"/design/programs/*.rnn "$build/seeds" 2>/dev/null || true
sed -nE 's/^(WORD\([A-Z]+, |CLAUSE\(|BUILTIN\()"?([a-z_0-9]+).*/"\2"/p' grammar/words.def compiler/sema/*.def >"$build/words.dict"
clang -g -O1 -std=gnu11 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined -I. -Icompiler -Iruntime -I"$generated" \
  tests/fuzzers/check.c compiler/{base,ast,sema}/*.c grammar/*.c "$generated"/{parse,scan}.c build/release/lib/librnn_runtime.a \
  $(pkg-config --libs libcjson libzip) -llapacke -lopenblas -lpthread -lm -o "$build/check"
exec "$build/check" -max_total_time="${1:-300}" -timeout=10 -max_len=6000 -dict="$build/words.dict" -artifact_prefix="$build/" \
  "$build/corpus" "$build/seeds"
