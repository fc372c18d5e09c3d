/* links: rnn_middle rnn_graph rnn_front */
/* The manifest of six programs of the design, and units of all their stages. Skipped aloud without the shared folder. */
#include "lower_test.h"

typedef struct Loaded {
  Fixture f;
  cJSON *manifest;
} Loaded;

static bool load(const char *name, Loaded *out) {
  const char *shared = getenv("RNN_SHARED");
  Session *s = session_new();
  const char *path = arena_printf(s->arena, "%s/design/programs/%s.rnn", shared ? shared : "../shared", name);
  FILE *there = fopen(path, "r");
  if (!there) {
    printf("\n    skipped: no %s (set RNN_SHARED)\n", path);
    session_free(s);
    return false;
  }
  fclose(there);
  out->f = fixture_of(s, path, source_read(s, path));
  bool later = false;
  for (int i = 0; i < s->diags.len; i++) later |= s->diags.at[i]->code == E0901 || s->diags.at[i]->code == E0112;
  CU_ASSERT_TRUE_FATAL(out->f.model || later);
  out->manifest = out->f.model ? lower_manifest(out->f.model) : NULL;
  return true;
}

static void unload(Loaded *l) {
  cJSON_Delete(l->manifest);
  session_free(l->f.session);
}

/* "stages.0.clauses.1.args.0.call": one item of the manifest. */
static const cJSON *item_at(const cJSON *json, const char *path) {
  char word[64];
  for (int n; json && sscanf(path, "%63[^.]%n", word, &n) == 1; path += n + (path[n] == '.'))
    json = word[0] >= '0' && word[0] <= '9' ? cJSON_GetArrayItem(json, atoi(word)) : cJSON_GetObjectItemCaseSensitive(json, word);
  return json;
}

static void expect_text(const Loaded *l, const char *path, const char *want) {
  const char *got = cJSON_GetStringValue(item_at(l->manifest, path));
  CU_ASSERT_TRUE(got && !strcmp(got, want));
  if (!got || strcmp(got, want)) fprintf(stderr, "\n    %s is %s, not %s\n", path, got ? got : "missing", want);
}

static void expect_number(const Loaded *l, const char *path, double want) {
  const cJSON *got = item_at(l->manifest, path);
  CU_ASSERT_TRUE(cJSON_IsNumber(got) && got->valuedouble == want);
  if (!cJSON_IsNumber(got) || got->valuedouble != want) fprintf(stderr, "\n    %s is not %g\n", path, want);
}

static void expect_size(const Loaded *l, const char *path, int want) {
  CU_ASSERT_EQUAL(cJSON_GetArraySize(item_at(l->manifest, path)), want);
  if (cJSON_GetArraySize(item_at(l->manifest, path)) != want) fprintf(stderr, "\n    %s has %d\n", path, cJSON_GetArraySize(item_at(l->manifest, path)));
}

/* Every stage's units are well-formed and causal. */
static void all_units(const Loaded *l) {
  for (int i = 0; i < l->f.program->stages.len; i++) {
    const Decl *stage = l->f.program->stages.at[i];
    static const UnitKind of_train[] = {UNIT_LOSS, UNIT_VALID}, of_run[] = {UNIT_RUN};
    const bool train = stage->kind == DECL_TRAIN;
    for (int k = 0; k < (train ? 2 : 1); k++) {
      Graph *g = lower_unit(l->f.model, stage, NULL, train ? of_train[k] : of_run[k]);
      CU_ASSERT_PTR_NOT_NULL_FATAL(g);
      CU_ASSERT_TRUE(graph_verify(g, NULL));
      CU_ASSERT_PTR_NOT_NULL(pass_causality(l->f.session, g));
    }
  }
}

static void test_adding(void) {
  Loaded l;
  if (!load("adding", &l)) return;
  expect_text(&l, "model", "adding");
  expect_number(&l, "seed", 1);
  expect_text(&l, "clocks.0.name", "t");
  expect_size(&l, "params", 14);
  expect_text(&l, "params.0.name", "adding.h.Wi");
  expect_text(&l, "params.0.init.name", "glorot");
  expect_number(&l, "params.0.shape.0", 64);
  expect_number(&l, "params.0.line", 5);
  expect_text(&l, "nets.0.variables.0.role", "input");
  expect_number(&l, "nets.0.variables.0.axes", 3);
  expect_number(&l, "nets.0.variables.1.axes", 1);
  expect_number(&l, "nets.0.variables.0.line", 20);
  expect_text(&l, "stages.0.kind", "train");
  expect_text(&l, "stages.0.scalar", "f32");
  expect_text(&l, "stages.0.clauses.0.args.0.call", "adding");
  expect_number(&l, "stages.0.clauses.0.args.0.named.length", 100);
  expect_number(&l, "stages.0.clauses.3.args.0.named.lr", 1e-3);
  expect_text(&l, "stages.0.clauses.7.args.0.name", "cosine");
  expect_size(&l, "stages.0.tuned", 14);
  expect_text(&l, "stages.1.name", "test");
  expect_text(&l, "stages.1.clauses.1.args.0.call", "fraction");
  expect_text(&l, "stages.1.clauses.1.args.0.args.0.output", "r0");
  expect_text(&l, "stages.1.clauses.1.args.0.text", "fraction(abs(y - z) > 0.04)");
  expect_text(&l, "stages.1.clauses.2.args.0.op", "<=");
  expect_text(&l, "stages.1.clauses.2.args.0.left.args.0.output", "r1");
  expect_number(&l, "stages.1.clauses.2.args.0.right", 0.01);
  all_units(&l);
  unload(&l);
}

