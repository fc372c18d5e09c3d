/* links: rnn_middle rnn_graph rnn_front */
/* Stages, overrides, and the programs of the design. */
#include "sema_test.h"

static const char *const net = "dim Y = 1, C = 3\n"
                               "net n {\n  input u: [Y] = 0\n  output y: [Y] = 0\n  target k: index(C) per sequence\n  param w: [Y] = 1\n  let a = 0.5\n"
                               "  y = w * u + a * y[t-1]\n  p = softmax(one_hot(k))\n}\n"
                               "train n {\n  data sine(length = 10)\n  loss mse(y, data.y)\n  ";

typedef struct Row {
  const char *lines, *codes;
} Row;

static void test_clauses(void) {
  static const Row rows[] = {
      {"batch 8", ""}, {"batch", "E0404"}, {"batch y", "E0404"}, {"batsh 8", "E0401"}, {"plot y", "E0401"}, {"batch 8\n  batch 9", "E0401"},
      {"method bptt(truncate = 5)", ""}, {"method bptt(checkpoint = 5)", ""}, {"method bptt(checkpoint = auto)", ""}, {"method bptt(checkpoint)", ""},
      {"method bptt(truncate = 50, checkpoint = 5)", ""}, {"method bptt(checkpoint = 0)", "E0404"}, {"method bptt(truncate = few)", "E0101"}, {"method bptt(7)", "E0404"}, {"method bppt", "E0402"}, {"method bptt(lambda = 1)", "E0403"}, {"method rtrl", "E0901"},
      {"optimizer adam(lr = a)", ""}, {"optimizer adam(beta = 1)", "E0403"}, {"schedule cosine", ""}, {"scale y, u", ""}, {"scale k", "E0407"},
      {"scale w", "E0404"}, {"scale q", "E0101"}, {"force y", ""}, {"force u", "E0404"}, {"force y for 4 steps", ""}, {"force y with p = 0.9", ""},
      {"tune w", ""}, {"tune u", "E0404"}, {"clip norm(1)", ""}, {"clip norm", "E0404"}, {"skip when loss < 0.1", ""}, {"stop when q < 1", "E0101"},
      {"order shortest_first", ""}, {"order as_given", ""}, {"order random", "E0402"}, {"carry", ""}, {"carry 4", "E0404"}, {"validate last 10%", ""}, {"validate", "E0404"},
      {"report mse(y, data.y), fraction(y > 0.5)", ""}, {"report loss", ""}, {"report bits_per_step", ""}, {"report mse(y)", "E0107"},
      {"test last 10%", ""}, {"test", "E0404"},
      {"test csv(\"a.csv\", y = \"y\")", "E0406"}, {"log \"run.csv\"", ""}, {"log \"run.jsonl\"", ""}, {"log", "E0404"}, {"log \"run.txt\"", "E0404"},
      {"log \"run.csv\" every 5", "E0404"}, {"log run", "E0404"}, {"log \"a.csv\"\n  log \"a.csv\"", "E0404"}, {"log \"a.csv\"\n  log \"b.csv\"", ""},
      {"save every 5 epochs", ""}, {"save every 0 epochs", "E0404"}, {"save every 2.5", "E0404"}, {"save every y", "E0404"}, {"save", "E0404"},
      {"save best", "E0404"}, {"save best\n  validate last 10%", ""}, {"save best\n  patience 3", ""}, {"save \"a.safetensors\"", ""},
      {"save \"a.safetensors\" best\n  patience 3", ""}, {"save \"a.bin\"", "E0404"}, {"save \"a-{epoch}.safetensors\"", "E0404"},
      {"save \"a-{epoch}.safetensors\" every 5 epochs", ""}, {"save best every 5\n  patience 3", "E0404"}, {"save worst", "E0404"},
      {"save every 5 epochs\n  save every 6 epochs", "E0404"}, {"save every 5 epochs\n  save best\n  patience 3", ""},
      {"method ridge(lambda = 1)\n  save every 5 epochs", "E0404"}, {"method ridge(lambda = 1)\n  save \"a.safetensors\"", ""}, {"report data.w", "E0404"}, {"report mse(y, p)", "E0302"}, {"washout 10", ""}, {"decay 1e-4", ""}, {"report xent(p, k)", ""},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    Checked c = check_lines(net, rows[i].lines);
    if (strcmp(c.codes, rows[i].codes)) fprintf(stderr, "%s: %s, not %s\n", rows[i].lines, c.codes, rows[i].codes);
    CU_ASSERT_STRING_EQUAL(c.codes, rows[i].codes);
    session_free(c.session);
  }
}

/* --- vocabularies and speaking ------------------------------------------------------------------------------------------------ */

