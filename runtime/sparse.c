/* sparse.c — which layout a sparse weight gets, and how it is filled.
 *
 * The weight is looked at twice, in cells of a panel's rows by as many columns as two vectors: once to count what each kind
 * would need, once to fill the cheapest. PERMUTE is sliced ELLPACK (Monakov, Lokhmotov and Avetisyan, "Automatically Tuning Sparse
 * Matrix-Vector Multiplication for GPU Architectures", 2010) within each cell, whose part of x is held in two registers: a permutation
 * of them brings 16 numbers in the time in which a gather brings three. Few lanes have much more in a cell than the others; so as not to
 * fill up the others' entries with zeros, that is gathered after all, and so is everything where cells hold so little that most of a run would be zeros that
 * have to be fetched. Where registers are not permuted nothing is gathered: a block of 4 or 8 for each number costs no more. */
#include "runtime/sparse.h"
#include <stdbool.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

typedef struct Weight {
  const void *data;
  bool is_double;
  int64_t row, column, m, k, lanes; /* row, column: strides */
} Weight;

enum { SECOND_CACHE = 1 << 20 };

/* A run has so many entries at most; what a lane has more in its cell goes beside the runs: all of it, where there are none. */
static const int64_t longest_run[] = {0, 2, 4, 6, 8, 12, 32};
enum { CHOICES = sizeof longest_run / sizeof *longest_run };

/* What a product needs, in vectors; for each choice of the longest run. */
typedef struct Counts {
  int64_t entries[CHOICES], more[CHOICES], runs, blocks;
} Counts;

static int64_t panels_of(const Weight *w) { return (w->m + w->lanes - 1) / w->lanes; }
static int64_t cell_width(const Weight *w) { return 2 * w->lanes; }
static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }
static int64_t paired(int64_t n) { return (n + SPARSE_TOGETHER - 1) / SPARSE_TOGETHER * SPARSE_TOGETHER; }

static double value_at(const Weight *w, int64_t i, int64_t j) {
  int64_t at = i * w->row + j * w->column;
  return w->is_double ? ((const double *)w->data)[at] : (double)((const float *)w->data)[at];
}

/* --- where something is --------------------------------------------------------------------------------------------------------- */

/* One of a panel's rows by columns: bit b of used[l] says that row l has something in column from + b. */
typedef struct Cell {
  int64_t row, from, to;
  uint32_t used[16];
} Cell;

static bool is_something(const Weight *w, int64_t at) {
  return w->is_double ? ((const double *)w->data)[at] != 0 : ((const float *)w->data)[at] != 0;
}

/* Which of 4 numbers that lie together from `at` on are not 0. */
static uint32_t four(const Weight *w, int64_t at) {
#ifdef __SSE2__
  if (!w->is_double) return (uint32_t)_mm_movemask_ps(_mm_cmpneq_ps(_mm_loadu_ps((const float *)w->data + at), _mm_setzero_ps()));
  const double *p = (const double *)w->data + at;
  const __m128d low = _mm_cmpneq_pd(_mm_loadu_pd(p), _mm_setzero_pd()), high = _mm_cmpneq_pd(_mm_loadu_pd(p + 2), _mm_setzero_pd());
  return (uint32_t)(_mm_movemask_pd(low) | _mm_movemask_pd(high) << 2);
#else
  uint32_t used = 0;
  for (int b = 0; b < 4; b++) used |= (uint32_t)is_something(w, at + b) << b;
  return used;
#endif
}

/* Which of `count` ≤ 32 numbers, `stride` apart. */
static uint32_t used_of(const Weight *w, int64_t at, int64_t stride, int64_t count) {
  uint32_t used = 0;
  int64_t b = 0;
  for (; stride == 1 && b + 4 <= count; b += 4) used |= four(w, at + b) << b;
  for (; b < count; b++) used |= (uint32_t)is_something(w, at + b * stride) << b;
  return used;
}

/* Along whatever lies together: the rows of the weight, or its columns. */
static Cell look(const Weight *w, int64_t panel, int64_t from) {
  Cell c = {.row = panel * w->lanes, .from = from, .to = smaller(from + cell_width(w), w->k)};
  int64_t rows = smaller(w->lanes, w->m - c.row);
  if (w->row != 1)
    for (int64_t l = 0; l < rows; l++) c.used[l] = used_of(w, (c.row + l) * w->row + from * w->column, w->column, c.to - from);
  else
    for (int64_t j = from; j < c.to; j++)
      for (uint32_t in_column = used_of(w, c.row + j * w->column, 1, rows); in_column; in_column &= in_column - 1)
        c.used[__builtin_ctz(in_column)] |= (uint32_t)1 << (j - from);
  return c;
}

/* --- what each kind would need ----------------------------------------------------------------------------------------------- */

