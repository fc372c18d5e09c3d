/* read.c — reads the text form that print.c writes, line by line; the first bad line is a diagnostic. */
#include "base/diag.h"
#include "graph/text.h"
#include <stdlib.h>

typedef struct Reader {
  Session *session;
  Graph *g;
  const char *at, *end; /* of the line */
  int line;
  const char *problem; /* the first */
} Reader;

static bool failed(Reader *r, const char *problem) {
  if (!r->problem) r->problem = problem;
  return false;
}

/* --- words -------------------------------------------------------------------------------------------------------------- */

static void skip_blanks(Reader *r) {
  while (r->at < r->end && (*r->at == ' ' || *r->at == '\t')) r->at++;
}

static bool at_end_of_line(Reader *r) {
  skip_blanks(r);
  return r->at >= r->end || *r->at == '#';
}

static bool accept(Reader *r, const char *text) {
  skip_blanks(r);
  const size_t n = strlen(text);
  if ((size_t)(r->end - r->at) < n || memcmp(r->at, text, n) != 0) return false;
  r->at += n;
  return true;
}

static bool expect(Reader *r, const char *text) {
  return accept(r, text) || failed(r, arena_printf(r->session->arena, "`%s` is missing", text));
}

/* What stands up to a blank or one of `stops`. */
static Name word(Reader *r, const char *stops) {
  skip_blanks(r);
  const char *begin = r->at;
  while (r->at < r->end && *r->at != ' ' && !strchr(stops, *r->at)) r->at++;
  return intern_n(r->session, begin, (size_t)(r->at - begin));
}

static Name quoted(Reader *r) {
  if (!expect(r, "\"")) return intern(r->session, "");
  char *text = arena_alloc(r->session->arena, (size_t)(r->end - r->at) + 1);
  size_t n = 0;
  while (r->at < r->end && *r->at != '"') {
    if (*r->at == '\\' && r->at + 1 < r->end) r->at++;
    text[n++] = *r->at++;
  }
  expect(r, "\"");
  return intern_n(r->session, text, n);
}

static int64_t integer(Reader *r) {
  char *after;
  const int64_t value = strtoll(r->at, &after, 10);
  if (after == r->at || after > r->end) failed(r, "a whole number is missing");
  else r->at = after;
  return value;
}

static double number(Reader *r) {
  char *after;
  const double value = strtod(r->at, &after);
  if (after == r->at || after > r->end) failed(r, "a number is missing");
  else r->at = after;
  return value;
}

static int one_of(Reader *r, const char *const *texts) {
  const Name found = word(r, "");
  for (int i = 0; texts[i]; i++)
    if (strcmp(found, texts[i]) == 0) return i;
  failed(r, arena_printf(r->session->arena, "`%s` is no role", found));
  return 0;
}

/* --- types -------------------------------------------------------------------------------------------------------------- */

static Sizes shape(Reader *r) {
  Sizes s = {0};
  expect(r, "[");
  while (!r->problem && !accept(r, "]")) {
    if (s.rank == GRAPH_RANK) failed(r, "the rank is too large");
    else s.dim[s.rank++] = integer(r);
  }
  return s;
}

static int clock_named(Reader *r, const char *name) {
  for (int i = 0; i < r->g->clocks.len; i++)
    if (strcmp(r->g->clocks.at[i].name, name) == 0) return i;
  failed(r, arena_printf(r->session->arena, "there is no clock `%s`", name));
  return 0;
}

static GraphAxes axis(Reader *r, const char *stops) {
  return accept(r, "*") ? GRAPH_SEQUENCE : GRAPH_CLOCK(clock_named(r, word(r, stops)));
}

static GraphAxes axes(Reader *r) {
  GraphAxes all = 0;
  if (!accept(r, "on ")) return 0;
  while (!r->problem && !at_end_of_line(r) && *r->at != '"') all |= axis(r, "\"#");
  return all;
}

/* --- attributes --------------------------------------------------------------------------------------------------------- */

static void read_data(Reader *r, Attrs *attrs) {
  Vec(double) data = {0};
  expect(r, "{");
  while (!r->problem && !accept(r, "}")) vec_push(r->session->arena, data, number(r));
  attrs->data = data.at ? data.at : arena_array(r->session->arena, double, 1);
  attrs->count = data.len; /* until the shape is known */
}

static void read_letters(Reader *r, Attrs *attrs) {
  for (int i = 0; i < 3; i++) {
    if (i) expect(r, ",");
    const char *letters = "";
    if (r->at < r->end && *r->at != ' ') letters = word(r, ",");
    if (strlen(letters) > GRAPH_RANK) failed(r, "there are too many letters");
    else memcpy(attrs->letters[i], letters, strlen(letters));
  }
}

static void read_map(Reader *r, Attrs *attrs) {
  for (int i = 0; i < GRAPH_RANK && r->at < r->end && *r->at != ' '; i++) {
    attrs->map[i] = (int8_t)integer(r);
    if (!accept(r, ",")) return;
  }
}

static void read_over(Reader *r, Attrs *attrs) {
  do attrs->over |= axis(r, ",");
  while (!r->problem && r->at < r->end && *r->at == ',' && accept(r, ","));
}

