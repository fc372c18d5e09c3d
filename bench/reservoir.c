/* reservoir.c — an echo state network's states: leaky tanh units, one input, a fixed recurrent matrix of which a share is not 0, drawn
 * anywhere or in blocks of 16 units; beside the same with a dense matrix, and ReservoirPy, which computes in double with SciPy's CSR. */
#include "base/diag.h"
#include "bench/bench.h"
#include "driver/compile.h"
#include "runtime/dataset.h"
#include <stdlib.h>
#include <string.h>

static const char *const model = "dim N = %d, X = 1\n"
                                 "net esn {\n"
                                 "  input u: [X]\n"
                                 "  fixed W: [N, N] ~ %s\n"
                                 "  fixed Win: [N, X] ~ uniform(-1, 1)\n"
                                 "  fixed b: [N] ~ uniform(-0.1, 0.1)\n"
                                 "  state x: [N] = 0\n"
                                 "  x = 0.7 * x[t-1] + 0.3 * tanh(Win @ u + W @ x[t-1] + b)\n"
                                 "}\n"
                                 "run esn as test {\n  data csv(\"none.csv\", u = \"x1\"..\"x1\")\n  write csv(\"none.csv\", x)\n}\n";

typedef struct Reservoir {
  Session *session;
  Compilation *compilation;
  RnnUnit *unit;
  int steps;
  int32_t length;
} Reservoir;

static void set(RnnUnit *u, void *to, int64_t i, double v) {
  if (rnn_unit_is_double(u)) ((double *)to)[i] = v;
  else ((float *)to)[i] = (float)v;
}

/* All params as a stage would draw them; gives how many entries of W are not 0, -1 where one cannot be drawn. */
static int64_t draw(Reservoir *r) {
  const Model *m = r->compilation->model;
  const cJSON *params = cJSON_GetObjectItem(r->compilation->manifest, "params");
  int64_t entries = 0;
  for (int i = 0; i < m->params.len; i++) {
    const GraphParam *p = &m->params.at[i];
    int64_t count = sizes_count(p->shape);
    double *values = malloc((size_t)count * sizeof *values);
    RnnError error = {0};
    bool fine = values && param_initialise(p->name, cJSON_GetObjectItem(cJSON_GetArrayItem(params, i), "init"), p->shape.dim, p->shape.rank, 7,
                                           values, ".", &error);
    for (int64_t k = 0; fine && k < count; k++) {
      set(r->unit, rnn_unit_param_data(r->unit, i), k, values[k]);
      entries += values[k] != 0 && !strcmp(p->name, "esn.W");
    }
    free(values);
    if (!fine) return fprintf(stderr, "bench: %s\n", error.message), -1;
  }
  return entries;
}

static void fill_input(Reservoir *r) {
  void *u = rnn_unit_input_data(r->unit, rnn_unit_input(r->unit, "data", "u"));
  uint32_t state = 12345;
  for (int t = 0; t < r->steps; t++) {
    state = state * 1664525u + 1013904223u;
    set(r->unit, u, t, (double)(state >> 8) / 16777216.0 - 0.5);
  }
}

static void close_reservoir(Reservoir *r) {
  if (!r) return;
  if (r->unit) rnn_unit_free(r->unit);
  else if (r->session) diag_print_all(r->session, stderr, false);
  if (r->compilation) compilation_free(r->compilation);
  if (r->session) session_free(r->session);
  free(r);
}

static Reservoir *open_reservoir(int units, int steps, const char *matrix, bool is_double, int64_t *entries) {
  Reservoir *r = calloc(1, sizeof *r);
  Options options = {0};
  r->steps = r->length = steps;
  r->session = session_new();
  r->session->stdlib = "stdlib";
  r->session->verify_each = false;
  r->session->double_precision = is_double;
  const char *text = arena_printf(r->session->arena, model, units, matrix);
  r->compilation = compile_check_source(r->session, source_add(r->session, "reservoir.rnn", text, strlen(text)), &options);
  if (!r->compilation || !compile_stages(r->compilation, "reservoir.rnn", NULL)) return close_reservoir(r), NULL;
  const cJSON *unit = cJSON_GetArrayItem(cJSON_GetObjectItem(r->compilation->manifest, "units"), 0);
  RnnFunction *f = compile_lookup(r->compilation, cJSON_GetObjectItem(unit, "symbol")->valuestring);
  RnnError error = {0};
  r->unit = f ? rnn_unit_new(unit, cJSON_GetObjectItem(r->compilation->manifest, "params"), f, &error) : NULL;
  if (!r->unit || !rnn_unit_reserve(r->unit, 1, steps)) return close_reservoir(r), NULL;
  *entries = draw(r);
  fill_input(r);
  return r;
}

