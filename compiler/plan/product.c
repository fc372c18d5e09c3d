/* product.c — which contractions are matrix products.
 *
 * A CONTRACT names the dims of a, b and the result by letters. Letters that a and the result share are M, those that b and the result
 * share are N, those that only a and b share are K. It is a matrix product when every group lies together, in the
 * same order wherever it stands, and walks memory with one stride. Anything else stays a reduction. */
#include "plan/internal.h"
#include <string.h>

/* A run of letters within an operand. */
typedef struct Run {
  int first, count;
} Run;

static bool holds(const char *letters, char c) { return strchr(letters, c) != NULL; }

/* The letters of `of` for which the membership in x and y is as asked, as one run; false when they do not lie together. */
static bool run_of(const char *of, const char *x, bool in_x, const char *y, bool in_y, Run *run) {
  *run = (Run){0};
  int last = -1;
  for (int i = 0; of[i]; i++) {
    if (holds(x, of[i]) != in_x || holds(y, of[i]) != in_y) continue;
    if (last >= 0 && i != last + 1) return false;
    if (last < 0) run->first = i;
    last = i;
    run->count++;
  }
  return true;
}

static bool same_letters(const char *a, Run in_a, const char *b, Run in_b) {
  return in_a.count == in_b.count && !strncmp(a + in_a.first, b + in_b.first, (size_t)in_a.count);
}

static int64_t run_size(const View *v, Run r) {
  int64_t n = 1;
  for (int i = 0; i < r.count; i++) n *= v->size[r.first + i];
  return n;
}

/* In a matrix, one of the two strides must be 1; a dim of size 1 may have any. */
static bool matrix_of(const View *v, Run rows, Run columns, Matrix *m) {
  m->view = *v;
  if (!view_flattens(v, rows.first, rows.count, &m->row_stride)) return false;
  if (!view_flattens(v, columns.first, columns.count, &m->column_stride)) return false;
  int64_t n_rows = run_size(v, rows), n_columns = run_size(v, columns);
  if (n_columns == 1 && n_rows == 1) m->row_stride = m->column_stride = 1;
  else if (n_columns == 1) m->column_stride = m->row_stride == 1 ? n_rows : 1;
  else if (n_rows == 1) m->row_stride = m->column_stride == 1 ? n_columns : 1;
  return m->row_stride == 1 || m->column_stride == 1;
}

/* Can the buffer under this view be addressed at all? Numbers of the program text have none. */
static bool addressable(const Graph *g, const View *v) {
  if (v->base == NO_REF) return true; /* read at another step, by a node that plan_prepare has not come to yet */
  const Node *base = &g->nodes.at[v->base];
  return base->op != OP_CONST || base->attrs.data;
}

static bool has_time_dims(const View *v) {
  for (int i = 0; i < v->rank; i++)
    if (v->dim_step[i]) return true;
  return false;
}

typedef struct Operand {
  Ref ref;
  const char *letters;
  GraphAxes axes;
  View view;
} Operand;

static Operand operand_of(const Graph *g, Ref ref, const char *letters) {
  return (Operand){ref, letters, g->nodes.at[ref].axes, view_of(g, ref)};
}

/* out[m][n] = Σ over rows of a[m] b[n]: no letters meet within a row. */
static bool match_grad(const Node *n, Operand a, Operand b, Product *p) {
  const char *out = n->attrs.letters[2];
  if (n->axes || !n->attrs.over || a.axes != n->attrs.over || b.axes != n->attrs.over) return false;
  if (out[0] && b.letters[0] && out[0] == b.letters[0]) {
    Operand swap = a;
    a = b;
    b = swap;
  }
  Run m = {0, (int)strlen(a.letters)}, k = {0, (int)strlen(b.letters)};
  if (m.count + k.count != (int)strlen(out)) return false;
  if (strncmp(out, a.letters, (size_t)m.count) || strcmp(out + m.count, b.letters)) return false;
  p->form = PRODUCT_GRAD;
  if (!view_flattens(&a.view, m.first, m.count, &p->a.column_stride) || p->a.column_stride != 1) return false;
  if (!view_flattens(&b.view, k.first, k.count, &p->b.column_stride) || p->b.column_stride != 1) return false;
  p->a.view = a.view;
  p->b.view = b.view;
  p->m = run_size(&a.view, m);
  p->n = run_size(&b.view, k);
  p->k = 0;
  return true;
}

