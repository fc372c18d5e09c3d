/* clause.h — reading the stages and clauses of the manifest (docs/manifest.md). None of these allocate; every one takes NULL. */
#ifndef RNN_RUNTIME_CLAUSE_H
#define RNN_RUNTIME_CLAUSE_H
#include "runtime/runtime.h"
#include "runtime/value.h"

double json_number(const cJSON *object, const char *key, double fallback);
const char *json_string(const cJSON *object, const char *key); /* NULL: none */
const cJSON *json_item(const cJSON *object, const char *key);
int64_t json_shape(const cJSON *object, int64_t *shape, int *rank); /* its "shape" into shape[8]; returns the number of elements */

/* The clause of that keyword in a stage (the first one), or NULL; and the next one after `before`. */
const cJSON *clause_of(const cJSON *stage, const char *keyword);
const cJSON *clause_after(const cJSON *stage, const char *keyword, const cJSON *before);
const cJSON *modifier_of(const cJSON *clause, const char *word);
double clause_number(const cJSON *clause, double fallback); /* its first argument */
int clause_line(const cJSON *clause);

double value_option_number(const cJSON *value, const char *name, double fallback);
const char *expression_text(const cJSON *value); /* the source of an expression of report, expect, write, plot; "" where unknown */

/* Options of a call such as adam(lr = 1e-3): rows with a default. NaN as a default: the option has none and is required. */
typedef struct OptionRow {
  const char *name;
  double fallback;
} OptionRow;
/* Fills out[i] for each row from the value's positional arguments, then its named ones; a bare word (`nesterov`) is 1.
 * An unknown or missing one is E0403, with the names there are. */
bool value_options(const cJSON *value, const OptionRow *rows, int count, double *out, int line, RnnError *error);

#endif
