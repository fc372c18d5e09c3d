/* bench.h — between the files of bench/. */
#ifndef RNN_BENCH_BENCH_H
#define RNN_BENCH_BENCH_H
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

double bench_seconds(void);

/* --- what is computed (cases.c, cells.c) ------------------------------------------------------------------------------------ */

typedef enum Task {
  TASK_TRAIN,    /* forward, all of BPTT, gradients of weights, biases and inputs */
  TASK_SEQUENCE, /* a whole sequence forward */
  TASK_STREAM,   /* one step, the state kept */
} Task;
const char *task_name(Task t); /* "train", "sequence", "stream": as in the protocol of peers/ */

typedef struct Case {
  const char *name;      /* of its row */
  const char *peer;      /* what peers call it; NULL: they have nothing like it */
  const char *cells;     /* definitions in front of the net, "" for none */
  const char *equations; /* of h: [H], made from v: [X] */
  Task task;
  int hidden, batch, steps, inputs;
  double products; /* multiply-adds of all W @ x and U @ h, a row and step, forward */
  bool half_weights; /* a stream's, as bfloat16 */
} Case;

/* Operations of one call: the backward pass has two products for each of the forward's. */
double case_floating(const Case *c);
/* One layer of a cell of the library ("LSTM", "GRU", "tanh"). */
Case case_layer(const char *name, Task task, int hidden, int batch, int steps, int inputs);
/* `layers` LSTMs, one upon the other. */
Case case_deep(int layers, int hidden, int batch, int steps, int inputs);
/* Kinds other than the plain LSTM at its work, each as wide as makes the work equal. */
enum { KINDS = 9, LAYERS_MOST = 16 };
Case case_kind(int which, const Case *lstm);
/* A cell drawn at random: gates, candidates, products, resets, peepholes; at the work of the LSTM. Same seed, same cell. */
Case case_random(uint64_t seed, const Case *lstm);
/* Sets width and steps so that `products(width) · steps` is the LSTM's; the width is a multiple of 16. */
void case_fit(Case *c, const Case *lstm, double (*products)(const Case *c, int hidden));
/* The model as text. The caller frees it. */
char *case_text(const Case *c);

/* --- who computes it -------------------------------------------------------------------------------------------------------- */

typedef struct Ours Ours;
/* Compiles the case and fills it with small numbers. A batch is computed in the slices that training cuts it into, on so many
 * threads. NULL after diagnostics. */
Ours *ours_open(const Case *c, int threads, double *compile_seconds);
double ours_run(void *ours, int64_t calls); /* seconds a call */
void ours_close(Ours *o);

typedef struct Peer {
  const char *name;
  char version[64];
  char missing[256]; /* why it is not there; "" where it is */
  int pid, to, from;
  FILE *said;
} Peer;
enum { PEERS = 5 };
/* Starts all that are found; says in each what is missing. `alone` not NULL: only those named in it. */
void peers_start(Peer *peers, int threads, const char *alone);
/* False with `why` where the peer has no such case. */
bool peer_case(Peer *p, const Case *c, char why[128]);
double peer_run(void *peer, int64_t calls);
void peers_stop(Peer *peers);

/* The most single-precision GFLOP/s of one core, measured now, for so many rounds of a few milliseconds. */
double peak_gflops(int rounds);

/* --- measuring (measure.c) ------------------------------------------------------------------------------------------------------ */

enum { ROUNDS_MOST = 31, CONTENDERS = PEERS + 2 };

typedef struct Effort {
  int rounds;    /* samples of each */
  double sample; /* seconds a sample takes at least */
} Effort;

typedef struct Contender {
  const char *name;
  double (*run)(void *self, int64_t calls);
  void *self;
  int pid;           /* of the process; 0: ours */
  double median, spread; /* seconds of a call; the middle half of the samples, as a share of the median */
  double ratio;      /* to the first contender's time: median of what the rounds give */
  double memory;     /* most resident MB since the row began */
  int64_t calls;     /* a sample has */
  double sample[ROUNDS_MOST];
} Contender;

/* Each in turn, round after round, so that what else the machine does hits all alike. Returns the peak measured in between. */
double measure(Contender *contenders, int count, const Effort *effort);
double median_of(double *values, int count); /* sorts them */
/* From now on this process and those that it starts … */
void measure_on_one_core(void); /* … stay on one core: a library that starts threads all the same gains nothing by it */
bool measure_first(void);       /* … go before all others; false where the kernel does not allow it */

/* --- saying (report.c, svg.c) ------------------------------------------------------------------------------------------------------ */

typedef struct Bench {
  Peer peers[PEERS];
  bool column[PEERS];  /* of the table that is being printed */
  Effort effort;
  int threads;
  cJSON *json, *rows; /* what was measured */
  Ours *beside;        /* measured with every row; NULL: nothing */
  double beside_floating;
  bool failed;
} Bench;

typedef struct Row {
  double seconds, share; /* of our call; of the peak */
  double compile;
  double peer[PEERS];    /* seconds; 0 where a peer has no such case */
  double relative;       /* our rate, as a share of the rate of what is measured beside */
} Row;

void report_begin(Bench *b, bool realtime);
void report_peers(Bench *b);
void report_header(Bench *b, const char *title, Task task, bool peers);
/* Measures a case against all peers that have it, prints its row and keeps it in the JSON document. False if it does not compile. */
bool report_case(Bench *b, const char *section, const Case *c, Row *out);
bool report_write(Bench *b, const char *path);

enum { CURVE_POINTS = 12, CURVES = 8 };
typedef struct Curve {
  const char *name;
  int count;
  double x[CURVE_POINTS], y[CURVE_POINTS];
} Curve;
typedef struct Chart {
  const char *file, *title, *x, *y; /* x, y: what the axes say */
  Curve curve[CURVES];
  int curves;
} Chart;
/* Curves on logarithmic axes, as FOLDER/FILE.svg. */
bool svg_write(const char *folder, const Chart *chart);


/* --- sections of a run ----------------------------------------------------------------------------------------------------------- */

typedef struct Sections {
  bool all, smoke;
  int units;           /* 0: layers of all widths */
  int cells;           /* random cells */
  uint64_t seed;       /* of the first */
  const char *only;    /* sections, by name; NULL: what --all or its absence says */
  const char *svg;     /* folder for curves; NULL: none are drawn */
  const char *write;   /* folder for random cells */
  const char *program; /* `rnn`, beside us */
} Sections;

void section_kinds(Bench *b);
void section_cells(Bench *b, const Sections *p);
void section_growth(Bench *b, const Sections *p);
/* Keeps a chart, says how its curves grow, draws it where a folder is given. */
void growth_finish(Bench *b, const Sections *p, Chart *c);
void section_rtrl(Bench *b, const Sections *p);
/* Whole processes of the program, with and without the code cache. */
void section_start(Bench *b, const Sections *p);
void section_reservoir(Bench *b);
/* Where the time goes when a model file is compiled. */
bool bench_compile(const char *path);

#endif
