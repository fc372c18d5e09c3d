/* value.c — reading the VALUEs of the manifest. */
#include "runtime/value.h"
#include <string.h>

static const char *text_of(const cJSON *v, const char *key) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(v, key);
  return cJSON_IsString(item) ? item->valuestring : NULL;
}

const char *value_called(const cJSON *v) {
  const char *call = cJSON_IsObject(v) ? text_of(v, "call") : NULL;
  return call || !cJSON_IsObject(v) ? call : text_of(v, "name");
}

bool value_is_call(const cJSON *v, const char *name) {
  const char *called = value_called(v);
  return called && strcmp(called, name) == 0;
}

const cJSON *value_arg(const cJSON *v, int i) {
  return i < 0 ? NULL : cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(v, "args"), i);
}

int value_args(const cJSON *v) { return cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(v, "args")); }

const cJSON *value_named(const cJSON *v, const char *name) {
  return cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(v, "named"), name);
}

const cJSON *value_option(const cJSON *v, const char *name, int i) {
  const cJSON *named = value_named(v, name);
  return named ? named : value_arg(v, i);
}

bool value_range(const cJSON *v, double *from, double *to, double *by) {
  const cJSON *a = cJSON_GetObjectItemCaseSensitive(v, "from"), *b = cJSON_GetObjectItemCaseSensitive(v, "to");
  const cJSON *step = cJSON_GetObjectItemCaseSensitive(v, "by");
  if (!cJSON_IsNumber(a) || !cJSON_IsNumber(b)) return false;
  *from = a->valuedouble;
  *to = b->valuedouble;
  *by = cJSON_IsNumber(step) ? step->valuedouble : 1;
  return true;
}

const char *value_text(const cJSON *v, char *out, size_t size) {
  double from, to, by;
  if (cJSON_IsNumber(v)) snprintf(out, size, "%.10g", v->valuedouble);
  else if (cJSON_IsString(v)) snprintf(out, size, "\"%s\"", v->valuestring);
  else if (value_range(v, &from, &to, &by)) snprintf(out, size, "%.10g..%.10g", from, to);
  else if (value_called(v)) snprintf(out, size, text_of(v, "call") ? "%s(…)" : "%s", value_called(v));
  else if (cJSON_IsArray(v)) snprintf(out, size, "a list");
  else snprintf(out, size, v ? "an expression" : "nothing");
  return out;
}
