#!/bin/bash
# Nets on trees: expressions drawn here, valued by a net whose nodes read their children; the same weights by the driver, on any number of
# threads, and by a native program; what is no tree is refused with its line.   usage: trees.sh RNN
set -u
. "$(dirname "$0")/common.sh"
cd "$work" || exit 1

# value, tab, tree: (max a b), (min a b), (half a) of digits.
awk 'function tree(depth,  a, b, va, op) {
  if (depth == 0 || rand() < 0.2) { value = int(10 * rand()); return value }
  if (rand() < 0.2) { a = tree(depth - 1); value /= 2; return "(half " a ")" }
  op = rand() < 0.5 ? "max" : "min"
  a = tree(depth - 1); va = value; b = tree(depth - 1)
  if (op == "max" ? va > value : va < value) value = va
  return "(" op " " a " " b ")"
}
BEGIN { srand(7); for (i = 0; i < 2400; i++) { text = tree(3); printf "%.4f\t%s\n", value / 10, text } }' >trees.txt

# model EQUATION
model() {
  cat <<MODEL
tree n
vocab V = symbols("trees.txt", column(2))
dim H = 24
net value {
  input  w: index(V) on n
  target z: [] per sequence
  param  E:    [H, V] ~ normal(0, 0.3)
  param  L, R: [H, H] ~ glorot
  param  o, b: [H] ~ normal(0, 0.1)
  state  h:    [H] = 0
  h = $1
  y = dot(o, h[last])
}
train value {
  data      trees("trees.txt", z = column(1), w = column(2), rows = 0..1999)
  loss      mse(y, z)
  optimizer adam(lr = 1e-2)
  batch     48
  epochs    25
}
run value as test {
  data      trees("trees.txt", z = column(1), w = column(2), rows = 2000..2399)
  report    nmse(y, z)
  expect    nmse(y, z) < 0.2
}
MODEL
}

# learns NAME EQUATION
learns() {
  model "$2" >"$1.rnn"
  "$rnn" test --verify-each --threads 1 "$1.rnn" >"$1.out" 2>&1 || fail "$1 does not learn: $(tail -c 600 "$1.out")"
}

learns sides 'tanh(E @ w + L @ h[n.left] + R @ h[n.right] + b)'
# Any number of children, a cell for each, and a gate that sees the node above: a child-sum tree.
gated='tanh(E @ w + sum over n.children (sigmoid(E @ w[n] + L @ h) * Part(h)) + mean over n.children (R @ h) + max over n.children (h) + b)'
awk 'function tree(depth,  n, i, most, text) {
  if (depth == 0 || rand() < 0.2) { value = int(10 * rand()); return value }
  n = 1 + int(5 * rand()); most = 0; text = "(max"
  for (i = 0; i < n; i++) { text = text " " tree(depth - 1); if (value > most) most = value }
  value = most
  return text ")"
}
BEGIN { srand(8); for (i = 0; i < 2400; i++) { text = tree(2); printf "%.4f\t%s\n", value / 10, text } }' >wide.txt
{ echo 'cell Part[H](h: [H]) -> o: [H] {
  param U: [H, H] ~ glorot
  o = tanh(U @ h)
}'; model "$gated" | sed 's/trees.txt/wide.txt/; s/epochs    25/epochs    12/'; } >wide.rnn
"$rnn" test --verify-each --threads 1 wide.rnn >wide.out 2>&1 || fail "wide trees: $(tail -c 600 wide.out)"
mv wide.safetensors wide.first
"$rnn" test --threads 3 wide.rnn >wide.out 2>&1
cmp wide.first wide.safetensors || fail "three threads give other weights to wide trees"

learns children 'tanh(E @ w + sum over n.children (L @ h + tanh(R @ h)) + b)'

# The same to the byte.
mv sides.safetensors first
"$rnn" test --threads 3 sides.rnn >again.out 2>&1
cmp first sides.safetensors || fail "three threads give other weights"
"$rnn" build sides.rnn -o native >build.out 2>&1 || fail "build: $(head -c 600 build.out)"
rm -f sides.safetensors
./native test >native.out 2>&1
cmp first sides.safetensors || fail "the native program gives other weights"

# What is no tree.
refused() {
  printf '%s\n' "$1" >>trees.txt
  sed 's/rows = 2000..2399/rows = 2400..2400/' sides.rnn >wrong.rnn
  cp first wrong.safetensors
  "$rnn" run wrong.rnn test >refused.out 2>&1 && fail "taken for a tree: $1"
  expect_in "$2" refused.out
  sed -i '$d' trees.txt
}
refused $'0\t(max 1 (min 2 3)' 'line 2401: a parenthesis is not closed'
refused $'0\t(max 1 2 3)' 'line 2401: a node has 3 children, and the net reads `n.left`'

[ $failures = 0 ] && echo "trees: fine"
exit $((failures > 0))
