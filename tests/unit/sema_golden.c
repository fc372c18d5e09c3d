/* links: rnn_middle rnn_graph rnn_front */
/* Every error of the checker has a program, tests/golden/CODE.rnn, that gives it, and the exact text beside it. */
#include "sema_test.h"
#include <glob.h>

static char *file_text(Session *s, const char *path) {
  FILE *f = fopen(path, "rb");
  if (!f) return NULL;
  char *text = arena_alloc(s->arena, 1 << 16);
  size_t size = fread(text, 1, (1 << 16) - 1, f);
  fclose(f);
  text[size] = 0;
  return text;
}

/* `# run: check H=3 h=4`: overrides as on the command line. */
static void overrides_of(Session *s, const char *text) {
  char *line = arena_strndup(s->arena, text, strcspn(text, "\n"));
  for (char *word = strtok(line, " "); word; word = strtok(NULL, " ")) {
    char *equals = strchr(word, '=');
    if (!equals) continue;
    Override o = {intern_n(s, word, (size_t)(equals - word)), equals + 1, false};
    vec_push(s->arena, s->overrides, o);
  }
}

static char *rendered(Session *s) {
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  diag_print_all(s, out, false);
  fclose(out);
  char *copy = arena_strdup(s->arena, text);
  free(text);
  return copy;
}

static bool gives(Session *s, const char *code) {
  for (int i = 0; i < s->diags.len; i++)
    if (!strcmp(diag_name(s->diags.at[i]->code), code)) return true;
  return false;
}

static void check_golden(const char *path) {
  Session *s = session_new();
  const char *slash = strrchr(path, '/') + 1, *code = arena_strndup(s->arena, slash, strcspn(slash, "._"));
  const char *expected = file_text(s, arena_printf(s->arena, "%.*s.out", (int)(strlen(path) - 4), path));
  overrides_of(s, file_text(s, path));
  s->stdlib = "stdlib";
  sema_check(s, ast_parse(s, source_read(s, path)));
  CU_ASSERT_TRUE(gives(s, code));
  if (!gives(s, code)) fprintf(stderr, "%s does not give %s\n", path, code);
  const char *got = rendered(s);
  bool same = !expected || !strcmp(expected, got);
  if (!same) fprintf(stderr, "%s:\n%s", path, got);
  CU_ASSERT_TRUE(same);
  session_free(s);
}

/* Codes of the checker; the others belong to the parser, the graph and the runtime. */
static void test_golden(void) {
  static const char *const patterns[] = {"tests/golden/E01*.rnn", "tests/golden/E02*.rnn", "tests/golden/E03*.rnn", "tests/golden/E040?.rnn"};
  glob_t found;
  for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
    if (glob(patterns[i], 0, NULL, &found)) continue;
    for (size_t j = 0; j < found.gl_pathc; j++)
      if (!strstr(found.gl_pathv[j], "E0201") && !strstr(found.gl_pathv[j], "E0202") && !strstr(found.gl_pathv[j], "E0215"))
        check_golden(found.gl_pathv[j]);
    globfree(&found);
  }
}

SUITE("sema/golden", {"errors", test_golden})
