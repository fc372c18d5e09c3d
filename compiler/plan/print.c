/* print.c — a plan as text (`--emit=plan`). */
#include "plan/plan.h"
#include <inttypes.h>

static void print_axes(const Plan *p, FILE *out, GraphAxes axes) {
  if (!axes) fprintf(out, "once");
  else fprintf(out, "rows");
  for (int i = 0; i < p->clocks; i++)
    if (axes & GRAPH_CLOCK(p->order[i])) fprintf(out, " × %s", p->clocks == 1 ? "steps" : p->graph->clocks.at[p->order[i]].name);
}

static void print_value(const Plan *p, FILE *out, Ref r) {
  const Node *n = &p->graph->nodes.at[r];
  fprintf(out, "%%%d", r);
  if (n->name) fprintf(out, " %s", n->name);
}

static void print_view(const Plan *p, FILE *out, const View *v, bool moved) {
  fprintf(out, " %%%d", v->base);
  if (v->step) fprintf(out, "[%s%+" PRId64 "]", p->clocks == 1 ? "t" : p->graph->clocks.at[v->clock].name, v->step);
  else if (moved) fprintf(out, "~");
}

static void print_operand(const Plan *p, FILE *out, Ref r) {
  View v = view_of(p->graph, r);
  print_view(p, out, &v, op_is_view(p->graph->nodes.at[r].op));
}

static void print_home(const Plan *p, FILE *out, Ref r) {
  if (p->buffer_of[r] >= 0) fprintf(out, "  -> buffer %d", p->buffer_of[r]);
  if (p->home[r].offset) fprintf(out, " + %" PRId64, p->home[r].offset);
  fputc('\n', out);
}

static void print_node(const Plan *p, FILE *out, Ref r, int indent) {
  const Node *n = &p->graph->nodes.at[r];
  fprintf(out, "%*s", indent, "");
  print_value(p, out, r);
  fprintf(out, " = %s", op_text(n->op));
  for (int i = 0; i < n->inputs; i++) print_operand(p, out, n->in[i]);
  print_home(p, out, r);
}

static void print_item(const Plan *p, FILE *out, const PlanItem *item, int indent);

/* A part: node = W x + V y + … */
static void print_part(const Plan *p, FILE *out, const PlanItem *item, int part, int indent) {
  fprintf(out, "%*s", indent, "");
  print_value(p, out, item->nodes.at[part]);
  for (int i = 0; i < item->terms.len; i++) {
    const Product *q = &item->terms.at[i].parts.at[part];
    fputs(i ? " +" : " =", out);
    print_view(p, out, &q->a.view, false);
    print_view(p, out, &q->b.view, false);
  }
  print_home(p, out, item->nodes.at[part]);
}

static void print_terms(const Plan *p, FILE *out, const PlanItem *item, int indent) {
  fprintf(out, "%*sproduct rows", indent, "");
  for (int i = 0; i < item->terms.len; i++) {
    const Term *t = &item->terms.at[i];
    fprintf(out, "%s m=%" PRId64 " k=%" PRId64, i ? " +" : "", t->m, t->parts.at[0].k);
    if (t->runs) fputs(", runs", out);
    if (t->pack >= 0 && !p->is_step) fprintf(out, ", weight packed in buffer %d", t->pack);
    if (t->sparse >= 0) fprintf(out, ", sparse in buffer %d", t->sparse);
  }
  if (p->is_step && item->panels >= 0) fprintf(out, ", weights packed in buffer %d", item->panels);
  fputc('\n', out);
  for (int i = 0; i < item->nodes.len; i++) print_part(p, out, item, i, indent + 2);
}

static void print_product(const Plan *p, FILE *out, const PlanItem *item, int indent) {
  static const char *const form[] = {"rows", "gradient", "plain"};
  const Product *q = &item->product;
  if (q->form == PRODUCT_ROWS) {
    print_terms(p, out, item, indent);
    return;
  }
  fprintf(out, "%*sproduct %s m=%" PRId64 " n=%" PRId64 " k=%" PRId64 "\n", indent, "", form[q->form], q->m, q->n, q->k);
  print_node(p, out, item->nodes.at[0], indent + 2);
}

static void print_history(const Plan *p, FILE *out, const PlanItem *item, int indent) {
  fprintf(out, "%*shistory of ", indent, "");
  print_value(p, out, item->nodes.at[0]);
  if (p->clocks > 1) fprintf(out, " along %s", p->graph->clocks.at[item->clock].name);
  fprintf(out, ": front %" PRId64 " back %" PRId64 " =", item->front, item->back);
  if (item->history == NO_REF) fprintf(out, " 0");
  else print_operand(p, out, item->history);
  if (item->state >= 0) fprintf(out, ", kept in buffer %d", item->state);
  if (item->behind >= 0) fprintf(out, ", of the steps behind in buffer %d", item->behind);
  fputc('\n', out);
}

