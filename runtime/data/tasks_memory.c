/* tasks_memory.c — tasks of remembering over time: adding, copy, parity, vector_parity, binary_addition. */
#include "runtime/data/generators.h"
#include <math.h>

static double random_bit(Random *r) { return (double)random_below(r, 2); }

/* --- adding: Hochreiter and Schmidhuber (1997), experiment 4, with marks 1 and 0 and one mark in each half ---------------- */

bool adding_setup(Generation *g) {
  if (g->least < 2) return rnn_fail(g->error, "E0513", "adding(length = %lld): two marks need a length of 2 or more", (long long)g->least);
  generator_column(g, "value and mark", 2, 0, false, false);
  generator_column(g, "sum", 1, 0, true, true);
  return true;
}

bool adding_make(Generation *g, Sample *s) {
  (void)g;
  double *x = s->column[0];
  for (int64_t t = 0; t < s->steps; t++) x[2 * t] = 2 * random_uniform(&s->random) - 1, x[2 * t + 1] = 0;
  int64_t half = s->steps / 2, first = random_below(&s->random, half), second = half + random_below(&s->random, s->steps - half);
  x[2 * first + 1] = x[2 * second + 1] = 1;
  s->column[1][0] = 0.5 + (x[2 * first] + x[2 * second]) / 4;
  return true;
}

/* --- copy: Graves, Wayne and Danihelka (2014), section 4.1 --------------------------------------------------------------- */

enum { COPY_BITS };

bool copy_setup(Generation *g) {
  if (!generator_whole(g, "bits", 8, 1, 4096, &g->number[COPY_BITS])) return false;
  int64_t bits = (int64_t)g->number[COPY_BITS];
  generator_column(g, "bits and delimiter", bits + 1, 0, false, false);
  generator_column(g, "bits", bits, 0, true, false);
  return true;
}

int64_t copy_steps(const Generation *g, int64_t length) { return (void)g, 2 * length + 1; }

bool copy_make(Generation *g, Sample *s) {
  int64_t bits = (int64_t)g->number[COPY_BITS];
  double *x = s->column[0], *y = s->column[1];
  for (int64_t i = 0; i < s->steps * (bits + 1); i++) x[i] = 0;
  x[s->length * (bits + 1) + bits] = 1;
  for (int64_t t = 0; t < s->length; t++)
    for (int64_t b = 0; b < bits; b++) y[(s->length + 1 + t) * bits + b] = x[t * (bits + 1) + b] = random_bit(&s->random);
  return true;
}

/* --- parity: of all bits so far ----------------------------------------------------------------------------------------- */

bool parity_setup(Generation *g) {
  generator_column(g, "bit", 1, 0, false, false);
  generator_column(g, "parity", 1, 0, true, false);
  return true;
}

bool parity_make(Generation *g, Sample *s) {
  (void)g;
  double odd = 0;
  for (int64_t t = 0; t < s->steps; t++) {
    double bit = s->column[0][t] = random_bit(&s->random);
    s->column[1][t] = odd = odd != bit;
  }
  return true;
}

/* --- vector_parity: Graves (2016), "Adaptive computation time", section 3.1 ---------------------------------------------- */

enum { VECTOR_WIDTH };

bool vector_parity_setup(Generation *g) {
  if (!generator_whole(g, "width", 64, 1, 65536, &g->number[VECTOR_WIDTH])) return false;
  generator_column(g, "vector", (int64_t)g->number[VECTOR_WIDTH], 0, false, false);
  generator_column(g, "parity", 1, 0, true, false);
  return true;
}

/* 1 … width places, chosen at random, hold 1 or −1, the others 0; the target is 1 when the ones are odd in number. */
bool vector_parity_make(Generation *g, Sample *s) {
  int64_t width = (int64_t)g->number[VECTOR_WIDTH];
  for (int64_t t = 0; t < s->steps; t++) {
    double *x = s->column[0] + t * width;
    int64_t left = 1 + random_below(&s->random, width), ones = 0;
    for (int64_t i = 0; i < width; i++) { /* selection sampling: Knuth, 3.4.2 S */
      bool chosen = random_below(&s->random, width - i) < left;
      left -= chosen;
      x[i] = !chosen ? 0 : random_bit(&s->random) ? 1 : -1;
      ones += x[i] == 1;
    }
    s->column[1][t] = (double)(ones % 2);
  }
  return true;
}

/* --- binary_addition: least significant bits first ----------------------------------------------------------------------- */

enum { ADDITION_DELAY };

bool binary_addition_setup(Generation *g) {
  if (!generator_whole(g, "delay", 0, 0, 1e6, &g->number[ADDITION_DELAY])) return false;
  generator_column(g, "summand bits", 2, 0, false, false);
  generator_column(g, "sum bit", 1, 0, true, false);
  return true;
}

/* The sum has one bit more than the summands. */
int64_t binary_addition_steps(const Generation *g, int64_t length) { return length + 1 + (int64_t)g->number[ADDITION_DELAY]; }

bool binary_addition_make(Generation *g, Sample *s) {
  int64_t delay = (int64_t)g->number[ADDITION_DELAY];
  int carry = 0;
  for (int64_t t = 0; t < s->steps; t++) {
    bool inside = t < s->length;
    int a = inside ? (int)random_bit(&s->random) : 0, b = inside ? (int)random_bit(&s->random) : 0, sum = a + b + carry;
    s->column[0][2 * t] = a;
    s->column[0][2 * t + 1] = b;
    if (t < delay) s->column[1][t] = 0;
    if (t + delay < s->steps) s->column[1][t + delay] = sum & 1;
    carry = sum >> 1;
  }
  return true;
}