static void read_plain(Reader *r, const GraphAttribute *a, Attrs *attrs) {
  char *at = (char *)attrs + a->place;
  const double value = a->kind == ATTR_DOUBLE ? number(r) : 0;
  const int64_t large = a->kind == ATTR_DOUBLE ? 0 : integer(r);
  const int32_t small = (int32_t)large;
  switch (a->kind) {
  case ATTR_DOUBLE: memcpy(at, &value, sizeof value); return;
  case ATTR_INT64: memcpy(at, &large, sizeof large); return;
  case ATTR_INT32:
  case ATTR_MASK: memcpy(at, &small, sizeof small); return;
  }
}

/* After `name=`. */
static bool read_attribute(Reader *r, const char *name, Attrs *attrs) {
  if (strcmp(name, "clock") == 0) return attrs->clock = clock_named(r, word(r, "")), true;
  if (strcmp(name, "data") == 0) return read_data(r, attrs), true;
  if (strcmp(name, "letters") == 0) return read_letters(r, attrs), true;
  if (strcmp(name, "map") == 0) return read_map(r, attrs), true;
  if (strcmp(name, "over") == 0) return read_over(r, attrs), true;
  for (int i = 0; i < graph_attribute_count; i++)
    if (strcmp(name, graph_attributes[i].name) == 0) return read_plain(r, &graph_attributes[i], attrs), true;
  return failed(r, arena_printf(r->session->arena, "there is no attribute `%s`", name));
}

/* --- lines -------------------------------------------------------------------------------------------------------------- */

static Op op_named(Reader *r, const char *text) {
  for (int op = 0; op < OP_COUNT; op++)
    if (strcmp(op_text((Op)op), text) == 0) return (Op)op;
  failed(r, arena_printf(r->session->arena, "there is no op `%s`", text));
  return OP_CONST;
}

static void check_data(Reader *r, Node *n) {
  if (n->attrs.data && n->attrs.count != sizes_count(n->shape)) failed(r, "the data do not fill the shape");
  if (n->attrs.data) n->attrs.count = 0;
}

/* `7 = op %1 %2 name=value … : [shape] on * t "name"`, after the `%`. */
static void read_node(Reader *r) {
  Vec(Ref) in = {0};
  Node n = {0};
  if (integer(r) != r->g->nodes.len) failed(r, "nodes are numbered from 0 without gaps");
  expect(r, "=");
  n.op = op_named(r, word(r, ""));
  while (!r->problem && accept(r, "%")) vec_push(r->session->arena, in, (Ref)integer(r));
  while (!r->problem && !accept(r, ": ")) {
    const Name name = word(r, "=");
    if (expect(r, "=")) read_attribute(r, name, &n.attrs);
  }
  n.inputs = in.len;
  n.in = in.at;
  n.shape = shape(r);
  n.axes = axes(r);
  check_data(r, &n);
  if (!at_end_of_line(r)) n.name = quoted(r);
  graph_add(r->g, n);
}

static void read_param(Reader *r) {
  if (integer(r) != r->g->params.len) failed(r, "params are numbered from 0 without gaps");
  const Name name = quoted(r);
  const bool trained = accept(r, "trained");
  if (!trained) expect(r, "fixed");
  const double density = accept(r, "density") ? number(r) : 0;
  const int param = graph_param(r->g, name, shape(r), trained);
  r->g->params.at[param].density = density;
}

static void read_input(Reader *r) {
  const int64_t index = integer(r);
  const Name name = quoted(r);
  const InputRole role = (InputRole)one_of(r, input_role_text);
  const Sizes s = shape(r);
  if (graph_input(r->g, name, role, s, axes(r)) != index) failed(r, "inputs are numbered from 0 without gaps, each once");
}

static void read_output(Reader *r) {
  const Name name = quoted(r);
  const OutputRole role = (OutputRole)one_of(r, output_role_text);
  const int index = (int)integer(r);
  expect(r, "%");
  graph_output(r->g, name, role, index, (Ref)integer(r));
}

static void read_clock(Reader *r) {
  const Name name = word(r, "");
  if (r->g->clocks.len == GRAPH_CLOCKS) failed(r, "there are too many clocks");
  else graph_clock(r->g, name, integer(r));
}

static void read_line(Reader *r) {
  if (at_end_of_line(r)) return;
  if (accept(r, "graph ")) r->g->name = quoted(r);
  else if (accept(r, "clock ")) read_clock(r);
  else if (accept(r, "param ")) read_param(r);
  else if (accept(r, "input ")) read_input(r);
  else if (accept(r, "output ")) read_output(r);
  else if (accept(r, "%")) read_node(r);
  else failed(r, "a line begins with graph, clock, param, input, output or %");
  if (!r->problem && !at_end_of_line(r)) failed(r, "something stands behind the end");
}

static Graph *refused(Reader *r) {
  diag_error(r->session, E0009, (Span){0}, "line %d of the graph: %s", r->line, r->problem);
  return NULL;
}

Graph *graph_parse(Session *s, const char *text) {
  Reader r = {.session = s, .g = graph_new(s, "")};
  while (*text && !r.problem) {
    const size_t length = strcspn(text, "\n");
    r.line++;
    r.at = text;
    r.end = text + length;
    read_line(&r);
    text += length + (text[length] == '\n');
  }
  if (!r.problem) graph_verify(r.g, &r.problem);
  return r.problem ? refused(&r) : r.g;
}
