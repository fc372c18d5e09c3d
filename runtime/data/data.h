/* data.h — inside runtime/data: tables (what files hold), binding (which column is which variable), and the forms of data.
 *
 * dataset_load (dataset.c) looks the form up: a file form (csv, tsv, npz) reads a Table, binds variables to its columns and cuts its rows
 * into sequences (table_data.c, rows.c); a generator (generators.def) fills variables column by column (generate.c). */
#ifndef RNN_RUNTIME_DATA_DATA_H
#define RNN_RUNTIME_DATA_DATA_H
#include "runtime/dataset.h"
#include "runtime/error.h"
#include "runtime/random.h"
#include "runtime/value.h"
#include "runtime/vocabulary.h"

/* What a data clause says and what it is for; read only. */
typedef struct DataClause {
  const cJSON *source, *modifiers;
  const Variable *variable;
  int variables;
  const char *directory; /* NULL: the current one */
  uint64_t seed;
  const Dataset *categories; /* NULL */
  RnnError *error;
  bool trees; /* words are nodes of trees */
} DataClause;

const cJSON *clause_said(const DataClause *c, const char *word);     /* a modifier; NULL */
const cJSON *clause_modifier(const DataClause *c, const char *word); /* its args, or NULL */
/* A path of the model file, from its folder. Caller frees. */
char *clause_path(const char *directory, const char *path);
/* Variable `name`, or -1. */
int clause_variable(const DataClause *c, const char *name);
static inline bool variable_has_clock(const Variable *v) { return v->axes > 1; }
/* Is `x` a number that the variable can hold (index(V): a whole number 0 … V − 1)? */
bool variable_takes(const Variable *v, double x);

/* --- tables: text.c (csv, tsv), npy.c and npz.c ----------------------------------------------------------------------- */

typedef struct Column {
  char *name;     /* "" where there is no header */
  int64_t rows, width; /* width: numbers a row; 1 in text files */
  int rank;            /* of an array: its shape, rows first */
  int64_t shape[8];
  char **text;    /* [rows] the cells, inside Table.bytes; NULL in binary files */
  double *number; /* [rows][width]; NULL until column_numbers */
} Column;

typedef struct Table {
  char *path;
  bool has_header;
  int columns;
  Column *column;
  int64_t rows;  /* of the longest column */
  int64_t *line; /* [rows] line of the file, text only */
  char *bytes;   /* the file, cut into cells */
} Table;

Table *table_new(const char *path);
void table_free(Table *t);
/* separator 0: found by looking. Errors: E0501 cannot be read, E0506 unequal rows, E0507 empty, E0514 not text. */
Table *text_read(const char *path, char separator, RnnError *error);
/* Every array of the archive is a column. Errors: E0501, E0514. */
Table *npz_read(const char *path, RnnError *error);
/* A .npy file in memory: bool, (u)int8…64, float16…64, either byte order, C order. `value` is malloc'd. Errors: E0514. */
typedef struct Npy {
  int rank;
  int64_t shape[8];
  double *value;
} Npy;
bool npy_parse(const char *path, const unsigned char *bytes, size_t size, Npy *out, RnnError *error);
bool npy_read(const char *path, Npy *out, RnnError *error);
/* Whole file, with a 0 after its end. Caller frees. Errors: E0501. */
char *file_read(const char *path, size_t *size, RnnError *error);

/* A column by name, or by column(n). Errors: E0502 with the columns that there are. -1. */
int table_find(const Table *t, const cJSON *which, RnnError *error);
const char *column_title(const Table *t, int column, char *out, size_t size); /* `name` or column 3 */
/* Reads cells as numbers, empty ones (and NA, NaN, ?) as NaN. Errors: E0503 with line, column and text. */
bool column_numbers(Table *t, int column, const int64_t *row, int64_t rows, RnnError *error);

/* --- rows.c: which rows make which sequence ---------------------------------------------------------------------------- */

typedef struct Group {
  int64_t *row, rows; /* rows of the table in order */
  int64_t number;     /* which sequence of the file: row of arrays with one entry a sequence (npz with cuts) */
} Group;

typedef struct Groups {
  int64_t count, cuts; /* cuts: sequences of the file where it is cut, else -1 */
  Group *group;
  int64_t *rows; /* memory of all groups' rows */
} Groups;

/* Applies rows = a..b, where, by, cuts. `single`: no variable lives on a clock, so each row is a sequence.
 * Errors: E0504, E0505, E0515. */
bool groups_make(const DataClause *c, Table *t, bool single, Groups *out);
void groups_free(Groups *g);
/* Which of the file's sequences `rows` and a `where` on arrays with one entry a sequence choose. Caller frees. Errors: as above. */
bool sequences_chosen(const DataClause *c, Table *t, int64_t sequences, int64_t **number, int64_t *count);

