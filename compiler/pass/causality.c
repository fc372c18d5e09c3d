/* causality.c — every loop must be delayed, all in one direction. Requires a verified graph; changes nothing.
 *
 * After Allen and Kennedy: a component that some clock can carry (component_direction) is a scan over that clock. Its edges
 * between steps of that clock are dropped, and what loops are left inside are looked at in the same way. A component that
 * no clock can carry is the user's mistake; a loop in it is drawn, in the user's names. */
#include "base/diag.h"
#include "pass/rewrite.h"

typedef struct Fault {
  Session *session;
  const Graph *g;
  const Components *k;
  const bool *dropped;
  int c; /* the component at fault */
} Fault;

/* Nodes of a closed walk: each needs the next, the last needs the first. */
typedef Vec(Ref) Walk;

static bool is_delay(const Node *n, int i) {
  int64_t least, most;
  if (!node_edge_is_delayed(n, i)) return false;
  node_delays(n, &least, &most);
  return least > 0 || most < 0;
}

/* --- finding a loop --------------------------------------------------------------------------------------------------- */

/* May a walk go from r to its input i? `undelayed`: within one step only. */
static bool edge_is_open(const Fault *f, Ref r, int i, bool undelayed) {
  const Node *n = node_of(f->g, r);
  if (f->k->component[n->in[i]] != f->c) return false;
  if (f->dropped[r] && node_edge_is_delayed(n, i)) return false;
  return !undelayed || !is_delay(n, i);
}

/* The shortest walk from `begin` to `end` along needs, of at least one edge, appended without `end`; false: there is none. */
static bool walk_to(const Fault *f, Ref begin, Ref end, bool undelayed, Walk *walk) {
  const int count = f->g->nodes.len;
  Ref *before = arena_array(f->session->arena, Ref, count), *queue = arena_array(f->session->arena, Ref, count);
  for (int i = 0; i < count; i++) before[i] = NO_REF;
  int head = 0, tail = 0;
  queue[tail++] = begin;
  while (head < tail && before[end] == NO_REF) {
    const Ref r = queue[head++];
    for (int i = 0; i < node_of(f->g, r)->inputs; i++) {
      const Ref x = input_of(f->g, r, i);
      if (!edge_is_open(f, r, i, undelayed) || before[x] != NO_REF) continue;
      before[x] = r;
      if (x != begin) queue[tail++] = x;
    }
  }
  if (before[end] == NO_REF) return false;
  Walk back = {0};
  Ref r = end;
  do vec_push(f->session->arena, back, r = before[r]);
  while (r != begin);
  for (int i = back.len - 1; i >= 0; i--) vec_push(f->session->arena, *walk, back.at[i]);
  return true;
}

/* A loop within one step, from a named node where there is one. */
static bool undelayed_loop(const Fault *f, Walk *walk) {
  for (int named = 1; named >= 0; named--)
    for (Ref r = 0; r < f->g->nodes.len; r++) {
      if (f->k->component[r] != f->c || (named && !node_of(f->g, r)->name)) continue;
      if (walk_to(f, r, r, true, walk)) return true;
    }
  return false;
}

/* An edge between steps inside the component that looks into this direction. */
static Ref edge_towards(const Fault *f, int direction) {
  for (Ref r = 0; r < f->g->nodes.len; r++) {
    const Node *n = node_of(f->g, r);
    int64_t least, most;
    if (f->k->component[r] != f->c || !n->inputs || !node_edge_is_delayed(n, 0) || !edge_is_open(f, r, 0, false)) continue;
    node_delays(n, &least, &most);
    if (direction < 0 ? least < 0 : most > 0) return r;
  }
  return NO_REF;
}

/* Through an edge to the past and one to the future. */
static bool both_ways_loop(const Fault *f, Walk *walk) {
  const Ref past = edge_towards(f, -1), future = edge_towards(f, 1);
  if (past == NO_REF || future == NO_REF) return false;
  if (past == future) return walk_to(f, past, past, false, walk);
  return walk_to(f, past, future, false, walk) && walk_to(f, future, past, false, walk);
}

/* Any loop: what is left is a loop through something that needs all steps at once. */
static void any_loop(const Fault *f, Walk *walk) {
  for (Ref r = 0; r < f->g->nodes.len; r++)
    if (f->k->component[r] == f->c && walk_to(f, r, r, false, walk)) return;
}

/* --- drawing it --------------------------------------------------------------------------------------------------------- */

/* One arrow of the drawing: from a named node to the next named one, and the delay on the way. */
typedef struct Arrow {
  Ref from, needs;
  Ref user; /* the node that has `needs` as an input: where the need was written */
  int64_t least, most;
} Arrow;

typedef Vec(Arrow) Arrows;

