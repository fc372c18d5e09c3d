/* links: rnn_runtime */
/* vocabulary.c — symbols of files: their order, columns, extra symbols; texts and cells read by them. */
#include "tests/unit/data_test.h"

#define FILE_TEXT "/tmp/rnn_test_vocabulary.txt"
#define FILE_TABLE "/tmp/rnn_test_vocabulary.tsv"

static Vocabulary *read_fine(const char *kind, const char *path, const char *column, int64_t place) {
  static const char *const extra[] = {"<s>", "</s>"};
  RnnError error = {0};
  VocabularySource source = {kind, path, column, place, extra, !strcmp(kind, "words") ? 2 : 0};
  Vocabulary *v = vocabulary_read(&source, &error);
  if (!v) printf("\n%s: %s\n", error.code, error.message);
  CU_ASSERT_FATAL(v != NULL);
  return v;
}

static void expect_symbols(const Vocabulary *v, const char *wanted) {
  char found[400] = "";
  for (int64_t i = 0; i < v->count; i++) {
    strcat(strcat(found, i ? "|" : ""), v->symbol[i]);
    CU_ASSERT_EQUAL(vocabulary_find(v, v->symbol[i], strlen(v->symbol[i])), i);
  }
  CU_ASSERT_STRING_EQUAL(found, wanted);
}

static void test_characters(void) {
  write_text(FILE_TEXT, "bañana\nσ a");
  Vocabulary *v = read_fine("characters", FILE_TEXT, NULL, 0);
  expect_symbols(v, "\n| |a|b|n|ñ|σ");
  CU_ASSERT_EQUAL(vocabulary_find(v, "z", 1), -1);
  CU_ASSERT_STRING_EQUAL(vocabulary_separator(v), "");
  vocabulary_free(v);
}

static void test_words(void) {
  write_text(FILE_TABLE, "id\tsentence\n1\tthe cat sat\n2\tthe mat\n");
  Vocabulary *v = read_fine("words", FILE_TABLE, "sentence", 0);
  expect_symbols(v, "<s>|</s>|the|cat|sat|mat");
  CU_ASSERT_STRING_EQUAL(vocabulary_separator(v), " ");
  vocabulary_free(v);
  v = read_fine("words", FILE_TABLE, NULL, 2);
  CU_ASSERT_EQUAL(v->count, 6);
  vocabulary_free(v);
}

static void test_symbols(void) {
  write_text(FILE_TABLE, "0.5\t(avg (max 3 6) 3)\n0.1\t(min 0 6)\n");
  Vocabulary *v = read_fine("symbols", FILE_TABLE, NULL, 2);
  expect_symbols(v, "avg|max|3|6|min|0");
  vocabulary_free(v);
}

static void test_many(void) {
  char word[16];
  Vocabulary *v = vocabulary_new("words");
  for (int i = 0; i < 5000; i++) CU_ASSERT_EQUAL(vocabulary_add(v, word, (size_t)snprintf(word, sizeof word, "w%d", i)), i);
  CU_ASSERT_EQUAL(vocabulary_add(v, "w77", 3), 77);
  CU_ASSERT_EQUAL(vocabulary_find(v, "w4999", 5), 4999);
  vocabulary_free(v);
}

static void expect_error(const char *kind, const char *path, const char *column, const char *code) {
  RnnError error = {0};
  VocabularySource source = {.kind = kind, .path = path, .column = column};
  CU_ASSERT_PTR_NULL(vocabulary_read(&source, &error));
  CU_ASSERT_STRING_EQUAL(error.code, code);
}

static void test_errors(void) {
  write_text(FILE_TABLE, "id\tsentence\n1\tthe cat\n");
  expect_error("words", "/tmp/rnn_no_such_file", NULL, "E0501");
  expect_error("words", FILE_TABLE, "sentense", "E0502");
  expect_error("letters", FILE_TABLE, NULL, "E0520");
  write_text(FILE_TEXT, " \n");
  expect_error("words", FILE_TEXT, NULL, "E0507");
}

/* --- data ------------------------------------------------------------------------------------------------------------------ */

static Variable spoken(const char *name, const Vocabulary *v) {
  Variable out = variable(name, VARIABLE_OUTPUT, 1, ON_CLOCK, v->count);
  out.vocabulary = v;
  return out;
}

static void expect_values(const double *found, const double *wanted, int n) {
  for (int i = 0; i < n; i++) CU_ASSERT_EQUAL(found[i], wanted[i]);
}

