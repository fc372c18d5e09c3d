/* compile.c — a compilation on one page:
 *
 *   text ── ast_parse ── sema_check ── lower_unit ── passes ── grad_reverse ── passes ── plan_make ── jit_add
 *
 * One unit for each thing a stage needs (its training step, its validation loss, its run); each is lowered, transformed and planned
 * on its own, and turned into machine code when it is first called. */
#include "driver/compile.h"
#include "ast/ast.h"
#include "base/diag.h"
#include "grad/grad.h"
#include "pass/pass.h"
#include <string.h>
#include <time.h>

/* --- watching: --time-passes, --dump-after, --emit ----------------------------------------------------------------------------- */

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void report_time(const Compilation *c, const char *what, const char *of, double seconds) {
  if (c->options->time_passes) fprintf(stderr, "%10.3f ms  %-12s %s\n", 1e3 * seconds, what, of);
}

static void watch_pass(void *context, const char *pass, const Graph *g, double seconds) {
  const Compilation *c = context;
  report_time(c, pass, g->name, seconds);
  if (!c->options->dump_after || strcmp(c->options->dump_after, pass)) return;
  fprintf(stdout, "# after %s\n", pass);
  graph_print(g, stdout);
}

static void show_graph(const Compilation *c, EmitKind kind, const Graph *g) {
  if (c->options->emit == kind) graph_print(g, stdout);
}

/* --- one unit --------------------------------------------------------------------------------------------------------------------- */

static Graph *run_passes(Compilation *c, Graph *g) { return g ? pass_run_all(c->session, g, watch_pass, c) : NULL; }

static const Clause *stage_clause(const Decl *stage, const char *keyword) {
  for (int i = 0; i < stage->clauses.len; i++)
    if (!strcmp(stage->clauses.at[i]->keyword, keyword)) return stage->clauses.at[i];
  return NULL;
}

static Graph *differentiate(Compilation *c, const Decl *stage, Graph *g) {
  double begin = now();
  bool *tuned = lower_tuned(c->model, stage);
  const Clause *loss = stage_clause(stage, "loss");
  if (!tuned || !grad_reaches(g, tuned, stage_clause(stage, "tune"), loss ? loss->span : stage->span)) return NULL;
  Graph *with_gradients = grad_reverse(c->session, g, tuned);
  report_time(c, "grad", g->name, now() - begin);
  return run_passes(c, with_gradients);
}

static Unit *plan_unit(Compilation *c, Unit u, bool is_double) {
  double begin = now();
  Graph *g = u.graph;
  u.symbol = arena_printf(c->session->arena, "rnn_unit_%d", c->units.len);
  if (!c->only_checks) u.plan = u.is_stream ? plan_make_step(c->session, g, u.symbol, is_double, u.half_weights) : plan_make(c->session, g, u.symbol, is_double);
  report_time(c, "plan", g->name, now() - begin);
  if (c->options->emit == EMIT_PLAN) plan_print(u.plan, stdout);
  vec_push(c->session->arena, c->units, u);
  return &c->units.at[c->units.len - 1];
}

/* Pieces of a sequence each give their part of a sum, as slices of a batch do. */
static bool adds_up(Compilation *c, const Decl *stage, const Graph *g, bool additive) {
  const Clause *method = stage_clause(stage, "method"), *loss = stage_clause(stage, "loss");
  if (!g->checkpoints || additive) return true;
  Diag *d = diag_error(c->session, E0414, loss->span, "`checkpoint` cannot go with a loss that is no sum over steps and sequences");
  diag_label(d, loss->span, "needs all of them at once");
  diag_label(d, method->span, "computes them piece by piece");
  diag_help(d, "leave out `checkpoint`, or make the loss a sum of losses, each times what does not depend on data");
  return false;
}

/* Passes, gradient and plan of a lowered unit. */
static Unit *compile_graph(Compilation *c, const Decl *stage, UnitKind kind, const char *role, Graph *g, double begin) {
  if (!g) return NULL;
  report_time(c, "lower", g->name, now() - begin);
  if (!(g = run_passes(c, g))) return NULL;
  show_graph(c, EMIT_GRAPH, g);
  const bool additive = graph_additive(c->session, g);
  if (kind == UNIT_LOSS && !adds_up(c, stage, g, additive)) return NULL;
  if (kind == UNIT_LOSS && !(g = differentiate(c, stage, g))) return NULL;
  if (kind == UNIT_LOSS) show_graph(c, EMIT_GRAD, g);
  bool is_double = stage ? !strcmp(lower_scalar(c->model, stage), "f64") : c->session->double_precision;
  return plan_unit(c, (Unit){.role = role, .stage = stage, .graph = g, .additive = additive}, is_double);
}

