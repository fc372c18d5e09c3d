/* metrics.h — values recorded over a run, and what report and expect say about them (metrics.def has the formulas). */
#ifndef RNN_RUNTIME_METRICS_H
#define RNN_RUNTIME_METRICS_H
#include "runtime/runtime.h"

/* One output of a run's unit, over all sequences in the order of the data. */
struct Vocabulary;

typedef struct Series {
  const char *name; /* "r0" */
  int64_t elements;
  const struct Vocabulary *vocabulary; /* written as its symbols; NULL: as numbers */
  bool of_data;     /* only the data say it: NaN is missing, and written as nothing; a NaN of the net is written as one */
  bool stepped;     /* lives on a clock */
  int clocks, clock[RNN_MAX_CLOCKS];       /* on which; the last one's steps follow each other in `value` */
  const char *clock_name[RNN_MAX_CLOCKS];
  int64_t fixed[RNN_MAX_CLOCKS];           /* length of a clock of fixed length; 0: the data's */
  int64_t *length[RNN_MAX_CLOCKS];         /* [clocks][count] */
  int64_t count;    /* sequences; 1 for a value without the sequence axis */
  int64_t *steps;   /* [count]; 1 where not stepped; of all clocks together */
  double **value;   /* [count]: [steps][elements] */
  uint8_t **counted; /* [count]: [steps] 1 where the step counts; NULL: all do */
} Series;

/* Where the steps at[clock] stand in a sequence's values. −1: it has no such steps. */
int64_t series_place(const Series *s, int64_t sequence, const int64_t *at);
/* The steps at[clock] of value number `place` of a sequence, on the series' own clocks. */
void series_steps(const Series *s, int64_t sequence, int64_t place, int64_t *at);

/* A number for a report's or expect's VALUE: metrics of series, arithmetic on them, comparisons (1 or 0). `series` [count] are found by
 * their names in {"output": …}. NaN where a value is. E0410 unknown metric, E0404 a wrong number of arguments, E0415 nothing counts. */
bool metric_value(const cJSON *value, const Series *series, int count, int line, double *out, RnnError *error);

#endif
