/* tasks_series.c — series: mackey_glass, narma, sine, uniform_noise, hidden_delays. */
#include "runtime/data/generators.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- mackey_glass: Mackey and Glass (1977); transform and starts as in Jaeger (2001) -------------------------------------- */

enum { MACKEY_TAU, MACKEY_SKIP, MACKEY_TANH };
enum { GRID = 10, APART = 50 }; /* integration steps a kept value; steps between the starts of sequences */

static bool mackey_transform(Generation *g) {
  const char *transform = generator_word(g, "transform");
  g->number[MACKEY_TANH] = transform && strcmp(transform, "tanh") == 0;
  if (g->number[MACKEY_TANH] != 0 || !value_named(g->clause->source, "transform")) return true;
  return rnn_fail(g->error, "E0513", "mackey_glass(transform = %s): the only transform is tanh: tanh(y − 1)", transform ? transform : "…");
}

bool mackey_glass_setup(Generation *g) {
  if (!generator_number(g, "tau", 17, 0.2, 1000, &g->number[MACKEY_TAU]) || !generator_whole(g, "skip", 0, 0, 1e9, &g->number[MACKEY_SKIP]) ||
      !mackey_transform(g))
    return false;
  double delay = g->number[MACKEY_TAU] * GRID;
  if (fabs(delay - round(delay)) > 1e-9) return rnn_fail(g->error, "E0513", "mackey_glass(tau = %g): tau must be a multiple of 0.1", g->number[MACKEY_TAU]);
  generator_column(g, "y", 1, 0, true, false);
  return true;
}

/* ẏ = 0.2 y(t−τ) / (1 + y(t−τ)^10) − 0.1 y */
static double mackey_slope(double y, double delayed) { return 0.2 * delayed / (1 + pow(delayed, 10)) - 0.1 * y; }

/* The last delay + 1 grid points and their slopes, as a ring; y = 1.2 and slope 0 before 0. */
typedef struct Mackey {
  int64_t delay, now;
  double *y, *slope;
} Mackey;

static double *ring_at(const Mackey *m, double *ring, int64_t i) { return &ring[(i + m->delay + 1) % (m->delay + 1)]; }

/* One Runge–Kutta step of 0.1. The delayed value between two grid points is the cubic through their values and slopes (Hermite), which
 * keeps the fourth order. */
static void mackey_step(Mackey *m) {
  const double h = 1.0 / GRID;
  int64_t i = m->now, past = i - m->delay;
  double y = *ring_at(m, m->y, i), d0 = *ring_at(m, m->y, past), d1 = *ring_at(m, m->y, past + 1);
  double k1 = mackey_slope(y, d0);
  *ring_at(m, m->slope, i) = k1;
  double bend = past < 0 ? 0 : *ring_at(m, m->slope, past) - *ring_at(m, m->slope, past + 1); /* the history is flat up to 0 */
  double middle = (d0 + d1) / 2 + h / 8 * bend;
  double k2 = mackey_slope(y + h / 2 * k1, middle), k3 = mackey_slope(y + h / 2 * k2, middle), k4 = mackey_slope(y + h * k3, d1);
  m->now++;
  *ring_at(m, m->y, m->now) = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4);
}

/* Each sequence is integrated from 0, for the series has no randomness: sequence s starts 50 s steps later. */
bool mackey_glass_make(Generation *g, Sample *s) {
  Mackey m = {.delay = llround(g->number[MACKEY_TAU] * GRID)};
  size_t size = (size_t)m.delay + 1;
  m.y = calloc(2 * size, sizeof *m.y);
  if (!m.y) return no_memory(g->error);
  m.slope = m.y + size;
  for (size_t i = 0; i < size; i++) m.y[i] = 1.2;
  int64_t start = (int64_t)g->number[MACKEY_SKIP] + APART * s->number;
  for (int64_t kept = 0; kept < start + s->steps; kept++) {
    double y = *ring_at(&m, m.y, m.now);
    if (kept >= start) s->column[0][kept - start] = g->number[MACKEY_TANH] != 0 ? tanh(y - 1) : y;
    for (int i = 0; i < GRID; i++) mackey_step(&m);
  }
  free(m.y);
  return true;
}

/* --- narma: Atiya and Parlos (2000) ---------------------------------------------------------------------------------------- */

enum { NARMA_ORDER };

bool narma_setup(Generation *g) {
  if (!generator_whole(g, "order", 10, 1, 1000, &g->number[NARMA_ORDER])) return false;
  generator_column(g, "u", 1, 0, false, false);
  generator_column(g, "y", 1, 0, true, false);
  return true;
}