static Unit *compile_unit(Compilation *c, const Decl *stage, const Symbol *net, UnitKind kind, const char *role) {
  const double begin = now();
  return compile_graph(c, stage, kind, role, lower_unit(c->model, stage, net, kind), begin);
}

/* --- the units of a stage ------------------------------------------------------------------------------------------------------------ */

static bool add_to_manifest(Compilation *c, cJSON *stage, const Unit *u) {
  if (!u || c->only_checks) return u != NULL;
  cJSON *units = cJSON_GetObjectItem(c->manifest, "units"), *mine = cJSON_GetObjectItem(stage, "units");
  if (!mine) mine = cJSON_AddObjectToObject(stage, "units");
  cJSON_AddNumberToObject(mine, u->role, cJSON_GetArraySize(units));
  cJSON *described = describe_unit(u->plan, u->graph->name);
  if (!u->additive) cJSON_AddBoolToObject(described, "additive", false);
  cJSON_AddItemToArray(units, described);
  return true;
}

/* A linear system has its error from the fit; anything else is asked of the net as it then is. */
static bool is_evaluated(const Decl *stage) {
  static const char *const keywords[] = {"validate", "test", "report"};
  bool found = false;
  for (int i = 0; i < stage->clauses.len; i++)
    for (int k = 0; k < 3; k++) found |= !strcmp(stage->clauses.at[i]->keyword, keywords[k]);
  return found;
}

/* What is forced without condition gets a second unit, role "train.gaps", for data in which it is missing somewhere. A linear system has none: its
 * own y is what it is solved for. */
static bool add_unit(Compilation *c, const Decl *stage, cJSON *entry, UnitKind kind, const char *role) {
  if (!add_to_manifest(c, entry, compile_unit(c, stage, NULL, kind, role))) return false;
  if (kind == UNIT_RIDGE || !stage_forces_always(stage)) return true;
  const double begin = now();
  const char *gaps = arena_printf(c->session->arena, "%s.gaps", role);
  return add_to_manifest(c, entry, compile_graph(c, stage, kind, gaps, lower_unit_for_gaps(c->model, stage, kind), begin));
}

static bool compile_stage(Compilation *c, const Decl *stage, cJSON *entry) {
  if (stage->kind == DECL_RUN) return add_unit(c, stage, entry, UNIT_RUN, "run");
  const bool solves = !strcmp(lower_method(c->model, stage), "ridge");
  if (!add_unit(c, stage, entry, solves ? UNIT_RIDGE : UNIT_LOSS, "train")) return false;
  return (solves && !is_evaluated(stage)) || add_unit(c, stage, entry, UNIT_VALID, "valid");
}

/* --- the whole ------------------------------------------------------------------------------------------------------------------------ */

static Compilation *compilation_new(Session *s, const Options *o) {
  Compilation *c = arena_new_of(s->arena, Compilation);
  c->session = s;
  c->options = o;
  return c;
}

Compilation *compile_check_source(Session *s, int file, const Options *o) {
  Compilation *c = compilation_new(s, o);
  double begin = now();
  if (o->emit == EMIT_TOKENS) ast_dump_tokens(s, file, stdout);
  c->ast = ast_parse(s, file);
  report_time(c, "parse", s->sources.at[file]->path, now() - begin);
  if (o->emit == EMIT_AST) ast_dump(s, c->ast, stdout);
  if (c->ast->broken) return NULL;
  begin = now();
  c->program = sema_check(s, c->ast);
  report_time(c, "check", s->sources.at[file]->path, now() - begin);
  if (o->emit == EMIT_TYPES) ast_dump(s, c->ast, stdout);
  return c->program && !s->errors ? c : NULL;
}

Compilation *compile_check(Session *s, const char *path, const Options *o) {
  int file = source_read(s, path);
  return file ? compile_check_source(s, file, o) : NULL;
}

/* Said even where no train stage is wanted now: a run then asks for the weights instead of drawing them. */
static bool trains(const Program *p) {
  for (int i = 0; i < p->stages.len; i++)
    if (p->stages.at[i]->kind == DECL_TRAIN) return true;
  return false;
}

