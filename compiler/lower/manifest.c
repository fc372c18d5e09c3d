/* manifest.c — what the runtime must know about a model, as docs/manifest.md says. */
#include "lower/builder.h"
#include "runtime/abi.h"

static void add_shape(cJSON *object, Sizes shape) {
  cJSON *list = cJSON_AddArrayToObject(object, "shape");
  for (int i = 0; i < shape.rank; i++) cJSON_AddItemToArray(list, cJSON_CreateNumber((double)shape.dim[i]));
}

static cJSON *append(cJSON *list) {
  cJSON *object = cJSON_CreateObject();
  cJSON_AddItemToArray(list, object);
  return object;
}

static void add_clocks(const Model *m, cJSON *root) {
  cJSON *list = cJSON_AddArrayToObject(root, "clocks");
  for (int i = 0; i < m->program->clocks.len; i++) {
    const ClockInfo *clock = &m->program->clocks.at[i];
    cJSON *object = append(list);
    cJSON_AddStringToObject(object, "name", clock->name);
    cJSON_AddNumberToObject(object, "length", (double)clock->length);
    cJSON_AddNumberToObject(object, "step", clock->step);
  }
}

/* The line, and the file where that is not the model's: a cell may come from another. */
static void add_place(const Model *m, cJSON *object, Span span) {
  cJSON_AddNumberToObject(object, "line", span_line(m->session, span));
  if (span.file != m->program->ast->file) cJSON_AddStringToObject(object, "file", m->session->sources.at[span.file]->path);
}

/* An initialiser's options are those of the cell's call that the param lives in. */
static void add_params(const Model *m, cJSON *root) {
  cJSON *list = cJSON_AddArrayToObject(root, "params");
  for (int i = 0; i < m->params.len; i++) {
    ClauseWalk w = {.session = m->session, .at = m->param_home.at[i]};
    cJSON *object = append(list);
    cJSON_AddStringToObject(object, "name", m->params.at[i].name);
    add_shape(object, m->params.at[i].shape);
    cJSON_AddBoolToObject(object, "trained", m->params.at[i].trained);
    const Expr *init = m->param_init.at[i];
    cJSON_AddItemToObject(object, "init", init ? json_of_value(&w, init) : cJSON_CreateNumber(0));
    add_place(m, object, m->param_span.at[i]);
    const ParamRange range = m->param_range.at[i];
    if (range.known) cJSON_AddItemToObject(object, "whole", cJSON_CreateDoubleArray((double[]){(double)range.low, (double)range.high}, 2));
  }
}

/* --- nets ---------------------------------------------------------------------------------------------------------------------- */

static const char *role_of(const Symbol *s) {
  return s->kind == SYMBOL_INPUT ? "input" : s->kind == SYMBOL_TARGET ? "target" : s->kind == SYMBOL_OUTPUT ? "output" : NULL;
}

static Instance net_names(const Symbol *net) {
  Instance at = {.scope = scope_of(net->decl), .prefix = net->name};
  for (int i = 0; i < MAX_CLOCKS; i++) at.clock[i] = i;
  return at;
}

/* A vocabulary stands in the manifest once, however many variables are of it. */
static void add_vocabularies(const Model *m, cJSON *root) {
  cJSON *list = cJSON_CreateArray();
  for (int i = 0; i < m->program->file_scope->symbols.len; i++) {
    const Symbol *s = m->program->file_scope->symbols.at[i];
    if (s->kind != SYMBOL_DIM || !s->symbols) continue;
    cJSON *object = append(list);
    cJSON_AddStringToObject(object, "name", s->name);
    cJSON_AddStringToObject(object, "kind", s->decl->value->name);
    cJSON_AddItemToObject(object, "symbols", cJSON_CreateStringArray(s->symbols, (int)s->size));
  }
  if (cJSON_GetArraySize(list)) cJSON_AddItemToObject(root, "vocabularies", list);
  else cJSON_Delete(list);
}

/* As the data have it: a clock of fixed length beside one of the data is a dim of each step. */
static GraphAxes data_shape(const Model *m, const Instance *at, const Symbol *s, Sizes *shape) {
  const GraphAxes axes = axes_here(at, s->type.axes);
  Sizes inner = sizes_here(at, &s->type.shape), all = {0};
  GraphAxes left = axes;
  for (int i = 0; i < m->program->clocks.len && clocks_of(axes) & (clocks_of(axes) - 1); i++) {
    if (!(axes & GRAPH_CLOCK(i)) || !m->program->clocks.at[i].length || all.rank + inner.rank == GRAPH_RANK) continue;
    all.dim[all.rank++] = m->program->clocks.at[i].length;
    left &= ~GRAPH_CLOCK(i);
  }
  for (int i = 0; i < inner.rank; i++) all.dim[all.rank++] = inner.dim[i];
  *shape = all;
  return left;
}

