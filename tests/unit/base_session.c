/* links: rnn_front */
/* Memory, names and places. */
#include "base/text.h"
#include "unit/ast_test.h"

static void blocks_are_zeroed_and_aligned(void) {
  Arena *a = arena_new();
  for (size_t size = 1; size < 300000; size = size * 3 + 1) {
    unsigned char *block = arena_alloc(a, size);
    CU_ASSERT_EQUAL((uintptr_t)block % 16, 0);
    for (size_t i = 0; i < size; i++) CU_ASSERT_EQUAL_FATAL(block[i], 0);
    memset(block, 0xff, size);
  }
  arena_free(a);
}

static void text_is_copied(void) {
  Arena *a = arena_new();
  char text[] = "abc";
  char *copy = arena_strdup(a, text), *part = arena_strndup(a, text, 2);
  text[0] = 'x';
  CU_ASSERT_STRING_EQUAL(copy, "abc");
  CU_ASSERT_STRING_EQUAL(part, "ab");
  CU_ASSERT_STRING_EQUAL(arena_printf(a, "%s-%05d", "a", 42), "a-00042");
  arena_free(a);
}

static void vectors_grow(void) {
  Arena *a = arena_new();
  Vec(int) numbers = {0};
  for (int i = 0; i < 10000; i++) vec_push(a, numbers, i);
  CU_ASSERT_EQUAL(numbers.len, 10000);
  for (int i = 0; i < numbers.len; i++) CU_ASSERT_EQUAL_FATAL(numbers.at[i], i);
  arena_free(a);
}

static void equal_names_are_one(void) {
  Session *s = session_new();
  char name[16];
  Name kept[20000];
  for (int i = 0; i < 20000; i++) sprintf(name, "n%d", i), kept[i] = intern(s, name);
  for (int i = 0; i < 20000; i++) {
    sprintf(name, "n%d", i);
    CU_ASSERT_TRUE_FATAL(intern(s, name) == kept[i]);
    CU_ASSERT_STRING_EQUAL_FATAL(kept[i], name);
  }
  CU_ASSERT_TRUE(intern_n(s, "n12345", 3) == kept[12]);
  CU_ASSERT_TRUE(intern(s, "") != kept[0]);
  session_free(s);
}

static void expect_place(const Source *source, uint32_t offset, int line, int column) {
  int found_line, found_column;
  source_locate(source, offset, &found_line, &found_column);
  CU_ASSERT_EQUAL(found_line, line);
  CU_ASSERT_EQUAL(found_column, column);
}

static void places_have_lines(void) {
  Session *s = session_new();
  const Source *source = s->sources.at[source_add(s, "a", "ab\n\ncd\n", 7)];
  expect_place(source, 0, 1, 1);
  expect_place(source, 2, 1, 3);
  expect_place(source, 3, 2, 1);
  expect_place(source, 5, 3, 2);
  expect_place(source, 7, 4, 1);
  expect_place(s->sources.at[source_add(s, "b", "", 0)], 0, 1, 1);
  CU_ASSERT_EQUAL(span_line(s, (Span){1, 4, 5}), 3);
  session_free(s);
}

static void spans_join(void) {
  Span a = {1, 4, 6}, b = {1, 2, 5}, none = {0};
  Span both = span_join(a, b);
  CU_ASSERT_TRUE(both.begin == 2 && both.end == 6);
  CU_ASSERT_EQUAL(span_join(none, a).begin, 4);
  CU_ASSERT_EQUAL(span_join(a, none).end, 6);
}

static void unreadable_files_are_errors(void) {
  Session *s = session_new();
  CU_ASSERT_EQUAL(source_read(s, "/nowhere/at/all.rnn"), 0);
  CU_ASSERT_EQUAL(s->errors, 1);
  CU_ASSERT_EQUAL(s->diags.at[0]->code, E0001);
  session_free(s);
}

static void text_has_columns(void) {
  CU_ASSERT_EQUAL(text_width("abc", 3), 3);
  CU_ASSERT_EQUAL(text_width("a\tb", 3), 5);
  CU_ASSERT_EQUAL(text_width("\xcf\x83", 2), 1);
  CU_ASSERT_EQUAL(text_width("変", 3), 2);
  CU_ASSERT_EQUAL(text_width("e\xcc\x81", 3), 1);
  CU_ASSERT_EQUAL(text_characters("\xff\xffσ", 4), 3);
  size_t bytes;
  CU_ASSERT_EQUAL(text_decode("\xc0\x80", 2, &bytes), BROKEN_BYTE);
  CU_ASSERT_EQUAL(text_decode("\xed\xa0\x80", 3, &bytes), BROKEN_BYTE);
  CU_ASSERT_EQUAL(text_decode("\xe5\xa4", 2, &bytes), BROKEN_BYTE);
}

int main(void) {
  static const Test tests[] = {
    {"blocks are zeroed and aligned", blocks_are_zeroed_and_aligned}, {"text is copied", text_is_copied},
    {"vectors grow", vectors_grow}, {"equal names are one", equal_names_are_one}, {"places have lines", places_have_lines},
    {"spans join", spans_join}, {"unreadable files are errors", unreadable_files_are_errors},
    {"text has columns", text_has_columns},
  };
  return run_tests("base/session", tests, sizeof tests / sizeof *tests);
}
