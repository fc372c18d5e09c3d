#!/bin/bash
# Fuzzes with libFuzzer under the Address, Undefined and Leak sanitizers: any input that crashes, leaks or takes over a second is a
# failure, and kept in build/fuzzers. Needs clang and a release build (for what Bison and Flex write).
#
#   run.sh TARGET [SECONDS]     TARGET: parser, checker or files; 600 seconds unless said
#   run.sh merge TARGET         makes tests/fuzzers/corpus/TARGET anew from what was found: the smallest inputs that reach as much
#   run.sh build
set -eu
cd "$(dirname "$0")/../.."
clang=${CLANG:-$(command -v clang || command -v clang-19 || true)}
[ -n "$clang" ] || { echo "skipped: libFuzzer needs clang"; exit 77; }
out=build/fuzzers
generated=build/release/grammar

# Programs to begin with, and the words of the language.
seeds() {
  mkdir -p $out/seeds/{parser,files} $out/{parser,checker,files}
  cp examples/*/*.rnn stdlib/*.rnn tests/golden/*.rnn $out/seeds/parser
  cp "${RNN_SHARED:-../shared}"/design/programs/*.rnn $out/seeds/parser 2>/dev/null || true
  ln -sfn parser $out/seeds/checker
  bash tests/fuzzers/files_seeds.sh $out/seeds/files
  sed -nE 's/^(WORD\([A-Z]+, |CLAUSE\(|BUILTIN\(|METHOD\(|OPTIMIZER\(|SCHEDULE\(|METRIC\(|GENERATOR\()"?([a-z_0-9]+).*/"\2"/p' \
    grammar/words.def compiler/sema/*.def runtime/*.def runtime/*/*.def | sort -u >$out/words.dict
}

# compile TARGET SOURCES…
compile() {
  local target=$1
  shift
  nice "$clang" -g -O1 -std=gnu11 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined -I. -Icompiler -Iruntime -Itests \
    -I$generated -I/usr/include/cjson "tests/fuzzers/$target.c" "$@" -o $out/fuzz_"$target" \
    build/release/lib/librnn_runtime.a $(pkg-config --libs libcjson libzip) -llapacke -lopenblas -lpthread -lm
}

# libzip.so.4, or what it is called by now
libzip_soname() { objdump -p "$(pkg-config --variable=libdir libzip)/libzip.so" | sed -n 's/^ *SONAME *//p'; }

build() {
  local front=(compiler/{base,ast}/*.c grammar/*.c $generated/{parse,scan}.c)
  seeds
  compile parser "${front[@]}"
  compile checker tests/fuzzers/statements.c "${front[@]}" compiler/sema/*.c
  compile files -DLIBZIP_SONAME="\"$(libzip_soname)\"" runtime/data/*.c runtime/save/*.c runtime/{value,random,error}.c
}

# fuzz TARGET OPTIONS…
fuzz() {
  local target=$1
  shift
  nice $out/fuzz_"$target" -timeout="${RNN_FUZZ_TIMEOUT:-1}" -max_len=6000 -rss_limit_mb=2048 -dict=$out/words.dict -artifact_prefix=$out/ "$@"
}

case ${1:-} in
  build) build ;;
  merge)
    mkdir -p tests/fuzzers/corpus/"$2"
    rm -rf $out/merged
    mkdir $out/merged
    fuzz "$2" -set_cover_merge=1 -use_counters=0 $out/merged tests/fuzzers/corpus/"$2" $out/seeds/"$2" $out/"$2"
    find tests/fuzzers/corpus/"$2" -type f ! -name "found-*" -delete # those stay: each was a bug once
    cp $out/merged/* tests/fuzzers/corpus/"$2"
    ;;
  parser | checker | files)
    [ -x $out/fuzz_"$1" ] || build
    mkdir -p tests/fuzzers/corpus/"$1"
    fuzz "$1" -max_total_time="${2:-600}" -print_final_stats=1 $out/"$1" tests/fuzzers/corpus/"$1" $out/seeds/"$1"
    ;;
  *) sed -n 's/^# \{0,1\}//p' "$0" | head -n 7; exit 2 ;;
esac