/* The user's own word: "h" of "net.cell.h". */
static const char *short_name(const Fault *f, Ref r) {
  const Node *n = node_of(f->g, r);
  const char *dot = n->name ? strrchr(n->name, '.') : NULL;
  if (dot) return dot + 1;
  return n->name ? n->name : arena_printf(f->session->arena, "%s", op_text(n->op));
}

/* A READ bears the name of what it reads ("h[t-1]") at most: only values are stations. */
static bool is_station(const Fault *f, Ref r) { return node_of(f->g, r)->name && op_class(node_of(f->g, r)->op) != CLASS_TIME; }

/* Is a a better beginning than b? A station, and of two the one that is written first. */
static bool begins_before(const Fault *f, Ref a, Ref b) {
  const Span x = node_of(f->g, a)->span, y = node_of(f->g, b)->span;
  if (is_station(f, a) != is_station(f, b)) return is_station(f, a);
  return x.file != y.file ? x.file < y.file : x.begin < y.begin;
}

static void turn_to_first(const Fault *f, Walk *walk) {
  Walk turned = {0};
  int first = 0;
  for (int i = 1; i < walk->len; i++)
    if (begins_before(f, walk->at[i], walk->at[first])) first = i;
  for (int i = 0; i < walk->len; i++) vec_push(f->session->arena, turned, walk->at[(first + i) % walk->len]);
  *walk = turned;
}

static void add_delay(const Fault *f, Ref r, Ref x, Arrow *arrow) {
  const Node *n = node_of(f->g, r);
  int64_t least, most;
  if (!n->inputs || !node_edge_is_delayed(n, 0) || n->in[0] != x) return;
  node_delays(n, &least, &most);
  arrow->least += least;
  arrow->most += most;
}

static Arrows arrows_of(const Fault *f, Walk *walk) {
  Arrows arrows = {0};
  turn_to_first(f, walk);
  Arrow arrow = {.from = walk->at[0]};
  for (int i = 0; i < walk->len; i++) {
    const Ref r = walk->at[i], x = walk->at[(i + 1) % walk->len];
    add_delay(f, r, x, &arrow);
    if (i + 1 < walk->len && !is_station(f, x)) continue;
    arrow.needs = x;
    arrow.user = r;
    vec_push(f->session->arena, arrows, arrow);
    arrow = (Arrow){.from = x};
  }
  return arrows;
}

static const char *delay_text(const Fault *f, int64_t least, int64_t most) {
  if (least == most) return arena_printf(f->session->arena, "delay %lld", -(long long)least);
  return arena_printf(f->session->arena, "delays %lld to %lld", -(long long)most, -(long long)least);
}

static const char *line_text(const Fault *f, Ref r) {
  const Span span = node_of(f->g, r)->span;
  return span.file ? arena_printf(f->session->arena, "   line %d", span_line(f->session, span)) : "";
}

/* Letters as they are shown: bytes that do not continue a UTF-8 sequence. */
static int width(const char *text) {
  int n = 0;
  for (; *text; text++) n += (*text & 0xC0) != 0x80;
  return n;
}

static const char *bars(const Fault *f, int n) {
  const char *text = "";
  for (int i = 0; i < n; i++) text = arena_printf(f->session->arena, "%s─", text);
  return text;
}

