/* growth.c — what a step costs over the length, the batch, the width, the layers; what compiling costs over layers and length. */
#include "bench/bench.h"
#include <math.h>
#include <string.h>

typedef struct Along {
  const char *file, *title, *axis;
  int value[CURVE_POINTS];               /* ends with 0 */
  void (*set)(Case *c, int value);
} Along;

static void set_length(Case *c, int value) { *c = case_layer("LSTM", TASK_TRAIN, 64, 16, value, 64); }
static void set_batch(Case *c, int value) { *c = case_layer("LSTM", TASK_TRAIN, 64, value, 50, 64); }
static void set_width(Case *c, int value) { *c = case_layer("LSTM", TASK_TRAIN, value, 32, 50, 64); }
static void set_layers(Case *c, int value) { *c = case_deep(value, 64, 16, 64, 64); }

static const Along along[] = {
    {"length", "a training step, LSTM, H = I = 64, B = 16", "steps T", {12, 25, 50, 100, 200, 400, 800, 1600, 0}, set_length},
    {"batch", "a training step, LSTM, H = I = 64, T = 50", "sequences B", {1, 2, 4, 8, 16, 32, 64, 128, 256, 0}, set_batch},
    {"width", "a training step, LSTM, I = 64, B = 32, T = 50", "units H", {8, 16, 32, 64, 128, 256, 512, 0}, set_width},
    {"layers", "a training step, LSTMs upon each other, H = I = 64, B = 16, T = 64", "layers", {1, 2, 4, 8, LAYERS_MOST, 0}, set_layers},
};

/* --- curves ----------------------------------------------------------------------------------------------------------------------- */

static void add_point(Curve *c, double x, double y) {
  if (!(y > 0) || c->count == CURVE_POINTS) return;
  c->x[c->count] = x;
  c->y[c->count++] = y;
}

/* The power with which the end of a curve grows: 1 is in proportion. */
static double power(const Curve *c) {
  int last = c->count - 1;
  return last < 1 ? NAN : log(c->y[last] / c->y[last - 1]) / log(c->x[last] / c->x[last - 1]);
}

static void keep_chart(Bench *b, const Chart *c) {
  cJSON *all = cJSON_GetObjectItem(b->json, "curves"), *o = cJSON_CreateObject();
  if (!all) all = cJSON_AddArrayToObject(b->json, "curves");
  cJSON_AddItemToArray(all, o);
  cJSON_AddStringToObject(o, "title", c->title);
  cJSON_AddStringToObject(o, "x", c->x);
  cJSON_AddStringToObject(o, "y", c->y);
  cJSON *list = cJSON_AddArrayToObject(o, "curves");
  for (int i = 0; i < c->curves; i++) {
    cJSON *curve = cJSON_CreateObject();
    cJSON_AddItemToArray(list, curve);
    cJSON_AddStringToObject(curve, "name", c->curve[i].name);
    cJSON_AddItemToObject(curve, "x", cJSON_CreateDoubleArray(c->curve[i].x, c->curve[i].count));
    cJSON_AddItemToObject(curve, "y", cJSON_CreateDoubleArray(c->curve[i].y, c->curve[i].count));
    cJSON_AddNumberToObject(curve, "power", power(&c->curve[i]));
  }
}

void growth_finish(Bench *b, const Sections *p, Chart *c) {
  int kept = 0;
  for (int i = 0; i < c->curves; i++)
    if (c->curve[i].count > 1) c->curve[kept++] = c->curve[i];
  c->curves = kept;
  if (!kept) return;
  keep_chart(b, c);
  printf("at the end, %s grows with", c->y);
  for (int i = 0; i < kept; i++) printf("%s %s^%.2f (%s)", i ? "," : "", c->x, power(&c->curve[i]), c->curve[i].name);
  putchar('\n');
  if (p->svg) b->failed |= !svg_write(p->svg, c);
}

static void section_along(Bench *b, const Sections *p, const Along *a) {
  Chart chart = {a->file, a->title, a->axis, "ms", .curves = 1 + PEERS, .curve = {{.name = "rnn"}}};
  for (int i = 0; i < PEERS; i++) chart.curve[1 + i].name = b->peers[i].name;
  report_header(b, a->title, TASK_TRAIN, a->set != set_layers);
  for (const int *v = a->value; *v; v++) {
    Case c;
    Row row;
    a->set(&c, *v);
    if (!report_case(b, "growth", &c, &row)) return;
    add_point(chart.curve, *v, 1e3 * row.seconds);
    for (int i = 0; i < PEERS; i++) add_point(&chart.curve[1 + i], *v, 1e3 * row.peer[i]);
  }
  growth_finish(b, p, &chart);
}

/* --- compiling ---------------------------------------------------------------------------------------------------------------------- */

static double compile_milliseconds(const Case *c) {
  enum { TIMES = 3 };
  double taken[TIMES];
  for (int i = 0; i < TIMES; i++) {
    Ours *o = ours_open(c, 1, &taken[i]);
    if (!o) return 0;
    ours_close(o);
  }
  return 1e3 * median_of(taken, TIMES);
}

static void section_compiling(Bench *b, const Sections *p, const Along *a) {
  char file[32], title[128];
  snprintf(file, sizeof file, "compile_%s", a->file);
  snprintf(title, sizeof title, "compiling %s", a->title);
  Chart chart = {file, title, a->axis, "ms to compile", .curves = 1, .curve = {{.name = "rnn"}}};
  printf("\n%s\n", title);
  for (const int *v = a->value; *v; v++) {
    Case c;
    a->set(&c, *v);
    double taken = compile_milliseconds(&c);
    b->failed |= taken <= 0;
    add_point(chart.curve, *v, taken);
    printf("%s %-5d %9.1f ms\n", a->axis, *v, taken);
    fflush(stdout);
  }
  growth_finish(b, p, &chart);
}

void section_growth(Bench *b, const Sections *p) {
  const int count = (int)(sizeof along / sizeof *along);
  for (int i = 0; i < count; i++) section_along(b, p, &along[i]);
  section_compiling(b, p, &along[count - 1]);
  section_compiling(b, p, &along[0]);
}