static void print_scan(const Plan *p, FILE *out, const PlanItem *item, int indent) {
  fprintf(out, "%*sscan over %s %s {\n", indent, "", p->graph->clocks.at[item->clock].name, item->direction > 0 ? "forward" : "backward");
  for (int i = 0; i < item->body.len; i++) print_item(p, out, item->body.at[i], indent + 2);
  fprintf(out, "%*s}\n", indent, "");
}

static void print_bundle(const Plan *p, FILE *out, const PlanItem *item, int indent) {
  fprintf(out, "%*stogether over ", indent, "");
  print_axes(p, out, item->axes);
  fprintf(out, " {\n");
  for (int i = 0; i < item->body.len; i++) print_item(p, out, item->body.at[i], indent + 2);
  fprintf(out, "%*s}\n", indent, "");
}

static void print_item(const Plan *p, FILE *out, const PlanItem *item, int indent) {
  switch (item->kind) {
  case PLAN_SCAN: print_scan(p, out, item, indent); return;
  case PLAN_BUNDLE: print_bundle(p, out, item, indent); return;
  case PLAN_HISTORY: print_history(p, out, item, indent); return;
  case PLAN_PACK:
    fprintf(out, "%*spack ", indent, "");
    print_value(p, out, item->nodes.at[0]);
    if (p->is_step) fprintf(out, " -> buffer %d", item->panels);
    if (!p->is_step && item->terms.at[0].sparse >= 0) fprintf(out, " sparse -> buffer %d%s", item->terms.at[0].sparse, item->terms.at[0].pack >= 0 ? ", or" : "");
    if (!p->is_step && item->terms.at[0].pack >= 0) fprintf(out, " -> buffer %d", item->terms.at[0].pack);
    fputs(item->stays ? ", once for all pieces\n" : "\n", out);
    return;
  case PLAN_PRODUCT: print_product(p, out, item, indent); return;
  case PLAN_GROUP: fprintf(out, "%*sgroup [", indent, ""); break;
  case PLAN_NODE: fprintf(out, "%*snode [", indent, ""); break;
  }
  for (int i = 0; i < item->shape.rank; i++) fprintf(out, "%s%" PRId64, i ? ", " : "", item->shape.dim[i]);
  fprintf(out, "] ");
  print_axes(p, out, item->axes);
  fputc('\n', out);
  for (int i = 0; i < item->nodes.len; i++) print_node(p, out, item->nodes.at[i], indent + 2);
}

static void print_buffer(const Plan *p, FILE *out, int i) {
  static const char *const kind[] = {"param", "input", "output", "temp", "const", "state"};
  const Buffer *b = &p->buffers.at[i];
  fprintf(out, "  buffer %d: %s ", i, kind[b->kind]);
  if (b->kind == BUFFER_PARAM || b->kind == BUFFER_INPUT || b->kind == BUFFER_OUTPUT) fprintf(out, "%d ", b->index);
  print_value(p, out, b->node);
  fprintf(out, ", %" PRId64 " elements, ", b->elements);
  print_axes(p, out, b->axes);
  if (b->front || b->back) fprintf(out, ", front %" PRId64 ", back %" PRId64, b->front, b->back);
  if (b->steps) fprintf(out, ", %" PRId64 " steps kept%s", b->steps, b->behind ? " of those behind" : "");
  if (b->local) fputs(", local", out);
  if (b->slot >= 0) fprintf(out, ", in slot %d", b->slot);
  fputc('\n', out);
}

void plan_print(const Plan *p, FILE *out) {
  fprintf(out, "plan %s (%s), %.1f KiB for 1 row and 1 step, %.1f KiB for 32 and 100%s\n", p->symbol, p->is_double ? "f64" : "f32",
          (double)plan_bytes(p, 1, 1) / 1024, (double)plan_bytes(p, 32, 100) / 1024, p->together ? ", slices together" : "");
  for (int i = 0; i < p->buffers.len; i++) print_buffer(p, out, i);
  static const char *const moment[] = {"each step", "for the sequence", "prepared"};
  for (int i = 0; i < p->items.len; i++) {
    if (p->is_step) fprintf(out, "  %s:\n", moment[p->items.at[i]->moment]);
    if (p->graph->checkpoints && (!i || p->items.at[i]->in_sweep != p->items.at[i - 1]->in_sweep))
      fprintf(out, "  %s:\n", p->items.at[i]->in_sweep ? "in the sweep too" : "not in the sweep");
    print_item(p, out, p->items.at[i], p->is_step || p->graph->checkpoints ? 4 : 2);
  }
}
