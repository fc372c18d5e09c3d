#include "support/model_run.h"
#include "base/diag.h"
#include "driver/compile.h"
#include "pass/pass.h"
#include <stdlib.h>

/* --- text -------------------------------------------------------------------------------------------------------------- */

static void text_grow(Text *t, size_t wanted) {
  if (wanted <= t->room) return;
  t->room = 2 * wanted + 256;
  char *at = arena_alloc(t->session->arena, t->room);
  if (t->size) memcpy(at, t->at, t->size);
  t->at = at;
}

void text_add(Text *t, const char *format, ...) {
  va_list args;
  va_start(args, format);
  const char *piece = arena_vprintf(t->session->arena, format, args);
  va_end(args);
  const size_t size = strlen(piece);
  text_grow(t, t->size + size + 1);
  memcpy(t->at + t->size, piece, size + 1);
  t->size += size;
}

/* --- models ------------------------------------------------------------------------------------------------------------ */

static void show_failure(Session *s, const char *text) {
  diag_print_all(s, stderr, false);
  fprintf(stderr, "--- in\n%s---\n", text);
}

Model *model_of_text(Session *s, const char *text) {
  static const Options options;
  if (!s->stdlib) s->stdlib = "stdlib"; /* tests run at the root of the checkout */
  Compilation *c = compile_check_source(s, source_add(s, "test.rnn", text, strlen(text)), &options);
  Model *m = c ? lower_model(s, c->program, "test.rnn") : NULL;
  if (!m) show_failure(s, text);
  return m;
}

static Graph *shown(Model *m, Graph *g) {
  if (!g) diag_print_all(m->session, stderr, false);
  return g;
}

Graph *model_passes(Model *m, Graph *g) { return g ? shown(m, pass_run_all(m->session, g, NULL, NULL)) : NULL; }

static Graph *values_of(Model *m, const Symbol *net) { return shown(m, lower_unit(m, NULL, net, UNIT_STEP)); }

Graph *model_step_graph(Model *m) { return values_of(m, m->program->nets.at[0]); }

static const Decl *train_stage(const Model *m, const char *name) {
  for (int i = 0; i < m->program->stages.len; i++) {
    const Decl *stage = m->program->stages.at[i];
    if (stage->kind == DECL_TRAIN && (!name || !strcmp(stage->name, name))) return stage;
  }
  return NULL;
}

Graph *model_values_graph(Model *m, const char *name) {
  const Decl *stage = train_stage(m, name);
  for (int i = 0; stage && i < m->program->nets.len; i++)
    if (m->program->nets.at[i]->name == stage->net) return values_of(m, m->program->nets.at[i]);
  return model_step_graph(m);
}

Graph *model_loss_graph(Model *m, const char *name) {
  const Decl *stage = train_stage(m, name);
  return stage ? model_passes(m, shown(m, lower_unit(m, stage, NULL, UNIT_LOSS))) : NULL;
}

const bool *model_tuned(Model *m, const char *name) { return lower_tuned(m, train_stage(m, name)); }

Ref graph_named(const Graph *g, const char *name) {
  for (Ref n = 0; n < g->nodes.len; n++)
    if (g->nodes.at[n].name && !strcmp(g->nodes.at[n].name, name)) return n;
  return NO_REF;
}

int graph_output_number(const Graph *g, const char *name) {
  for (int o = 0; o < g->outputs.len; o++)
    if (!strcmp(g->outputs.at[o].name, name)) return o;
  return -1;
}

/* --- data -------------------------------------------------------------------------------------------------------------- */

static int64_t clock_steps(const ModelData *d, int clock) {
  const int64_t fixed = d->graph->clocks.at[clock].length;
  return fixed ? fixed : d->longest;
}

int64_t data_input_count(const ModelData *d, int input) {
  const GraphInput *in = &d->graph->inputs.at[input];
  int64_t n = sizes_count(in->shape) * (in->axes & GRAPH_SEQUENCE ? d->eval.sequences : 1);
  for (int c = 0; c < d->graph->clocks.len; c++)
    if (in->axes & GRAPH_CLOCK(c)) n *= clock_steps(d, c);
  return n;
}

