/* clause.c — reading the stages and clauses of the manifest. */
#include "runtime/clause.h"
#include "runtime/error.h"
#include <math.h>
#include <string.h>

enum { OPTIONS_MOST = 16 };

const cJSON *json_item(const cJSON *object, const char *key) {
  return cJSON_GetObjectItemCaseSensitive(object, key);
}

double json_number(const cJSON *object, const char *key, double fallback) {
  const cJSON *item = json_item(object, key);
  return cJSON_IsNumber(item) ? item->valuedouble : fallback;
}

const char *json_string(const cJSON *object, const char *key) {
  return cJSON_GetStringValue(json_item(object, key));
}

int64_t json_shape(const cJSON *object, int64_t *shape, int *rank) {
  int64_t elements = 1;
  int n = 0;
  const cJSON *size;
  cJSON_ArrayForEach(size, json_item(object, "shape")) {
    if (n == 8) break;
    shape[n++] = (int64_t)size->valuedouble;
    elements *= (int64_t)size->valuedouble;
  }
  *rank = n;
  return elements;
}

const cJSON *clause_after(const cJSON *stage, const char *keyword, const cJSON *before) {
  const cJSON *clauses = json_item(stage, "clauses");
  for (const cJSON *c = before ? before->next : (clauses ? clauses->child : NULL); c; c = c->next) {
    const char *word = json_string(c, "keyword");
    if (word && !strcmp(word, keyword)) return c;
  }
  return NULL;
}

const cJSON *clause_of(const cJSON *stage, const char *keyword) {
  return clause_after(stage, keyword, NULL);
}

const cJSON *modifier_of(const cJSON *clause, const char *word) {
  const cJSON *modifier;
  cJSON_ArrayForEach(modifier, json_item(clause, "modifiers")) {
    const char *name = json_string(modifier, "word");
    if (name && !strcmp(name, word)) return modifier;
  }
  return NULL;
}

double clause_number(const cJSON *clause, double fallback) {
  const cJSON *first = value_arg(clause, 0);
  return cJSON_IsNumber(first) ? first->valuedouble : fallback;
}

int clause_line(const cJSON *clause) {
  return (int)json_number(clause, "line", 0);
}

double value_option_number(const cJSON *value, const char *name, double fallback) {
  const cJSON *option = value_named(value, name);
  return cJSON_IsNumber(option) ? option->valuedouble : fallback;
}

const char *expression_text(const cJSON *value) {
  const char *text = json_string(value, "text");
  return text ? text : "";
}

static int row_of(const OptionRow *rows, int count, const char *name) {
  for (int i = 0; name && i < count; i++)
    if (!strcmp(rows[i].name, name)) return i;
  return -1;
}

static bool unknown_option(const cJSON *value, const char *name, const OptionRow *rows, int count, int line, RnnError *error) {
  const char *names[OPTIONS_MOST];
  for (int i = 0; i < count && i < OPTIONS_MOST; i++) names[i] = rows[i].name;
  if (!name)
    rnn_fail_at(error, line, "E0403", "`%s` takes at most %d options", value_called(value), count);
  else
    rnn_fail_at(error, line, "E0403", "`%s` has no option `%s`", value_called(value), name);
  rnn_fail_names(error, "its options", name ? name : "", names, count);
  return false;
}

/* A number, true or false, or a bare word that is the option's own name. */
static double option_number(const cJSON *item) {
  if (cJSON_IsNumber(item)) return item->valuedouble;
  const char *word = value_called(item);
  return cJSON_IsTrue(item) || (word && strcmp(word, "false") != 0);
}

static bool take_positional(const cJSON *value, const OptionRow *rows, int count, double *out, int line, RnnError *error) {
  const cJSON *item;
  int place = 0;
  cJSON_ArrayForEach(item, json_item(value, "args")) {
    const char *word = value_called(item);
    int row = word ? row_of(rows, count, word) : place++;
    if (row < 0 || row >= count) return unknown_option(value, word, rows, count, line, error);
    out[row] = option_number(item);
  }
  return true;
}

bool value_options(const cJSON *value, const OptionRow *rows, int count, double *out, int line, RnnError *error) {
  for (int i = 0; i < count; i++) out[i] = rows[i].fallback;
  if (!take_positional(value, rows, count, out, line, error)) return false;
  const cJSON *item;
  cJSON_ArrayForEach(item, json_item(value, "named")) {
    int row = row_of(rows, count, item->string);
    if (row < 0) return unknown_option(value, item->string, rows, count, line, error);
    out[row] = option_number(item);
  }
  for (int i = 0; i < count; i++)
    if (isnan(out[i])) return rnn_fail_at(error, line, "E0403", "`%s` needs `%s = …`", value_called(value), rows[i].name);
  return true;
}
