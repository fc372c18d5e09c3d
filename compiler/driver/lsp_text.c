/* lsp_text.c — the protocol counts lines from 0 and columns in UTF-16, and names files by URIs. */
#include "base/text.h"
#include "driver/lsp.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

const char *lsp_string(const cJSON *object, const char *key) {
  const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
  return text ? text : "";
}

/* --- positions -------------------------------------------------------------------------------------------------------- */

/* Beyond U+FFFF a character takes two units. */
static int units_of(int32_t code_point) { return code_point > 0xffff ? 2 : 1; }

static cJSON *position_of(const Source *source, uint32_t offset) {
  int line, column, units = 0;
  size_t bytes;
  if (offset > source->size) offset = (uint32_t)source->size;
  source_locate(source, offset, &line, &column);
  for (uint32_t i = offset - (uint32_t)(column - 1); i < offset; i += (uint32_t)bytes)
    units += units_of(text_decode(source->text + i, source->size - i, &bytes));
  cJSON *position = cJSON_CreateObject();
  cJSON_AddNumberToObject(position, "line", line - 1);
  cJSON_AddNumberToObject(position, "character", units);
  return position;
}

cJSON *lsp_range(const Session *s, Span span) {
  const Source *source = s->sources.at[span.file];
  cJSON *range = cJSON_CreateObject();
  cJSON_AddItemToObject(range, "start", position_of(source, span.begin));
  cJSON_AddItemToObject(range, "end", position_of(source, span.end));
  return range;
}

/* A number of the editor's as an index: 0 to `most`. */
static uint32_t index_in(const cJSON *object, const char *key, uint32_t most) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
  double value = cJSON_IsNumber(item) ? item->valuedouble : 0;
  return value > 0 ? value < most ? (uint32_t)value : most : 0;
}

uint32_t lsp_offset(const Source *source, const cJSON *position) {
  uint32_t line = index_in(position, "line", (uint32_t)source->lines.len);
  uint32_t units = index_in(position, "character", UINT32_MAX);
  if (line >= (uint32_t)source->lines.len) return (uint32_t)source->size;
  uint32_t at = source->lines.at[line];
  size_t bytes;
  while (at < source->size && source->text[at] != '\n' && units) {
    uint32_t taken = (uint32_t)units_of(text_decode(source->text + at, source->size - at, &bytes));
    if (taken > units) break;
    units -= taken;
    at += (uint32_t)bytes;
  }
  return at;
}

/* --- URIs --------------------------------------------------------------------------------------------------------------- */

static int hex_digit(char c) { return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10; }

const char *lsp_path(Session *s, const char *uri) {
  const char *from = strncmp(uri, "file://", 7) ? uri : uri + 7;
  char *path = arena_strdup(s->arena, from), *to = path;
  for (; *from; from++) {
    bool escaped = *from == '%' && isxdigit((unsigned char)from[1]) && isxdigit((unsigned char)from[2]);
    int byte = escaped ? hex_digit(from[1]) * 16 + hex_digit(from[2]) : (unsigned char)*from;
    if (escaped) from += 2;
    if (byte) *to++ = (char)byte;
  }
  *to = 0;
  return path;
}

static const char *uri_of(Session *s, const char *path) {
  char *whole = realpath(path, NULL);
  const char *from = whole ? whole : path;
  char *uri = arena_alloc(s->arena, strlen("file://") + 3 * strlen(from) + 1), *to = uri + sprintf(uri, "file://");
  for (; *from; from++) {
    bool plain = isalnum((unsigned char)*from) || strchr("/-_.~", *from);
    to += sprintf(to, plain ? "%c" : "%%%02X", (unsigned char)*from);
  }
  free(whole);
  return uri;
}

cJSON *lsp_location(const Document *d, Span span) {
  if (!span.file) return NULL;
  const char *uri = span.file == d->file ? d->uri : uri_of(d->session, d->session->sources.at[span.file]->path);
  cJSON *location = cJSON_CreateObject();
  cJSON_AddStringToObject(location, "uri", uri);
  cJSON_AddItemToObject(location, "range", lsp_range(d->session, span));
  return location;
}
