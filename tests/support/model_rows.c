#include "support/model_rows.h"
#include "support/arrays.h"
#include "support/random_trees.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CELL(text, of)                                                                                                           \
  { .name = text, .call = text, .shape = of }
#define BACKWARD(text, of)                                                                                                       \
  { .name = text, .call = text, .shape = of, .reads_future = true }

/* Attention whose alignment the data say, for some of its places, and what it gathers with it. */
static const char alignment[] = "time s, t\ndim X = 3, H = 4, A = 2\nnet n {\n  input x: [X] on s\n  input m: [A] on s, t\n  target z: [X] on t\n"
                                "  target b: [A] on s, t\n  output a: [A] on s, t\n  param W: [H, X] ~ glorot\n  param R: [H, H] ~ glorot\n"
                                "  param K, Q: [A, H] ~ glorot\n  param U: [X, H] ~ glorot\n  state h: [H] = 0\n  enc = tanh(W @ x)\n"
                                "  a = softmax over s (tanh(K @ enc + Q @ h[t-1]) + 0.5 * m)\n  h = tanh(R @ h[t-1] + sum over s (sum(a) * enc))\n  y = U @ h\n}\n"
                                "train n {\n  data npz(\"none.npz\", x = \"x\", m = \"m\", z = \"z\", b = \"b\", a = \"a\")\n"
                                "  loss mse(y, z) + 3 * mse(a, b) + mae(a, data.a) + 0.1 * mse(sum over s (a * enc[0]), sum over s (b * m))\n}\n";

/* A value on the clock of the data and one of fixed length, with a state along each, and its targets. */
static const char table[] = "time t\ntime k length 3\ndim X = 2, H = 4\nnet n {\n  input x: [X] on t, k\n  target z: [H] on t, k\n  param W: [H, X] ~ glorot\n"
                            "  param R, V: [H, H] ~ glorot\n  state s: [H] on t, k = 0.2 on t\n  state r: [H] on t, k = 0 on k\n"
                            "  s = tanh(W @ x + R @ s[t-1])\n  r = tanh(V @ r[k-1] + s)\n}\n"
                            "train n {\n  data npz(\"none.npz\", x = \"x\", z = \"z\")\n  loss mse(r, z)\n}\n";