/* cells.c: cells that hold more than one number, and texts. */
typedef struct Cell {
  const Table *table;
  int column;
  int64_t row;
  const Variable *variable;
} Cell;
bool cell_is_vector(const char *cell);                                         /* has it spaces inside? */
bool cell_vector(const DataClause *c, const Cell *cell, double *out);           /* [elements] */
bool cell_symbol(const DataClause *c, const Cell *cell, double *out);           /* the whole text is one */
int64_t cell_words_count(const DataClause *c, const Cell *cell);                /* symbols, and the `end` of the clause */
bool cell_words(const DataClause *c, const Cell *cell, double *out);            /* [as many] */
bool text_data(const DataClause *c, Dataset *out);                              /* text("input.txt", c) */
/* trees.c: a cell's text is an expression in parentheses; its words are the nodes, children before their parents. */
bool trees_data(const DataClause *c, Dataset *out);                             /* trees("expressions.txt", z = column(1), w = column(2)) */
bool cell_tree(const DataClause *c, const Cell *cell, Dataset *data, int64_t sequence, double *out);
bool is_tree_input(const Variable *v);                                          /* `n.left`: filled by cell_tree */
bool tree_missing(const DataClause *c, const Variable *v);                      /* E0516; false */
bool cell_symbol_place(const DataClause *c, const Cell *cell, const char *text, size_t size, double *out);
bool string_data(const DataClause *c, Dataset *out);                            /* string("ROMEO:", c) */

/* where.c: a condition on rows of the table (columns by name). */
bool where_column_rows(const cJSON *condition, Table *t, int64_t *rows, RnnError *error); /* rows of its columns; all alike */
bool where_holds(const cJSON *condition, Table *t, int64_t row);

/* --- forms -------------------------------------------------------------------------------------------------------------- */

bool table_data(const DataClause *c, Table *t, Dataset *out);
/* arrays.c: of NumPy's arrays, where a value lives on several clocks, or the clause says how long sequences are on each. */
bool arrays_wanted(const DataClause *c);
bool arrays_data(const DataClause *c, Table *t, Dataset *out); /* errors: E0503, E0508, E0510, E0515, E0516 */
bool dataset_windows(Dataset *d, int64_t length, int64_t every, RnnError *error);
bool dataset_allocate(Dataset *d, int64_t count);            /* sequences without values */
double *sequence_allocate(Dataset *d, int64_t sequence, int variable, int64_t steps); /* filled with NaN; NULL: no memory */
bool constant_fill(const DataClause *c, Dataset *d, int variable, const cJSON *value); /* u = 0.2, u = [1, 2] */
bool no_memory(RnnError *error);

/* --- generators: generate.c runs the rows of generators.def -------------------------------------------------------------- */

enum { GENERATOR_COLUMNS = 4, GENERATOR_NUMBERS = 12, GENERATOR_ASKED = 24 };

typedef struct GeneratorColumn {
  const char *name;
  int64_t width;     /* numbers a step */
  int64_t symbols;   /* > 0: one whole number below it a step, for an index(V) or, as a one-hot, for [V] */
  bool per_sequence, is_target;
} GeneratorColumn;

typedef struct Generation {
  const DataClause *clause;
  const char *name;
  int64_t least, most;  /* length = least..most */
  int64_t count;        /* sequences */
  int columns;
  GeneratorColumn column[GENERATOR_COLUMNS];
  double number[GENERATOR_NUMBERS]; /* the generator's own options, in its own order */
  const cJSON *list;
  int asked;
  const char *option[GENERATOR_ASKED]; /* names asked for, for messages */
  RnnError *error;
} Generation;

/* One sequence being made: its random stream and a buffer a column, [steps][width] or [width], full of NaN. */
typedef struct Sample {
  int64_t number, length, steps;
  Random random;
  double *column[GENERATOR_COLUMNS];
} Sample;

typedef struct Generator {
  const char *name;
  bool (*setup)(Generation *g);                        /* reads options, declares columns */
  int64_t (*steps)(const Generation *g, int64_t length); /* NULL: length */
  bool (*make)(Generation *g, Sample *s);              /* false: an error is set */
} Generator;

extern const Generator generators[];
extern const int generator_count;
bool generator_data(const DataClause *c, const Generator *generator, Dataset *out);

/* For setup: option `name`, a number from least to most (E0513), with its default. */
bool generator_number(Generation *g, const char *name, double fallback, double least, double most, double *out);
bool generator_whole(Generation *g, const char *name, double fallback, double least, double most, double *out);
const char *generator_word(Generation *g, const char *name); /* transform = tanh; NULL */
const cJSON *generator_value(Generation *g, const char *name);
void generator_column(Generation *g, const char *name, int64_t width, int64_t symbols, bool is_target, bool per_sequence);
#endif
