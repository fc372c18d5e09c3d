/* trees.c — trees("expressions.txt", z = column(1), w = column(2)): each row is a tree, `(avg (max 0 7) 3)`, and the symbols are its
 * nodes. They are numbered in postorder: children before their parents, the root last.
 *
 * A net on a tree clock `n` has hidden inputs, numbers of nodes, −1 where there is none: `n.left` and `n.right`, a node's first and
 * second child; `n.left.parent`, `n.right.parent`, the node whose left or right child it is; and for any number of children `n.first`,
 * a node's first child, `n.next`, its next sibling, and `n.parent`. */
#include "runtime/data/data.h"
#include <stdlib.h>
#include <string.h>

enum { LEFT, RIGHT, LEFT_PARENT, RIGHT_PARENT, FIRST, NEXT, PARENT, PARTS };
static const char *const part_names[PARTS] = {".left", ".right", ".left.parent", ".right.parent", ".first", ".next", ".parent"};

/* An opened parenthesis: its first symbol is the node, what follows are its children. */
typedef struct Open {
  const char *symbol; /* NULL: not seen yet */
  size_t size;
  int64_t children, first, second, last; /* how many, and the numbers of these */
} Open;

typedef struct Parser {
  const DataClause *clause;
  const Cell *cell;
  double *part[PARTS]; /* the hidden inputs, by node */
  double *out;
  Dataset *data;
  int64_t nodes, steps; /* so far; of the sequence */
  Open *open;
  int64_t depth; /* open[0]: around everything, its one child is the root */
} Parser;

bool is_tree_input(const Variable *v) { return strchr(v->name, '.') != NULL; }

bool tree_missing(const DataClause *c, const Variable *v) {
  return rnn_fail(c->error, "E0516", "the net reads a tree, `%s`, and gets none\nhelp: trees are read by trees(\"…\", w = column(1)) for an index of a vocabulary on the tree's clock",
                  v->name);
}

static bool bad_tree(const Parser *p, const char *what) {
  const Table *t = p->cell->table;
  return rnn_fail(p->clause->error, "E0514", "%s: line %lld: %s\nhelp: a tree is a symbol, or a symbol and its children in parentheses: (avg (max 0 7) 3)",
                  t->path, (long long)t->line[p->cell->row], what);
}

/* The steps were counted by the vocabulary's kind, and perhaps an `end`. */
static bool not_by_nodes(const Parser *p) {
  return rnn_fail(p->clause->error, "E0521", "trees(…): the symbols of `%s` are not the nodes of the tree\nhelp: its vocabulary is made by symbols(…), and a tree has no `end`",
                  p->cell->variable->name);
}

/* --- nodes ----------------------------------------------------------------------------------------------------------------- */

/* The first node of more than two children, for nets that read a left and a right one. */
static bool note_wide(Parser *p, const Open *node) {
  const Table *t = p->cell->table;
  char text[512];
  if (node->children <= 2 || p->data->wide) return true;
  snprintf(text, sizeof text, "%.400s: line %lld: a node has %lld children", t->path, (long long)t->line[p->cell->row], (long long)node->children);
  return (p->data->wide = strdup(text)) || no_memory(p->clause->error);
}

/* Gives a node its number and symbol, and hangs its children under it. */
static bool finish_node(Parser *p, const Open *node) {
  if (p->nodes == p->steps) return not_by_nodes(p);
  const int64_t number = p->nodes++;
  double *const *part = p->part;
  for (int i = 0; i < PARTS; i++) part[i][number] = -1;
  if (node->children) {
    part[LEFT][number] = part[FIRST][number] = (double)node->first;
    part[LEFT_PARENT][node->first] = (double)number;
    for (int64_t child = node->first; child >= 0; child = (int64_t)part[NEXT][child]) part[PARENT][child] = (double)number;
  }
  if (node->children > 1) {
    part[RIGHT][number] = (double)node->second;
    part[RIGHT_PARENT][node->second] = (double)number;
  }
  return note_wide(p, node) && cell_symbol_place(p->clause, p->cell, node->symbol, node->size, &p->out[number]);
}

/* The node that was finished last is a child of the parenthesis that is open. */
static bool hang(Parser *p) {
  Open *around = &p->open[p->depth];
  if (!p->depth && around->children) return bad_tree(p, "there is more after the tree");
  const int64_t node = p->nodes - 1;
  if (!around->children) around->first = node;
  else p->part[NEXT][around->last] = (double)node;
  if (around->children == 1) around->second = node;
  around->last = node;
  around->children++;
  return true;
}