static void add_variable(const Model *m, cJSON *list, const Instance *at, const Symbol *s) {
  cJSON *object = append(list);
  cJSON_AddStringToObject(object, "name", s->name);
  cJSON_AddStringToObject(object, "role", role_of(s));
  Sizes shape;
  const GraphAxes axes = data_shape(m, at, s, &shape);
  add_shape(object, shape);
  cJSON_AddNumberToObject(object, "axes", axes);
  const GraphAxes within = axes_here(at, s->type.axes) & ~axes;
  if (within) cJSON_AddNumberToObject(object, "within", within);
  if (s->type.kind == TYPE_INDEX) cJSON_AddNumberToObject(object, "below", (double)size_here(at, s->type.below));
  if (s->type.kind == TYPE_CLOCK_INDEX) cJSON_AddNumberToObject(object, "step_of", clock_here(at, s->type.clock));
  const Symbol *vocabulary = vocabulary_of(&s->type);
  if (vocabulary) cJSON_AddStringToObject(object, "vocabulary", vocabulary->name);
  cJSON_AddNumberToObject(object, "line", span_line(m->session, s->span));
}

/* The hidden inputs of a tree clock: which nodes are whose children (tree.c). */
static void add_tree(const Model *m, cJSON *list, const Instance *at, int number) {
  const ClockInfo *clock = &m->program->clocks.at[number];
  static const char *const parts[] = {"left", "left.parent", "right", "right.parent", "first", "next", "parent"};
  for (int i = 0; i < 7; i++) {
    cJSON *object = append(list);
    cJSON_AddStringToObject(object, "name", arena_printf(m->session->arena, "%s.%s", clock->name, parts[i]));
    cJSON_AddStringToObject(object, "role", "input");
    add_shape(object, sizes_scalar());
    cJSON_AddNumberToObject(object, "axes", axes_here(at, AXIS_SEQUENCE | AXIS_CLOCK(number)));
    cJSON_AddNumberToObject(object, "line", span_line(m->session, clock->span));
  }
}

static void add_trees(const Model *m, cJSON *list, const Instance *at) {
  Axes axes = 0;
  for (int k = 0; k < at->scope->symbols.len; k++)
    if (role_of(at->scope->symbols.at[k])) axes |= at->scope->symbols.at[k]->type.axes;
  for (int i = 0; i < m->program->clocks.len; i++)
    if (m->program->clocks.at[i].tree && axes & AXIS_CLOCK(i)) add_tree(m, list, at, i);
}

static void add_nets(const Model *m, cJSON *root) {
  cJSON *list = cJSON_AddArrayToObject(root, "nets");
  for (int i = 0; i < m->program->nets.len; i++) {
    const Symbol *net = m->program->nets.at[i];
    const Instance at = net_names(net);
    cJSON *object = append(list);
    cJSON_AddStringToObject(object, "name", net->name);
    cJSON *variables = cJSON_AddArrayToObject(object, "variables");
    for (int k = 0; k < at.scope->symbols.len; k++)
      if (role_of(at.scope->symbols.at[k])) add_variable(m, variables, &at, at.scope->symbols.at[k]);
    add_trees(m, variables, &at);
  }
}

/* --- stages --------------------------------------------------------------------------------------------------------------------- */

static void add_tuned(Model *m, cJSON *object, const Decl *stage) {
  const bool *tuned = lower_tuned(m, stage);
  cJSON *list = cJSON_AddArrayToObject(object, "tuned");
  for (int i = 0; i < m->params.len; i++)
    if (tuned[i]) cJSON_AddItemToArray(list, cJSON_CreateNumber(i));
}

static void add_stage(Model *m, cJSON *list, const Decl *stage) {
  Instance at = net_names(stage_net(m->program, stage));
  ClauseWalk w = {.session = m->session, .at = &at, .step = step_of_clocks(m->program)};
  cJSON *object = append(list);
  cJSON_AddStringToObject(object, "kind", stage->kind == DECL_TRAIN ? "train" : "run");
  cJSON_AddStringToObject(object, "name", stage->name);
  cJSON_AddStringToObject(object, "net", stage->net);
  cJSON_AddNumberToObject(object, "line", span_line(m->session, stage->span));
  cJSON_AddStringToObject(object, "scalar", lower_scalar(m, stage));
  cJSON *clauses = cJSON_AddArrayToObject(object, "clauses");
  for (int i = 0; i < stage->clauses.len; i++) cJSON_AddItemToArray(clauses, json_of_clause(&w, stage->clauses.at[i]));
  if (stage->kind == DECL_TRAIN) add_tuned(m, object, stage);
}

cJSON *lower_manifest(Model *m) {
  cJSON *root = cJSON_CreateObject();
  cJSON_AddNumberToObject(root, "abi", RNN_ABI_VERSION);
  cJSON_AddStringToObject(root, "model", m->name);
  cJSON_AddStringToObject(root, "path", m->path);
  cJSON_AddStringToObject(root, "text", m->session->sources.at[m->program->ast->file]->text);
  cJSON_AddNumberToObject(root, "seed", (double)m->program->seed);
  cJSON_AddItemToObject(root, "reads", manifest_reads(m));
  cJSON_AddItemToObject(root, "constants", manifest_constants(m));
  cJSON_AddItemToObject(root, "overrides", manifest_overrides(m));
  add_clocks(m, root);
  add_params(m, root);
  add_vocabularies(m, root);
  add_nets(m, root);
  cJSON *stages = cJSON_AddArrayToObject(root, "stages");
  for (int i = 0; i < m->program->stages.len; i++) add_stage(m, stages, m->program->stages.at[i]);
  return root;
}