static void count_cell(const Weight *w, const Cell *cell, int64_t more[CHOICES][16], Counts *c) {
  uint32_t any = 0;
  int64_t most = 0;
  for (int64_t l = 0; l < w->lanes; l++) {
    int64_t count = __builtin_popcount(cell->used[l]);
    any |= cell->used[l];
    most = larger(most, count);
    for (int i = 0; i < CHOICES && count > longest_run[i]; i++) more[i][l] += count - longest_run[i];
  }
  for (int i = 0; i < CHOICES; i++) c->entries[i] += paired(smaller(most, longest_run[i]));
  c->blocks += __builtin_popcount(any);
  c->runs += most > 0;
}

static void count_panel(const Weight *w, int64_t panel, Counts *c) {
  int64_t more[CHOICES][16] = {0};
  for (int64_t from = 0; from < w->k; from += cell_width(w)) {
    const Cell cell = look(w, panel, from);
    count_cell(w, &cell, more, c);
  }
  for (int i = 0; i < CHOICES; i++) {
    int64_t most = 0;
    for (int64_t l = 0; l < w->lanes; l++) most = larger(most, more[i][l]);
    c->more[i] += paired(most);
  }
}

/* The one place that says what is cheaper, in the time of one multiply-add with a vector of a weight from memory. Measured on Zen 5, N =
 * 100 … 3000: dense 0.5 ns, a block a tenth more, an entry of a run 0.65, 1.05 where the second cache does not hold them all, and 0.3 for each run;
 * an entry beside them 0.25 for each lane, wherever it comes from, and 4 ns to begin with them in a panel. Several columns share what is read of a dense weight or a
 * block, and their sums hide each other's latency: 2 columns half the time for each, 4 and more a quarter. An entry's places have to be looked up
 * for each column anew. */
static double cost_of_runs(const Weight *w, const Counts *c, int choice) {
  const int64_t entries = c->entries[choice], more = c->more[choice], place = 1 + (w->is_double ? 8 : 4);
  const bool is_large = entries * w->lanes * place > SECOND_CACHE;
  const double in_runs = (is_large ? 2.1 : 1.3) * (double)entries + 0.6 * (double)(entries ? c->runs : 0);
  return in_runs + 0.5 * (double)(w->lanes * more) + (double)(more ? 8 * panels_of(w) : 0);
}

static int cheapest(const Weight *w, const Counts *c, int64_t columns, bool permutes, int *choice) {
  double shared = columns < 2 ? 1 : columns < 4 ? 0.5 : 0.25;
  double cost = shared * (double)(panels_of(w) * w->k), other;
  int kind = SPARSE_NONE;
  *choice = 0;
  if ((other = 1.1 * shared * (double)c->blocks) < cost) cost = other, kind = SPARSE_BLOCKS;
  for (int i = 0; i < CHOICES && permutes && w->k >= cell_width(w); i++)
    if ((other = cost_of_runs(w, c, i)) < cost) cost = other, kind = SPARSE_PERMUTE, *choice = i;
  return kind;
}

/* --- filling ------------------------------------------------------------------------------------------------------------------- */

typedef struct Fill {
  const Weight *w;
  SparseHead *head;
  int64_t longest;       /* PERMUTE: of a run */
  int64_t entries, more; /* so far, in the runs (or blocks) and beside them */
} Fill;

static int32_t *int32_at(const SparseHead *head, int64_t bytes) { return (int32_t *)(void *)((char *)(uintptr_t)head + bytes); }

static void set_value(Fill *f, int64_t values, int64_t at, double x) {
  char *to = (char *)f->head + values;
  if (f->w->is_double) ((double *)(void *)to)[at] = x;
  else ((float *)(void *)to)[at] = (float)x;
}

/* One lane's entries in a cell: those of the run, whose places count from `start`, and further ones beside it, after the `more` that the
 * lane has there already. Gives how many it has in all. */
static int64_t fill_lane(Fill *f, const Cell *c, int64_t lane, int64_t start, int64_t *more) {
  uint8_t *places = (uint8_t *)f->head + f->head->places;
  int64_t n = 0;
  for (uint32_t used = c->used[lane]; used; used &= used - 1, n++) {
    int64_t j = c->from + __builtin_ctz(used), at = (f->entries + n) * f->w->lanes + lane;
    const double x = value_at(f->w, c->row + lane, j);
    if (n < f->longest) {
      places[at] = (uint8_t)(j - start);
      set_value(f, f->head->values, at, x);
      continue;
    }
    at = (f->more + (*more)++) * f->w->lanes + lane;
    int32_at(f->head, f->head->more_places)[at] = (int32_t)j;
    set_value(f, f->head->more_values, at, x);
  }
  return n;
}

