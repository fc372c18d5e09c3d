/* show.c — reports and expectations, plain or as JSON. */
#include "runtime/show/show.h"
#include <math.h>
#include <stdlib.h>

void show_json_string(FILE *out, const char *text) {
  fputc('"', out);
  for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
    if (*c == '"' || *c == '\\') fprintf(out, "\\%c", *c);
    else if (*c < 0x20) fprintf(out, "\\u%04x", *c);
    else fputc(*c, out);
  }
  fputc('"', out);
}

/* What single precision holds is written with as few digits as it takes to read the same back; anything else with nine. */
const char *show_digits(double value, char text[SHOW_DIGITS]) {
  const bool single = (double)(float)value == value;
  for (int digits = single ? 6 : 9; digits <= 9; digits++) {
    snprintf(text, SHOW_DIGITS, "%.*g", digits, value);
    if (single && strtof(text, NULL) == (float)value) break;
  }
  return text;
}

void show_json_number(FILE *out, double value) {
  char digits[SHOW_DIGITS];
  if (isfinite(value)) fputs(show_digits(value, digits), out);
  else fprintf(out, "null");
}

/* The sign of what is no number says nothing. */
static void put_value(FILE *out, double value) {
  if (isnan(value)) fprintf(out, "nan");
  else fprintf(out, "%.6g", value);
}

static void json_begin(FILE *out, const char *kind, const char *stage, const char *text) {
  fprintf(out, "{\"kind\": \"%s\", \"stage\": ", kind);
  show_json_string(out, stage);
  fprintf(out, ", \"text\": ");
  show_json_string(out, text);
}

static void show_value(const RnnOptions *options, const char *kind, const char *before, const char *stage, const char *text, double value) {
  FILE *out = options->out;
  if (options->json) {
    json_begin(out, kind, stage, text);
    fprintf(out, ", \"value\": ");
    show_json_number(out, value);
    fprintf(out, "}\n");
  } else if (!options->quiet) {
    fprintf(out, "  %s%s = ", before, text);
    put_value(out, value);
    fprintf(out, "\n");
  }
}

void show_report(const RnnOptions *options, const char *stage, const char *text, double value) {
  show_value(options, "report", "", stage, text, value);
}

void show_test(const RnnOptions *options, const char *stage, const char *text, double value) {
  show_value(options, "test", "test ", stage, text, value);
}

void show_expect(const RnnOptions *options, const char *stage, const char *text, bool holds, const double *found) {
  FILE *out = options->out;
  if (options->json) {
    json_begin(out, "expect", stage, text);
    fprintf(out, ", \"holds\": %s, \"found\": ", holds ? "true" : "false");
    show_json_number(out, found ? *found : NAN);
    fprintf(out, "}\n");
  } else if (!options->quiet || !holds) {
    fprintf(out, "%s %s", holds ? "✓" : "✗", text);
    if (found) fprintf(out, "   found ");
    if (found) put_value(out, *found);
    fprintf(out, "\n");
  }
}