const ModelRow model_rows[] = {
    {.name = "alignment", .text = alignment, .reads_future = true},
    {.name = "table", .text = table},
    CELL("RNN[H = H](x)", "H"),
    CELL("RNN[H = H](x, f = relu) start h0", "H"),
    BACKWARD("RNN[H = H](x, f = sigmoid, backward = true) start h0", "H"),
    CELL("LSTM[H = H](x)", "H"),
    CELL("LSTM[H = H](x, peephole = true) start h = h0, c = c0", "H"),
    CELL("LSTM[H = H](x, gate = hard_sigmoid, squash = softplus)", "H"),
    BACKWARD("LSTM[H = H](x, backward = true)", "H"),
    BACKWARD("LSTM[H = H](x, peephole = true, backward = true) start h = h0, c = c0", "H"),
    CELL("GRU[H = H](x)", "H"),
    CELL("GRU[H = H](x, reset_after = true) start h0", "H"),
    CELL("GRU[H = H](x, gate = hard_sigmoid, squash = relu)", "H"),
    BACKWARD("GRU[H = H](x, backward = true) start h0", "H"),
    BACKWARD("GRU[H = H](x, reset_after = true, backward = true)", "H"),
    CELL("Linear[Y = H](x)", "H"),
    CELL("Dense[Y = H](x)", "H"),
    CELL("Dense[Y = H](x, f = gelu)", "H"),
    CELL("LayerNorm(x)", "X"),
    CELL("Filter[L = L](x)", "X"),
    CELL("LSTM[H = H](RNN[H = H](x))", "H"),
    BACKWARD("GRU[H = H](x) + GRU[H = H](x, backward = true)", "H"),
    CELL("q.h + q.c[t-1] * b + Pair[H = H](x).c\n  q = Pair[H = H](x) start c = c0\n  a, b = Pair[H = H](x)", "H"),
    CELL("shared.h[t-2] + u * w + sum(shared.c[t..t-2])\n  shared s = Pair[H = H]\n  shared = s(x) start h0\n  u, w = s(2 * x)", "H"),
    CELL("sum over X (W * x0[t - D]) + sum over X (x0[t - E])\n  fixed D, E: [H, X] ~ integers(0, 3)\n  param W: [H, X] ~ glorot\n"
         "  param V: [X, X] ~ glorot\n  state x0: [X] = 0.3\n  x0 = tanh(V @ x)",
         "H"),
    CELL("tanh(v + g)\n  fixed D: [H, G] ~ integers(1, 3)\n  fixed E: [2, H] = [[1, 2, 3, 1], [2, 2, 1, 1]]\n  param U: [H, G] ~ glorot\n"
         "  param W: [H, X] ~ glorot\n  param k: [] = 0.4\n  state v: [H] = k\n  v = tanh(W @ x + sum over G (U * w[t - D]) + g)\n"
         "  state w: [G] = h0 as [G]\n  w = v as [G]\n  g = sum over H (v[t - E]) @ U2\n  param U2: [2, H] ~ glorot",
         "H"),
    CELL("tanh(u @ sum over X (W * x0[t - D - 1..t - D - 3]) + sum(V * v[t - E..t - E - 4 by 2]))\n  fixed D: [H, X] ~ integers(0, 3)\n"
         "  fixed E: [2, H] ~ integers(1, 3)\n  param W: [3, H, X] ~ normal(0, 0.3)\n  param V: [3, 2, H] ~ normal(0, 0.3)\n"
         "  param u: [3] ~ normal(0, 0.3)\n  state x0: [X] = 0.3\n  x0 = tanh(Q @ x)\n  param Q: [X, X] ~ glorot\n  state v: [H] = h0\n"
         "  v = tanh(R @ x + sum(v[t - E - 2..t - E] * V))\n  param R: [H, X] ~ glorot",
         "H"),
    BACKWARD("a + u @ sum over G (U * v[t + D..t + D + 2])\n  fixed D: [H, G] ~ integers(1, 3)\n  param U: [H, G] ~ glorot\n"
             "  param u: [3] = 0.5\n  param a: [H] = 1\n  param W: [G, X] ~ glorot\n  state v: [G] = 0\n  v = tanh(W @ x)",
             "H"),
    CELL("shift(a, 3 * x[0]) + shift(a[0..3 by 3] as [2], x[1])[1] * A[0..2 by 2][1]\n  a = tanh(W @ x + shift(h[t-1], s) + h[t-1])\n"
         "  state h: [H] = 0\n  h = a\n  fixed s: [] = 1\n  param W: [H, X] ~ glorot\n  param A: [X, H] ~ glorot",
         "H"),
    BACKWARD("sum over G (U * v[t + D])\n  fixed D: [H, G] ~ integers(1, 3)\n  param U: [H, G] ~ glorot\n  param W: [G, X] ~ glorot\n"
             "  state v: [G] = 0\n  v = tanh(W @ x + sum over H (U * (v[t + D])))",
             "H"),
    /* any expression of losses */
    {.name = "root of a loss", .call = "RNN[H = H](x)", .shape = "H", .loss = "sqrt(mse(y, z)) + 0.1 * mae(y, z) ^ 1.5 - log(1 + l2(y))"},
    {.name = "the worse loss", .call = "RNN[H = H](x)", .shape = "H", .loss = "max(mse(y, z), huber(y, z, delta = 0.1)) * sum(y) / l1(y)"},
    {.name = "a choice of losses",
     .call = "RNN[H = H](x)",
     .shape = "H",
     .loss = "if mse(y, z) > 0.01 then 2 * sse(y, z) else mean(y)"},
    /* on two clocks, which has no step */
    BACKWARD("sum over k (h + P @ g)\n  state h, g: [H] on t, k = 0.1\n  h = tanh(W @ x + U @ h[t-1, k-1] + V @ h[k-1, t])\n"
         "  g = tanh(W @ x + u @ h[t-1..t-2, k-1] + v @ (w @ g[t-1, k..k-1]))\n  param W: [H, X] ~ glorot\n"
         "  param U, V, P: [H, H] ~ glorot\n  param u: [2] = 0.5\n  param w: [2] = 0.4\n  param v: [H, H] ~ glorot",
         "H"),
    /* on a `tree t` */
    BACKWARD("1 * h\n  state h: [H] = 0\n  h = tanh(W @ x + U @ sum over t.children (a * h))\n"
             "  a = softmax over t.children (dot(v, h) * q[t])\n  q = dot(k, x)\n"
             "  param W: [H, X] ~ glorot\n  param U: [H, H] ~ glorot\n  param v: [H] ~ normal(0, 1)\n  param k: [X] ~ normal(0, 1)",
             "H"),
    BACKWARD("1 * h\n  state h: [H] = 0\n  h = b + sum over t.children (-(p * h) / (1 + g * g)) + sum over t.children (V @ (r * h))\n"
             "  p = softmax over t.children (U @ h)\n  r = softmax over t.children (h[0] * g)\n"
             "  l = logsoftmax over t.children (g)\n  g = tanh(k @ x)\n  b = W @ x + sum over t.children (exp(l) * g * e)\n"
             "  param W, e0: [H, X] ~ glorot\n  e = e0 @ x\n  param U, V: [H, H] ~ glorot\n  param k: [X] ~ normal(0, 1)",
             "H"),
    BACKWARD("W @ x + pick over t.children (W @ x, k)\n  k = argmax over t.children (sum(x))\n  param W: [H, X] ~ glorot", "H"),
    /* wide enough for the gates' products to become one */
    {.name = "wide LSTM", .call = "LSTM[H = H](x)", .shape = "H", .overrides = "H=16"},
    {.name = "wide GRU", .call = "GRU[H = H](x, reset_after = true) start h0", .shape = "H", .overrides = "H=32"},
    {.name = "wide stack", .call = "LSTM[H = H](LSTM[H = H](x, peephole = true))", .shape = "H", .overrides = "H=16"},
    {.name = "adding", .program = "adding.rnn", .overrides = "H=4"},
    {.name = "sunspots", .program = "sunspots.rnn", .overrides = "H=3 L=3"},
    {.name = "elman", .program = "jordan_elman.rnn", .stage = "elman", .overrides = "H=4"},
    {.name = "jordan", .program = "jordan_elman.rnn", .stage = "jordan", .overrides = "H=4"},
    {.name = "mackey_glass", .program = "mackey_glass.rnn", .overrides = "N=6"},
    {.name = "gamma", .program = "gamma.rnn", .overrides = "K=3 H=4"},
    {.name = "narx", .program = "narx.rnn", .overrides = "H=4 L=2"},
    {.name = "laser_fir", .program = "laser_fir.rnn", .overrides = "H=3 L0=4 L1=2 L2=3"},
    {.name = "deep_esn", .program = "deep_esn.rnn", .stage = "readout", .overrides = "N=4"},
    {.name = "kalman", .program = "kalman.rnn", .overrides = "H1=3 H2=2"},
    {.name = "learned_delays", .program = "learned_delays.rnn", .overrides = "L=4"},
    {.name = "liquid", .program = "liquid.rnn", .overrides = "U=3 N=6 C=4", .index = "k", .index_size = 4},
    {.name = "ponder", .program = "ponder.rnn", .overrides = "X=3 H=4"},
    {.name = "turing", .program = "turing.rnn", .overrides = "X=3 Y=2 H=3 M=3 N=5"},
    {.name = "bidirectional",
     .program = "bidirectional.rnn",
     .overrides = "X=3 H=2 C=4",
     .index = "k",
     .index_size = 4,
     .reads_future = true},
};
const int model_row_count = sizeof model_rows / sizeof *model_rows;

