/* bench.h — between the files of bench/. */
#ifndef RNN_BENCH_BENCH_H
#define RNN_BENCH_BENCH_H
#include <stdbool.h>
#include <stdint.h>

double bench_seconds(void);
/* The most single-precision GFLOP/s that one core reaches, measured now. */
double peak_gflops(void);

/* A training step (forward, all of BPTT, gradients of weights, biases and inputs) of one layer. */
typedef struct LayerShape {
  int hidden, batch, steps, inputs;
} LayerShape;

typedef struct CellKind {
  const char *name, *call; /* as in "LSTM[H = H](x)" */
  int gates;               /* products [H, I] and [H, H] a step */
} CellKind;

typedef struct StepTime {
  double seconds;          /* median of one call */
  double compile;          /* text to machine code */
  double floating;         /* operations of one call: 3 · 2 · gates · H (I + H) · B · T */
} StepTime;

bool bench_step(const CellKind *cell, LayerShape shape, StepTime *out);
/* Prints where the time goes when a model file is compiled. */
bool bench_compile(const char *path);

#endif