/* The vocabulary of a text that is there in every checkout. */
#define SPEAKER(before, in_net, in_run)                                                                                  \
  before "vocab words = words(\"CONTRIBUTING.md\", extra = [\"<s>\", \"</s>\"])\ndim H = 3\n"                                  \
  "net n {\n  output w: index(words) = 0\n  output y: [H] = 0\n  param O: [words, H] = 1\n  y = tanh(y[t-1] + 1)\n"      \
  "  p = softmax(O @ y)\n" in_net "\n}\nrun n as speak {\n  " in_run "\n}\n"
#define ARGMAX "  w = argmax(p)"
#define POINTER(name)                                                                                                              \
  "time s, t\nnet n {\n  input x: [] on s\n  output k: index(s) on t = 0\n  output y: [] on t\n  p = softmax over s (x * pick over s (x, k[t-1]))\n" \
  "  k = argmax over s (p)\n  y = sum over s (p)\n}\nrun n as speak {\n  data csv(\"a.csv\", x = \"x\")\n  decode greedy(" name ", limit = 5)\n}\n"

static void test_speaking(void) {
  static const Row rows[] = {
      {SPEAKER("", ARGMAX, "steps 5\n  write stdout(w)"), ""},
      {SPEAKER("", "  w = sample(p)", "steps 5\n  sample temperature(0.8)\n  write stdout(w)"), ""},
      {SPEAKER("", "  w = sample(softmax(p + noise(0.1) + noise(0.1, [words])))", "steps 5"), ""},
      {SPEAKER("", ARGMAX, "data string(\"a\", w)\n  steps 5\n  force w for 1 steps"), ""},
      {SPEAKER("", ARGMAX, "data text(\"CONTRIBUTING.md\", w = words)"), ""},
      {SPEAKER("", ARGMAX, "data string(\"a\", y)"), "E0521"},
      {SPEAKER("", ARGMAX, "data string(\"a\", q)"), "E0521"},
      {SPEAKER("", ARGMAX, "steps 5\n  decode greedy(w, end = \"</s>\", limit = 5)"), ""},
      {SPEAKER("", "  w = sample(p)", "steps 5\n  decode beam(w, width = 3, end = 1, limit = 5)"), ""},
      {POINTER("k"), ""}, {POINTER("y"), "E0404"},
      {SPEAKER("", ARGMAX, "steps 5\n  decode beam(w, width = 3)"), ""},
      {SPEAKER("", ARGMAX, "decode beam(w, width = 3, limit = 5)"), ""},
      {SPEAKER("", ARGMAX, "data string(\"a\", w)\n  decode beam(w, width = 3)"), "E0404"},
      {SPEAKER("", ARGMAX, "steps 5\n  decode beam(y, limit = 3)"), "E0404"},
      {SPEAKER("", ARGMAX, "steps 5\n  decode beam(w, widht = 3, limit = 3)"), "E0403"},
      {SPEAKER("", ARGMAX, "steps 5\n  decode bean(w, limit = 3)"), "E0402"},
      {SPEAKER("", ARGMAX, "steps 5\n  decode beam(w, end = \"no such word\", limit = 3)"), "E0521"},
      {SPEAKER("", ARGMAX, "steps 5\n  sample temperature(0)"), "E0404"},
      {SPEAKER("", ARGMAX, "steps 5\n  sample hot"), "E0404"},
      {SPEAKER("vocab a = words(\"no such file\")\n", ARGMAX, "steps 5"), "E0501"},
      {SPEAKER("vocab a = words(\"CONTRIBUTING.md\", more = 1)\n", ARGMAX, "steps 5"), "E0520"},
      {SPEAKER("vocab a = words\n", ARGMAX, "steps 5"), "E0520"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) expect_codes(rows[i].lines, rows[i].codes);
}

static void test_vocabulary(void) {
  Checked c = check(SPEAKER("", ARGMAX, "steps 5"));
  CU_ASSERT_PTR_NOT_NULL_FATAL(c.program);
  const Symbol *words = vocabulary_of(&value_of(&c, "w")->type);
  CU_ASSERT_PTR_NOT_NULL_FATAL(words);
  CU_ASSERT(words->size > 20);
  CU_ASSERT_STRING_EQUAL(words->symbols[0], "<s>");
  CU_ASSERT_STRING_EQUAL(words->symbols[1], "</s>");
  CU_ASSERT_PTR_NULL(vocabulary_of(&value_of(&c, "y")->type));
  session_free(c.session);
}

static void test_data(void) {
  static const Row rows[] = {
      {"y = \"a\", u = \"b\", k = category(\"c\"), rows = 0..9", ""}, {"y = \"a\", k = \"c\"", "E0406"}, {"u = \"b\"", "E0406"},
      {"yy = \"a\", u = \"b\"", "E0406"}, {"w = \"a\", u = \"b\", y = \"c\"", "E0406"}, {"u = 0.2, y = column(1)", ""},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    Session *s = session_new();
    Checked c = check_in(s, arena_printf(s->arena, "%s\n}\nrun n as r {\n  data csv(\"a.csv\", %s)\n  report mse(y, data.y)\n}\n", net, rows[i].lines));
    if (strcmp(c.codes, rows[i].codes)) fprintf(stderr, "%s: %s, not %s\n", rows[i].lines, c.codes, rows[i].codes);
    CU_ASSERT_STRING_EQUAL(c.codes, rows[i].codes);
    session_free(s);
  }
}

/* A stage that cannot run yet is a warning: the others can. */
static void test_unsupported(void) {
  Checked c = check_lines(net, "method ekf(r = 1)");
  CU_ASSERT_PTR_NOT_NULL_FATAL(c.program);
  CU_ASSERT_EQUAL_FATAL(c.program->unsupported.len, 1);
  CU_ASSERT_PTR_EQUAL(c.program->unsupported.at[0].stage, c.program->stages.at[0]);
  CU_ASSERT_EQUAL(c.session->diags.at[0]->severity, SEVERITY_WARNING);
  session_free(c.session);
}

static Checked check_with(const char *name, const char *value, const char *text) {
  Session *s = session_new();
  Override o = {intern(s, name), value, false};
  vec_push(s->arena, s->overrides, o);
  return check_in(s, text);
}

static void test_overrides(void) {
  static const char text[] = "dim H = 4, G = H\nlet a = 2\nseed 3\nnet n {\n  input x: [H]\n  let b = 3 * a\n  y = b * x\n}\n";
  Checked h = check_with("H", "8", text), a = check_with("a", "0.5", text), b = check_with("b", "7", text), seed = check_with("seed", "9", text);
  CU_ASSERT_EQUAL_FATAL(h.session->errors + a.session->errors + b.session->errors + seed.session->errors, 0);
  CU_ASSERT_EQUAL(scope_find(h.program->file_scope, intern(h.session, "G"))->size, 8);
  CU_ASSERT_DOUBLE_EQUAL(value_of(&a, "b")->number, 1.5, 0);
  CU_ASSERT_DOUBLE_EQUAL(value_of(&b, "b")->number, 7, 0);
  CU_ASSERT_EQUAL(seed.program->seed, 9);
  CU_ASSERT_EQUAL(h.program->seed, 3);
  Checked bad[] = {check_with("h", "8", text), check_with("H", "0", text), check_with("H", "x", text), check_with("seed", "-1", text)};
  for (int i = 0; i < 4; i++) {
    CU_ASSERT_STRING_EQUAL(bad[i].codes, "E0111");
    session_free(bad[i].session);
  }
  session_free(h.session), session_free(a.session), session_free(b.session), session_free(seed.session);
}

typedef struct ProgramRow {
  const char *name;
  bool runs; /* no errors, perhaps stages that cannot run yet */
} ProgramRow;

/* Every program of the design is typed. */
static void test_programs(void) {
  static const ProgramRow rows[] = {
      {"adding", true},    {"sunspots", true}, {"jordan_elman", true},   {"parity", true},  {"mackey_glass", true}, {"bidirectional", true},
      {"kalman", true},    {"laser_fir", true}, {"gamma", true},         {"narx", true},    {"deep_esn", true},     {"learned_delays", true},
      {"turing", true},    {"liquid", true},   {"attention", true},     {"caption", true}, {"pointer", true},    {"ponder", true},
      {"shakespeare", true}, {"tree", true},
  };
  const char *shared = getenv("RNN_SHARED");
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    Session *s = session_new();
    s->stdlib = "stdlib";
    const char *path = arena_printf(s->arena, "%s/design/programs/%s.rnn", shared ? shared : "../shared", rows[i].name);
    FILE *f = fopen(path, "rb");
    if (f) {
      fclose(f);
      CU_ASSERT_EQUAL(sema_check(s, ast_parse(s, source_read(s, path))) != NULL, rows[i].runs);
      for (int j = 0; j < s->diags.len; j++) CU_ASSERT_EQUAL(s->diags.at[j]->code, E0901);
    } else fprintf(stderr, "skipped: no %s\n", path);
    session_free(s);
  }
}

/* After a syntax error the rest is checked, but nothing is called missing. */
static void test_broken(void) {
  expect_codes("dim X = = 2\nnet n {\n  input x: []\n  y = )\n  z = y + x\n  a = tanh(x, x)\n}\n", "E0002 E0002 E0107");
}

SUITE("sema/clauses", {"clauses", test_clauses}, {"speaking", test_speaking}, {"vocabulary", test_vocabulary}, {"data", test_data}, {"unsupported", test_unsupported}, {"overrides", test_overrides},
      {"programs", test_programs}, {"broken", test_broken})
