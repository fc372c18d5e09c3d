/* groups.c — the left operand of a gradient, [row][column], laid out as [group of TILE_COLUMNS columns][row][column of the group], so that a tile reads one
 * run of memory. Some groups are written at once: as many as three lines of the cache hold, which are then fetched once. */
#include "llvm/contract.h"

enum { AT_ONCE = 8 };

/* Parameters: m numbers in each of ROWS rows, PITCH apart. */
enum { PAR_FROM, PAR_PITCH, PAR_M, PAR_ROWS, PAR_TO, PARAMETERS };

typedef struct Groups {
  Emit *e;
  LLVMValueRef parameter[PARAMETERS];
} Groups;

static LLVMTypeRef groups_type(Emit *e) {
  LLVMTypeRef i = e->i64, p = e->pointer, types[PARAMETERS] = {p, i, i, i, p};
  return LLVMFunctionType(LLVMVoidTypeInContext(e->context), types, PARAMETERS, 0);
}

static LLVMValueRef source(Groups *g, LLVMValueRef row, LLVMValueRef column) {
  return element_pointer(g->e, g->parameter[PAR_FROM], add_i(g->e, mul_i(g->e, row, g->parameter[PAR_PITCH]), column));
}

/* Of a group that begins with this column. */
static LLVMValueRef target(Groups *g, LLVMValueRef row, LLVMValueRef column) {
  Emit *e = g->e;
  LLVMValueRef group = mul_i(e, column, g->parameter[PAR_ROWS]);
  return element_pointer(e, g->parameter[PAR_TO], add_i(e, group, mul_i(e, row, int_const(e, TILE_COLUMNS))));
}

/* Six numbers are four and two. */
static void copy_group(Groups *g, LLVMValueRef row, LLVMValueRef column) {
  Emit *e = g->e;
  LLVMValueRef from = source(g, row, column), to = target(g, row, column), four = int_const(e, 4);
  store_real(e, load_real(e, 4, from), to);
  store_real(e, load_real(e, TILE_COLUMNS - 4, element_pointer(e, from, four)), element_pointer(e, to, four));
}

/* `groups` of them at once, as long as there are so many; gives the column where it stopped. */
static LLVMValueRef whole_groups(Groups *g, int groups, LLVMValueRef from, LLVMValueRef to) {
  Emit *e = g->e;
  LLVMValueRef wide = int_const(e, (int64_t)groups * TILE_COLUMNS), one = int_const(e, 1);
  LLVMValueRef end = sub_i(e, to, LLVMBuildURem(e->b, sub_i(e, to, from), wide, ""));
  Loop column = loop_begin(e, from, end, wide, "column");
  Loop row = loop_begin(e, int_const(e, 0), g->parameter[PAR_ROWS], one, "row");
  for (int i = 0; i < groups; i++) copy_group(g, row.index, add_i(e, column.index, int_const(e, (int64_t)i * TILE_COLUMNS)));
  loop_end(e, &row);
  loop_end(e, &column);
  return end;
}

/* The last group may have fewer columns. */
static void last_group(Groups *g, LLVMValueRef from, LLVMValueRef to) {
  Emit *e = g->e;
  LLVMValueRef one = int_const(e, 1);
  Loop row = loop_begin(e, int_const(e, 0), g->parameter[PAR_ROWS], one, "row");
  Loop column = loop_begin(e, from, to, one, "column");
  LLVMValueRef place = element_pointer(e, target(g, row.index, from), sub_i(e, column.index, from));
  store_real(e, load_real(e, 1, source(g, row.index, column.index)), place);
  loop_end(e, &column);
  loop_end(e, &row);
}

static LLVMValueRef groups_function(Emit *e) {
  const char *name = "rnn.groups";
  LLVMValueRef f = LLVMGetNamedFunction(e->module, name);
  if (f) return f;
  f = module_function(e, name, groups_type(e), true);
  Groups g = {.e = e};
  SavedPlace saved = enter_function(e, f);
  for (int i = 0; i < PARAMETERS; i++) g.parameter[i] = LLVMGetParam(f, (unsigned)i);
  LLVMValueRef m = g.parameter[PAR_M], done = whole_groups(&g, AT_ONCE, int_const(e, 0), m);
  last_group(&g, whole_groups(&g, 1, done, m), m);
  LLVMBuildRetVoid(e->b);
  leave_function(e, saved);
  return f;
}

void emit_column_groups(Emit *e, LLVMValueRef from, LLVMValueRef pitch, int64_t m, LLVMValueRef rows, LLVMValueRef to) {
  LLVMValueRef args[PARAMETERS] = {from, pitch, int_const(e, m), rows, to};
  LLVMBuildCall2(e->b, groups_type(e), groups_function(e), args, PARAMETERS, "");
}