/* --- texts -------------------------------------------------------------------------------------------------------------- */

static const char *path_of(Arena *arena, const ModelRow *row) {
  const char *root = getenv("RNN_SHARED");
  return arena_printf(arena, "%s/design/programs/%s", root ? root : "../shared", row->program);
}

bool model_row_present(const ModelRow *row) {
  Arena *arena = arena_new();
  const bool present = !row->program || !access(path_of(arena, row), R_OK);
  if (!present) printf("skipped: there is no %s (RNN_SHARED names the folder)\n", path_of(arena, row));
  arena_free(arena);
  return present;
}

/* What rows call besides the library. */
static const char cells[] = "cell Pair[X, H](x: [X]) -> h: [H], c: [H] {\n  param W: [H, X] ~ glorot\n  param U: [H, H] ~ glorot\n"
                            "  state h, c: [H] = 0\n  c = tanh(W @ x + U @ h[t-1]) + 0.5 * c[t-1]\n  h = tanh(c + x[0])\n}\n";

static const char *cell_text(Session *s, const ModelRow *row) {
  Text t = {.session = s};
  text_add(&t, "use std.cells (RNN, LSTM, GRU)\nuse std.layers (Linear, Dense, LayerNorm, Filter)\n");
  const bool tree = strstr(row->call, "t.children"), two = strstr(row->call, " over k "); /* on a tree cells have no step before */
  text_add(&t, "%s", tree ? "tree t\n" : two ? "time t\ntime k length 3\n" : "");
  text_add(&t, "dim X = 3, H = 4, G = 4, L = 3\n%snet n {\n  input x: [X]%s\n", tree ? "" : cells, two ? " on t" : "");
  text_add(&t, "  target z: [%s]%s\n", row->shape, two ? " on t" : "");
  if (strstr(row->call, "h0")) text_add(&t, "  input h0: [H] per sequence\n");
  if (strstr(row->call, "c0")) text_add(&t, "  input c0: [H] per sequence\n");
  text_add(&t, "  y = %s\n}\n", row->call);
  text_add(&t, "train n {\n  data csv(\"none.csv\", x = \"x\", z = \"z\", h0 = \"h0\", c0 = \"c0\")\n");
  text_add(&t, "  loss %s\n  method bptt\n}\n", row->loss ? row->loss : "mse(y, z)");
  return t.at;
}

