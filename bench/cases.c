/* cases.c — what is measured: models as text, and how much work they are. */
#include "bench/bench.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *task_name(Task t) {
  static const char *const names[] = {"train", "sequence", "stream"};
  return names[t];
}

double case_floating(const Case *c) {
  double forward = 2 * c->products * c->batch * c->steps;
  return c->task == TASK_TRAIN ? 3 * forward : forward;
}

/* --- one layer ------------------------------------------------------------------------------------------------------------------ */

typedef struct Layer {
  const char *name, *peer, *equations;
  int gates; /* products [H, X] and [H, H] */
} Layer;

static const Layer layers[] = {
    {"LSTM", "LSTM", "h = LSTM[H = H](v)", 4},
    {"GRU", "GRU", "h = GRU[H = H](v, reset_after = true)", 3}, /* the one that all peers have */
    {"tanh", "RNN", "h = RNN[H = H](v)", 1},
};

Case case_layer(const char *name, Task task, int hidden, int batch, int steps, int inputs) {
  const Layer *l = layers;
  while (strcmp(l->name, name)) l++;
  return (Case){l->name, l->peer, "", l->equations, task, hidden, batch, steps, inputs, (double)l->gates * hidden * (inputs + hidden), false};
}

/* --- other kinds at the LSTM's work --------------------------------------------------------------------------------------------- */

static const char *const cifg_text = "cell CIFG[X, H](x: [X]) -> h: [H] {\n"
                                     "  param Wf, Wo, Wg: [H, X] ~ glorot\n"
                                     "  param Uf, Uo, Ug: [H, H] ~ orthogonal\n"
                                     "  param bf, bo, bg: [H] = 0\n"
                                     "  state h, c: [H] = 0\n"
                                     "  f = sigmoid(Wf @ x + Uf @ h[t-1] + bf)\n"
                                     "  o = sigmoid(Wo @ x + Uo @ h[t-1] + bo)\n"
                                     "  g = tanh(Wg @ x + Ug @ h[t-1] + bg)\n"
                                     "  c = f * c[t-1] + (1 - f) * g\n"
                                     "  h = o * tanh(c)\n"
                                     "}\n";

static double gates(const Case *c, int hidden, int count) { return (double)count * hidden * (c->inputs + hidden); }
static double one(const Case *c, int hidden) { return gates(c, hidden, 1); }
static double three(const Case *c, int hidden) { return gates(c, hidden, 3); }
static double four(const Case *c, int hidden) { return gates(c, hidden, 4); }
static double eight(const Case *c, int hidden) { return gates(c, hidden, 8); }
static double two_layers(const Case *c, int hidden) { return gates(c, hidden, 4) + 8.0 * hidden * hidden; }
static double two_gru(const Case *c, int hidden) { return gates(c, hidden, 3) + 6.0 * hidden * hidden; }
static double six(const Case *c, int hidden) { return gates(c, hidden, 6); }

typedef struct Kind {
  const char *name, *peer, *equations;
  double (*products)(const Case *c, int hidden);
} Kind;

static const Kind kinds[KINDS] = {
    {"GRU, reset after", "GRU", "h = GRU[H = H](v, reset_after = true)", three},
    {"GRU, reset before", "GRU_before", "h = GRU[H = H](v)", three},
    {"tanh RNN", "RNN", "h = RNN[H = H](v)", one},
    {"peephole LSTM", NULL, "h = LSTM[H = H](v, peephole = true)", four},
    {"CIFG", NULL, "h = CIFG[H = H](v)", three},
    {"LSTM, 2 layers", NULL, "g = LSTM[H = H](v)\n  h = LSTM[H = H](g)", two_layers},
    {"GRU, 2 layers", NULL, "g = GRU[H = H](v)\n  h = GRU[H = H](g)", two_gru},
    {"LSTM, both ways", NULL, "f = LSTM[H = H](v)\n  r = LSTM[H = H](v, backward = true)\n  h = f + r", eight},
    {"GRU, both ways", NULL, "f = GRU[H = H](v)\n  r = GRU[H = H](v, backward = true)\n  h = f + r", six},
};

void case_fit(Case *c, const Case *lstm, double (*products)(const Case *c, int hidden)) {
  int best = 16;
  for (int hidden = 16; hidden <= 4096; hidden += 16)
    if (fabs(log(products(c, hidden) / lstm->products)) < fabs(log(products(c, best) / lstm->products))) best = hidden;
  c->hidden = best;
  c->products = products(c, best);
  c->steps = (int)lround(lstm->steps * lstm->products / c->products);
}

Case case_kind(int which, const Case *lstm) {
  const Kind *k = &kinds[which];
  Case c = *lstm;
  c.name = k->name;
  c.peer = k->peer;
  c.equations = k->equations;
  c.cells = cifg_text;
  case_fit(&c, lstm, k->products);
  return c;
}

Case case_deep(int count, int hidden, int batch, int steps, int inputs) {
  static char text[2048], name[32];
  int n = 0;
  snprintf(name, sizeof name, "LSTM, %d layer%s", count, count > 1 ? "s" : "");
  for (int i = 0; i < count; i++)
    n += snprintf(text + n, sizeof text - (size_t)n, i + 1 == count ? "h = LSTM[H = H](" : "y%d = LSTM[H = H](", i),
    n += snprintf(text + n, sizeof text - (size_t)n, i ? "y%d)\n  " : "v)\n  ", i - 1);
  Case c = case_layer("LSTM", TASK_TRAIN, hidden, batch, steps, inputs);
  c.name = name;
  c.equations = text;
  c.peer = NULL;
  c.products += (count - 1) * 8.0 * hidden * hidden;
  return c;
}

/* --- the model ------------------------------------------------------------------------------------------------------------------ */

/* `scale` is trained, so the gradient must reach the inputs too, as in a layer that is not the first. */
char *case_text(const Case *c) {
  enum { SIZE = 16384 };
  char *text = malloc(SIZE);
  bool train = c->task == TASK_TRAIN;
  int n = snprintf(text, SIZE, "use std.cells (RNN, LSTM, GRU)\ndim X = %d, H = %d\n%snet bench {\n  input x: [X]\n%s%s  %s\n  %s\n}\n",
                   c->inputs, c->hidden, c->cells, c->task == TASK_STREAM ? "  output h: [H]\n" : "", train ? "  target z: [H]\n  param scale: [X] = 1\n" : "", train ? "v = x * scale" : "v = x",
                   c->equations);
  const char *stage = c->task == TASK_STREAM ? ""
                      : train ? "train bench {\n  data csv(\"none.csv\", x = \"x1\"..\"x%d\", z = \"z1\"..\"z%d\")\n  loss mse(h, z)\n  batch %d\n}\n"
                              : "run bench as test {\n  data csv(\"none.csv\", x = \"x1\"..\"x%d\")\n  write csv(\"none.csv\", h)\n}\n";
  snprintf(text + n, (size_t)(SIZE - n), stage, c->inputs, c->hidden, c->batch);
  return text;
}