static double run_reservoir(void *reservoir, int64_t calls) {
  Reservoir *r = reservoir;
  double begin = bench_seconds();
  for (int64_t i = 0; i < calls; i++) rnn_unit_call(r->unit, 1, r->steps, &r->length, NULL, 0, NULL, NULL, 0, 0, false);
  return (bench_seconds() - begin) / (double)calls;
}

/* --- a row ---------------------------------------------------------------------------------------------------------------------- */

enum { DENSE, SPREAD, BLOCKS, MATRICES, PEER = MATRICES };

static int steps_of(int units, int which) { return which == DENSE && units > 1000 ? 50 : 1000; }

static Peer *find_peer(Bench *b) {
  for (int i = 0; i < PEERS; i++)
    if (!strcmp(b->peers[i].name, "ReservoirPy")) return &b->peers[i];
  return NULL;
}

static void keep_row(Bench *b, int units, int percent, bool is_double, const Contender *all, const int64_t *entries) {
  static const char *const names[] = {"dense", "anywhere", "blocks", "ReservoirPy"};
  cJSON *o = cJSON_CreateObject();
  cJSON_AddItemToArray(b->rows, o);
  cJSON_AddStringToObject(o, "section", "reservoir");
  cJSON_AddNumberToObject(o, "N", units);
  cJSON_AddNumberToObject(o, "percent", percent);
  cJSON_AddStringToObject(o, "scalar", is_double ? "f64" : "f32");
  printf("%5d %3d %% %s", units, percent, is_double ? "f64" : "f32");
  for (int i = 0; i <= PEER; i++) {
    double step = all[i].median / steps_of(units, i); /* times ReservoirPy: by what the rounds give, as everywhere */
    double times = all[i].ratio > 0 ? all[PEER].ratio / steps_of(units, PEER) / (all[i].ratio / steps_of(units, i)) : 0;
    if (!(step > 0)) {
      printf("  %21s", "–");
      continue;
    }
    cJSON_AddNumberToObject(o, names[i], step);
    if (i == PEER) printf("  %9.3f %6.2f /ns", 1e6 * step, (double)entries[SPREAD] / step * 1e-9);
    else if (times > 0) printf("  %9.3f %6.2f /ns %5.1f ×", 1e6 * step, (double)entries[i] / step * 1e-9, times);
    else printf("  %9.3f %6.2f /ns %7s", 1e6 * step, (double)entries[i] / step * 1e-9, "");
  }
  putchar('\n');
  fflush(stdout);
}

static bool row(Bench *b, int units, int percent, bool is_double) {
  char matrix[MATRICES][64], why[128], cell[32];
  const double density = percent / 100.0;
  snprintf(matrix[DENSE], 64, "normal(0, %g)", 0.5 / units);
  snprintf(matrix[SPREAD], 64, "sparse(%g, std = %g)", density, 1.0 / (units * density));
  snprintf(matrix[BLOCKS], 64, "sparse(%g, std = %g, blocks = 16)", density, 1.0 / (units * density));
  Reservoir *ours[MATRICES] = {0};
  Contender all[CONTENDERS] = {0};
  int64_t entries[MATRICES] = {0};
  bool fine = true;
  for (int i = 0; i < MATRICES && fine; i++) {
    ours[i] = open_reservoir(units, steps_of(units, i), matrix[i], is_double, &entries[i]);
    all[i] = (Contender){.name = "rnn", .run = run_reservoir, .self = ours[i]};
    fine = ours[i] && entries[i] >= 0;
  }
  Peer *peer = find_peer(b);
  snprintf(cell, sizeof cell, "ESN%d", percent);
  const Case c = {.peer = cell, .task = TASK_SEQUENCE, .hidden = units, .batch = 1, .steps = steps_of(units, PEER), .inputs = 1};
  int count = MATRICES;
  if (fine && peer && peer_case(peer, &c, why)) all[count++] = (Contender){.name = peer->name, .run = peer_run, .self = peer, .pid = peer->pid};
  if (fine) measure(all, count, &b->effort);
  if (fine) keep_row(b, units, percent, is_double, all, entries);
  for (int i = 0; i < MATRICES; i++) close_reservoir(ours[i]);
  return fine;
}

void section_reservoir(Bench *b) {
  static const int units[] = {100, 300, 1000, 3000}, percents[] = {10, 5};
  puts("\nstates of an echo state network, batch 1, 1000 steps: µs a step, entries that are not 0 in a ns, times as fast as ReservoirPy (f64)\n"
       "    N                                dense                       anywhere                    blocks of 16            ReservoirPy");
  for (int u = 0; u < 4; u++)
    for (int p = 0; p < 2; p++)
      for (int is_double = 0; is_double < 2; is_double++) b->failed |= !row(b, units[u], percents[p], is_double);
}