/* y₊ = 0.3 y + 0.05 y Σ y₋ᵢ (i = 0 … order − 1) + 1.5 u₋₍order−1₎ u + 0.1; before step 0 both are 0. False: it diverges. */
static bool narma_run(const double *u, double *y, int64_t steps, int64_t order) {
  y[0] = 0;
  for (int64_t t = 0; t + 1 < steps; t++) {
    double sum = 0;
    for (int64_t i = 0; i < order && i <= t; i++) sum += y[t - i];
    double earlier = t >= order - 1 ? u[t - order + 1] : 0;
    y[t + 1] = 0.3 * y[t] + 0.05 * y[t] * sum + 1.5 * earlier * u[t] + 0.1;
    if (!(y[t + 1] <= 1)) return false;
  }
  return true;
}

bool narma_make(Generation *g, Sample *s) {
  enum { TRIES = 1000 };
  for (int i = 0; i < TRIES; i++) {
    for (int64_t t = 0; t < s->steps; t++) s->column[0][t] = 0.5 * random_uniform(&s->random);
    if (narma_run(s->column[0], s->column[1], s->steps, (int64_t)g->number[NARMA_ORDER])) return true;
  }
  return rnn_fail(g->error, "E0513", "narma(order = %g, length = %lld): 1000 draws in a row diverged (y > 1)\nhelp: take a lower order or shorter sequences",
                  g->number[NARMA_ORDER], (long long)s->steps);
}

/* --- sine: sin(2π (t + phase) / period) ------------------------------------------------------------------------------------- */

enum { SINE_PERIOD, SINE_NOISE };

bool sine_setup(Generation *g) {
  generator_column(g, "y", 1, 0, true, false);
  return generator_number(g, "period", 25, 1e-9, 1e9, &g->number[SINE_PERIOD]) && generator_number(g, "noise", 0, 0, 1e9, &g->number[SINE_NOISE]);
}

bool sine_make(Generation *g, Sample *s) {
  double phase = random_uniform(&s->random) * g->number[SINE_PERIOD];
  for (int64_t t = 0; t < s->steps; t++)
    s->column[0][t] = sin(6.283185307179586 * ((double)t + phase) / g->number[SINE_PERIOD]) + g->number[SINE_NOISE] * random_normal(&s->random);
  return true;
}

/* --- uniform_noise ---------------------------------------------------------------------------------------------------------- */

enum { NOISE_LOW, NOISE_HIGH, NOISE_WIDTH };

bool uniform_noise_setup(Generation *g) {
  double *n = g->number;
  if (!generator_number(g, "low", -1, -1e300, 1e300, &n[NOISE_LOW]) || !generator_number(g, "high", 1, -1e300, 1e300, &n[NOISE_HIGH]) ||
      !generator_whole(g, "width", 1, 1, 1e6, &n[NOISE_WIDTH]))
    return false;
  if (n[NOISE_HIGH] < n[NOISE_LOW]) return rnn_fail(g->error, "E0513", "uniform_noise(low = %g, high = %g): high is below low", n[NOISE_LOW], n[NOISE_HIGH]);
  generator_column(g, "u", (int64_t)n[NOISE_WIDTH], 0, false, false);
  return true;
}

bool uniform_noise_make(Generation *g, Sample *s) {
  double low = g->number[NOISE_LOW], range = g->number[NOISE_HIGH] - low;
  for (int64_t i = 0; i < s->steps * g->column[0].width; i++) s->column[0][i] = low + range * random_uniform(&s->random);
  return true;
}

/* --- hidden_delays: y(t) = Σ x_i(t − d_i) ----------------------------------------------------------------------------------- */

bool hidden_delays_setup(Generation *g) {
  double inputs;
  g->list = generator_value(g, "delays");
  int count = cJSON_IsArray(g->list) ? cJSON_GetArraySize(g->list) : 0;
  if (!generator_whole(g, "inputs", count, 1, 1e6, &inputs)) return false;
  const cJSON *delay;
  bool whole = count > 0 && inputs == count;
  cJSON_ArrayForEach(delay, g->list) whole &= cJSON_IsNumber(delay) && delay->valuedouble >= 0 && delay->valuedouble == floor(delay->valuedouble);
  if (!whole) return rnn_fail(g->error, "E0513", "hidden_delays(…) wants one whole delay an input: hidden_delays(inputs = 3, delays = [3, 8, 17])");
  generator_column(g, "x", count, 0, false, false);
  generator_column(g, "y", 1, 0, true, false);
  return true;
}

bool hidden_delays_make(Generation *g, Sample *s) {
  int64_t inputs = g->column[0].width;
  double *x = s->column[0], *y = s->column[1];
  for (int64_t i = 0; i < s->steps * inputs; i++) x[i] = 2 * random_uniform(&s->random) - 1;
  for (int64_t t = 0; t < s->steps; t++) {
    int64_t i = 0;
    const cJSON *delay;
    y[t] = 0;
    cJSON_ArrayForEach(delay, g->list) {
      double at = (double)t - delay->valuedouble;
      if (at >= 0) y[t] += x[(int64_t)at * inputs + i];
      i++;
    }
  }
  return true;
}