static void test_text(void) {
  write_text(FILE_TEXT, "abca");
  Vocabulary *v = read_fine("characters", FILE_TEXT, NULL, 0);
  Variable c = spoken("c", v);
  Dataset *d = load_fine("{\"call\":\"text\",\"args\":[\"rnn_test_vocabulary.txt\",{\"name\":\"c\"}]}", NULL, &c, 1);
  CU_ASSERT_EQUAL(d->count, 1);
  CU_ASSERT_EQUAL(d->sequence[0].steps, 4);
  expect_values(d->sequence[0].value[0], (double[]){0, 1, 2, 0}, 4);
  dataset_free(d);
  d = load_fine("{\"call\":\"string\",\"args\":[\"cab\"],\"named\":{\"c\":{\"name\":\"chars\"}}}", NULL, &c, 1);
  expect_values(d->sequence[0].value[0], (double[]){2, 0, 1}, 3);
  dataset_free(d);
  load_fails("{\"call\":\"string\",\"args\":[\"cabx\",{\"name\":\"c\"}]}", NULL, &c, 1, "E0521", "\"x\"|`c`|extra");
  load_fails("{\"call\":\"string\",\"args\":[\"cab\",{\"name\":\"d\"}]}", NULL, &c, 1, "E0509", "string");
  vocabulary_free(v);
}

#define TABLE(more) "{\"call\":\"tsv\",\"args\":[\"rnn_test_vocabulary.tsv\"],\"named\":{\"p\":\"p\",\"w\":{\"call\":\"column\",\"args\":[\"w\"]}" more "}}"

static void test_cells(void) {
  write_text(FILE_TABLE, "p\tw\n0.5 -1\tthe cat\n2 3\tcat\n");
  Vocabulary *v = read_fine("words", FILE_TABLE, "w", 0);
  Variable both[] = {variable("p", VARIABLE_INPUT, 2, PER_SEQUENCE, 0), spoken("w", v)};
  Dataset *d = load_fine(TABLE(",\"end\":\"</s>\""), NULL, both, 2);
  CU_ASSERT_EQUAL(d->count, 2);
  CU_ASSERT_EQUAL(d->sequence[0].steps, 3);
  CU_ASSERT_EQUAL(d->sequence[1].steps, 2);
  expect_values(d->sequence[0].value[0], (double[]){0.5, -1}, 2);
  expect_values(d->sequence[0].value[1], (double[]){2, 3, 1}, 3);
  expect_values(d->sequence[1].value[1], (double[]){3, 1}, 2);
  dataset_free(d);
  d = load_fine(TABLE(",\"rows\":{\"from\":1,\"to\":1}"), NULL, both, 2);
  CU_ASSERT_EQUAL(d->count, 1);
  CU_ASSERT_EQUAL(d->sequence[0].steps, 1);
  dataset_free(d);
  load_fails(TABLE(",\"end\":\"</t>\""), NULL, both, 2, "E0521", "</t>");
  write_text(FILE_TABLE, "p\tw\n0.5 -1\tthe dog\n");
  load_fails(TABLE(""), NULL, both, 2, "E0521", "line 2|\"dog\"");
  write_text(FILE_TABLE, "p\tw\n0.5 -1 7\tthe cat\n");
  load_fails(TABLE(""), NULL, both, 2, "E0508", "line 2|3 numbers");
  write_text(FILE_TABLE, "p\tw\n0.5 -x\tthe cat\n");
  load_fails(TABLE(""), NULL, both, 2, "E0503", "-x");
  vocabulary_free(v);
}

/* --- trees ------------------------------------------------------------------------------------------------------------------ */

enum { LEFT = 2, RIGHT = 4, FIRST = 6, NEXT = 7, PARENT = 8, TREE_VARIABLES = 9 };

#define TREES "{\"call\":\"trees\",\"args\":[\"rnn_test_vocabulary.tsv\"],\"named\":{\"z\":{\"call\":\"column\",\"args\":[1]},\"w\":{\"call\":\"column\",\"args\":[2]}}}"

static void tree_fails(const Variable *v, const char *text, const char *code, const char *parts) {
  write_text(FILE_TABLE, text);
  load_fails(TREES, NULL, v, TREE_VARIABLES, code, parts);
}

/* Any number of children, in their order; a net that reads two of them is told where there are more. */
static void test_wide_trees(const Variable *all) {
  RnnError error = {0};
  write_text(FILE_TABLE, "0\t(neg 1)\n0\t(max 1 (neg 2 3 1 2) 3)\n");
  Dataset *d = load_fine(TREES, NULL, all, TREE_VARIABLES);
  double **tree = d->sequence[1].value;
  expect_values(tree[FIRST], (double[]){-1, -1, -1, -1, -1, 1, -1, 0}, 8);
  expect_values(tree[NEXT], (double[]){5, 2, 3, 4, -1, 6, -1, -1}, 8);
  expect_values(tree[PARENT], (double[]){7, 5, 5, 5, 5, 7, 7, -1}, 8);
  CU_ASSERT(tree_read_by_sides(d, "n.first", &error) && tree_read_by_sides(d, "w", &error));
  CU_ASSERT_FALSE(tree_read_by_sides(d, "n.left", &error));
  CU_ASSERT_STRING_EQUAL(error.code, "E0514");
  CU_ASSERT_PTR_NOT_NULL(strstr(error.message, "line 2: a node has 4 children, and the net reads `n.left`"));
  CU_ASSERT_PTR_NOT_NULL(strstr(error.message, "sum over n.children"));
  dataset_free(d);
}