/* `data` may name only what the net has. */
static const char *without_column(Session *s, const char *text, const char *column) {
  const char *at = strstr(text, column);
  if (!at) return text;
  return arena_printf(s->arena, "%.*s%s", (int)(at - text), text, at + strlen(column));
}

static void override(Session *s, const char *list) {
  for (const char *at = list; at && *at; at += strspn(at, " ")) {
    const size_t size = strcspn(at, " "), name = strcspn(at, "=");
    const Override o = {.name = intern_n(s, at, name), .value = arena_strndup(s->arena, at + name + 1, size - name - 1)};
    vec_push(s->arena, s->overrides, o);
    at += size;
  }
}

static const char *text_of(Session *s, const ModelRow *row) {
  if (row->text) return row->text;
  if (row->program) {
    const int file = source_read(s, path_of(s->arena, row));
    return s->sources.at[file]->text;
  }
  const char *text = cell_text(s, row);
  if (!strstr(row->call, "h0")) text = without_column(s, text, ", h0 = \"h0\"");
  if (!strstr(row->call, "c0")) text = without_column(s, text, ", c0 = \"c0\"");
  return text;
}

Model *model_row_load(Session *s, const ModelRow *row) {
  override(s, row->overrides);
  Model *m = model_of_text(s, text_of(s, row));
  if (!m) fprintf(stderr, "%s does not compile\n", row->name), abort();
  return m;
}

/* --- numbers ------------------------------------------------------------------------------------------------------------- */

/* Steele, Lea and Flood's splitmix64. */
double random_number(uint64_t *state) {
  uint64_t z = *state += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return (double)((z ^ (z >> 31)) >> 11) * 0x1p-52 - 1;
}

/* `D` and `E` are tensors of delays here. */
static double param_value(const GraphParam *p, uint64_t *state) {
  const double u = random_number(state);
  const size_t n = strlen(p->name);
  const bool delays = !p->trained && (p->name[n - 1] == 'D' || p->name[n - 1] == 'E') && p->name[n - 2] == '.';
  return delays ? floor(1 + 1.5 * (u + 1)) : 0.8 * u;
}

static double input_value(const ModelRow *row, const GraphInput *in, double usual, uint64_t *state) {
  const double u = random_number(state);
  switch (in->role) {
  case INPUT_DATA:
    if (row->index && !strcmp(row->index, in->name)) return (double)(int)((u + 1) / 2 * row->index_size);
    return u;
  case INPUT_WEIGHT: return u < 0.5; /* some steps do not count */
  case INPUT_FORCE: return u < 0.4;  /* some are forced */
  case INPUT_MEAN: return 0.3;
  case INPUT_STD: return 1.5;
  default: return usual;
  }
}

/* What is whose child, on a `tree t`. */
static void fill_trees(ModelData *d, uint64_t *state) {
  const RandomTrees trees = random_trees(d->arena, state, d->eval.length[0], d->eval.sequences, d->longest);
  for (int i = 0; i < d->graph->inputs.len; i++)
    for (int k = 0; k < TREE_INPUTS; k++)
      if (!strcmp(d->graph->inputs.at[i].name, random_tree_inputs[k]))
        memcpy(d->input[i], trees.input[k], sizeof(double) * (size_t)data_input_count(d, i));
}

void model_row_fill(ModelData *d, const ModelRow *row, uint64_t seed) {
  uint64_t state = seed;
  for (int p = 0; p < d->graph->params.len; p++)
    for (int64_t k = 0; k < sizes_count(d->graph->params.at[p].shape); k++) d->param[p][k] = param_value(&d->graph->params.at[p], &state);
  for (int i = 0; i < d->graph->inputs.len; i++)
    for (int64_t k = 0; k < data_input_count(d, i); k++)
      d->input[i][k] = input_value(row, &d->graph->inputs.at[i], d->input[i][k], &state);
  fill_trees(d, &state);
}
