#include "runtime/overrides.h"
#include "runtime/clause.h"
#include <string.h>

static bool is_overridden(const RnnProgram *p, const char *name) {
  const cJSON *entry;
  cJSON_ArrayForEach(entry, json_item(p->manifest, "overrides"))
    if (cJSON_IsString(entry) && !strcmp(entry->valuestring, name)) return true;
  return false;
}

cJSON *overrides_now(const RnnProgram *p) {
  cJSON *now = cJSON_CreateObject();
  const cJSON *entry;
  cJSON_ArrayForEach(entry, json_item(p->manifest, "constants")) {
    const char *name = json_string(entry, "name");
    if (!name || !is_overridden(p, name) || json_item(now, name)) continue;
    char digits[40]; /* cJSON itself would write fewer digits than a double has */
    snprintf(digits, sizeof digits, "%.17g", json_number(entry, "value", 0));
    cJSON_AddItemToObject(now, name, cJSON_CreateRaw(digits));
  }
  return now;
}

static void warn(const RnnProgram *p, const RnnOptions *options, const char *name, double trained, double now) {
  if (options->json) {
    fprintf(options->out, "{\"kind\": \"warning\", \"constant\": \"%s\", \"trained\": %.17g, \"now\": %.17g}\n", name, trained, now);
    return;
  }
  fprintf(options->err, "warning: the weights were trained with %s = %.10g, and now %s is %.10g\n", name, trained, name, now);
  fprintf(options->err, "help: say `%s=%.10g` behind the file's name here too, or train %s again without it\n", name, trained, p->path);
}

void overrides_warn(const RnnProgram *p, const RnnOptions *options) {
  const cJSON *entry;
  cJSON_ArrayForEach(entry, json_item(p->manifest, "constants")) {
    const char *name = json_string(entry, "name");
    const cJSON *trained = name ? json_item(p->trained_with, name) : NULL;
    const double now = json_number(entry, "value", 0);
    if (cJSON_IsNumber(trained) && trained->valuedouble != now && !is_overridden(p, name)) warn(p, options, name, trained->valuedouble, now);
  }
}