/* out[r][m] = Σ_k weight[m][k] x[r][k]. */
static bool match_rows(const Node *n, Operand w, Operand x, Product *p) {
  const char *out = n->attrs.letters[2];
  Run m, k, k_in_x, rest, batch;
  if (!run_of(w.letters, x.letters, false, out, true, &m) || strlen(out) != (size_t)m.count) return false;
  if (!run_of(w.letters, x.letters, true, out, false, &k)) return false;
  if (!run_of(x.letters, w.letters, true, out, false, &k_in_x)) return false;
  if (!run_of(x.letters, w.letters, false, out, true, &rest) || rest.count) return false;
  if (!run_of(w.letters, x.letters, true, out, true, &batch) || batch.count) return false;
  if (m.count + k.count != w.view.rank || k_in_x.count != x.view.rank) return false;
  if (!same_letters(w.letters, k, x.letters, k_in_x) || !same_letters(w.letters, m, out, (Run){0, m.count})) return false;
  p->form = PRODUCT_ROWS;
  if (!matrix_of(&w.view, m, k, &p->a)) return false;
  p->b.view = x.view;
  p->b.row_stride = 0;
  if (!view_flattens(&x.view, 0, x.view.rank, &p->b.column_stride)) return false;
  p->m = run_size(&w.view, m);
  p->n = 1;
  p->k = run_size(&x.view, k_in_x);
  return p->b.column_stride == 1 || p->k == 1;
}

/* out[m][n] = Σ_k a[m][k] b[k][n], everything once. */
static bool match_plain(const Node *n, Operand a, Operand b, Product *p) {
  const char *out = n->attrs.letters[2];
  if (out[0] && holds(b.letters, out[0])) {
    Operand swap = a;
    a = b;
    b = swap;
  }
  Run m, k, k_in_b, columns;
  if (!run_of(a.letters, b.letters, false, out, true, &m) || !run_of(a.letters, b.letters, true, out, false, &k)) return false;
  if (!run_of(b.letters, a.letters, true, out, false, &k_in_b) || !run_of(b.letters, a.letters, false, out, true, &columns))
    return false;
  if (m.count + k.count != a.view.rank || k_in_b.count + columns.count != b.view.rank) return false;
  if (m.count + columns.count != (int)strlen(out)) return false;
  if (!same_letters(a.letters, k, b.letters, k_in_b) || !same_letters(a.letters, m, out, (Run){0, m.count})) return false;
  if (!same_letters(b.letters, columns, out, (Run){m.count, columns.count})) return false;
  p->form = PRODUCT_PLAIN;
  p->m = run_size(&a.view, m);
  p->k = run_size(&a.view, k);
  p->n = run_size(&b.view, columns);
  return matrix_of(&a.view, m, k, &p->a) && matrix_of(&b.view, k_in_b, columns, &p->b);
}

static bool match(const Graph *g, const Node *n, Operand a, Operand b, Product *out) {
  *out = (Product){0};
  if (!addressable(g, &a.view) || !addressable(g, &b.view) || has_time_dims(&a.view) || has_time_dims(&b.view)) return false;
  if (n->attrs.over) return match_grad(n, a, b, out);
  if (!a.axes && !b.axes) return match_plain(n, a, b, out);
  if (a.axes && b.axes) return false;
  return a.axes ? match_rows(n, b, a, out) : match_rows(n, a, b, out);
}

bool product_match(const Graph *g, Ref value, Product *out) {
  const Node *n = &g->nodes.at[value];
  if (n->op != OP_CONTRACT) return false;
  return match(g, n, operand_of(g, n->in[0], n->attrs.letters[0]), operand_of(g, n->in[1], n->attrs.letters[1]), out);
}

/* The operand as it would be in memory of its own. */
static Operand operand_copied(const Graph *g, Operand o) {
  const Node *n = &g->nodes.at[o.ref];
  int64_t stride = 1;
  o.view = (View){.base = o.ref, .rank = n->shape.rank};
  for (int i = n->shape.rank - 1; i >= 0; i--) {
    o.view.size[i] = n->shape.dim[i];
    o.view.stride[i] = stride;
    stride *= n->shape.dim[i];
  }
  return o;
}

/* Which operands (bit 0: a, bit 1: b) must be copied for a match; -1 when copying does not help. */
int product_copies(const Graph *g, const Node *n) {
  Operand a = operand_of(g, n->in[0], n->attrs.letters[0]), b = operand_of(g, n->in[1], n->attrs.letters[1]);
  Product p;
  for (int copies = 0; copies < 4; copies++) {
    Operand a2 = copies & 1 ? operand_copied(g, a) : a, b2 = copies & 2 ? operand_copied(g, b) : b;
    /* a number of the program text becomes addressable by being copied; match() looks at the base, so say so here */
    bool a_ok = copies & 1 || addressable(g, &a.view), b_ok = copies & 2 || addressable(g, &b.view);
    if (!a_ok || !b_ok) continue;
    if (has_time_dims(&a2.view) || has_time_dims(&b2.view)) continue;
    bool fits = n->attrs.over       ? match_grad(n, a2, b2, &p)
                : !a.axes && !b.axes ? match_plain(n, a2, b2, &p)
                : a.axes && b.axes   ? false
                : a.axes             ? match_rows(n, b2, a2, &p)
                                     : match_rows(n, a2, b2, &p);
    if (fits) return copies;
  }
  return -1;
}
