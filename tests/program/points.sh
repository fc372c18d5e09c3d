#!/bin/bash
# Values on two clocks: a pointer network that decodes steps of another clock says greedily what it says freely, a beam finds no worse; its
# chances, written and summed over both clocks.   usage: points.sh RNN
set -u
. "$(dirname "$0")/common.sh"
cd "$work" || exit 1

cat >sorter.rnn <<'MODEL'
use std.cells (GRU)
time s, t
dim X = 1, H = 24, A = 24
net sorter {
  input  x: [X] on s
  output k: index(s) on t = 0
  param  K, Q: [A, H] ~ glorot
  param  v: [A] ~ uniform(-0.1, 0.1)
  enc = GRU[H = H](x)
  dec = GRU[H = H](pick over s (x, k[t-1])) start enc[last]
  p   = softmax over s (dot(v, tanh(K @ enc + Q @ dec)))
  k   = argmax over s (p)
}
train sorter {
  data      sorting(length = 2..4, sequences = 1500)
  force     k
  loss      xent(p, data.k)
  optimizer adam(lr = 1e-2)
  clip      norm(2)
  batch     32
  epochs    6
}
run sorter as free {
  data      sorting(length = 2..4, sequences = 100, seed = 2)
  report    fraction(k == data.k)
  write     csv("free.csv", k, data.k)
}
run sorter as greedy {
  data      sorting(length = 2..4, sequences = 100, seed = 2)
  decode    greedy(k, limit = 4)
  expect    fraction(k == data.k) > 0.85
  write     csv("greedy.csv", k, data.k)
}
run sorter as beam {
  data      sorting(length = 2..4, sequences = 100, seed = 2)
  decode    beam(k, width = 4, limit = 4)
  report    fraction(k == data.k)
  expect    fraction(k == data.k) > 0.85
}
run sorter as both {
  data      sorting(length = 2..4, sequences = 3, seed = 2)
  report    sum(p)
  expect    sum(p) > 9.9999
  expect    sum(p) < 10.0001
  expect    -sum(p) / 2 < -4.9999
  write     csv("both.csv", p, x, k, enc)
}
MODEL
"$rnn" test --verify-each sorter.rnn >out 2>&1 || fail "sorter: $(tail -c 900 out)"
# At the steps that the data have; the decoder goes on to its limit.
awk -F, 'NR == FNR { free[$1 "," $2] = $3; n++; next } ($1 "," $2) in free && free[$1 "," $2] != $3 { wrong++ }
         END { exit !(n > 250 && FNR == 401 && !wrong) }' free.csv greedy.csv || fail "greedy decoding is not what the net says freely"
# Sequences of 4, 3 and 3 steps: a row for each pair of steps, p of a column sums to 1, x is repeated along t and k along s.
awk -F, 'NR == 1 { head = $1 $2 $3 $4 $5 $6 } NR > 1 { rows++; sum[$1 "," $3] += $4; if (($1 "," $2) in x && x[$1 "," $2] != $5) wrong++; x[$1 "," $2] = $5
           if (($1 "," $3) in k && k[$1 "," $3] != $6) wrong++; k[$1 "," $3] = $6 }
         END { for (c in sum) { columns++; if (sum[c] < 0.9999 || sum[c] > 1.0001) wrong++ } exit !(head == "sequencestpxk" && rows == 34 && columns == 10 && !wrong) }' \
  both.csv || fail "values on two clocks: $(head -n 5 both.csv | cut -c1-80)"
"$rnn" build sorter.rnn -o native >out 2>&1 || fail "build: $(head -c 600 out)"
cp both.csv first.csv
./native run both >out 2>&1 || fail "native: $(head -c 600 out)"
cmp first.csv both.csv || fail "the native program writes other values"
sed 's/write     csv("both.csv", p, x, k, enc)/plot p/' sorter.rnn >plot.rnn
cp sorter.safetensors plot.safetensors
"$rnn" run plot.rnn both >out 2>&1 || fail "a plot of two clocks: $(head -c 600 out)"
expect_in '     t = 0 ┤' out
expect_in '└ s = 0 … 3   0 ' out
sed 's/report    sum(p)/report rmse(p, x)/' sorter.rnn >mixed.rnn
cp sorter.safetensors mixed.safetensors
"$rnn" run mixed.rnn both >out 2>&1 && fail "an error of values on different clocks"
expect_in '`rmse` takes values that live on the same clocks' out

sed 's/sequences = 3, seed = 2)/sequences = 3, seed = 2) windows 2/' sorter.rnn >cut.rnn
cp sorter.safetensors cut.safetensors
"$rnn" run cut.rnn both >out 2>&1 && fail "windows of two clocks"
expect_in 'E0515' out
expect_in '`x` and `k` live on different ones' out

# An input on two clocks, one of fixed length: its numbers are so many more a step; s[n] = s[n-1] / 2 + x.
cat >table.rnn <<'MODEL'
time t
time n length 3
dim X = 2
net m {
  input x: [X] on t, n
  state s: [X] on t, n = 0 on n
  state r: [X] on t, n = 0 on t
  s = 0.5 * s[n-1] + x
  r = r[t-1] + x
}
run m as a {
  data  csv("table.csv", x = "a".."f") by "id"
  write csv("table.out", s, r, x)
}
MODEL
printf 'id,a,b,c,d,e,f\n1,1,2,3,4,5,6\n1,7,8,9,10,11,12\n2,0,0,0,0,0,1\n' >table.csv
"$rnn" run table.rnn a >out 2>&1 || fail "table: $(head -c 600 out)"
cat >wanted <<'ROWS'
sequence,t,n,s[0],s[1],r[0],r[1],x[0],x[1]
0,0,0,1,2,1,2,1,2
0,0,1,3.5,5,3,4,3,4
0,0,2,6.75,8.5,5,6,5,6
0,1,0,7,8,8,10,7,8
0,1,1,12.5,14,12,14,9,10
0,1,2,17.25,19,16,18,11,12
1,0,0,0,0,0,0,0,0
1,0,1,0,0,0,0,0,0
1,0,2,0,1,0,1,0,1
ROWS
cmp wanted table.out || fail "an input on two clocks: $(cat table.out)"

[ $failures = 0 ] && echo "points: fine"
exit $((failures > 0))
