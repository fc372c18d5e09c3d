/* unit.c — the units of a stage: which outputs each kind has. */
#include "lower/builder.h"

static bool add_loss(Builder *b) {
  const Expr *e = clause_expr(clause_of_stage(b->stage, "loss"), 0);
  if (e) graph_output(b->graph, "loss", OUTPUT_LOSS, 0, lower_loss(b, e));
  return true;
}

/* The same walk as the manifest's, which numbers the outputs. */
static bool add_clauses(Builder *b) {
  ClauseWalk w = {.session = b->session, .at = b->net, .b = b};
  for (int i = 0; i < b->stage->clauses.len; i++)
    if (is_output_clause(b->stage->clauses.at[i])) cJSON_Delete(json_of_clause(&w, b->stage->clauses.at[i]));
  return true;
}

static bool add_valid(Builder *b) { return add_loss(b) && add_clauses(b); }

/* `decode beam(w, …)`: w's delay line holds what the decoder chooses from the distribution that w = argmax(p) or sample(p) names. */
static void add_distribution(Builder *b) {
  const Expr *e = clause_expr(clause_of_stage(b->stage, "decode"), 0), *name = e && e->args.len ? e->args.at[0].value : NULL;
  const Symbol *s = name && name->kind == EXPR_NAME ? name->symbol : NULL;
  if (!s || !s->equation || !s->equation->value->args.len) return;
  b->decoded = s;
  graph_output(b->graph, "distribution", OUTPUT_VALUE, 0, lower_dense(b, b->net, s->equation->value->args.at[0].value));
}

/* `sample temperature(0.8)` */
static bool add_run(Builder *b) {
  const Expr *e = clause_expr(clause_of_stage(b->stage, "sample"), 0);
  if (e && e->kind == EXPR_CALL && e->args.len) static_number(b->net, e->args.at[0].value, &b->temperature);
  add_distribution(b);
  return add_clauses(b);
}

static bool add_step(Builder *b) {
  for (int i = 0; i < b->net->scope->symbols.len; i++) {
    Symbol *s = b->net->scope->symbols.at[i];
    if (symbol_has_equation(s)) graph_output(b->graph, s->name, OUTPUT_VALUE, 0, value_of(b, b->net, s));
  }
  return true;
}

static bool add_stream(Builder *b) {
  for (int i = 0; i < b->net->scope->symbols.len; i++) {
    Symbol *s = b->net->scope->symbols.at[i];
    if (s->kind == SYMBOL_OUTPUT && symbol_has_equation(s)) graph_output(b->graph, s->name, OUTPUT_VALUE, 0, value_of(b, b->net, s));
  }
  return true;
}

static const struct UnitRow {
  const char *prefix;
  bool (*add)(Builder *b);
} unit_rows[] = {
    [UNIT_LOSS] = {"train", add_loss}, [UNIT_VALID] = {"valid", add_valid}, [UNIT_RIDGE] = {"ridge", lower_ridge},
    [UNIT_RUN] = {"run", add_run},     [UNIT_STEP] = {"step", add_step},
    [UNIT_STREAM] = {"stream", add_stream},
};

/* A batch is one sequence unless the stage says otherwise. */
static int64_t rows_of_stage(const Builder *b) {
  const Expr *e = clause_expr(clause_of_stage(b->stage, "batch"), 0);
  double rows = 1;
  return e && static_number(b->net, e, &rows) && rows >= 1 ? (int64_t)rows : 1;
}

/* `bptt(checkpoint = k)`, k a number or `auto`; `checkpoint` alone. */
static bool has_checkpoints(const Builder *b) {
  const Expr *e = clause_expr(clause_of_stage(b->stage, "method"), 0);
  for (int i = 0; e && i < e->args.len; i++) {
    const Arg *arg = &e->args.at[i];
    const char *name = arg->name ? arg->name : arg->value->kind == EXPR_NAME ? arg->value->name : "";
    if (!strcmp(name, "checkpoint")) return true;
  }
  return false;
}

typedef struct UnitWay {
  bool split_windows, gaps; /* as in Builder */
} UnitWay;

static Graph *build_unit(Model *m, const Decl *stage, const Symbol *net, UnitKind kind, const char *name, UnitWay way) {
  Builder *b = builder_new(m, stage, net, kind, name);
  b->split_windows = way.split_windows;
  b->gaps = way.gaps;
  if (kind == UNIT_LOSS) b->graph->rows = rows_of_stage(b);
  if (kind == UNIT_LOSS) b->graph->checkpoints = has_checkpoints(b);
  const bool fine = unit_rows[kind].add(b);
  Graph *g = builder_finish(b);
  return fine ? g : NULL;
}

/* A stage knows its net; a step unit is of a net alone. Whether a window stands in a loop is seen when the loop is closed. */
static Graph *lower_any(Model *m, const Decl *stage, const Symbol *net, UnitKind kind, bool gaps) {
  if (stage) net = stage_net(m->program, stage);
  const char *of = stage ? stage->name : net->name;
  const char *name = arena_printf(m->session->arena, "%s_%s%s", unit_rows[kind].prefix, of, gaps ? "_gaps" : "");
  Graph *g = build_unit(m, stage, net, kind, name, (UnitWay){false, gaps});
  return g && window_now_in_loop(g) ? build_unit(m, stage, net, kind, name, (UnitWay){true, gaps}) : g;
}

Graph *lower_unit(Model *m, const Decl *stage, const Symbol *net, UnitKind kind) { return lower_any(m, stage, net, kind, false); }

Graph *lower_unit_for_gaps(Model *m, const Decl *stage, UnitKind kind) { return lower_any(m, stage, NULL, kind, true); }
