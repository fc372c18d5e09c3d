#!/bin/bash
# Nets that speak: a vocabulary from a file, training by it, greedy and beam decoding, samples from a prompt that are the same each time,
# weights of another vocabulary refused.   usage: speaks.sh RNN
set -u
. "$(dirname "$0")/common.sh"
cd "$work" || exit 1

# Two numbers say which sentence.
printf 'picture\tsentence\n' >captions.tsv
for _ in 1 2 3 4 5 6 7 8; do
  printf '%s\n' $'1 0\ta red ball' $'0 1\tthe cat sat down' $'1 1\ta cat' $'0 0\tnothing'
done >>captions.tsv

model() {
  cat <<MODEL
use std.cells (GRU)
vocab words = words("captions.tsv", column("sentence"), extra = ["<s>", "</s>"])
dim K = 2, H = 16
net caption {
  input  picture: [K] per sequence
  output w: index(words) = 0
  param  I: [H, K] ~ glorot
  param  O: [words, H] ~ glorot
  h = GRU[H = H](one_hot(w[t-1])) start I @ picture
  p = $1
  w = argmax(p)
}
train caption {
  data      tsv("captions.tsv", picture = column("picture"), w = column("sentence"), end = "</s>")
  force     w
  loss      xent(softmax(O @ h), data.w)
  optimizer adam(lr = 2e-2)
  batch     4
  epochs    60
}
run caption as greedy {
  data      tsv("captions.tsv", picture = column("picture"), w = column("sentence"), end = "</s>", rows = 0..3)
  decode    greedy(w, end = "</s>", limit = 8)
  write     stdout(w)
  expect    exact(w, data.w) == 1
  expect    fraction(w == data.w) == 1
}
run caption as beam {
  data      tsv("captions.tsv", picture = column("picture"), w = column("sentence"), end = "</s>", rows = 0..3)
  decode    beam(w, width = 4, end = 1, limit = 8)
  write     stdout(w)
  expect    exact(w, data.w) == 1
}
run caption as narrow {
  data      tsv("captions.tsv", picture = column("picture"), w = column("sentence"), end = "</s>", rows = 0..3)
  decode    beam(w, width = 1, end = "</s>", limit = 2)
  write     stdout(w)
  report    exact(w, data.w)
}
MODEL
}

model 'softmax(O @ h)' >caption.rnn
"$rnn" test caption.rnn --quiet >out 2>&1 || fail "caption: $(cat out)"
"$rnn" run caption.rnn greedy --quiet >greedy 2>&1
printf 'a red ball\nthe cat sat down\na cat\nnothing\n' | cmp - greedy || fail "greedy says: $(cat greedy)"
"$rnn" run caption.rnn beam --quiet >beam 2>&1
cmp greedy beam || fail "beam says: $(cat beam)"
"$rnn" run caption.rnn narrow >narrow 2>&1
expect_in 'exact(w, data.w) = 0.25' narrow   # of four sentences only `nothing` ends within two words
expect_in 'the cat' narrow

# Step by step with the state kept, and all from the start at each step: the same. A net that has learned little, so that beams cross.
model 'softmax(O @ h)' | sed 's/epochs    60/epochs 3/; s/limit = 8/limit = 6/; s/width = 4/width = 7/' >streaming.rnn
{ echo 'time t, s'; cat streaming.rnn; } >rerun.rnn
"$rnn" train streaming.rnn --quiet && cp streaming.safetensors rerun.safetensors
"$rnn" --emit=manifest streaming.rnn | grep -q '"streams":.*true' || fail "the run does not stream"
for run in greedy beam narrow; do
  "$rnn" run streaming.rnn $run --quiet >streaming 2>&1
  "$rnn" run rerun.rnn $run --quiet >rerun 2>&1
  cmp streaming rerun || fail "$run: $(cat streaming rerun)"
done

# What is searched must be chances.
model 'O @ h' >scores.rnn
cp caption.safetensors scores.safetensors
"$rnn" run scores.rnn beam >out 2>&1
expect_in 'error[E0416]' out

# Another file, other symbols: an index would mean something else.
sed -i '2s/red/green/' captions.tsv
"$rnn" run caption.rnn greedy >out 2>&1 && fail "weights of another vocabulary were taken"
expect_in 'error[E0604]' out

# A text, carried through; a prompt; samples that are the same each time.
for _ in $(seq 60); do printf 'abracadabra\n'; done >text.txt
cat >speaker.rnn <<'MODEL'
use std.cells (GRU)
vocab chars = characters("text.txt")
dim H = 24
net speaker {
  output c: index(chars) = 0
  param  O: [chars, H] ~ glorot
  h = GRU[H = H](one_hot(c[t-1]))
  p = softmax(O @ h)
  c = sample(p)
}
train speaker {
  data      text("text.txt", c)
  validate  last 10%
  force     c
  carry
  loss      xent(p, data.c)
  method    bptt(truncate = 12)
  optimizer adam(lr = 2e-2)
  batch     4
  epochs    25
  report    bits_per_step
}
run speaker as speak {
  data      string("abra", c)
  force     c for 4 steps
  sample    temperature(0.1)
  steps     40
  write     stdout(c), csv("said.csv", c)
}
MODEL
"$rnn" train speaker.rnn --json >trained 2>&1 || fail "speaker: $(cat trained)"
bits=$(sed -n 's/.*"bits_per_step".*"value": *\([0-9.e-]*\).*/\1/p' trained)
awk -v b="${bits:-9}" 'BEGIN { exit !(b < 0.3) }' || fail "bits per step: $bits"
"$rnn" run speaker.rnn --quiet >first 2>&1
"$rnn" run speaker.rnn --quiet >second 2>&1
cmp first second || fail "samples differ from run to run"
expect_in 'abracadabra' first
[ "$(head -c 4 first)" = abra ] || fail "the prompt is not said: $(cat first)"
expect_in ',"r"' said.csv
sed 's/^net speaker/seed 9\n&/; s/temperature(0.1)/temperature(5)/' speaker.rnn >other.rnn
cp speaker.safetensors other.safetensors
"$rnn" run other.rnn --quiet >third 2>&1
cmp -s first third && fail "a high temperature says the same"
"$rnn" run other.rnn --quiet seed=10 >fourth 2>&1
cmp -s third fourth && fail "another seed says the same"

# Greedy decoding of a net that samples takes the likeliest.
sed 's/^  steps     40/  decode greedy(c, limit = 11)/; s/^  force     c for 4 steps//; s/^  sample .*//; s/^  data      string.*//; s/^run speaker as speak {/&\n  steps 11/' speaker.rnn >likeliest.rnn
cp speaker.safetensors likeliest.safetensors
"$rnn" run likeliest.rnn --quiet >out 2>&1 || fail "greedy: $(cat out)"
[ "$(wc -l <out)" -ge 1 ] || fail "greedy says nothing"

exit $((failures > 0))