/* 1 / (number of steps, or of sequences, in the whole batch). */
static double norm_of(const ModelData *d, const char *name) {
  double counted = 0;
  for (int b = 0; b < d->eval.sequences; b++) counted += strncmp(name, "steps", 5) ? 1 : (double)d->eval.length[0][b];
  return 1 / counted;
}

static double usual_value(const ModelData *d, const GraphInput *in) {
  switch (in->role) {
  case INPUT_WEIGHT:
  case INPUT_SHARE:
  case INPUT_STD: return 1;
  case INPUT_NORM: return norm_of(d, in->name);
  default: return 0;
  }
}

static void set_lengths(ModelData *d, const int64_t *lengths) {
  const int sequences = d->eval.sequences;
  for (int b = 0; b < sequences; b++)
    if (lengths[b] > d->longest) d->longest = lengths[b];
  for (int c = 0; c < GRAPH_CLOCKS; c++) {
    const int64_t fixed = c < d->graph->clocks.len ? d->graph->clocks.at[c].length : 0;
    int64_t *own = arena_array(d->arena, int64_t, sequences);
    for (int b = 0; b < sequences; b++) own[b] = fixed ? fixed : lengths[b];
    d->eval.length[c] = own;
  }
}

static void make_room(ModelData *d) {
  const Graph *g = d->graph;
  d->param = arena_array(d->arena, double *, g->params.len + 1);
  d->input = arena_array(d->arena, double *, g->inputs.len + 1);
  d->param_set = arena_array(d->arena, bool, g->params.len + 1);
  d->input_set = arena_array(d->arena, bool, g->inputs.len + 1);
  for (int i = 0; i < g->params.len; i++) d->param[i] = arena_array(d->arena, double, sizes_count(g->params.at[i].shape) + 1);
  for (int i = 0; i < g->inputs.len; i++) d->input[i] = arena_array(d->arena, double, data_input_count(d, i) + 1);
  d->eval.param = (const double *const *)d->param;
  d->eval.input = (const double *const *)d->input;
}

ModelData model_data(Session *s, const Graph *g, int sequences, const int64_t *lengths) {
  ModelData d = {.arena = s->arena, .graph = g, .eval = {.sequences = sequences, .seed = 1}};
  set_lengths(&d, lengths);
  make_room(&d);
  for (int i = 0; i < g->inputs.len; i++)
    for (int64_t k = 0; k < data_input_count(&d, i); k++) d.input[i][k] = usual_value(&d, &g->inputs.at[i]);
  return d;
}

static _Noreturn void missing(const char *what, const char *name) {
  fprintf(stderr, "model_run: %s %s\n", what, name);
  abort();
}

double *data_param(ModelData *d, const char *name, int64_t *count) {
  for (int i = 0; i < d->graph->params.len; i++) {
    if (strcmp(d->graph->params.at[i].name, name)) continue;
    d->param_set[i] = true;
    if (count) *count = sizes_count(d->graph->params.at[i].shape);
    return d->param[i];
  }
  missing("no param", name);
}

double *data_input(ModelData *d, const char *name, int64_t *count) {
  for (int i = 0; i < d->graph->inputs.len; i++) {
    if (d->graph->inputs.at[i].role != INPUT_DATA || strcmp(d->graph->inputs.at[i].name, name)) continue;
    d->input_set[i] = true;
    if (count) *count = data_input_count(d, i);
    return d->input[i];
  }
  missing("no input", name);
}

void data_check_complete(const ModelData *d) {
  for (int i = 0; i < d->graph->params.len; i++)
    if (!d->param_set[i]) missing("nobody set param", d->graph->params.at[i].name);
  for (int i = 0; i < d->graph->inputs.len; i++)
    if (!d->input_set[i] && d->graph->inputs.at[i].role == INPUT_DATA) missing("nobody set input", d->graph->inputs.at[i].name);
}

