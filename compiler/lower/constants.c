/* constants.c — the numbers of dims, lets and the seed, for the manifest: weights remember which of them the command line had changed. */
#include "lower/builder.h"

static bool is_constant(const Symbol *s, const Scope *scope) {
  return s->known_number && (s->kind == SYMBOL_LET || (s->kind == SYMBOL_DIM && !scope->owner && !s->symbols));
}

static void add_scope(const Scope *scope, cJSON *list) {
  for (int i = 0; i < scope->symbols.len; i++) {
    const Symbol *s = scope->symbols.at[i];
    if (!is_constant(s, scope)) continue;
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "name", s->name);
    cJSON_AddNumberToObject(object, "value", s->kind == SYMBOL_DIM ? (double)s->size : s->number);
    cJSON_AddItemToArray(list, object);
  }
}

cJSON *manifest_constants(const Model *m) {
  cJSON *list = cJSON_CreateArray();
  add_scope(m->program->file_scope, list);
  for (int i = 0; i < m->program->nets.len; i++) add_scope(scope_of(m->program->nets.at[i]->decl), list);
  cJSON *seed = cJSON_CreateObject();
  cJSON_AddStringToObject(seed, "name", "seed");
  cJSON_AddNumberToObject(seed, "value", (double)m->program->seed);
  cJSON_AddItemToArray(list, seed);
  return list;
}

cJSON *manifest_overrides(const Model *m) {
  cJSON *list = cJSON_CreateArray();
  for (int i = 0; i < m->session->overrides.len; i++) cJSON_AddItemToArray(list, cJSON_CreateString(m->session->overrides.at[i].name));
  return list;
}
