/* sparse.c — which layout a sparse weight gets, and how it is filled.
 *
 * The weight is looked at twice, in cells of a panel's rows by as many columns as two vectors: once to count what each kind
 * would need, once to fill the cheapest. PERMUTE is sliced ELLPACK (Monakov, Lokhmotov and Avetisyan, "Automatically Tuning Sparse
 * Matrix-Vector Multiplication for GPU Architectures", 2010) within each cell, whose part of x is held in two registers: a permutation
 * of them brings 16 numbers in the time in which a gather brings three. So there is no kind that gathers: where registers are not
 * permuted, a block of 4 or 8 for each number costs no more. */
#include "runtime/sparse.h"
#include <stdbool.h>
#include <string.h>

typedef struct Weight {
  const void *data;
  bool is_double;
  int64_t row, column, m, k, lanes; /* row, column: strides */
} Weight;

/* What a product needs, in vectors. */
typedef struct Counts {
  int64_t entries, runs, blocks;
} Counts;

static int64_t panels_of(const Weight *w) { return (w->m + w->lanes - 1) / w->lanes; }
static int64_t cell_width(const Weight *w) { return 2 * w->lanes; }
static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t paired(int64_t n) { return (n + SPARSE_TOGETHER - 1) / SPARSE_TOGETHER * SPARSE_TOGETHER; }

static double value_at(const Weight *w, int64_t i, int64_t j) {
  int64_t at = i * w->row + j * w->column;
  return w->is_double ? ((const double *)w->data)[at] : (double)((const float *)w->data)[at];
}

/* Bit b: row i has something in column from + b; up to 32 columns. A row that is not there has nothing. */
static uint32_t used_in_row(const Weight *w, int64_t i, int64_t from, int64_t to) {
  uint32_t used = 0;
  if (i >= w->m) return 0;
  int64_t at = i * w->row + from * w->column;
  if (w->is_double)
    for (int64_t b = 0; b < to - from; b++) used |= (uint32_t)(((const double *)w->data)[at + b * w->column] != 0) << b;
  else
    for (int64_t b = 0; b < to - from; b++) used |= (uint32_t)(((const float *)w->data)[at + b * w->column] != 0) << b;
  return used;
}

/* --- what each kind would need ----------------------------------------------------------------------------------------------- */

static void count_panel(const Weight *w, int64_t panel, Counts *c) {
  for (int64_t from = 0; from < w->k; from += cell_width(w)) {
    uint32_t any = 0;
    int most = 0;
    for (int64_t l = 0; l < w->lanes; l++) {
      uint32_t used = used_in_row(w, panel * w->lanes + l, from, smaller(from + cell_width(w), w->k));
      int count = __builtin_popcount(used);
      any |= used;
      if (count > most) most = count;
    }
    c->blocks += __builtin_popcount(any);
    c->entries += paired(most);
    c->runs += most > 0;
  }
}

/* The one place that says what is cheaper, in the time of one multiply-add with a vector of a weight from memory. Measured on Zen 5, N =
 * 100 … 3000: dense 0.5 ns, a block a tenth more, an entry 0.65 and half of that for each run. Several columns share what is read of a dense weight or a block, and their sums hide each other's latency: 2 columns half the time for
 * each, 4 and more a quarter. An entry's places have to be looked up for each column anew. */
static int cheapest(const Weight *w, const Counts *c, int64_t columns, bool permutes) {
  double shared = columns < 2 ? 1 : columns < 4 ? 0.5 : 0.25;
  double cost = shared * (double)(panels_of(w) * w->k), other;
  int kind = SPARSE_NONE;
  if ((other = 1.1 * shared * (double)c->blocks) < cost) cost = other, kind = SPARSE_BLOCKS;
  if (permutes && w->k >= cell_width(w) && (other = 1.3 * (double)c->entries + 0.6 * (double)c->runs) < cost) kind = SPARSE_PERMUTE;
  return kind;
}

/* --- filling ------------------------------------------------------------------------------------------------------------------- */

typedef struct Fill {
  const Weight *w;
  SparseHead *head;
  int64_t entries; /* so far */
} Fill;

static void set_value(Fill *f, int64_t entry, int64_t lane, double x) {
  char *values = (char *)f->head + f->head->values;
  int64_t at = entry * f->w->lanes + lane;
  if (f->w->is_double) ((double *)(void *)values)[at] = x;
  else ((float *)(void *)values)[at] = (float)x;
}

static void set_place(Fill *f, int64_t at, int64_t place) {
  char *places = (char *)f->head + f->head->places;
  if (f->head->kind == SPARSE_PERMUTE) ((uint8_t *)places)[at] = (uint8_t)place;
  else ((int32_t *)(void *)places)[at] = (int32_t)place;
}

