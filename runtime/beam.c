#include "runtime/beam.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

bool beam_init(Beam *b, int64_t width, int64_t limit, int64_t symbols, int64_t end) {
  *b = (Beam){.width = width < 1 ? 1 : width, .limit = limit, .symbols = symbols, .end = end, .count = 1};
  b->at = calloc((size_t)b->width, sizeof *b->at);
  b->next = calloc((size_t)b->width, sizeof *b->next);
  b->memory = calloc((size_t)(2 * b->width * (limit + 1)), sizeof *b->memory);
  if (!b->at || !b->next || !b->memory) return beam_free(b), false;
  for (int64_t i = 0; i < b->width; i++) {
    b->at[i].symbol = b->memory + 2 * i * (limit + 1);
    b->next[i].symbol = b->at[i].symbol + limit + 1;
  }
  return true;
}

void beam_free(Beam *b) {
  free(b->at);
  free(b->next);
  free(b->memory);
  *b = (Beam){0};
}

/* A continuation: hypothesis `from`, then `symbol` (-1: it has ended). */
typedef struct Candidate {
  double score;
  int64_t from, symbol;
} Candidate;

/* Into the `width` best so far, behind those that are as good. */
static void consider(Candidate *best, int64_t *count, int64_t width, Candidate c) {
  int64_t place = *count;
  while (place > 0 && c.score > best[place - 1].score) place--;
  if (place == width) return;
  int64_t last = *count < width ? (*count)++ : width - 1;
  memmove(best + place + 1, best + place, (size_t)(last - place) * sizeof *best);
  best[place] = c;
}

static int64_t candidates(const Beam *b, const double *const *p, Candidate *best) {
  int64_t count = 0;
  for (int64_t h = 0; h < b->count; h++) {
    const Hypothesis *from = &b->at[h];
    if (from->ended) consider(best, &count, b->width, (Candidate){from->score, h, -1});
    for (int64_t k = 0; !from->ended && k < b->symbols; k++)
      consider(best, &count, b->width, (Candidate){from->score + log(p[h][k]), h, k});
  }
  return count;
}

static void take(const Beam *b, const Candidate *c, Hypothesis *to) {
  const Hypothesis *from = &b->at[c->from];
  memcpy(to->symbol, from->symbol, (size_t)from->steps * sizeof *to->symbol);
  to->score = c->score;
  to->steps = from->steps;
  to->parent = c->from;
  to->ended = from->ended || c->symbol == b->end;
  if (c->symbol >= 0) to->symbol[to->steps++] = (double)c->symbol;
}

void beam_advance(Beam *b, const double *const *p) {
  Candidate best[b->width + 1];
  int64_t count = candidates(b, p, best);
  for (int64_t i = 0; i < count; i++) take(b, &best[i], &b->next[i]);
  Hypothesis *before = b->at;
  b->at = b->next;
  b->next = before;
  b->count = count;
}

bool beam_finished(const Beam *b) { return b->at[0].ended || b->at[0].steps >= b->limit; }
