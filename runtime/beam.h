/* beam.h — beam search over distributions that come one step at a time; nothing of nets.
 *
 * A hypothesis' score is the sum of its symbols' log chances. At each step the `width` best continuations of all hypotheses are kept, beside
 * those that have ended; equal ones in the order of hypotheses, then symbols, so that width 1 takes the first largest, as argmax does. Scores
 * only fall, so when the best hypothesis has ended nothing can overtake it. */
#ifndef RNN_RUNTIME_BEAM_H
#define RNN_RUNTIME_BEAM_H
#include <stdbool.h>
#include <stdint.h>

typedef struct Hypothesis {
  double score;
  int64_t steps, parent; /* parent: its place in the beam before the last beam_advance */
  bool ended;
  double *symbol; /* [limit] */
} Hypothesis;

typedef struct Beam {
  int64_t width, limit, symbols, end; /* end: the symbol that ends; -1: none does */
  int64_t count;                      /* hypotheses, best first */
  Hypothesis *at, *next;              /* [width] */
  double *memory;
} Beam;

/* One empty hypothesis. False: no memory. */
bool beam_init(Beam *b, int64_t width, int64_t limit, int64_t symbols, int64_t end);
void beam_free(Beam *b);
/* p[h]: the chances [symbols] of what comes next after hypothesis h; of ended ones they are not looked at. */
void beam_advance(Beam *b, const double *const *p);
bool beam_finished(const Beam *b);
#endif
