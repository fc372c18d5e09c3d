/* cells.c — cells drawn at random: there is no fast path for the name "LSTM", and these have no name.
 *
 * A cell has 2 to 6 units, each with one product W @ x and one U @ h; the first ones are gates, the last one or two candidates. What
 * a unit's U multiplies (the old output, the old memory, either reset by an earlier gate), whether it sees the memory through a
 * peephole, how gates and candidates become the new memory and output: all drawn. Every unit is used, so that none of the work can
 * be left out. */
#include "bench/bench.h"
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { UNITS = 6, TEXT = 4096 };

typedef struct Cell {
  uint64_t random;
  int units, gates;
  bool memory;      /* has a state c beside its output h */
  bool used[UNITS]; /* gates that some equation reads */
  bool peephole[UNITS];
  int resets, products; /* of what is special in it */
  char body[TEXT];
  int length;
} Cell;

/* Steele, Lea and Flood (2014), "Fast splittable pseudorandom number generators": SplitMix64. */
static uint64_t draw(Cell *c) {
  uint64_t z = c->random += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

static int below(Cell *c, int n) { return (int)(draw(c) % (uint64_t)n); }
static bool chance(Cell *c, int percent) { return below(c, 100) < percent; }

__attribute__((format(printf, 2, 3))) static void say(Cell *c, const char *format, ...) {
  va_list rest;
  va_start(rest, format);
  c->length += vsnprintf(c->body + c->length, (size_t)(TEXT - c->length), format, rest);
  va_end(rest);
}

/* --- a unit ----------------------------------------------------------------------------------------------------------------------- */

/* "U2 @ h[t-1]" and its relatives. */
static void say_recurrent(Cell *c, int unit, int gates_before) {
  const char *old = c->memory && chance(c, 15) ? "c[t-1]" : "h[t-1]";
  int gate = gates_before ? below(c, gates_before) : -1, way = below(c, 100);
  bool candidate = unit >= c->gates;
  if (gate < 0 || way >= (candidate ? 60 : 15)) {
    say(c, "U%d @ %s", unit, old);
    return;
  }
  c->used[gate] = true;
  c->resets++;
  if (candidate && way < 30) say(c, "g%d * (U%d @ %s)", gate, unit, old); /* reset after the product */
  else say(c, "U%d @ (g%d * %s)", unit, gate, old);
}

static void say_unit(Cell *c, int unit) {
  static const char *const gate[] = {"sigmoid", "sigmoid", "sigmoid", "hard_sigmoid"}, *const squash[] = {"tanh", "tanh", "tanh", "relu", "sigmoid"};
  bool candidate = unit >= c->gates, times = chance(c, 15);
  c->products += times;
  say(c, "  %c%d = %s(%sW%d @ x%s", candidate ? 'n' : 'g', unit, candidate ? squash[below(c, 5)] : gate[below(c, 4)], times ? "(" : "", unit,
      times ? ") * (" : " + ");
  say_recurrent(c, unit, candidate ? c->gates : unit);
  say(c, "%s", times ? ")" : "");
  c->peephole[unit] = chance(c, 30);
  if (c->peephole[unit]) say(c, " + p%d * %s", unit, c->memory ? "c[t-1]" : "h[t-1]");
  say(c, " + b%d)\n", unit);
}

/* --- what becomes of them --------------------------------------------------------------------------------------------------------- */

/* A gate that nobody reads yet; -1: all are read. */
static int take_gate(Cell *c) {
  for (int i = 0; i < c->gates; i++)
    if (!c->used[i]) return c->used[i] = true, i;
  return -1;
}

static void say_new(Cell *c) {
  int last = c->units - 1;
  if (c->units - c->gates == 1) {
    say(c, "  n = n%d\n", last);
    return;
  }
  int g = take_gate(c);
  if (g >= 0) say(c, "  n = g%d * n%d + (1 - g%d) * n%d\n", g, last - 1, g, last);
  else say(c, "  n = n%d * n%d\n", last - 1, last);
}

static void say_update(Cell *c) {
  const char *m = c->memory ? "c" : "h";
  int output = c->memory && chance(c, 70) ? take_gate(c) : -1, keep = take_gate(c), in = chance(c, 60) ? take_gate(c) : -1, more;
  if (keep >= 0 && in >= 0) say(c, "  %s = g%d * %s[t-1] + g%d * n", m, keep, m, in);
  else if (keep >= 0) say(c, "  %s = g%d * %s[t-1] + (1 - g%d) * n", m, keep, m, keep);
  else say(c, "  %s = 0.5 * %s[t-1] + 0.5 * n", m, m);
  while ((more = take_gate(c)) >= 0) say(c, " * g%d", more);
  say(c, "\n");
  if (c->memory && output >= 0) say(c, "  h = g%d * tanh(c)\n", output);
  else if (c->memory) say(c, "  h = tanh(c)\n");
}

/* "  param W0, W1: [H, X] ~ glorot" */
static void say_params(Cell *c, char name, const char *type, bool some) {
  const char *separator = "";
  for (int i = 0; i < c->units; i++) {
    if (some && !c->peephole[i]) continue;
    say(c, "%s%c%d", *separator ? separator : "  param ", name, i);
    separator = ", ";
  }
  if (*separator) say(c, ": %s\n", type);
}

static void say_cell(Cell *c) {
  c->units = 2 + below(c, UNITS - 1);
  c->gates = c->units - (c->units > 2 && chance(c, 35) ? 2 : 1);
  c->memory = chance(c, 50);
  for (int i = 0; i < c->units; i++) say_unit(c, i);
  say_new(c);
  say_update(c);
  say(c, "}\n");
  char equations[TEXT];
  memcpy(equations, c->body, sizeof equations);
  c->length = 0;
  say(c, "cell Drawn[X, H](x: [X]) -> h: [H] {\n");
  say_params(c, 'W', "[H, X] ~ glorot", false);
  say_params(c, 'U', "[H, H] ~ orthogonal", false);
  say_params(c, 'b', "[H] = 0", false);
  say_params(c, 'p', "[H] = 0.1", true);
  say(c, "  state h%s: [H] = 0\n%s", c->memory ? ", c" : "", equations);
}

static double products_of(const Case *c, int hidden) {
  int units = 0;
  for (const char *at = c->cells; (at = strstr(at, " @ x")); at++) units++;
  return (double)units * hidden * (c->inputs + hidden);
}

Case case_random(uint64_t seed, const Case *lstm) {
  static char text[TEXT], name[32];
  Cell c = {.random = seed};
  say_cell(&c);
  memcpy(text, c.body, sizeof text);
  int peepholes = 0;
  for (int i = 0; i < c.units; i++) peepholes += c.peephole[i];
  snprintf(name, sizeof name, "%llu: %dg%dc%s%s%s%s", (unsigned long long)seed, c.gates, c.units - c.gates, c.memory ? " mem" : "",
           c.resets ? " res" : "", peepholes ? " peep" : "", c.products ? " mul" : "");
  Case made = *lstm;
  made.name = name;
  made.peer = NULL;
  made.cells = text;
  made.equations = "h = Drawn[H = H](v)";
  case_fit(&made, lstm, products_of);
  return made;
}
