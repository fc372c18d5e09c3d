/* delays.c — how far `x[t - D]` reaches. The bounds say how long the delay line is and which way a loop runs, so they are known when
 * compiling: from D's numbers, from `integers(low, high)`, or from the file, which is read here. The runtime, which draws D, or reads
 * it from a file or from weights, holds it to them. */
#include "base/diag.h"
#include "lower/builder.h"
#include "runtime/data/data.h"
#include "runtime/error.h"
#include <math.h>
#include <stdlib.h>

enum { LONGEST_DELAY = 1000000 };

static bool refuse(Builder *b, const Symbol *s, Span span, const char *why) {
  Diag *d = diag_error(b->session, E0215, s->span, "`%s` cannot be a tensor of delays: %s", s->name, why);
  diag_label(d, s->span, "declared here");
  if (span.file) diag_label(d, span, "its delays");
  return false;
}

static bool take(Builder *b, const Symbol *s, Span span, double x, DelayBounds *out) {
  Arena *arena = b->session->arena;
  if (x != floor(x)) return refuse(b, s, span, arena_printf(arena, "%g is not a whole number of steps", x));
  if (fabs(x) > LONGEST_DELAY) return refuse(b, s, span, arena_printf(arena, "%g steps are more than %d", x, LONGEST_DELAY));
  if ((int64_t)x < out->low) out->low = (int64_t)x;
  if ((int64_t)x > out->high) out->high = (int64_t)x;
  return true;
}

static bool of_constant(Builder *b, Instance *at, const Symbol *s, const Expr *e, DelayBounds *out) {
  double x;
  for (int i = 0; e->kind == EXPR_LIST && i < e->args.len; i++)
    if (!of_constant(b, at, s, e->args.at[i].value, out)) return false;
  if (e->kind == EXPR_LIST) return true;
  return static_number(at, e, &x) ? take(b, s, e->span, x, out) : refuse(b, s, e->span, "this is not known when compiling");
}

static const Expr *option_of(const Expr *call, const char *name, int place) {
  for (int i = 0, n = 0; i < call->args.len; i++) {
    const Arg *arg = &call->args.at[i];
    if (arg->name ? !strcmp(arg->name, name) : n++ == place) return arg->value;
  }
  return NULL;
}

static bool of_integers(Builder *b, Instance *at, const Symbol *s, const Expr *call, DelayBounds *out) {
  const Expr *low = option_of(call, "low", 0), *high = option_of(call, "high", 1);
  if (!low || !high) return refuse(b, s, call->span, "`integers(low, high)` says the least and the largest");
  return of_constant(b, at, s, low, out) && of_constant(b, at, s, high, out);
}

/* Paths are relative to the model's folder, as for the runtime. */
static const char *path_of(Builder *b, const char *path) {
  const char *slash = strrchr(b->model->path, '/');
  if (*path == '/' || !slash) return path;
  return arena_printf(b->session->arena, "%.*s/%s", (int)(slash - b->model->path), b->model->path, path);
}

static bool of_file(Builder *b, const Symbol *s, const Expr *call, DelayBounds *out) {
  const Expr *path = option_of(call, "path", 0);
  Npy array = {0};
  RnnError error = {0};
  if (!path || path->kind != EXPR_STRING) return refuse(b, s, call->span, "`file(\"D.npy\")` names a file");
  if (!npy_read(path_of(b, path->text), &array, &error)) {
    Diag *d = diag_error(b->session, diag_find(error.code) == DIAG_COUNT ? E0501 : diag_find(error.code), path->span, "%.*s",
                         (int)strcspn(error.message, "\n"), error.message);
    diag_note(d, "the delays of `%s` are looked at when compiling", s->name);
    return false;
  }
  int64_t count = 1;
  for (int i = 0; i < array.rank; i++) count *= array.shape[i];
  bool fine = count > 0;
  for (int64_t i = 0; fine && i < count; i++) fine = take(b, s, path->span, array.value[i], out);
  free(array.value);
  return fine || (count <= 0 && refuse(b, s, path->span, "the file has no numbers"));
}

static void tell_runtime(Builder *b, Instance *at, const Symbol *s, DelayBounds bounds) {
  const Name name = intern(b->session, arena_printf(b->session->arena, "%s.%s", at->param_prefix, s->name));
  for (int i = 0; i < b->model->params.len; i++)
    if (b->model->params.at[i].name == name) b->model->param_range.at[i] = (ParamRange){true, bounds.low, bounds.high};
}

bool delay_bounds(Builder *b, Instance *at, const Symbol *s, DelayBounds *out) {
  const Expr *init = s->item->init;
  *out = (DelayBounds){INT64_MAX, INT64_MIN};
  const bool fine = s->item->value                    ? of_constant(b, at, s, s->item->value, out)
                    : !strcmp(init->name, "integers") ? of_integers(b, at, s, init, out)
                                                      : of_file(b, s, init, out);
  if (fine) tell_runtime(b, at, s, *out);
  return fine;
}