/* One row's entries in a cell, from entry `at` on; gives how many. Places count from `start`. */
static int64_t fill_row(Fill *f, int64_t i, int64_t lane, int64_t from, int64_t to, int64_t start, int64_t at) {
  int64_t n = 0;
  for (uint32_t used = used_in_row(f->w, i, from, to); used; used &= used - 1, n++) {
    int64_t j = from + __builtin_ctz(used);
    set_place(f, (at + n) * f->w->lanes + lane, j - start);
    set_value(f, at + n, lane, value_at(f->w, i, j));
  }
  return n;
}

/* The last cell reaches back, where the columns are no multiple of its width: x is not read beyond its end. */
static int64_t permute_panel(Fill *f, int64_t panel, int64_t run) {
  const Weight *w = f->w;
  int32_t(*runs)[2] = (int32_t(*)[2])(void *)((char *)f->head + f->head->runs);
  for (int64_t from = 0; from < w->k; from += cell_width(w)) {
    int64_t to = smaller(from + cell_width(w), w->k), start = smaller(from, w->k - cell_width(w)), most = 0;
    for (int64_t l = 0; l < w->lanes; l++) {
      int64_t n = fill_row(f, panel * w->lanes + l, l, from, to, start, f->entries);
      if (n > most) most = n;
    }
    if (!most) continue;
    runs[run][0] = (int32_t)start;
    runs[run][1] = (int32_t)f->entries;
    f->entries += paired(most);
    runs[++run][1] = (int32_t)f->entries;
  }
  return run;
}

static void blocks_of_panel(Fill *f, int64_t panel) {
  const Weight *w = f->w;
  for (int64_t from = 0; from < w->k; from += cell_width(w)) {
    int64_t to = smaller(from + cell_width(w), w->k), first = panel * w->lanes;
    uint32_t any = 0;
    for (int64_t l = 0; l < w->lanes; l++) any |= used_in_row(w, first + l, from, to);
    for (; any; any &= any - 1, f->entries++) {
      int64_t j = from + __builtin_ctz(any);
      set_place(f, f->entries, j);
      for (int64_t l = 0; l < w->lanes && first + l < w->m; l++) set_value(f, f->entries, l, value_at(w, first + l, j));
    }
  }
}

static void fill(const Weight *w, SparseHead *head) {
  Fill f = {.w = w, .head = head};
  int64_t run = 0, panels = panels_of(w);
  for (int64_t p = 0; p < panels; p++) {
    head->first[p] = (int32_t)(head->kind == SPARSE_PERMUTE ? run : f.entries);
    if (head->kind == SPARSE_PERMUTE) run = permute_panel(&f, p, run);
    else blocks_of_panel(&f, p);
  }
  head->first[panels] = (int32_t)(head->kind == SPARSE_PERMUTE ? run : f.entries);
}

/* --- both ---------------------------------------------------------------------------------------------------------------------- */

static int64_t aligned(int64_t bytes) { return (bytes + 63) / 64 * 64; }

/* Where the arrays lie; their end. */
static int64_t place_arrays(const Weight *w, const Counts *c, SparseHead *head) {
  bool permute = head->kind == SPARSE_PERMUTE;
  int64_t entries = permute ? c->entries : c->blocks;
  head->runs = aligned((int64_t)sizeof *head + (panels_of(w) + 1) * (int64_t)sizeof(int32_t));
  head->places = aligned(head->runs + (permute ? (c->runs + 1) * 2 * (int64_t)sizeof(int32_t) : 0));
  head->values = aligned(head->places + entries * (permute ? w->lanes : (int64_t)sizeof(int32_t)));
  return head->values + entries * w->lanes * (w->is_double ? 8 : 4);
}

static void pack(const Weight *w, int64_t columns, bool permutes, SparseHead *head, int64_t bytes) {
  Counts c = {0};
  for (int64_t p = 0; p < panels_of(w); p++) count_panel(w, p, &c);
  head->kind = cheapest(w, &c, columns, permutes);
  int64_t end = place_arrays(w, &c, head);
  if (end > bytes) head->kind = SPARSE_NONE;
  if (head->kind == SPARSE_NONE) return;
  memset((char *)head + head->runs, 0, (size_t)(end - head->runs)); /* lanes without an entry multiply x[0] by 0 */
  fill(w, head);
}

void rnn_sparse_pack_f32(const float *w, int64_t row_stride, int64_t column_stride, int64_t m, int64_t k, int64_t columns, int64_t lanes,
                         int64_t permutes, void *out, int64_t bytes) {
  Weight weight = {w, false, row_stride, column_stride, m, k, lanes};
  pack(&weight, columns, permutes != 0, out, bytes);
}

void rnn_sparse_pack_f64(const double *w, int64_t row_stride, int64_t column_stride, int64_t m, int64_t k, int64_t columns, int64_t lanes,
                         int64_t permutes, void *out, int64_t bytes) {
  Weight weight = {w, true, row_stride, column_stride, m, k, lanes};
  pack(&weight, columns, permutes != 0, out, bytes);
}