/* --- parts ------------------------------------------------------------------------------------------------------------- */

/* The next steps at[clock] of the part's clocks in `axes`; false behind the last. */
static bool next_steps(const ModelData *d, GraphAxes axes, int64_t *at) {
  for (int c = d->graph->clocks.len - 1; c >= 0; c--) {
    if (!(axes & GRAPH_CLOCK(c))) continue;
    if (++at[c] < clock_steps(d, c)) return true;
    at[c] = 0;
  }
  return false;
}

/* Where they lie in a sequence's values; -1: it has no such steps. `first`: of the clocks whose length is the data's. */
static int64_t place_of(const ModelData *d, GraphAxes axes, const int64_t *at, int64_t first) {
  int64_t place = 0;
  for (int c = 0; c < d->graph->clocks.len; c++) {
    if (!(axes & GRAPH_CLOCK(c))) continue;
    const int64_t step = at[c] + (d->graph->clocks.at[c].length ? 0 : first);
    if (step >= clock_steps(d, c)) return -1;
    place = place * clock_steps(d, c) + step;
  }
  return place;
}

static int64_t places_of(const ModelData *d, GraphAxes axes) {
  int64_t count = 1;
  for (int c = 0; c < d->graph->clocks.len; c++)
    if (axes & GRAPH_CLOCK(c)) count *= clock_steps(d, c);
  return count;
}

void data_copy(const ModelData *d, const double *values, const ModelData *part, int from, int64_t first, GraphAxes axes, int64_t n, double *out) {
  const int64_t whole = places_of(d, axes), own = places_of(part, axes);
  const int sequences = axes ? part->eval.sequences : 1;
  for (int b = 0; b < sequences && own; b++) {
    int64_t at[GRAPH_CLOCKS] = {0};
    do {
      const int64_t place = place_of(d, axes, at, first);
      if (place >= 0)
        memcpy(out + (b * own + place_of(part, axes, at, 0)) * n, values + ((axes ? from + b : 0) * whole + place) * n, sizeof(double) * (size_t)n);
    } while (next_steps(part, axes, at));
  }
}

ModelData data_part(const ModelData *d, int from, int count, const int64_t *lengths, int64_t first) {
  ModelData part = {.arena = d->arena, .graph = d->graph, .eval = {.sequences = count, .seed = d->eval.seed}};
  set_lengths(&part, lengths);
  make_room(&part);
  for (int i = 0; i < d->graph->params.len; i++)
    memcpy(part.param[i], d->param[i], sizeof(double) * (size_t)sizes_count(d->graph->params.at[i].shape));
  for (int i = 0; i < d->graph->inputs.len; i++)
    data_copy(d, d->input[i], &part, from, first, d->graph->inputs.at[i].axes, sizes_count(d->graph->inputs.at[i].shape), part.input[i]);
  for (int c = 0; c < GRAPH_CLOCKS; c++) part.eval.whole[c] = d->eval.length[c] + from;
  return part;
}

/* --- calls ------------------------------------------------------------------------------------------------------------- */

ModelCall model_call(Session *s, Graph *g, const ModelData *d, bool is_double) {
  ModelCall c = {.session = s, .data = d, .jit = jit_new(s, NULL)};
  c.run = jit_run_new(c.jit, g, "model", is_double);
  jit_run_call(&c.run, &d->eval);
  return c;
}

double *call_output(const ModelCall *c, const char *name, int64_t *count) {
  const int o = graph_output_number(c->run.graph, name);
  if (o < 0) missing("no output", name);
  const int64_t n = graph_eval_count(c->run.graph, &c->data->eval, c->run.graph->outputs.at[o].value);
  double *out = arena_array(c->session->arena, double, n + 1);
  jit_run_output(&c->run, &c->data->eval, o, out);
  if (count) *count = n;
  return out;
}

void model_call_free(ModelCall *c) {
  jit_run_free(&c->run);
  jit_free(c->jit);
}
