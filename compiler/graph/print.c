/* print.c — the text form of a graph: its tables, then one node a line.
 *
 *   %7 = read %12 %3 clock=t offset=-1 : [4] on * t "h"        # `*` is the sequence axis; `"h"` the user's name
 *
 * Attributes that are zero are left out. read.c reads it back. */
#include "graph/text.h"
#include <inttypes.h>
#include <math.h>

const GraphAttribute graph_attributes[] = {
#define ATTRIBUTE(field, kind) {#field, kind, offsetof(Attrs, field)},
#include "graph/attrs.def"
#undef ATTRIBUTE
};
const int graph_attribute_count = sizeof graph_attributes / sizeof *graph_attributes;
const char *const input_role_text[] = {"data", "weight", "norm", "share", "force", "mean", "std", "decoded", NULL};
const char *const output_role_text[] = {"value", "loss", "grad", NULL};

static void print_quoted(const char *s, FILE *out) {
  fputc('"', out);
  for (; *s; s++) {
    if (*s == '"' || *s == '\\') fputc('\\', out);
    fputc(*s, out);
  }
  fputc('"', out);
}

static void print_shape(Sizes s, FILE *out) {
  fputc('[', out);
  for (int i = 0; i < s.rank; i++) fprintf(out, "%s%" PRId64, i ? " " : "", s.dim[i]);
  fputc(']', out);
}

static void print_axes(const Graph *g, GraphAxes axes, FILE *out) {
  if (axes) fputs(" on", out);
  if (axes & GRAPH_SEQUENCE) fputs(" *", out);
  for (int i = 0; i < GRAPH_CLOCKS; i++) {
    if (!(axes & GRAPH_CLOCK(i))) continue;
    if (i < g->clocks.len) fprintf(out, " %s", g->clocks.at[i].name);
    else fprintf(out, " clock_%d?", i);
  }
}

static void print_tables(const Graph *g, FILE *out) {
  fputs("graph ", out);
  print_quoted(g->name, out);
  for (int i = 0; i < g->clocks.len; i++) fprintf(out, "\nclock %s %" PRId64, g->clocks.at[i].name, g->clocks.at[i].length);
  for (int i = 0; i < g->params.len; i++) {
    fprintf(out, "\nparam %d ", i);
    print_quoted(g->params.at[i].name, out);
    fprintf(out, " %s ", g->params.at[i].trained ? "trained" : "fixed");
    if (g->params.at[i].density > 0) fprintf(out, "density %.17g ", g->params.at[i].density);
    print_shape(g->params.at[i].shape, out);
  }
  for (int i = 0; i < g->inputs.len; i++) {
    fprintf(out, "\ninput %d ", i);
    print_quoted(g->inputs.at[i].name, out);
    fprintf(out, " %s ", input_role_text[g->inputs.at[i].role]);
    print_shape(g->inputs.at[i].shape, out);
    print_axes(g, g->inputs.at[i].axes, out);
  }
  fputc('\n', out);
}

static void print_data(const double *data, int64_t n, FILE *out) {
  fputs(" data={", out);
  for (int64_t i = 0; i < n; i++) fprintf(out, "%s%.17g", i ? " " : "", data[i]);
  fputc('}', out);
}

static void print_letters(const Node *n, FILE *out) {
  fprintf(out, " letters=%s,%s,%s", n->attrs.letters[0], n->attrs.letters[1], n->attrs.letters[2]);
}

static void print_map(const Node *n, FILE *out) {
  fputs(" map=", out);
  for (int i = 0; i < n->shape.rank; i++) fprintf(out, "%s%d", i ? "," : "", n->attrs.map[i]);
}

static bool op_has_clock(Op op) { return op_class(op) == CLASS_TIME || op == OP_LENGTH || op == OP_STEP_INDEX; }

/* One attribute of plain numbers; the others have their own functions. */
static void print_attribute(const GraphAttribute *a, const Attrs *attrs, FILE *out) {
  const char *at = (const char *)attrs + a->place;
  double value;
  int32_t small;
  uint32_t mask;
  int64_t large;
  switch (a->kind) {
  case ATTR_DOUBLE:
    memcpy(&value, at, sizeof value);
    if (value != 0 || signbit(value)) fprintf(out, " %s=%.17g", a->name, value);
    return;
  case ATTR_INT32:
    memcpy(&small, at, sizeof small);
    if (small) fprintf(out, " %s=%" PRId32, a->name, small);
    return;
  case ATTR_MASK:
    memcpy(&mask, at, sizeof mask);
    if (mask) fprintf(out, " %s=%" PRIu32, a->name, mask);
    return;
  case ATTR_INT64:
    memcpy(&large, at, sizeof large);
    if (large) fprintf(out, " %s=%" PRId64, a->name, large);
    return;
  }
}

static void print_over(const Graph *g, GraphAxes over, FILE *out) {
  const char *between = " over=";
  if (over & GRAPH_SEQUENCE) fprintf(out, "%s*", between), between = ",";
  for (int i = 0; i < g->clocks.len; i++)
    if (over & GRAPH_CLOCK(i)) fprintf(out, "%s%s", between, g->clocks.at[i].name), between = ",";
}

static void print_attributes(const Graph *g, const Node *n, FILE *out) {
  const int clock = n->attrs.clock;
  if (op_has_clock(n->op)) fprintf(out, " clock=%s", clock >= 0 && clock < g->clocks.len ? g->clocks.at[clock].name : "?");
  for (int i = 0; i < graph_attribute_count; i++) print_attribute(&graph_attributes[i], &n->attrs, out);
  if (n->attrs.data) print_data(n->attrs.data, sizes_count(n->shape), out);
  if (n->op == OP_BROADCAST) print_map(n, out);
  if (n->op == OP_CONTRACT) print_letters(n, out);
  print_over(g, n->attrs.over, out);
}

/* What a leaf refers to, as a comment. */
static void print_referred(const Graph *g, const Node *n, FILE *out) {
  const int index = n->attrs.index;
  if (n->op == OP_PARAM && index >= 0 && index < g->params.len) fprintf(out, "  # %s", g->params.at[index].name);
  if (n->op == OP_INPUT && index >= 0 && index < g->inputs.len)
    fprintf(out, "  # %s %s", input_role_text[g->inputs.at[index].role], g->inputs.at[index].name);
}

static void print_node(const Graph *g, Ref r, FILE *out) {
  const Node *n = &g->nodes.at[r];
  fprintf(out, "%%%d = %s", r, op_text(n->op));
  for (int i = 0; i < n->inputs; i++) fprintf(out, " %%%d", n->in[i]);
  print_attributes(g, n, out);
  fputs(" : ", out);
  print_shape(n->shape, out);
  print_axes(g, n->axes, out);
  if (n->name) {
    fputc(' ', out);
    print_quoted(n->name, out);
  }
  print_referred(g, n, out);
  fputc('\n', out);
}

void graph_print(const Graph *g, FILE *out) {
  print_tables(g, out);
  for (Ref r = 0; r < g->nodes.len; r++) print_node(g, r, out);
  for (int i = 0; i < g->outputs.len; i++) {
    const GraphOutput *o = &g->outputs.at[i];
    fputs("output ", out);
    print_quoted(o->name, out);
    fprintf(out, " %s %d %%%d\n", output_role_text[o->role], o->index, o->value);
  }
}