bool stage_is_supported(const Compilation *c, const Decl *stage) {
  for (int i = 0; i < c->program->unsupported.len; i++)
    if (!c->program->unsupported.at[i].stage || c->program->unsupported.at[i].stage == stage) return false;
  return true;
}

static bool has_loop(const Session *s) {
  for (int i = 0; i < s->diags.len; i++)
    if (s->diags.at[i]->code == E0201 || s->diags.at[i]->code == E0202) return true;
  return false;
}

/* A loop without a delay makes a readout look nonlinear: that is the same mistake. */
static void forget_consequences(Session *s) {
  int kept = 0;
  for (int i = 0; i < s->diags.len; i++)
    if (s->diags.at[i]->code == E0430) s->errors--;
    else s->diags.at[kept++] = s->diags.at[i];
  s->diags.len = kept;
}

bool compile_stages(Compilation *c, const char *path, StageFilter *wanted) {
  if (!(c->model = lower_model(c->session, c->program, path))) return false;
  c->manifest = lower_manifest(c->model);
  if (!cJSON_GetObjectItem(c->manifest, "units")) cJSON_AddArrayToObject(c->manifest, "units");
  if (trains(c->program)) cJSON_AddBoolToObject(c->manifest, "trains", true);
  cJSON *stages = cJSON_GetObjectItem(c->manifest, "stages"), *kept = cJSON_CreateArray();
  bool fine = true;
  for (int i = 0; i < c->program->stages.len; i++) {
    cJSON *entry = cJSON_DetachItemFromArray(stages, 0);
    bool take = !wanted || wanted(c, c->program->stages.at[i]);
    if (take) fine &= compile_stage(c, c->program->stages.at[i], entry);
    if (take) cJSON_AddItemToArray(kept, entry);
    else cJSON_Delete(entry);
  }
  if (has_loop(c->session)) forget_consequences(c->session);
  cJSON_ReplaceItemInObject(c->manifest, "stages", kept);
  return fine && !c->session->errors;
}

Unit *compile_step(Compilation *c, const Symbol *net) { return compile_unit(c, NULL, net, UNIT_STEP, "step"); }

Unit *compile_stream(Compilation *c, const Symbol *net, bool half_weights) {
  const char *help = "a stream knows what has been, not what will be; a `run` works on whole sequences";
  Graph *g = lower_unit(c->model, NULL, net, UNIT_STREAM);
  if (!g || !(g = run_passes(c, g)) || !step_is_possible(c->session, c->program, net, g, help)) return NULL;
  show_graph(c, EMIT_GRAPH, g);
  return plan_unit(c, (Unit){.role = "stream", .graph = g, .is_stream = true, .half_weights = half_weights}, c->session->double_precision);
}

/* --- machine code, when it is wanted ---------------------------------------------------------------------------------------------------- */

/* A stream has three: rnn_unit_0, rnn_unit_0.begin, rnn_unit_0.prepare. */
static bool is_symbol_of(const Unit *u, const char *symbol) {
  const size_t n = strlen(u->symbol);
  return !strncmp(u->symbol, symbol, n) && (!symbol[n] || (u->is_stream && symbol[n] == '.'));
}

static Unit *find_unit(Compilation *c, const char *symbol) {
  for (int i = 0; i < c->units.len; i++)
    if (is_symbol_of(&c->units.at[i], symbol)) return &c->units.at[i];
  return NULL;
}

RnnFunction *compile_lookup(void *context, const char *symbol) {
  Compilation *c = context;
  Unit *u = find_unit(c, symbol);
  if (!u || (!c->jit && !(c->jit = jit_new(c->session, cache_open(c->session))))) return NULL;
  LlvmTimes before = jit_times(c->jit);
  if (!u->in_jit && !(u->in_jit = jit_add(c->jit, u->plan))) return NULL;
  RnnFunction *f = jit_find(c->jit, symbol);
  LlvmTimes after = jit_times(c->jit);
  report_time(c, "cache", u->graph->name, after.cache - before.cache);
  report_time(c, "emit", u->graph->name, after.emit - before.emit);
  report_time(c, "optimize", u->graph->name, after.optimize - before.optimize);
  report_time(c, "generate", u->graph->name, after.generate - before.generate);
  report_time(c, "link", u->graph->name, after.link - before.link);
  return f;
}

void compilation_free(Compilation *c) {
  if (!c) return;
  jit_free(c->jit);
  cJSON_Delete(c->manifest);
}
