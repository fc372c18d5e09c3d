/* onednn.c — oneDNN 2 by its C interface; README.md has what is said over the pipes. `./dev bench` compiles it where dnnl.h is found. */
#include <oneapi/dnnl/dnnl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ARGS = 32 };

typedef struct Layer {
  enum { LSTM, GRU, GRU_BEFORE, RNN } cell;
  dnnl_dim_t H, B, T, I, gates;
} Layer;

/* What every cell is made of, forward; the backward pass has the same again as derivatives. */
typedef struct Shapes {
  dnnl_memory_desc_t x, h, wx, wh, b, y;
} Shapes;

typedef struct Pass {
  dnnl_primitive_t primitive;
  dnnl_primitive_desc_t description;
  dnnl_exec_arg_t arg[ARGS];
  int args;
} Pass;

static dnnl_engine_t engine;
static dnnl_stream_t stream;

static void check(dnnl_status_t status, const char *what) {
  if (status == dnnl_success) return;
  fprintf(stderr, "oneDNN: %s: status %d\n", what, status);
  exit(1);
}
#define DO(call) check(call, #call)

/* --- memory ------------------------------------------------------------------------------------------------------------------------- */

static dnnl_memory_desc_t describe(int rank, const dnnl_dims_t dims, dnnl_format_tag_t tag) {
  dnnl_memory_desc_t d;
  DO(dnnl_memory_desc_init_by_tag(&d, rank, dims, dnnl_f32, tag));
  return d;
}

static float *numbers(dnnl_memory_t m) {
  void *data;
  DO(dnnl_memory_get_data_handle(m, &data));
  return data;
}

/* Small numbers, not 0. */
static dnnl_memory_t memory(const dnnl_memory_desc_t *d) {
  dnnl_memory_t m;
  DO(dnnl_memory_create(&m, d, engine, DNNL_MEMORY_ALLOCATE));
  float *at = numbers(m);
  size_t count = dnnl_memory_desc_get_size(d) / sizeof *at;
  for (size_t i = 0; i < count; i++) at[i] = 0.05f * ((float)(i * 7919 % 101) / 50 - 1);
  return m;
}

static void clear(dnnl_memory_t m) {
  const dnnl_memory_desc_t *d;
  DO(dnnl_memory_get_memory_desc(m, &d));
  memset(numbers(m), 0, dnnl_memory_desc_get_size(d));
}

static dnnl_memory_t bound(const Pass *p, int arg) {
  for (int i = 0; i < p->args; i++)
    if (p->arg[i].arg == arg) return p->arg[i].memory;
  return NULL;
}

static void bind(Pass *p, int arg, dnnl_memory_t m) {
  for (int i = 0; i < p->args; i++)
    if (p->arg[i].arg == arg) {
      p->arg[i].memory = m;
      return;
    }
  p->arg[p->args++] = (dnnl_exec_arg_t){arg, m};
}

/* Memory in the layout that the primitive wants. */
static void bind_new(Pass *p, int arg) {
  const dnnl_memory_desc_t *d = dnnl_primitive_desc_query_md(p->description, dnnl_query_exec_arg_md, arg);
  if (d && dnnl_memory_desc_get_size(d)) bind(p, arg, memory(d));
}

/* --- passes --------------------------------------------------------------------------------------------------------------------------- */

static Shapes shapes_of(const Layer *l, dnnl_format_tag_t weights) {
  dnnl_dim_t biases = l->cell == GRU ? 4 : l->gates; /* the product that is reset has a bias of its own */
  return (Shapes){
      .x = describe(3, (dnnl_dims_t){l->T, l->B, l->I}, dnnl_tnc),
      .h = describe(4, (dnnl_dims_t){1, 1, l->B, l->H}, dnnl_ldnc),
      .wx = describe(5, (dnnl_dims_t){1, 1, l->I, l->gates, l->H}, weights),
      .wh = describe(5, (dnnl_dims_t){1, 1, l->H, l->gates, l->H}, weights),
      .b = describe(4, (dnnl_dims_t){1, 1, biases, l->H}, dnnl_ldgo),
      .y = describe(3, (dnnl_dims_t){l->T, l->B, l->H}, dnnl_tnc),
  };
}