static void test_sunspots(void) {
  Loaded l;
  if (!load("sunspots", &l)) return;
  expect_number(&l, "stages.0.clauses.0.args.0.named.rows.from", 0);
  expect_number(&l, "stages.0.clauses.0.args.0.named.rows.to", 220);
  expect_text(&l, "stages.0.clauses.1.args.0.name", "y");
  expect_text(&l, "stages.1.clauses.3.args.0.call", "arv");
  expect_text(&l, "stages.1.clauses.3.args.0.args.1.output", "r1");
  expect_number(&l, "stages.1.clauses.3.args.0.named.variance", 1535);
  expect_text(&l, "stages.1.clauses.5.args.1.variable", "data.y");
  expect_text(&l, "stages.2.clauses.1.modifiers.0.word", "for");
  all_units(&l);
  unload(&l);
}

static void test_jordan_elman(void) {
  Loaded l;
  if (!load("jordan_elman", &l)) return;
  expect_size(&l, "nets", 2);
  expect_text(&l, "stages.0.net", "elman");
  expect_size(&l, "stages.0.tuned", 5);
  expect_number(&l, "stages.0.tuned.0", 5);
  expect_size(&l, "stages.1.tuned", 5);
  all_units(&l);
  unload(&l);
}

static void test_parity(void) {
  Loaded l;
  if (!load("parity", &l)) return;
  expect_number(&l, "params.0.init.0.0", 1);
  expect_text(&l, "params.0.name", "parity.IW");
  expect_number(&l, "stages.0.clauses.1.args.0.right", 1);
  all_units(&l);
  unload(&l);
}

static void test_mackey_glass(void) {
  Loaded l;
  if (!load("mackey_glass", &l)) return;
  expect_number(&l, "seed", 7);
  expect_text(&l, "stages.0.scalar", "f64");
  expect_text(&l, "stages.1.scalar", "f64");
  expect_size(&l, "stages.0.tuned", 2);
  expect_text(&l, "stages.0.clauses.0.args.0.named.transform.name", "tanh");
  expect_text(&l, "params.1.init.chain.1.call", "radius");
  CU_ASSERT_PTR_NOT_NULL(lower_unit(l.f.model, l.f.program->stages.at[0], NULL, UNIT_RIDGE));
  CU_ASSERT_STRING_EQUAL(lower_method(l.f.model, l.f.program->stages.at[0]), "ridge");
  all_units(&l);
  unload(&l);
}

static void test_bidirectional(void) {
  Loaded l;
  if (!load("bidirectional", &l)) return;
  expect_number(&l, "nets.0.variables.1.below", 9);
  expect_text(&l, "stages.0.clauses.0.args.0.named.x.from", "c1");
  expect_text(&l, "stages.0.clauses.0.modifiers.0.args.0", "utterance");
  all_units(&l);
  unload(&l);
}

/* The others lower too, or say what is not built. */
static void test_others(void) {
  static const char *const names[] = {"narx", "gamma", "deep_esn", "laser_fir", "learned_delays", "liquid", "kalman", "attention",
                                      "caption", "pointer", "ponder", "shakespeare", "tree", "turing"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    Loaded l;
    if (!load(names[i], &l)) continue;
    if (l.f.model) all_units(&l);
    else printf("    skipped: %s is not built yet\n", names[i]);
    unload(&l);
  }
}

int main(void) {
  const TestRow rows[] = {{"adding", test_adding}, {"sunspots", test_sunspots}, {"jordan_elman", test_jordan_elman}, {"parity", test_parity},
                          {"mackey_glass", test_mackey_glass}, {"bidirectional", test_bidirectional},
                          {"other programs", test_others}};
  return run_tests("lower/manifest", rows, sizeof rows / sizeof *rows);
}
