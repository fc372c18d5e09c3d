/* value.h — reading the VALUEs of the manifest (docs/manifest.md). Every function takes NULL and answers "no". */
#ifndef RNN_RUNTIME_VALUE_H
#define RNN_RUNTIME_VALUE_H
#include "runtime/runtime.h"

/* What a call or a bare word is called: "adam" of {"call": "adam"} and of {"name": "adam"}; NULL for anything else. */
const char *value_called(const cJSON *v);
bool value_is_call(const cJSON *v, const char *name);
const cJSON *value_arg(const cJSON *v, int i);               /* positional; NULL */
int value_args(const cJSON *v);                              /* how many positional ones */
const cJSON *value_named(const cJSON *v, const char *name); /* NULL */
/* Named or, failing that, the i-th positional one (i −1: only named). */
const cJSON *value_option(const cJSON *v, const char *name, int i);
bool value_range(const cJSON *v, double *from, double *to, double *by); /* {"from", "to"} of numbers; by 1 unless given */
/* Short text of a value for messages: 0.2, "speaker", column(…). */
const char *value_text(const cJSON *v, char *out, size_t size);
#endif