static dnnl_rnn_desc_t forward_of(const Layer *l, dnnl_prop_kind_t kind) {
  Shapes s = shapes_of(l, dnnl_format_tag_any);
  const dnnl_rnn_direction_t way = dnnl_unidirectional_left2right;
  dnnl_rnn_desc_t d;
  switch (l->cell) {
    case LSTM: DO(dnnl_lstm_forward_desc_init(&d, kind, way, &s.x, &s.h, &s.h, &s.wx, &s.wh, &s.b, &s.y, &s.h, &s.h, 0)); break;
    case GRU: DO(dnnl_lbr_gru_forward_desc_init(&d, kind, way, &s.x, &s.h, &s.wx, &s.wh, &s.b, &s.y, &s.h, 0)); break;
    case GRU_BEFORE: DO(dnnl_gru_forward_desc_init(&d, kind, way, &s.x, &s.h, &s.wx, &s.wh, &s.b, &s.y, &s.h, 0)); break;
    case RNN: DO(dnnl_vanilla_rnn_forward_desc_init(&d, kind, dnnl_eltwise_tanh, way, &s.x, &s.h, &s.wx, &s.wh, &s.b, &s.y, &s.h, 0, 0, 0)); break;
  }
  return d;
}

static dnnl_rnn_desc_t backward_of(const Layer *l) {
  Shapes s = shapes_of(l, dnnl_format_tag_any);
  const dnnl_rnn_direction_t way = dnnl_unidirectional_left2right;
  const dnnl_prop_kind_t kind = dnnl_backward;
  dnnl_rnn_desc_t d;
  switch (l->cell) {
    case LSTM:
      DO(dnnl_lstm_backward_desc_init(&d, kind, way, &s.x, &s.h, &s.h, &s.wx, &s.wh, &s.b, &s.y, &s.h, &s.h, &s.x, &s.h, &s.h, &s.wx, &s.wh,
                                      &s.b, &s.y, &s.h, &s.h, 0));
      break;
    case GRU:
      DO(dnnl_lbr_gru_backward_desc_init(&d, kind, way, &s.x, &s.h, &s.wx, &s.wh, &s.b, &s.y, &s.h, &s.x, &s.h, &s.wx, &s.wh, &s.b, &s.y, &s.h, 0));
      break;
    case GRU_BEFORE:
      DO(dnnl_gru_backward_desc_init(&d, kind, way, &s.x, &s.h, &s.wx, &s.wh, &s.b, &s.y, &s.h, &s.x, &s.h, &s.wx, &s.wh, &s.b, &s.y, &s.h, 0));
      break;
    case RNN:
      DO(dnnl_vanilla_rnn_backward_desc_init(&d, kind, dnnl_eltwise_tanh, way, &s.x, &s.h, &s.wx, &s.wh, &s.b, &s.y, &s.h, &s.x, &s.h, &s.wx,
                                             &s.wh, &s.b, &s.y, &s.h, 0, 0, 0));
      break;
  }
  return d;
}

static const int values[] = {DNNL_ARG_SRC_LAYER, DNNL_ARG_SRC_ITER,      DNNL_ARG_SRC_ITER_C, DNNL_ARG_WEIGHTS_LAYER, DNNL_ARG_WEIGHTS_ITER,
                             DNNL_ARG_BIAS,      DNNL_ARG_DST_LAYER, DNNL_ARG_DST_ITER,   DNNL_ARG_DST_ITER_C,    DNNL_ARG_WORKSPACE};
static const int derivatives[] = {DNNL_ARG_DIFF_SRC_LAYER, DNNL_ARG_DIFF_SRC_ITER,  DNNL_ARG_DIFF_SRC_ITER_C, DNNL_ARG_DIFF_WEIGHTS_LAYER,
                                  DNNL_ARG_DIFF_WEIGHTS_ITER, DNNL_ARG_DIFF_BIAS, DNNL_ARG_DIFF_DST_LAYER,  DNNL_ARG_DIFF_DST_ITER,
                                  DNNL_ARG_DIFF_DST_ITER_C};