/* Nodes in postorder: children before their parents. */
static void test_trees(void) {
  static const char *const extra[] = {"max", "neg", "1", "2", "3"};
  write_text(FILE_TABLE, "0.5\t(max (neg 1) (max 2 3))\n-1\t3\n");
  const VocabularySource source = {.kind = "symbols", .path = FILE_TABLE, .place = 2, .extra = extra, .extras = 5};
  RnnError error = {0};
  Vocabulary *v = vocabulary_read(&source, &error);
  CU_ASSERT_PTR_NOT_NULL_FATAL(v);
  const Variable all[TREE_VARIABLES] = {variable("z", VARIABLE_TARGET, 1, PER_SEQUENCE, 0), spoken("w", v),
                                        variable("n.left", VARIABLE_INPUT, 1, ON_CLOCK, 0), variable("n.left.parent", VARIABLE_INPUT, 1, ON_CLOCK, 0),
                                        variable("n.right", VARIABLE_INPUT, 1, ON_CLOCK, 0), variable("n.right.parent", VARIABLE_INPUT, 1, ON_CLOCK, 0),
                                        variable("n.first", VARIABLE_INPUT, 1, ON_CLOCK, 0), variable("n.next", VARIABLE_INPUT, 1, ON_CLOCK, 0),
                                        variable("n.parent", VARIABLE_INPUT, 1, ON_CLOCK, 0)};
  Dataset *d = load_fine(TREES, NULL, all, TREE_VARIABLES);
  CU_ASSERT(d->count == 2 && d->sequence[0].steps == 6 && d->sequence[1].steps == 1);
  double **tree = d->sequence[0].value, **leaf = d->sequence[1].value;
  expect_values(tree[1], (double[]){2, 1, 3, 4, 0, 0}, 6);
  expect_values(tree[LEFT], (double[]){-1, 0, -1, -1, 2, 1}, 6);
  expect_values(tree[LEFT + 1], (double[]){1, 5, 4, -1, -1, -1}, 6);
  expect_values(tree[RIGHT], (double[]){-1, -1, -1, -1, 3, 4}, 6);
  expect_values(tree[RIGHT + 1], (double[]){-1, -1, -1, 4, 5, -1}, 6);
  expect_values(tree[FIRST], (double[]){-1, 0, -1, -1, 2, 1}, 6);
  expect_values(tree[NEXT], (double[]){-1, 4, 3, -1, -1, -1}, 6);
  expect_values(tree[PARENT], (double[]){1, 5, 4, 4, 5, -1}, 6);
  expect_values(leaf[LEFT], (double[]){-1}, 1);
  CU_ASSERT(tree[0][0] == 0.5 && leaf[0][0] == -1 && leaf[1][0] == 4);
  dataset_free(d);
  tree_fails(all, "0\t1\n1\t(max 1 2\n", "E0514", "line 2|not closed|(avg (max 0 7) 3)");
  tree_fails(all, "0\t(max 1 2))\n", "E0514", "line 1|not opened");
  tree_fails(all, "0\t1 2\n", "E0514", "more after the tree");
  tree_fails(all, "0\t((max 1) 2)\n", "E0514", "begins with a symbol");
  tree_fails(all, "0\t(max () 1)\n", "E0514", "nothing between");
  test_wide_trees(all);
  Variable numbers[TREE_VARIABLES];
  memcpy(numbers, all, sizeof all);
  numbers[1] = variable("w", VARIABLE_INPUT, 1, ON_CLOCK, 0);
  tree_fails(numbers, "0\t1\n", "E0516", "`n.left`|trees(");
  tree_fails(all, "0\t(max 1 7)\n", "E0521", "\"7\"");
  vocabulary_free(v);
}

int main(void) {
  CU_TestInfo tests[] = {{"characters", test_characters}, {"words", test_words}, {"symbols", test_symbols}, {"many", test_many},
                         {"errors", test_errors}, {"text and string", test_text}, {"cells", test_cells}, {"trees", test_trees}, CU_TEST_INFO_NULL};
  CU_SuiteInfo suites[] = {{"vocabulary", NULL, NULL, NULL, NULL, tests}, CU_SUITE_INFO_NULL};
  if (CU_initialize_registry() || CU_register_suites(suites)) return 1;
  CU_basic_set_mode(CU_BRM_VERBOSE);
  CU_basic_run_tests();
  int failures = (int)CU_get_number_of_failures();
  CU_cleanup_registry();
  return failures != 0;
}
