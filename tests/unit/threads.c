/* links: rnn_runtime */
/* threads.c — every item is done once, whoever does it; matrix products may be called from several threads. */
#include "runtime/abi.h"
#include "runtime/calls.h"
#include "runtime/threads.h"
#include <CUnit/Basic.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { JOBS = 20000 };

typedef struct Tally {
  atomic_int done[THREADS_ITEMS];
  int result[THREADS_ITEMS]; /* plain: threads_run must make them seen */
  int job;
} Tally;

static void tally(void *context, int item) {
  Tally *t = context;
  atomic_fetch_add(&t->done[item], 1);
  t->result[item] = t->job * 10 + item;
}

static bool job_is_done(const Tally *t, int items) {
  bool fine = true;
  for (int i = 0; i < THREADS_ITEMS; i++) fine &= atomic_load(&t->done[i]) == (i < items);
  for (int i = 0; i < items; i++) fine &= t->result[i] == t->job * 10 + i;
  return fine;
}

static void run_jobs(int threads, int jobs, unsigned pause) {
  Threads *pool = threads_new(threads);
  int wrong = 0;
  threads_reserve(pool, THREADS_ITEMS);
  CU_ASSERT_EQUAL(threads_started(pool), threads - 1);
  for (int job = 0; job < jobs; job++) {
    Tally t = {.job = job};
    int items = 1 + job % THREADS_ITEMS;
    if (pause) usleep(pause);
    threads_run(pool, items, tally, &t);
    wrong += !job_is_done(&t, items);
  }
  CU_ASSERT_EQUAL(wrong, 0);
  threads_free(pool);
}

static void test_jobs_close_together(void) {
  for (int threads = 1; threads <= 4; threads++) run_jobs(threads, JOBS, 0);
}

/* Long enough apart that threads fall asleep. */
static void test_jobs_far_apart(void) {
  run_jobs(3, 100, 2000);
}

static void test_starts_no_more_than_useful(void) {
  Threads *pool = threads_new(4);
  CU_ASSERT_EQUAL(threads_started(pool), 0);
  threads_reserve(pool, 1);
  CU_ASSERT_EQUAL(threads_started(pool), 0);
  threads_reserve(pool, 2);
  CU_ASSERT_EQUAL(threads_started(pool), 1);
  threads_reserve(pool, 100);
  CU_ASSERT_EQUAL(threads_started(pool), 3);
  threads_free(pool);
  pool = threads_new(0);
  threads_reserve(pool, THREADS_ITEMS);
  CU_ASSERT_TRUE(threads_started(pool) < THREADS_ITEMS);
  threads_free(pool);
}

/* --- matrix products ---------------------------------------------------------------------------------------------------------- */

enum { SIDE = 150 };

typedef struct Products {
  float a[SIDE * SIDE], b[SIDE * SIDE], c[THREADS_ITEMS][SIDE * SIDE];
} Products;

static void multiply(void *context, int item) {
  Products *p = context;
  int m = SIDE - item; /* other sizes, other paths through the library */
  rnn_gemm_f32(0, item & 1, m, SIDE, SIDE, p->a, SIDE, p->b, SIDE, 0, p->c[item], SIDE);
}

static void test_products_at_once(void) {
  Products *alone = calloc(1, sizeof *alone), *together = calloc(1, sizeof *together);
  Threads *pool = threads_new(4);
  int wrong = 0;
  threads_reserve(pool, 4);
  for (int i = 0; i < SIDE * SIDE; i++) {
    alone->a[i] = together->a[i] = (float)(i % 17) / 7 - 1;
    alone->b[i] = together->b[i] = (float)(i % 13) / 5 - 1;
  }
  for (int i = 0; i < THREADS_ITEMS; i++) multiply(alone, i);
  for (int k = 0; k < 200; k++) {
    memset(together->c, 0, sizeof together->c);
    threads_run(pool, THREADS_ITEMS, multiply, together);
    wrong += memcmp(alone->c, together->c, sizeof alone->c) != 0;
  }
  CU_ASSERT_EQUAL(wrong, 0);
  threads_free(pool);
  free(alone);
  free(together);
}

int main(void) {
  rnn_blas_one_thread();
  CU_initialize_registry();
  CU_pSuite suite = CU_add_suite("threads", NULL, NULL);
  CU_add_test(suite, "jobs close together", test_jobs_close_together);
  CU_add_test(suite, "jobs far apart", test_jobs_far_apart);
  CU_add_test(suite, "no more threads than are useful", test_starts_no_more_than_useful);
  CU_add_test(suite, "matrix products at once", test_products_at_once);
  CU_basic_run_tests();
  unsigned failed = CU_get_number_of_failures();
  CU_cleanup_registry();
  return failed > 0;
}
