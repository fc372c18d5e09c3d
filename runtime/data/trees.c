/* trees.c — trees("expressions.txt", z = column(1), w = column(2)): each row is a tree, `(avg (max 0 7) 3)`, and the symbols are its
 * nodes. They are numbered in postorder: children before their parents, the root last.
 *
 * A net on a tree clock `n` has hidden inputs: `n.left` and `n.right`, the number of a node's child, −1 where it has none; and
 * `n.left.parent`, `n.right.parent`, the number of the node whose left or right child it is. */
#include "runtime/data/data.h"
#include <stdlib.h>
#include <string.h>

enum { LEFT, RIGHT, CHILDREN_MOST };

/* An opened parenthesis: its first symbol is the node, what follows are its children. */
typedef struct Open {
  const char *symbol; /* NULL: not seen yet */
  size_t size;
  int children;
  int64_t child[CHILDREN_MOST];
} Open;

typedef struct Parser {
  const DataClause *clause;
  const Cell *cell;
  double *child[CHILDREN_MOST], *parent[CHILDREN_MOST]; /* of the hidden inputs, by node */
  double *out;
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

/* Gives a node its number and symbol, and hangs its children under it. */
static bool finish_node(Parser *p, const Open *node) {
  if (p->nodes == p->steps) return not_by_nodes(p);
  const int64_t number = p->nodes++;
  for (int side = 0; side < CHILDREN_MOST; side++) {
    const bool has = side < node->children;
    p->child[side][number] = has ? (double)node->child[side] : -1;
    p->parent[side][number] = -1;
    if (has) p->parent[side][node->child[side]] = (double)number;
  }
  return cell_symbol_place(p->clause, p->cell, node->symbol, node->size, &p->out[number]);
}

/* The node that was finished last is a child of the parenthesis that is open. */
static bool hang(Parser *p) {
  Open *around = &p->open[p->depth];
  if (!p->depth && around->children) return bad_tree(p, "there is more after the tree");
  if (around->children == CHILDREN_MOST)
    return rnn_fail(p->clause->error, "E0901", "%s: line %lld: a node with more than two children is understood, but this version cannot read it yet",
                    p->cell->table->path, (long long)p->cell->table->line[p->cell->row]);
  around->child[around->children++] = p->nodes - 1;
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

static bool ends_with(const char *name, const char *suffix) {
  const size_t size = strlen(name), most = strlen(suffix);
  return size > most && !strcmp(name + size - most, suffix);
}

/* Memory for the hidden inputs of the tree clocks that the variable lives on. */
static bool allocate(Parser *p, Dataset *data, int64_t sequence) {
  static const char *const children[] = {".left", ".right"}, *const parents[] = {".left.parent", ".right.parent"};
  for (int v = 0; v < data->variables; v++) {
    if (!is_tree_input(&data->variable[v]) || !(data->variable[v].axes & p->cell->variable->axes & ~1u)) continue;
    double *out = sequence_allocate(data, sequence, v, data->sequence[sequence].steps);
    if (!out) return no_memory(p->clause->error);
    for (int side = 0; side < CHILDREN_MOST; side++) {
      if (ends_with(data->variable[v].name, children[side])) p->child[side] = out;
      if (ends_with(data->variable[v].name, parents[side])) p->parent[side] = out;
    }
  }
  if (p->child[RIGHT]) return true;
  return rnn_fail(p->clause->error, "E0509", "trees(…): `%s` does not live on a tree\nhelp: declare its clock as one: tree n", p->cell->variable->name);
}

bool cell_tree(const DataClause *c, const Cell *cell, Dataset *data, int64_t sequence, double *out) {
  const char *text = cell->table->column[cell->column].text[cell->row];
  Parser p = {.clause = c, .cell = cell, .out = out, .steps = data->sequence[sequence].steps};
  if (!allocate(&p, data, sequence)) return false;
  p.open = calloc(strlen(text) + 2, sizeof *p.open);
  const bool fine = p.open ? parse(&p, text) : no_memory(c->error);
  free(p.open);
  return fine;
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
