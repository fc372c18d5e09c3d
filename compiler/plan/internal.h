/* internal.h — between the files of plan/ only. */
#ifndef RNN_PLAN_INTERNAL_H
#define RNN_PLAN_INTERNAL_H
#include "plan/plan.h"

int product_copies(const Graph *g, const Node *n);

/* What READ, WINDOW and OVERLAP have in common: they look at other steps of in[0], a fixed number of steps away, along a delay line.
 * (What reads a tree looks at other steps too, but of those that are computed only: it needs no line.) */
static inline bool op_reads_steps(Op op) { return op == OP_READ || op == OP_WINDOW || op == OP_OVERLAP; }

/* The furthest steps looked at: `front` before, `back` after the own one. */
void reach_of(const Node *n, int64_t *front, int64_t *back);

/* Is the node a CONTRACT that a sum computes on its way? */
static inline bool is_absorbed(const Plan *p, Ref r) { return p->absorbed_by[r] != NO_REF; }

Graph *plan_recompute(Session *s, Graph *g);
/* So few outputs of so long a k are dot products along k: as panels most of their lanes would be empty. */
enum { FEW_OUTPUTS = 4, RUN_K = 16 };

void plan_assign_buffers(Plan *p);
void plan_schedule(Plan *p);
void plan_merge_products(Plan *p);
void plan_sparse_weights(Plan *p);
/* Does an initialiser leave this weight sparse enough for a layout of its own? */
bool plan_is_sparse(const Plan *p, const Product *q);
bool plan_same_matrix(const Product *a, const Product *b);
void plan_pack_weights(Plan *p);
void plan_bundle(Plan *p);
void plan_lay_out_gradients(Plan *p);
void plan_share_memory(Plan *p);
void plan_find_sweep(Plan *p);
void plan_find_together(Plan *p);
bool same_weights(const Term *a, const Term *b);
/* Of a step (step.c). */
void plan_find_moments(Plan *p);
void plan_step_memory(Plan *p);

/* Does the node read only steps before the present one? In a step those are memory, which orders nothing. */
static inline bool reads_the_past(const Node *n) {
  int64_t least = 0, most = 0;
  if (!n->inputs || !node_edge_is_delayed(n, 0)) return false;
  node_delays(n, &least, &most);
  return most < 0;
}

#endif
