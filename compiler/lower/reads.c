/* reads.c — the files that a model reads, for the manifest: nothing that a program writes may take the place of one of them. */
#include "lower/builder.h"

/* Beside the model: the folder in front of its path, with the slash, is left out. */
static const char *beside_model(const Model *m, const char *path) {
  const char *model = m->session->sources.at[m->program->ast->file]->path, *slash = strrchr(model, '/');
  const size_t folder = slash ? (size_t)(slash - model) + 1 : 0;
  return strncmp(path, model, folder) ? path : path + folder;
}

static void add_file(cJSON *list, const char *path, const char *what, int line) {
  cJSON *object = cJSON_CreateObject();
  cJSON_AddStringToObject(object, "file", path);
  cJSON_AddStringToObject(object, "what", what);
  if (line) cJSON_AddNumberToObject(object, "line", line);
  cJSON_AddItemToArray(list, object);
}

/* The library's files are not beside a model. */
static bool is_library(const Session *s, const char *path) {
  const size_t n = s->stdlib ? strlen(s->stdlib) : 0;
  return n && !strncmp(path, s->stdlib, n) && path[n] == '/';
}

static void add_sources(const Model *m, cJSON *list) {
  for (int i = 1; i < m->session->sources.len; i++) {
    const char *path = m->session->sources.at[i]->path;
    const bool model = i == m->program->ast->file;
    if (!is_library(m->session, path)) add_file(list, beside_model(m, path), model ? "model" : "use", 0);
  }
}

/* `csv("a.csv", …)`, `file("W.npy")`, and those inside of a chain: their first argument is a file. `string("…")` has none. */
static void add_calls(const Model *m, cJSON *list, const Expr *e, const char *what) {
  if (!e) return;
  const Expr *path = e->kind == EXPR_CALL && e->args.len && !e->args.at[0].name ? e->args.at[0].value : NULL;
  if (path && path->kind == EXPR_STRING && strcmp(e->name, "string")) add_file(list, path->text, what, span_line(m->session, path->span));
  add_calls(m, list, e->left, what);
  add_calls(m, list, e->right, what);
}

/* With the line of the stage that reads: one before it may make its data. */
static void add_data(const Model *m, cJSON *list, const Decl *stage) {
  static const char *const keywords[] = {"data", "validate", "test"};
  const int before = cJSON_GetArraySize(list);
  for (int i = 0; i < 3; i++) add_calls(m, list, clause_expr(clause_of_stage(stage, keywords[i]), 0), "data");
  for (int i = before; i < cJSON_GetArraySize(list); i++)
    cJSON_AddNumberToObject(cJSON_GetArrayItem(list, i), "stage", span_line(m->session, stage->span));
}

static void add_vocabularies(const Model *m, cJSON *list) {
  for (int i = 0; i < m->program->ast->decls.len; i++)
    if (m->program->ast->decls.at[i]->kind == DECL_VOCAB) add_calls(m, list, m->program->ast->decls.at[i]->value, "vocab");
}

cJSON *manifest_reads(const Model *m) {
  cJSON *list = cJSON_CreateArray();
  add_sources(m, list);
  add_vocabularies(m, list);
  for (int i = 0; i < m->program->stages.len; i++) add_data(m, list, m->program->stages.at[i]);
  for (int i = 0; i < m->param_init.len; i++) add_calls(m, list, m->param_init.at[i], "weights");
  return list;
}