/* The last cell reaches back, where the columns are no multiple of its width: x is not read beyond its end. */
static int64_t permute_panel(Fill *f, int64_t panel, int64_t run) {
  const Weight *w = f->w;
  int32_t *runs = int32_at(f->head, f->head->runs);
  int64_t more[16] = {0}, most_more = 0;
  int32_at(f->head, f->head->more)[panel] = (int32_t)f->more;
  for (int64_t from = 0; from < w->k; from += cell_width(w)) {
    const Cell cell = look(w, panel, from);
    int64_t start = smaller(from, w->k - cell_width(w)), most = 0;
    for (int64_t l = 0; l < w->lanes; l++) {
      most = larger(most, fill_lane(f, &cell, l, start, &more[l]));
      most_more = larger(most_more, more[l]);
    }
    if (!most || !f->longest) continue;
    runs[2 * run] = (int32_t)start;
    runs[2 * run + 1] = (int32_t)f->entries;
    f->entries += paired(smaller(most, f->longest));
    runs[2 * ++run + 1] = (int32_t)f->entries;
  }
  f->more += paired(most_more);
  int32_at(f->head, f->head->more)[panel + 1] = (int32_t)f->more;
  return run;
}

static void blocks_of_panel(Fill *f, int64_t panel) {
  const Weight *w = f->w;
  for (int64_t from = 0; from < w->k; from += cell_width(w)) {
    const Cell cell = look(w, panel, from);
    uint32_t any = 0;
    for (int64_t l = 0; l < w->lanes; l++) any |= cell.used[l];
    for (; any; any &= any - 1, f->entries++) {
      int64_t j = from + __builtin_ctz(any);
      int32_at(f->head, f->head->places)[f->entries] = (int32_t)j;
      for (int64_t l = 0; l < w->lanes && cell.row + l < w->m; l++)
        set_value(f, f->head->values, f->entries * w->lanes + l, value_at(w, cell.row + l, j));
    }
  }
}

static void fill(const Weight *w, SparseHead *head, int64_t longest) {
  Fill f = {.w = w, .head = head, .longest = longest};
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
static int64_t place_arrays(const Weight *w, const Counts *c, int choice, SparseHead *head) {
  const bool permute = head->kind == SPARSE_PERMUTE;
  const int64_t i32 = sizeof(int32_t), real = w->is_double ? 8 : 4, firsts = (panels_of(w) + 1) * i32;
  const int64_t entries = permute ? c->entries[choice] : c->blocks, more = permute ? c->more[choice] : 0;
  head->runs = aligned((int64_t)sizeof *head + firsts);
  head->more = aligned(head->runs + (permute ? (c->runs + 1) * 2 * i32 : 0));
  head->places = aligned(head->more + firsts);
  head->values = aligned(head->places + entries * (permute ? w->lanes : i32));
  head->more_places = head->values + entries * w->lanes * real;
  head->more_values = head->more_places + more * w->lanes * i32;
  return head->more_values + more * w->lanes * real;
}

/* --- the call before ------------------------------------------------------------------------------------------------------------ */

enum { CHAINS = 8 };

static uint64_t mix(uint64_t h, uint64_t x) {
  h ^= x;
  return (h << 29 | h >> 35) * 0x9e3779b97f4a7c15u; /* one to one for each x, so that one changed number always shows */
}

/* A hash of the numbers and of all else that a layout depends on, never 0; 0 for a weight that does not lie in one piece. It takes a tenth of the
 * time that laying out takes, and asks nobody to say when a weight was changed. */
static uint64_t fingerprint(const Weight *w, int64_t columns, bool permutes, int64_t bytes) {
  const bool in_one_piece = (w->column == 1 && w->row == w->k) || (w->row == 1 && w->column == w->m);
  const int64_t size = w->m * w->k * (w->is_double ? 8 : 4), whole = size / 64 * 64;
  const uint64_t numbers[] = {(uint64_t)w->m, (uint64_t)w->k, (uint64_t)w->row, (uint64_t)w->lanes, (uint64_t)columns, permutes, w->is_double, (uint64_t)bytes};
  uint64_t h[CHAINS], x[CHAINS] = {0}, all = 1;
  if (!in_one_piece) return 0;
  memcpy(h, numbers, sizeof h);
  for (int64_t at = 0; at < whole; at += 64) {
    memcpy(x, (const char *)w->data + at, 64);
    for (int i = 0; i < CHAINS; i++) h[i] = mix(h[i], x[i]);
  }
  memset(x, 0, sizeof x);
  memcpy(x, (const char *)w->data + whole, (size_t)(size - whole));
  for (int i = 0; i < CHAINS; i++) all = mix(all, mix(h[i], x[i]));
  return all ? all : 1;
}

static void pack(const Weight *w, int64_t columns, bool permutes, SparseHead *head, int64_t bytes) {
  const uint64_t now = fingerprint(w, columns, permutes, bytes);
  if (now && head->fingerprint == now) return;
  head->fingerprint = 0;
  Counts c = {0};
  int choice;
  for (int64_t p = 0; p < panels_of(w); p++) count_panel(w, p, &c);
  head->kind = cheapest(w, &c, columns, permutes, &choice);
  int64_t end = place_arrays(w, &c, choice, head);
  if (end > bytes) head->kind = SPARSE_NONE;
  head->fingerprint = now;
  if (head->kind == SPARSE_NONE) return;
  memset((char *)head + head->runs, 0, (size_t)(end - head->runs)); /* lanes without an entry multiply some x by 0 */
  fill(w, head, longest_run[choice]);
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
