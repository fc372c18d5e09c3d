/* dims.c — sizes in linear normal form, and shapes of them.
 *
 * constant + Σ times·dim with the terms sorted by serial number: two sizes are the same exactly when their forms are. */
#include "sema/check.h"

Dim dim_literal(int64_t n) { return (Dim){.constant = n}; }

Dim dim_of(Session *s, Symbol *dim) {
  DimTerm *term = arena_new_of(s->arena, DimTerm);
  *term = (DimTerm){dim, 1};
  return (Dim){.terms = 1, .term = term};
}

bool dim_equal(Dim a, Dim b) {
  if (a.constant != b.constant || a.terms != b.terms) return false;
  for (int i = 0; i < a.terms; i++)
    if (a.term[i].dim != b.term[i].dim || a.term[i].times != b.term[i].times) return false;
  return true;
}

/* Sizes are far below this; what goes beyond is a mistake that another check reports. */
static int64_t add_times(int64_t a, int64_t b, int64_t times) {
  int64_t product, sum;
  if (__builtin_mul_overflow(b, times, &product) || __builtin_add_overflow(a, product, &sum)) return INT64_MAX / 4;
  return sum;
}

static bool term_comes_first(const Dim *a, int i, const Dim *b, int j) {
  return j == b->terms || (i < a->terms && a->term[i].dim->serial < b->term[j].dim->serial);
}

/* Merges two sorted lists of terms; what cancels disappears. */
Dim dim_add(Session *s, Dim a, Dim b, int64_t times) {
  DimTerm *out = arena_array(s->arena, DimTerm, a.terms + b.terms + 1);
  int n = 0;
  for (int i = 0, j = 0; i < a.terms || j < b.terms;) {
    DimTerm term;
    if (term_comes_first(&a, i, &b, j)) term = a.term[i++];
    else if (term_comes_first(&b, j, &a, i)) term = (DimTerm){b.term[j].dim, add_times(0, b.term[j].times, times)}, j++;
    else term = (DimTerm){a.term[i].dim, add_times(a.term[i].times, b.term[j].times, times)}, i++, j++;
    if (term.times) out[n++] = term;
  }
  return (Dim){add_times(a.constant, b.constant, times), n, out};
}

static int place_of(const Scope *cell, const Symbol *dim) {
  for (int i = 0; cell && i < cell->dims.len; i++)
    if (cell->dims.at[i] == dim) return i;
  return -1;
}

Dim dim_bind(Session *s, Dim d, const Scope *cell, const Dim *bind) {
  Dim out = dim_literal(d.constant);
  for (int i = 0; i < d.terms; i++) {
    int place = place_of(cell, d.term[i].dim);
    out = dim_add(s, out, place >= 0 ? bind[place] : dim_of(s, d.term[i].dim), d.term[i].times);
  }
  return out;
}

int64_t dim_size(Dim d, const Scope *cell, const int64_t *bind) {
  int64_t size = d.constant;
  for (int i = 0; i < d.terms; i++) {
    int place = place_of(cell, d.term[i].dim);
    size = add_times(size, place >= 0 ? bind[place] : d.term[i].dim->size, d.term[i].times);
  }
  return size;
}

/* A cell's own dims have no size before a call gives them one. */
static bool is_rigid(const Symbol *dim) { return dim->scope && dim->scope->owner; }

bool dim_known(Dim d, int64_t *size) {
  for (int i = 0; i < d.terms; i++)
    if (is_rigid(d.term[i].dim)) return false;
  *size = dim_size(d, NULL, NULL);
  return true;
}

/* --- shapes --------------------------------------------------------------------------------------------------------- */

bool shape_equal(const Shape *a, const Shape *b) {
  if (a->rank != b->rank) return false;
  for (int i = 0; i < a->rank; i++)
    if (!dim_equal(a->dim[i], b->dim[i])) return false;
  return true;
}

static int occurrences(Dim d, const Shape *in, int *last) {
  int n = 0;
  for (int i = 0; i < in->rank; i++)
    if (dim_equal(d, in->dim[i])) n++, *last = i;
  return n;
}

/* Every dim of the smaller occurs once in the larger, in the same order; a size of 1 is a dim like any other. */
bool shape_embed(const Shape *small, const Shape *large, int8_t *map) {
  for (int i = 0; i < large->rank; i++) map[i] = (int8_t)(shape_equal(small, large) ? i : -1);
  if (shape_equal(small, large)) return true;
  for (int i = 0, before = -1; i < small->rank; i++) {
    int place = -1;
    if (occurrences(small->dim[i], large, &place) != 1 || place <= before) return false;
    map[place] = (int8_t)i;
    before = place;
  }
  return small->rank < large->rank;
}

/* --- as text -------------------------------------------------------------------------------------------------------- */

static const char *term_text(Session *s, const char *before, DimTerm term) {
  const char *name = term.dim->name, *out = before;
  int64_t times = term.times < 0 ? -term.times : term.times;
  const char *sign = term.times < 0 ? (*before ? " - " : "-") : (*before ? " + " : "");
  if (times > 3) return arena_printf(s->arena, "%s%s%lld * %s", out, sign, (long long)times, name);
  for (int64_t i = 0; i < times; i++, sign = term.times < 0 ? " - " : " + ")
    out = arena_printf(s->arena, "%s%s%s", out, sign, name);
  return out;
}

char *dim_text(Session *s, Dim d) {
  const char *out = "";
  for (int i = 0; i < d.terms; i++)
    if (d.term[i].times > 0) out = term_text(s, out, d.term[i]);
  for (int i = 0; i < d.terms; i++)
    if (d.term[i].times < 0) out = term_text(s, out, d.term[i]);
  long long n = d.constant;
  if (!d.terms) return arena_printf(s->arena, "%lld", n);
  if (!n) return arena_strdup(s->arena, out);
  return arena_printf(s->arena, "%s %c %lld", out, n < 0 ? '-' : '+', n < 0 ? -n : n);
}

char *shape_text(Session *s, Shape shape) {
  char *out = arena_strdup(s->arena, "[");
  for (int i = 0; i < shape.rank; i++) out = arena_printf(s->arena, "%s%s%s", out, i ? ", " : "", dim_text(s, shape.dim[i]));
  return arena_printf(s->arena, "%s]", out);
}

bool dim_divide(Session *s, Dim d, int64_t by, Dim *out) {
  int64_t size = d.constant;
  Dim sum = dim_literal(d.constant / by);
  bool exact = true;
  for (int i = 0; i < d.terms; i++) {
    exact &= d.term[i].times % by == 0;
    sum = dim_add(s, sum, dim_of(s, d.term[i].dim), d.term[i].times / by);
  }
  if (!d.terms || exact) return *out = sum, true;
  return dim_known(d, &size) ? *out = dim_literal(size / by), true : false;
}
