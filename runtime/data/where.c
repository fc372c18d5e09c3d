/* where.c — conditions on rows: where "index" >= 5 and "speaker" == "theo". A string on the left of a comparison, or beside an operator,
 * names a column; on the right of == and != it is text. A missing number meets no condition. */
#include "runtime/data/data.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const cJSON *part(const cJSON *v, const char *key) { return cJSON_GetObjectItemCaseSensitive(v, key); }

static const char *operator_of(const cJSON *v) {
  const cJSON *op = part(v, "op");
  return cJSON_IsString(op) ? op->valuestring : NULL;
}

static bool is_equality(const char *op) { return strcmp(op, "==") == 0 || strcmp(op, "!=") == 0; }

static bool names_column(const cJSON *v) { return cJSON_IsString(v) || value_is_call(v, "column"); }

bool where_column_rows(const cJSON *v, Table *t, int64_t *rows, RnnError *error) {
  const char *op = operator_of(v);
  if (op) {
    const cJSON *left = part(v, "left"), *right = part(v, "right");
    bool text = is_equality(op) && names_column(left) && cJSON_IsString(right);
    return where_column_rows(left, t, rows, error) && (!right || text || where_column_rows(right, t, rows, error));
  }
  if (cJSON_IsNumber(v)) return true;
  if (!names_column(v))
    return rnn_fail(error, "E0515", "a `where` compares columns, named in quotes, with numbers: where \"index\" >= 5");
  int column = table_find(t, v, error);
  if (column < 0) return false;
  if (!t->column[column].text && !t->column[column].number) return rnn_fail(error, "E0515", "the array `%s` holds no numbers", t->column[column].name);
  *rows = t->column[column].rows;
  return true;
}

static const Column *column_of(const cJSON *v, Table *t) { return &t->column[table_find(t, v, NULL)]; }

static double cell_value(const Column *c, int64_t row) {
  if (!c->text) return c->number[row * c->width];
  char *end;
  double x = strtod(c->text[row], &end);
  return end == c->text[row] || *end ? NAN : x;
}

static double evaluate(const cJSON *v, Table *t, int64_t row);

static bool text_equal(const Column *c, int64_t row, const char *text) {
  char number[40];
  if (c->text) return strcmp(c->text[row], text) == 0;
  snprintf(number, sizeof number, "%.17g", c->number[row * c->width]);
  return strcmp(number, text) == 0;
}

static double apply(const char *op, double a, double b) {
  if (!strcmp(op, "<")) return a < b;
  if (!strcmp(op, "<=")) return a <= b;
  if (!strcmp(op, ">")) return a > b;
  if (!strcmp(op, ">=")) return a >= b;
  if (!strcmp(op, "==")) return a == b;
  if (!strcmp(op, "!=")) return a != b && !isnan(a) && !isnan(b);
  if (!strcmp(op, "and")) return a != 0 && b != 0;
  if (!strcmp(op, "or")) return a != 0 || b != 0;
  if (!strcmp(op, "+")) return a + b;
  if (!strcmp(op, "*")) return a * b;
  if (!strcmp(op, "/")) return a / b;
  return NAN;
}

static double evaluate(const cJSON *v, Table *t, int64_t row) {
  const char *op = operator_of(v);
  if (cJSON_IsNumber(v)) return v->valuedouble;
  if (!op) return cell_value(column_of(v, t), row);
  const cJSON *left = part(v, "left"), *right = part(v, "right");
  if (is_equality(op) && names_column(left) && cJSON_IsString(right))
    return text_equal(column_of(left, t), row, right->valuestring) == (*op == '=');
  double a = evaluate(left, t, row), b = right ? evaluate(right, t, row) : 0;
  if (!strcmp(op, "not")) return a == 0;
  if (!strcmp(op, "-")) return right ? a - b : -a;
  return apply(op, a, b);
}

bool where_holds(const cJSON *condition, Table *t, int64_t row) {
  double x = evaluate(condition, t, row);
  return x != 0 && !isnan(x);
}