#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

static Pass pass_of(const dnnl_rnn_desc_t *d, const Pass *forward) {
  Pass p = {0};
  DO(dnnl_primitive_desc_create(&p.description, d, NULL, engine, forward ? forward->description : NULL));
  DO(dnnl_primitive_create(&p.primitive, p.description));
  for (int i = 0; i < COUNT(values); i++) {
    int arg = values[i];
    bool own = !forward || arg == DNNL_ARG_WEIGHTS_LAYER || arg == DNNL_ARG_WEIGHTS_ITER; /* weights have a layout a pass */
    dnnl_memory_t same = own ? NULL : bound(forward, arg);
    if (same) bind(&p, arg, same);
    else if (own) bind_new(&p, arg);
  }
  for (int i = 0; forward && i < COUNT(derivatives); i++) bind_new(&p, derivatives[i]);
  return p;
}

static void run(const Pass *p) { DO(dnnl_primitive_execute(p->primitive, stream, p->args, p->arg)); }

static Pass reorder(dnnl_memory_t from, dnnl_memory_t to) {
  Pass p = {0};
  const dnnl_memory_desc_t *a, *b;
  DO(dnnl_memory_get_memory_desc(from, &a));
  DO(dnnl_memory_get_memory_desc(to, &b));
  DO(dnnl_reorder_primitive_desc_create(&p.description, a, engine, b, engine, NULL));
  DO(dnnl_primitive_create(&p.primitive, p.description));
  bind(&p, DNNL_ARG_FROM, from);
  bind(&p, DNNL_ARG_TO, to);
  return p;
}

static void free_pass(Pass *p) {
  if (!p->primitive) return;
  DO(dnnl_primitive_destroy(p->primitive));
  DO(dnnl_primitive_desc_destroy(p->description));
}

/* --- a case ----------------------------------------------------------------------------------------------------------------------------- */

typedef struct Work {
  enum { TRAIN, SEQUENCE, STREAM } task;
  Pass forward, backward, again; /* again: streaming, the states exchanged */
  Pass into[4], out[2];          /* weights into each pass's layout, their gradients out of it */
  dnnl_memory_t mine[4];         /* weights and gradients as a user has them: [input][gate][unit] */
  int64_t steps;
} Work;

static void exchange(Pass *p, int in, int out) {
  dnnl_memory_t a = bound(p, in), b = bound(p, out);
  if (!a || !b) return;
  bind(p, in, b);
  bind(p, out, a);
}

static Work prepare(int task, const Layer *l) {
  Work w = {.task = task};
  Shapes mine = shapes_of(l, dnnl_ldigo);
  dnnl_rnn_desc_t d = forward_of(l, task == TRAIN ? dnnl_forward_training : dnnl_forward_inference);
  w.forward = pass_of(&d, NULL);
  for (int i = 0; i < 4; i++) w.mine[i] = memory(i % 2 ? &mine.wh : &mine.wx);
  for (int i = 0; i < 2; i++) w.into[i] = reorder(w.mine[i], bound(&w.forward, i ? DNNL_ARG_WEIGHTS_ITER : DNNL_ARG_WEIGHTS_LAYER));
  for (int i = 0; i < 2; i++) run(&w.into[i]);
  w.again = (Pass){.primitive = w.forward.primitive, .args = w.forward.args};
  memcpy(w.again.arg, w.forward.arg, sizeof w.again.arg);
  exchange(&w.again, DNNL_ARG_SRC_ITER, DNNL_ARG_DST_ITER);
  exchange(&w.again, DNNL_ARG_SRC_ITER_C, DNNL_ARG_DST_ITER_C);
  if (task != TRAIN) return w;
  d = backward_of(l);
  w.backward = pass_of(&d, &w.forward);
  for (int i = 0; i < 2; i++) w.into[2 + i] = reorder(w.mine[i], bound(&w.backward, i ? DNNL_ARG_WEIGHTS_ITER : DNNL_ARG_WEIGHTS_LAYER));
  for (int i = 0; i < 2; i++) w.out[i] = reorder(bound(&w.backward, i ? DNNL_ARG_DIFF_WEIGHTS_ITER : DNNL_ARG_DIFF_WEIGHTS_LAYER), w.mine[2 + i]);
  return w;
}

