/* diag_json.c — diagnostics as JSON, one object a line, for editors. Lines and columns count from 1, columns in
 * characters; begin and end are bytes. */
#include "diag.h"
#include "text.h"

static void json_string(FILE *out, const char *text) {
  size_t size = strlen(text), bytes;
  fputc('"', out);
  for (size_t i = 0; i < size; i += bytes) {
    int32_t c = text_decode(text + i, size - i, &bytes);
    if (c == '"' || c == '\\') fprintf(out, "\\%c", (char)c);
    else if (c == '\n') fputs("\\n", out);
    else if (c == BROKEN_BYTE) fputs("\\ufffd", out);
    else if (c < 0x20 || c == 0x7f) fprintf(out, "\\u%04x", (unsigned)c);
    else fwrite(text + i, 1, bytes, out);
  }
  fputc('"', out);
}

static void json_key(FILE *out, const char *key, const char *value) {
  fprintf(out, ",\"%s\":", key);
  json_string(out, value);
}

static void json_position(FILE *out, const Source *source, uint32_t offset, const char *line_key, const char *column_key) {
  int line, column;
  if (offset > source->size) offset = (uint32_t)source->size;
  source_locate(source, offset, &line, &column);
  uint32_t begin = offset - (uint32_t)(column - 1);
  int characters = text_characters(source->text + begin, offset - begin) + 1;
  fprintf(out, ",\"%s\":%d,\"%s\":%d", line_key, line, column_key, characters);
}

static void json_span(Session *s, FILE *out, Span span) {
  const Source *source = s->sources.at[span.file];
  json_string(out, source->path);
  fprintf(out, ",\"begin\":%u,\"end\":%u", span.begin, span.end);
  if (!span.file) return;
  json_position(out, source, span.begin, "line", "column");
  json_position(out, source, span.end, "endLine", "endColumn");
}

static void json_labels(Session *s, FILE *out, const Diag *d) {
  fputs(",\"labels\":[", out);
  for (int i = 0; i < d->labels.len; i++) {
    fputs(i ? ",{\"file\":" : "{\"file\":", out);
    json_span(s, out, d->labels.at[i].span);
    json_key(out, "text", d->labels.at[i].text);
    fputc('}', out);
  }
  fputc(']', out);
}

static void json_suggestions(Session *s, FILE *out, const Diag *d) {
  fputs(",\"suggestions\":[", out);
  for (int i = 0; i < d->suggestions.len; i++) {
    fputs(i ? ",{\"file\":" : "{\"file\":", out);
    json_span(s, out, d->suggestions.at[i].place);
    json_key(out, "text", d->suggestions.at[i].text);
    json_key(out, "help", d->suggestions.at[i].help);
    fputc('}', out);
  }
  fputc(']', out);
}

static void json_texts(FILE *out, const char *key, const char *const *texts, int n) {
  fprintf(out, ",\"%s\":[", key);
  for (int i = 0; i < n; i++) {
    if (i) fputc(',', out);
    json_string(out, texts[i]);
  }
  fputc(']', out);
}

static void json_diag(Session *s, FILE *out, const Diag *d) {
  fprintf(out, "{\"code\":\"%s\",\"severity\":\"%s\"", diag_name(d->code), d->severity == SEVERITY_ERROR ? "error" : "warning");
  json_key(out, "message", d->headline);
  fputs(",\"file\":", out);
  json_span(s, out, d->labels.at[0].span);
  json_labels(s, out, d);
  json_texts(out, "notes", d->notes.at, d->notes.len);
  json_texts(out, "helps", d->helps.at, d->helps.len);
  json_suggestions(s, out, d);
  if (d->drawing) json_key(out, "drawing", d->drawing);
  fputs("}\n", out);
}

void diag_print_json(Session *s, FILE *out) {
  int n;
  Diag **sorted = diag_sorted(s, &n);
  for (int i = 0; i < n; i++) json_diag(s, out, sorted[i]);
}