static bool take_symbol(Parser *p, const char *symbol, size_t size) {
  Open *around = &p->open[p->depth];
  if (p->depth && !around->symbol) return around->symbol = symbol, around->size = size, true;
  const Open leaf = {.symbol = symbol, .size = size};
  return finish_node(p, &leaf) && hang(p);
}

static bool take_open(Parser *p) {
  if (p->depth && !p->open[p->depth].symbol) return bad_tree(p, "a parenthesis begins with a symbol");
  p->open[++p->depth] = (Open){0};
  return true;
}

static bool take_close(Parser *p) {
  if (!p->depth) return bad_tree(p, "a parenthesis is closed that was not opened");
  if (!p->open[p->depth].symbol) return bad_tree(p, "there is nothing between two parentheses");
  if (!finish_node(p, &p->open[p->depth])) return false;
  p->depth--;
  return hang(p);
}

static bool parse(Parser *p, const char *at) {
  bool fine = true;
  while (fine && *(at += strspn(at, " \t\r\n\f\v"))) {
    const size_t size = strcspn(at, " \t\r\n\f\v()");
    fine = size ? take_symbol(p, at, size) : *at == '(' ? take_open(p) : take_close(p);
    at += size ? size : 1;
  }
  if (!fine) return false;
  if (p->depth) return bad_tree(p, "a parenthesis is not closed");
  if (!p->nodes) return bad_tree(p, "there is no tree");
  return p->nodes == p->steps || not_by_nodes(p);
}

/* --- cells ----------------------------------------------------------------------------------------------------------------- */

/* Memory for the hidden inputs of the tree clocks that the variable lives on. */
static bool allocate(Parser *p, Dataset *data, int64_t sequence) {
  for (int v = 0; v < data->variables; v++) {
    if (!is_tree_input(&data->variable[v]) || !(data->variable[v].axes & p->cell->variable->axes & ~1u)) continue;
    double *out = sequence_allocate(data, sequence, v, data->sequence[sequence].steps);
    if (!out) return no_memory(p->clause->error);
    const char *part = strchr(data->variable[v].name, '.');
    for (int i = 0; i < PARTS; i++)
      if (!strcmp(part, part_names[i])) p->part[i] = out;
  }
  if (p->part[PARENT]) return true;
  return rnn_fail(p->clause->error, "E0509", "trees(…): `%s` does not live on a tree\nhelp: declare its clock as one: tree n", p->cell->variable->name);
}

bool cell_tree(const DataClause *c, const Cell *cell, Dataset *data, int64_t sequence, double *out) {
  const char *text = cell->table->column[cell->column].text[cell->row];
  Parser p = {.clause = c, .cell = cell, .out = out, .data = data, .steps = data->sequence[sequence].steps};
  if (!allocate(&p, data, sequence)) return false;
  p.open = calloc(strlen(text) + 2, sizeof *p.open);
  const bool fine = p.open ? parse(&p, text) : no_memory(c->error);
  free(p.open);
  return fine;
}

/* Wide nodes are an error where a unit reads one of two children. */
bool tree_read_by_sides(const Dataset *d, const char *input, RnnError *error) {
  const char *part = strchr(input, '.');
  if (!d || !d->wide || !part || (strcmp(part, part_names[LEFT]) && strcmp(part, part_names[RIGHT]))) return true;
  return rnn_fail(error, "E0514", "%s, and the net reads `%s`: of two at most\nhelp: `sum over %.*s.children (…)` reads any number of children", d->wide, input,
                  (int)(part - input), input);
}

/* Some variable must have been read as trees. */
static bool trees_filled(const DataClause *c, const Dataset *d) {
  for (int v = 0; v < d->variables; v++)
    if (is_tree_input(&d->variable[v]) && d->count && !d->sequence[0].value[v]) return tree_missing(c, &d->variable[v]);
  return true;
}

bool trees_data(const DataClause *c, Dataset *out) {
  const cJSON *name = value_arg(c->source, 0);
  DataClause clause = *c;
  clause.trees = true;
  if (clause_modifier(c, "windows")) return rnn_fail(c->error, "E0515", "a tree cannot be cut into windows");
  if (!cJSON_IsString(name)) return rnn_fail(c->error, "E0509", "trees(…) wants a file name in quotes first: trees(\"expressions.txt\", w = column(1))");
  char *path = clause_path(c->directory, name->valuestring);
  Table *t = path ? text_read(path, '\t', c->error) : NULL;
  const bool fine = t && table_data(&clause, t, out) && trees_filled(c, out);
  table_free(t);
  free(path);
  return fine;
}