/* The weights have changed since the last step, and oneDNN adds to the gradients that it finds. */
static void train(Work *w) {
  for (int i = 0; i < 2; i++) run(&w->into[i]);
  run(&w->forward);
  for (int i = 2; i < 4; i++) run(&w->into[i]);
  clear(bound(&w->backward, DNNL_ARG_DIFF_WEIGHTS_LAYER));
  clear(bound(&w->backward, DNNL_ARG_DIFF_WEIGHTS_ITER));
  clear(bound(&w->backward, DNNL_ARG_DIFF_BIAS));
  run(&w->backward);
  for (int i = 0; i < 2; i++) run(&w->out[i]);
}

static void call(Work *w) {
  if (w->task == TRAIN) train(w);
  else run(w->task == STREAM && w->steps++ % 2 ? &w->again : &w->forward);
  DO(dnnl_stream_wait(stream));
}

static void free_memory(Pass *p, const Pass *but) {
  for (int i = 0; i < p->args; i++)
    if (!but || bound(but, p->arg[i].arg) != p->arg[i].memory) DO(dnnl_memory_destroy(p->arg[i].memory));
}

static void finish(Work *w) {
  for (int i = 0; i < 4; i++) free_pass(&w->into[i]);
  for (int i = 0; i < 2; i++) free_pass(&w->out[i]);
  free_memory(&w->backward, &w->forward);
  free_memory(&w->forward, NULL);
  free_pass(&w->backward);
  free_pass(&w->forward);
  for (int i = 0; i < 4 && w->mine[i]; i++) DO(dnnl_memory_destroy(w->mine[i]));
  *w = (Work){0};
}

/* --- the protocol ----------------------------------------------------------------------------------------------------------------------- */

static int place(const char *word, const char *const *words, int count) {
  for (int i = 0; i < count; i++)
    if (!strcmp(word, words[i])) return i;
  return -1;
}

static void take_case(const char *line, Work *w) {
  static const char *const cells[] = {"LSTM", "GRU", "GRU_before", "RNN"}, *const tasks[] = {"train", "sequence", "stream"};
  static const int gates[] = {4, 3, 3, 1};
  char task[32], cell[32];
  long H, B, T, I;
  finish(w);
  if (sscanf(line, "case %31s %31s %ld %ld %ld %ld", task, cell, &H, &B, &T, &I) != 6 || place(cell, cells, 4) < 0 || place(task, tasks, 3) < 0) {
    puts("has no such cell");
    return;
  }
  int which = place(cell, cells, 4);
  Layer l = {which, H, B, T, I, gates[which]};
  *w = prepare(place(task, tasks, 3), &l);
  puts("ok");
}

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

int main(void) {
  char line[256];
  Work work = {0};
  const dnnl_version_t *v = dnnl_version();
  setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
  if (v->major != 2) return printf("missing version %d is installed, and version 2 is spoken here\n", v->major), 0;
  DO(dnnl_engine_create(&engine, dnnl_cpu, 0));
  DO(dnnl_stream_create(&stream, engine, dnnl_stream_default_flags));
  printf("ready %d.%d.%d\n", v->major, v->minor, v->patch);
  while (fgets(line, sizeof line, stdin)) {
    long long times = 0;
    if (!strncmp(line, "case ", 5)) take_case(line, &work);
    else if (sscanf(line, "run %lld", &times) == 1) {
      double begin = seconds();
      for (long long i = 0; i < times; i++) call(&work);
      printf("%.9g\n", (seconds() - begin) / (double)times);
    }
  }
  finish(&work);
  return 0;
}
