/* main.c — `./dev bench`: training steps a second and their share of this machine's peak; where compile time goes. */
#include "bench/bench.h"
#include "runtime/calls.h"
#include <stdio.h>
#include <string.h>

static const CellKind cells[] = {
    {"LSTM", "LSTM[H = H](x * scale)", 4},
    {"GRU", "GRU[H = H](x * scale)", 3},
    {"tanh", "RNN[H = H](x * scale)", 1},
};

static const LayerShape shapes[] = {{32, 1, 100, 2}, {64, 16, 64, 64}, {256, 64, 100, 64}};

enum { CELLS = sizeof cells / sizeof *cells, SHAPES = sizeof shapes / sizeof *shapes };

static bool print_row(const CellKind *c, LayerShape s, double peak, bool json) {
  StepTime t;
  if (!bench_step(c, s, &t)) return false;
  double rate = t.floating / t.seconds * 1e-9;
  if (json)
    printf("{\"cell\": \"%s\", \"H\": %d, \"B\": %d, \"T\": %d, \"I\": %d, \"ms\": %.5f, \"steps_per_second\": %.1f, \"gflops\": %.2f, "
           "\"share_of_peak\": %.4f, \"compile_ms\": %.1f}\n",
           c->name, s.hidden, s.batch, s.steps, s.inputs, 1e3 * t.seconds, 1 / t.seconds, rate, rate / peak, 1e3 * t.compile);
  else
    printf("%-5s %5d %4d %4d %5d %10.4f %12.1f %9.1f %7.1f %% %9.1f\n", c->name, s.hidden, s.batch, s.steps, s.inputs, 1e3 * t.seconds,
           1 / t.seconds, rate, 100 * rate / peak, 1e3 * t.compile);
  return true;
}

int main(int argc, char **argv) {
  rnn_fix_blas_core(argv);
  bool json = argc > 1 && !strcmp(argv[1], "--json");
  double peak = peak_gflops();
  if (json) printf("{\"peak_gflops\": %.1f}\n", peak);
  else printf("peak of one core: %.1f GFLOP/s in single precision\n\n", peak);
  if (!json) puts("cell      H    B    T     I    ms a step    steps/s   GFLOP/s   of peak  compile ms");
  bool fine = true;
  for (int s = 0; s < SHAPES; s++)
    for (int c = 0; c < CELLS; c++) fine &= print_row(&cells[c], shapes[s], peak, json);
  if (!json) puts("\na step: forward, BPTT through the whole sequence, gradients of weights, biases and inputs; one thread\n\n"
                  "compiling examples/adding/adding.rnn:");
  fflush(stdout);
  if (!json) fine &= bench_compile("examples/adding/adding.rnn");
  return !fine;
}
