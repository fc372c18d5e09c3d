/* blocked.c — before differentiation: a tuned param must have a path to the loss that a derivative passes. */
#include "base/diag.h"
#include "grad/rules.h"

typedef struct Search {
  const Graph *g;
  const bool *wanted;
  bool *by_gradient; /* [node] a derivative comes here from the loss */
  bool *by_value;    /* [node] the loss needs it, whether a derivative passes or not */
  Ref *blocker;      /* [node] the first on the way from the loss that passes none; NO_REF */
} Search;

static bool *mark_losses(const Graph *g) {
  bool *marked = arena_array(g->session->arena, bool, g->nodes.len);
  for (int i = 0; i < g->outputs.len; i++)
    if (g->outputs.at[i].role == OUTPUT_LOSS) marked[g->outputs.at[i].value] = true;
  return marked;
}

/* The one-hot of an index stands nowhere in the program: what chose the index, further on, is the obstacle. */
static Ref blocker_of(const Search *s, Ref n, int input) {
  const Ref before = s->blocker[n];
  const bool first = s->by_gradient[n] || (before != NO_REF && node_of(s->g, before)->op == OP_ONE_HOT);
  return first && !op_passes_gradient(node_of(s->g, n)->op, input) ? n : before;
}

/* `stop(e)` is a wish, no obstacle. */
static bool reach_inputs(Search *s, Ref n) {
  bool changed = false;
  for (int i = 0; i < node_of(s->g, n)->inputs && node_of(s->g, n)->op != OP_STOP; i++) {
    const Ref x = input_of(s->g, n, i);
    if (s->by_value[x]) continue;
    s->by_value[x] = changed = true;
    s->blocker[x] = blocker_of(s, n, i);
  }
  return changed;
}

static void reach_by_value(Search *s) {
  s->by_value = mark_losses(s->g);
  s->blocker = arena_array(s->g->session->arena, Ref, s->g->nodes.len);
  for (Ref n = 0; n < s->g->nodes.len; n++) s->blocker[n] = NO_REF;
  for (bool changed = true; changed;) {
    changed = false;
    for (Ref n = s->g->nodes.len - 1; n >= 0; n--)
      if (s->by_value[n]) changed |= reach_inputs(s, n);
  }
}

typedef struct Reach {
  bool gradient, value;
  Ref blocker;
} Reach;

static Reach reach_of(const Search *s, int param) {
  Reach r = {.blocker = NO_REF};
  for (Ref n = 0; n < s->g->nodes.len; n++) {
    if (node_of(s->g, n)->op != OP_PARAM || node_of(s->g, n)->attrs.index != param) continue;
    r.gradient |= s->by_gradient[n];
    r.value |= s->by_value[n];
    if (s->by_value[n]) r.blocker = s->blocker[n];
  }
  return r;
}

static const char *short_name(const char *name) {
  const char *dot = strchr(name, '.');
  return dot ? dot + 1 : name;
}

static const char *remedy(Op op) {
  switch (op) {
  case OP_STEP:
  case OP_SIGN:
  case OP_LT:
  case OP_LE: return "`spike(x)` is a step with a derivative to learn by, `sigmoid(x)` a smooth one";
  case OP_ARGMAX:
  case OP_RANDOM: return "`softmax` passes a gradient: let the loss read the distribution as well";
  default: return "give it another path to the loss, or leave it out with `tune`";
  }
}

static void say_blocked(const Search *s, const char *params, Ref blocker, Span loss) {
  const Node *n = blocker == NO_REF ? NULL : node_of(s->g, blocker);
  const Span span = n && n->span.file ? n->span : loss;
  Diag *d = diag_error(s->g->session, E0432, span, "no gradient of the loss comes to %s", params);
  if (n) diag_label(d, span, "only by way of this, and %s passes none", n->op == OP_SELECT ? "a condition" : "it");
  else diag_label(d, span, "reads nothing that depends on %s", params);
  diag_help(d, "%s", n ? remedy(n->op) : "name with `tune` what the loss depends on; what `force` replaces by data it does not depend on");
}

static bool is_alike(const Reach *a, const Reach *b) { return a->blocker == b->blocker && a->value == b->value; }

/* Params that one obstacle keeps from the loss are one error. */
bool grad_reaches(const Graph *g, const bool *wanted, bool named, Span loss) {
  Search s = {.g = g, .wanted = wanted, .by_gradient = reached_backward(g, mark_losses(g))};
  bool *said = arena_array(g->session->arena, bool, g->params.len + 1), fine = true;
  reach_by_value(&s);
  for (int p = 0; p < g->params.len; p++) {
    const Reach r = reach_of(&s, p);
    const bool lost = param_wanted(g, p, wanted) && g->params.at[p].trained && !r.gradient && (r.value || named);
    if (!lost || said[p]) continue;
    const char *names = arena_printf(g->session->arena, "`%s`", short_name(g->params.at[p].name));
    for (int q = p + 1; q < g->params.len; q++) {
      const Reach other = reach_of(&s, q);
      if (!param_wanted(g, q, wanted) || other.gradient || !is_alike(&r, &other)) continue;
      names = arena_printf(g->session->arena, "%s, `%s`", names, short_name(g->params.at[q].name));
      said[q] = true;
    }
    say_blocked(&s, names, r.blocker, loss);
    fine = false;
  }
  return fine;
}