static bool is_letter(char c) {
  return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

/* Where the user's word for `name` ("y" of "net.y") stands in a span: what is written in the equation; file 0: nowhere. */
static Span find_word(const Fault *f, Span span, const char *name) {
  if (!span.file || !name) return (Span){0};
  const char *dot = strrchr(name, '.'), *word = dot ? dot + 1 : name;
  const char *text = f->session->sources.at[span.file]->text;
  const size_t n = strlen(word);
  for (uint32_t at = span.begin; at + n <= span.end; at++) {
    if (memcmp(text + at, word, n) != 0 || is_letter(text[at + n]) || (at && is_letter(text[at - 1]))) continue;
    return (Span){span.file, at, at + (uint32_t)n};
  }
  return (Span){0};
}

/* `q.c` of a call with several outputs, where that is how an equation says the node "net.q.c": from the word `c` on to its call. */
static Span with_call(const Fault *f, Span word, const char *name) {
  const char *text = f->session->sources.at[word.file]->text;
  uint32_t begin = word.begin;
  while (begin && (text[begin - 1] == '.' || is_letter(text[begin - 1]))) begin--;
  const size_t n = word.end - begin, all = strlen(name);
  const bool its_own = begin < word.begin && n < all && name[all - n - 1] == '.' && !memcmp(name + all - n, text + begin, n);
  return its_own ? (Span){word.file, begin, word.end} : word;
}

/* The node's name as the expression that needs it says it. */
static Span needed_word(const Fault *f, const Arrow *a) {
  const char *name = node_of(f->g, a->needs)->name;
  const Span word = find_word(f, node_of(f->g, a->user)->span, name);
  return word.file ? with_call(f, word, name) : word;
}

/* What the loop's station number i is called: as the one before it in the loop says it, or by its own equation. */
static const char *station_name(const Fault *f, const Arrows *arrows, int i) {
  const Arrow *before = &arrows->at[(i + arrows->len - 1) % arrows->len];
  const Span word = needed_word(f, before);
  if (!word.file) return short_name(f, before->needs);
  return arena_strndup(f->session->arena, f->session->sources.at[word.file]->text + word.begin, word.end - word.begin);
}

/*   ┌─────┐
 *   │     h   line 12
 *   │     ↓   delay 0
 *   │     y   line 13
 *   └─────┘   delay 0      total 0: every loop needs at least 1 */
static const char *drawing(const Fault *f, const Arrows *arrows, const char *verdict) {
  Arena *arena = f->session->arena;
  int widest = 1;
  for (int i = 0; i < arrows->len; i++)
    if (width(station_name(f, arrows, i)) > widest) widest = width(station_name(f, arrows, i));
  const char *text = arena_printf(arena, "┌─────┐\n");
  int64_t least = 0, most = 0;
  for (int i = 0; i < arrows->len; i++) {
    const Arrow *a = &arrows->at[i];
    const char *name = station_name(f, arrows, i);
    const char *delay = delay_text(f, a->least, a->most);
    least += a->least, most += a->most;
    text = arena_printf(arena, "%s│     %s%*s%s\n", text, name, widest - width(name), "", line_text(f, a->from));
    if (i + 1 < arrows->len) text = arena_printf(arena, "%s│     ↓%*s   %s\n", text, widest - 1, "", delay);
    else text = arena_printf(arena, "%s└%s┘%*s   %s", text, bars(f, 5), widest - 1, "", delay);
  }
  return arena_printf(arena, "%s      total %s: %s", text, delay_text(f, least, most) + (least == most ? 6 : 7), verdict);
}

/* --- saying it ---------------------------------------------------------------------------------------------------------- */

/* The place where an arrow's need was written: the name in the expression that uses it, or the expression. */
static Span need_place(const Fault *f, const Arrow *a) {
  const Span word = needed_word(f, a);
  return word.file ? word : node_of(f->g, a->user)->span;
}

static const char *step_text(const Fault *f, int64_t offset) {
  return offset ? arena_printf(f->session->arena, "t%+lld", (long long)offset) : "t";
}

static void label_arrows(const Fault *f, Diag *d, const Arrows *arrows) {
  for (int i = 0; i < arrows->len; i++) {
    const Arrow *a = &arrows->at[i];
    const Span place = need_place(f, a);
    if (!place.file) continue;
    diag_label(d, place, "`%s` at t needs `%s` at %s", station_name(f, arrows, i), station_name(f, arrows, i + 1), step_text(f, a->most));
  }
}

/* `h[t - D]`, `h[t..t-3]`: there is a delay, and the least of it is 0. */
static bool begins_now(const Fault *f, Diag *d, Span word) {
  const Source *source = f->session->sources.at[word.file];
  const char *bracket = source->text + word.end, *end = word.end < source->size && *bracket == '[' ? strchr(bracket, ']') : NULL;
  const size_t inside = end ? (size_t)(end - bracket) - 1 : 0;
  const Span read = {word.file, word.end, word.end + (uint32_t)inside + 2};
  if (end && inside && strcspn(bracket + 1, "+-. ,]") == inside) { /* `h[t]` */
    diag_suggest(d, read, arena_printf(f->session->arena, "[%.*s-1]", (int)inside, bracket + 1), "`%.*s` is `%.*s` alone, of the same step; the step before is read so",
                 (int)(end + 1 - source->text - word.begin), source->text + word.begin, (int)(word.end - word.begin), source->text + word.begin);
    return true;
  }
  if (end) diag_help(d, "`%.*s` reads the same step, too: let its delays begin at 1", (int)(end + 1 - source->text - word.begin), source->text + word.begin);
  return end;
}

static void suggest_delay(const Fault *f, Diag *d, const Arrow *a) {
  const Span word = needed_word(f, a);
  if (!word.file || begins_now(f, d, word)) return;
  diag_suggest(d, (Span){word.file, word.end, word.end}, "[t-1]", "feed back the previous %s",
               a->from == a->needs ? "value" : "output");
}

static const char *all_names(const Fault *f, const Arrows *arrows) {
  const char *text = arena_printf(f->session->arena, "`%s`", station_name(f, arrows, 0));
  for (int i = 1; i < arrows->len; i++)
    text = arena_printf(f->session->arena, "%s%s`%s`", text, i + 1 < arrows->len ? ", " : " and ", station_name(f, arrows, i));
  return text;
}

/* The same equation in another call of its cell, or in another stage. */
static bool said_before(const Session *s, DiagCode code, Span place) {
  for (int i = 0; i < s->diags.len; i++) {
    const Span said = s->diags.at[i]->labels.at[0].span;
    if (s->diags.at[i]->code == code && said.file == place.file && said.begin == place.begin && said.end == place.end) return true;
  }
  return false;
}

/* A tree's children are there before the node above: what reads that node cannot be needed by it. */
static void help_parent(const Fault *f, Diag *d, const Walk *walk) {
  for (int i = 0; i < walk->len; i++) {
    const Node *n = node_of(f->g, walk->at[i]);
    if (n->op != OP_PARENT) continue;
    const char *clock = f->g->clocks.at[n->attrs.clock].name;
    diag_help(d, "a child cannot need what is made of all children; a share `softmax over %s.children (…)` may be a factor of what "
                 "`sum over %s.children (…)` sums", clock, clock);
    return;
  }
}

static void report(const Fault *f, Walk *walk, DiagCode code, const char *what, const char *verdict) {
  const Arrows arrows = arrows_of(f, walk);
  if (said_before(f->session, code, need_place(f, &arrows.at[0]))) return;
  const char *names = all_names(f, &arrows);
  const char *each_other = arrows.len > 1 ? "need each other" : "needs itself";
  Diag *d = diag_error(f->session, code, need_place(f, &arrows.at[0]), "%s %s %s", names, each_other, what);
  label_arrows(f, d, &arrows);
  diag_drawing(d, drawing(f, &arrows, verdict));
  if (code == E0201) suggest_delay(f, d, &arrows.at[0]);
  if (code == E0202) help_parent(f, d, walk);
}

/* Does the walk go through a sum, a maximum or an end of a clock? Then no delay mends it. */
static bool needs_whole_sequence(const Fault *f, const Walk *walk) {
  for (int i = 0; i < walk->len; i++) {
    const Node *n = node_of(f->g, walk->at[i]);
    if (n->op == OP_AT_END || (n->attrs.over & ~GRAPH_SEQUENCE)) return true;
  }
  return false;
}

static void diagnose(const Fault *f) {
  Walk walk = {0};
  if (undelayed_loop(f, &walk) && !needs_whole_sequence(f, &walk)) {
    report(f, &walk, E0201, "within one time step", "every loop needs at least 1");
  } else if (!walk.len && both_ways_loop(f, &walk)) {
    report(f, &walk, E0202, "both in the past and in the future", "a loop looks one way only");
  } else {
    if (!walk.len) any_loop(f, &walk);
    report(f, &walk, E0210, "through the whole sequence", "what needs all steps cannot be needed by one of them");
  }
}

/* --- the pass ----------------------------------------------------------------------------------------------------------- */

static int carrying_clock(const Graph *g, const Components *k, int c, const bool *dropped) {
  for (int clock = 0; clock < g->clocks.len; clock++)
    if (component_direction(g, k, c, clock, dropped)) return clock;
  return -1;
}

static void drop_edges(const Graph *g, const Components *k, int c, int clock, bool *dropped) {
  for (Ref r = k->first[c]; r != NO_REF; r = k->next[r]) {
    const Node *n = node_of(g, r);
    if (!n->inputs || !node_edge_is_delayed(n, 0)) continue;
    dropped[r] |= n->attrs.clock == clock && k->component[n->in[0]] == c;
  }
}

/* Drops what can be carried; says whether anything was, and counts faults. */
static bool peel(Session *s, const Graph *g, bool *dropped, int *faults) {
  const Components k = graph_components_without(s, g, dropped);
  bool *before = arena_array(s->arena, bool, g->nodes.len), peeled = false;
  memcpy(before, dropped, sizeof *before * (size_t)g->nodes.len);
  *faults = 0;
  for (int c = 0; c < k.count; c++) {
    if (!k.loops[c]) continue;
    const int clock = carrying_clock(g, &k, c, before);
    if (clock >= 0) drop_edges(g, &k, c, clock, dropped), peeled = true;
    else ++*faults;
  }
  return peeled;
}

static void diagnose_all(Session *s, const Graph *g, const bool *dropped) {
  const Components k = graph_components_without(s, g, dropped);
  for (int c = 0; c < k.count; c++)
    if (k.loops[c]) diagnose(&(Fault){s, g, &k, dropped, c});
}

Graph *pass_causality(Session *s, Graph *g) {
  bool *dropped = arena_array(s->arena, bool, g->nodes.len);
  int faults = 0;
  while (peel(s, g, dropped, &faults)) continue;
  if (!faults) return g;
  diagnose_all(s, g, dropped);
  return NULL;
}
