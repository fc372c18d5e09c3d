/* builder.c — the graph under construction: sizes and axes of an instance, names and places of nodes, the end. */
#include "lower/builder.h"

Builder *builder_new(Model *m, const Decl *stage, const Symbol *net, UnitKind kind, const char *name) {
  Builder *b = arena_new_of(m->session->arena, Builder);
  b->session = m->session;
  b->model = m;
  b->program = m->program;
  b->kind = kind;
  b->stage = stage;
  b->temperature = 1;
  b->errors = m->session->errors;
  b->stack = __builtin_frame_address(0);
  b->graph = graph_new(m->session, name);
  for (int i = 0; i < m->program->clocks.len; i++)
    graph_clock(b->graph, m->program->clocks.at[i].name, m->program->clocks.at[i].length);
  for (int i = 0; i < m->params.len; i++)
    builder_param(b, i);
  b->net = net_instance(b, net);
  return b;
}

void builder_param(Builder *b, int index) {
  const GraphParam *p = &b->model->params.at[index];
  const int param = graph_param(b->graph, p->name, p->shape, p->trained);
  b->graph->params.at[param].density = p->density;
}

static const double most_elements = 1e15; /* petabytes: beyond it sizes no longer fit into the integers that count them */

static double count_of(Sizes shape) {
  double count = 1;
  for (int i = 0; i < shape.rank; i++) count *= (double)shape.dim[i];
  return count;
}

static void too_large(const Builder *b, Span span, const char *name, Sizes shape) {
  const char *sizes = "";
  for (int i = 0; i < b->session->diags.len; i++)
    if (b->session->diags.at[i]->code == E0433) return; /* all that is made of it is as large */
  for (int i = 0; i < shape.rank; i++) sizes = arena_printf(b->session->arena, "%s%s%lld", sizes, i ? ", " : "", (long long)shape.dim[i]);
  const char *what = name ? arena_printf(b->session->arena, "`%s`", name) : "this";
  Diag *d = diag_error(b->session, E0433, span, "no memory holds %s: it has %.3g numbers", what, count_of(shape));
  diag_label(d, span, "[%s]", sizes);
  diag_help(d, "smaller dims");
}

static void check_sizes(const Builder *b) {
  for (int i = 0; i < b->model->params.len; i++)
    if (count_of(b->model->params.at[i].shape) > most_elements) too_large(b, b->model->param_span.at[i], b->model->params.at[i].name, b->model->params.at[i].shape);
  for (Ref r = 0; r < b->graph->nodes.len; r++)
    if (count_of(b->graph->nodes.at[r].shape) > most_elements) too_large(b, b->graph->nodes.at[r].span, b->graph->nodes.at[r].name, b->graph->nodes.at[r].shape);
}

/* Resolving a read may lower equations that wait for further reads, so the list grows while it is walked. */
Graph *builder_finish(Builder *b) {
  for (int i = 0; i < b->pending.len; i++) {
    const Pending next = b->pending.at[i];
    pending_resolve(b, &next);
  }
  check_sizes(b);
  return b->session->errors > b->errors ? NULL : b->graph;
}

/* --- sizes and axes -------------------------------------------------------------------------------------------------- */

int64_t size_here(const Instance *at, Dim d) { return dim_size(d, at->scope, at->dims); }

Sizes sizes_here(const Instance *at, const Shape *shape) {
  Sizes s = {.rank = shape->rank};
  for (int i = 0; i < shape->rank; i++) s.dim[i] = size_here(at, shape->dim[i]);
  return s;
}

int clock_here(const Instance *at, int clock) { return clock < 0 ? clock : at->clock[clock]; }

GraphAxes axes_here(const Instance *at, Axes axes) {
  GraphAxes here = axes & AXIS_SEQUENCE;
  for (int i = 0; i < MAX_CLOCKS; i++)
    if (axes & AXIS_CLOCK(i)) here |= GRAPH_CLOCK(clock_here(at, i)) | GRAPH_SEQUENCE;
  return here;
}

GraphAxes clocks_of(GraphAxes axes) { return axes & ~GRAPH_SEQUENCE; }

int first_clock(GraphAxes axes) {
  for (int i = 0; i < GRAPH_CLOCKS; i++)
    if (axes & GRAPH_CLOCK(i)) return i;
  return -1;
}

/* --- names and places ------------------------------------------------------------------------------------------------ */

void name_node(Builder *b, Ref r, const char *name) {
  Node *n = &b->graph->nodes.at[r];
  if (!n->name) n->name = intern(b->session, name);
}

/* Inner expressions have placed theirs before, so what is left belongs to this one. */
/* Equations are lowered inside each other: nodes that have their place already are passed over as a whole. */
void place_nodes(Builder *b, int from, Span span) {
  const int end = b->graph->nodes.len;
  for (int r = end; r > from;) {
    const Placed *last = b->placed.len ? &b->placed.at[b->placed.len - 1] : NULL;
    if (last && last->end >= r) {
      if (last->from < r) r = last->from;
      b->placed.len--;
      continue;
    }
    Node *n = &b->graph->nodes.at[--r];
    if (!n->span.file) n->span = span;
  }
  if (from < end) vec_push(b->session->arena, b->placed, ((Placed){from, end}));
}
