/* emit.h — between the files of llvm/: one function being emitted.
 *
 * Conventions: `width` lanes of the unit's scalar type make a vector, width 1 is a scalar. Element-wise values are of type
 * lanes(e, width). Truth is 1 and 0 in the scalar type. All sizes and indices are i64. */
#ifndef RNN_LLVM_EMIT_H
#define RNN_LLVM_EMIT_H
#include "llvm/llvm.h"
#include <llvm-c/Core.h>
#include <llvm-c/TargetMachine.h>

/* One clock: loaded at entry; and inside a scan over it, its step and how many rows are active, otherwise NULL. */
typedef struct EmitClock {
  LLVMValueRef steps, first, length, whole, active, uniform;
  LLVMValueRef step, step_rows;
} EmitClock;

typedef struct Emit {
  Session *session;
  const Plan *plan;
  const Graph *g;
  LLVMContextRef context;
  LLVMModuleRef module;
  LLVMBuilderRef b;
  LLVMValueRef function, args;
  LLVMValueRef first;  /* of slices that are computed together: the arguments of the first of them, in whose memory what they share lies; NULL */
  bool *is_shared;     /* [buffer] it does */
  LLVMTypeRef i1, i8, i32, i64, pointer, real, integer; /* integer: as wide as real */
  bool is_double, kernels_are_linked; /* the latter: what kernels.c has emitted is only declared */
  int vector_bits, real_bytes, widest; /* widest: lanes of the widest vector */
  /* loaded at entry */
  LLVMValueRef rows, fresh, keep_state, sequence, seed, update;
  LLVMValueRef sweep, same_weights, ends, since; /* NULL where the graph has no checkpoints */
  LLVMValueRef *begun;  /* [node] of a sum that its first rows set: memory of an i64, 1 as soon as they have; made by begin_sum */
  LLVMValueRef *buffer; /* [buffer] pointer to step 0, once asked for: table_pointer */
  LLVMValueRef names;   /* in a part: where its caller says which entries of the table are its buffers; otherwise NULL */
  Vec(int) named;       /* in a part: its buffers, in the order of `names` */
  EmitClock clock[GRAPH_CLOCKS];
  LLVMValueRef place, place_end; /* the present step of each clock, for rnn_active_rows, and where it says the end; NULL: rows are
                                    sorted by length on every clock */
} Emit;

/* --- value.c: small values ------------------------------------------------------------------------------------------------ */

LLVMTypeRef lanes(Emit *e, int width);
LLVMTypeRef integer_lanes(Emit *e, int width);
LLVMValueRef int_const(Emit *e, int64_t v);
LLVMValueRef real_const(Emit *e, int width, double v);
LLVMValueRef bits_const(Emit *e, int width, uint64_t bits); /* integer lanes */
LLVMValueRef splat(Emit *e, int width, LLVMValueRef scalar);
LLVMValueRef add_i(Emit *e, LLVMValueRef a, LLVMValueRef b); /* with constants folded */
LLVMValueRef mul_i(Emit *e, LLVMValueRef a, LLVMValueRef b);
LLVMValueRef sub_i(Emit *e, LLVMValueRef a, LLVMValueRef b);
LLVMValueRef min_i(Emit *e, LLVMValueRef a, LLVMValueRef b);
LLVMValueRef max_i(Emit *e, LLVMValueRef a, LLVMValueRef b);
/* Field `index` of a struct of 8-byte fields at `pointer`. */
LLVMValueRef load_field(Emit *e, LLVMTypeRef type, LLVMValueRef pointer, int64_t byte_offset, const char *name);
LLVMValueRef element_pointer(Emit *e, LLVMValueRef base, LLVMValueRef index); /* of real */
LLVMValueRef load_i32(Emit *e, LLVMValueRef array, LLVMValueRef index);       /* as i64 */
LLVMValueRef load_real(Emit *e, int width, LLVMValueRef pointer);
void store_real(Emit *e, LLVMValueRef value, LLVMValueRef pointer);
LLVMValueRef call_intrinsic(Emit *e, const char *name, LLVMTypeRef overload, LLVMValueRef *args, int n);
/* A function of the runtime or of libm, declared on first use. */
LLVMValueRef call_extern(Emit *e, const char *name, LLVMTypeRef result, LLVMValueRef *args, int n);
/* Lanes below a number; loads and stores of only those. Lanes that are not loaded are 0. */
LLVMValueRef mask_below(Emit *e, int width, LLVMValueRef lanes_in_use);
LLVMValueRef load_masked(Emit *e, int width, LLVMValueRef pointer, LLVMValueRef mask);
void store_masked(Emit *e, int width, LLVMValueRef value, LLVMValueRef pointer, LLVMValueRef mask);
LLVMValueRef byte_pointer(Emit *e, LLVMValueRef base, LLVMValueRef bytes);
void prefetch(Emit *e, LLVMValueRef pointer); /* into the second cache; any address will do */
void zero_fill(Emit *e, LLVMValueRef pointer, LLVMValueRef reals); /* count of reals */

/* Memory of the function, for a value that passes change; a loop over it costs nothing: LLVM keeps it in a register. */
LLVMValueRef entry_alloca(Emit *e, LLVMTypeRef type);

/* --- loops ------------------------------------------------------------------------------------------------------------------ */

typedef struct Loop {
  LLVMBasicBlockRef body, end; /* NULL: it goes round once */
  LLVMValueRef index; /* i64 phi */
  LLVMValueRef limit, by;
} Loop;
/* for (index = from; index < limit; index += by). */
Loop loop_begin(Emit *e, LLVMValueRef from, LLVMValueRef limit, LLVMValueRef by, const char *name);
void loop_end(Emit *e, Loop *loop);

typedef struct If {
  LLVMBasicBlockRef end;
} If;
If if_begin(Emit *e, LLVMValueRef condition);
void if_end(Emit *e, If *i);

/* Rows handled together: rows row0 … row0 + count - 1 of the batch at one step of every clock (NULL: step 0, or no such clock).
 * Where steps are merged, the rows of all steps of the innermost clock follow each other. */
typedef struct Block {
  LLVMValueRef row0, count;
  LLVMValueRef step[GRAPH_CLOCKS];
} Block;
typedef void BlockBody(Emit *e, Block block, void *context);
/* Calls `body` in a loop over all the rows of an iteration space that are active: once for `axes` without a clock; at the step
 * of a clock whose scan is around; else a step at a time, or all steps of the innermost clock at once where every row has all
 * of them and `merge` allows it (merges_steps of all that takes part). Rows that are active come in one block where the batch
 * is sorted by their length, otherwise in runs. */
void for_blocks(Emit *e, GraphAxes axes, bool merge, BlockBody *body, void *context);
/* Do the rows of this base follow each other through the steps that for_blocks would merge for these axes? */
bool merges_steps(Emit *e, Ref base, GraphAxes axes);
bool has_clock(GraphAxes axes, int clock);
/* Says that a clock is at this step from here on; gives the number of rows that have it (all, where they come in runs). */
LLVMValueRef begin_step(Emit *e, int clock, LLVMValueRef step);
/* Row i of a block as a row of the batch, where no steps are merged. */
LLVMValueRef block_row(Emit *e, Block block, LLVMValueRef i);

/* --- memory -------------------------------------------------------------------------------------------------------------- */

const Buffer *buffer_at(Emit *e, Ref node);
LLVMValueRef buffer_pointer(Emit *e, Ref node);
/* Entry `buffer` of the table, loaded at the function's entry when first asked for. */
LLVMValueRef table_pointer(Emit *e, int buffer);
/* Does the base vary by row? */
bool base_has_rows(Emit *e, Ref base);
/* Element offset (in reals from the buffer's pointer) of a view's first element for row i of a block. */
LLVMValueRef view_row_offset(Emit *e, const View *v, Block block, LLVMValueRef i);
/* Stride of dim d in reals: includes the steps that a window's taps lie apart. */
LLVMValueRef view_stride(Emit *e, const View *v, int d);
/* Scalar load of one element: `index` has one i64 for each dim of the view. */
LLVMValueRef view_load(Emit *e, const View *v, Block block, LLVMValueRef i, LLVMValueRef *index);
/* The number that a view of the program's own constants stands for; false when it has memory. */
bool view_immediate(Emit *e, const View *v, double *value);

/* --- work by rows ----------------------------------------------------------------------------------------------------------- */

/* An item as something that can be done for some rows at a time. */
typedef struct RowWork {
  GraphAxes axes; /* whose rows it walks */
  BlockBody *body;
  void *context;
  bool sums;      /* its result is a sum over all rows, and has to begin at 0 */
  bool is_set;    /* the first rows set it: clearing it before would cost as much as some of them (Emit.begun) */
  Ref result;     /* of which value */
} RowWork;
RowWork group_row_work(Emit *e, const PlanItem *item);
RowWork product_row_work(Emit *e, const PlanItem *item); /* not PRODUCT_PLAIN */
RowWork columns_row_work(Emit *e, Ref node);
/* Before the first rows, and after the last: a sum begins at 0, or with what the first rows give, if there are any. */
void begin_sum(Emit *e, const RowWork *work);
void end_sum(Emit *e, const RowWork *work);
void emit_bundle(Emit *e, const PlanItem *item);

/* --- items ------------------------------------------------------------------------------------------------------------------- */

void emit_items(Emit *e, PlanItem *const *items, int count);
void emit_group(Emit *e, const PlanItem *item);
void emit_pack(Emit *e, const PlanItem *item);
void emit_product(Emit *e, const PlanItem *item);
void emit_history(Emit *e, const PlanItem *item);
bool keeps_state(PlanItem *const *items, int count);
void emit_keep_state(Emit *e, PlanItem *const *items, int count);
void emit_node(Emit *e, Ref node);
/* One element-wise op on `width` lanes (elementwise.c). */
LLVMValueRef emit_elementwise(Emit *e, const Node *n, int width, LLVMValueRef *in);

/* nodes that stand alone: reduce.c, time.c, pieces.c, gather.c */
void emit_sum(Emit *e, Ref node);
void emit_columns(Emit *e, Ref node);
void emit_amax(Emit *e, Ref node);
void emit_argmax(Emit *e, Ref node);
void emit_contract(Emit *e, Ref node);
void emit_concat(Emit *e, Ref node);
void emit_pad(Emit *e, Ref node);
void emit_one_hot(Emit *e, Ref node);
void emit_gather(Emit *e, Ref node);
void emit_scatter(Emit *e, Ref node);
void emit_at_end(Emit *e, Ref node);
void emit_impulse(Emit *e, Ref node);
void emit_embed(Emit *e, Ref node);
void emit_embed_add(Emit *e, Ref node);
void emit_child(Emit *e, Ref node);
void emit_children(Emit *e, Ref node);
void emit_parent(Emit *e, Ref node);
void emit_edge(Emit *e, Ref node);
void emit_overlap(Emit *e, Ref node);
void emit_random(Emit *e, Ref node);
void emit_length(Emit *e, Ref node);
void emit_step_index(Emit *e, Ref node);

/* --- math.c: vector mathematics ---------------------------------------------------------------------------------------------- */

LLVMValueRef math_exp(Emit *e, int width, LLVMValueRef x);
LLVMValueRef math_log(Emit *e, int width, LLVMValueRef x);
LLVMValueRef math_tanh(Emit *e, int width, LLVMValueRef x);
LLVMValueRef math_sigmoid(Emit *e, int width, LLVMValueRef x);
LLVMValueRef math_softplus(Emit *e, int width, LLVMValueRef x);
/* From a table in registers (table.c), where precision and machine allow it; a step's sigmoid is the sooner one. */
bool table_serves(const Emit *e);
LLVMValueRef table_tanh(Emit *e, int width, LLVMValueRef x);
LLVMValueRef table_sigmoid(Emit *e, int width, LLVMValueRef x);
LLVMValueRef table_step_sigmoid(Emit *e, int width, LLVMValueRef x);
/* Lane by lane through libm: rare functions. `name` is the double's, as "erf". */
LLVMValueRef math_libm(Emit *e, const char *name, int width, LLVMValueRef *args, int n);

/* --- step.c, column.c: one step of one sequence -------------------------------------------------------------------------------- */

/* Emits the functions of a step's plan. */
void emit_step_unit(Emit *e);
/* A product by rows whose rows are one column; the layout of its weights. */
void emit_column_product(Emit *e, const PlanItem *item);
void emit_column_pack(Emit *e, const PlanItem *item);
/* Memory of the step's own for a buffer that no other call needs. */
LLVMValueRef local_pointer(Emit *e, int buffer);
/* The one row of a step. */
Block step_block(Emit *e);

/* --- products of several slices (together.c) -------------------------------------------------------------------------------------- */

/* Words of 8 bytes in which a slice says what it multiplies: its side. */
int64_t product_side_words(const PlanItem *item);
/* Writes the side of the slice whose function is being emitted, at the present step. One whose first word is 0 has no rows. */
void emit_product_side(Emit *e, const PlanItem *item, LLVMValueRef side);
/* The product for `count` sides that lie one after the other: all of them for a panel of the weights before the next panel. */
void emit_product_panels(Emit *e, const PlanItem *item, LLVMValueRef sides, LLVMValueRef count);

/* --- unit.c, target.c -------------------------------------------------------------------------------------------------------- */

/* Code goes into a function of the module of this name from here on. */
void begin_function(Emit *e, const char *name);
/* The plan as a function that takes several slices of a batch (together.c). */
void emit_together(Emit *e);
void load_arguments(Emit *e);
/* Says on a function that vectors of the target's full width are wanted. */
void wide_vectors(Emit *e, LLVMValueRef function);
/* An internal function of the module for others to call; one that does not `stay` goes into its callers. */
LLVMValueRef module_function(Emit *e, const char *name, LLVMTypeRef type, bool stays);
/* The name of a function of the module that does not depend on the plan: "rnn.f32.NAME". */
const char *common_name(Emit *e, const char *name);
/* The function of that name, which stays by itself. `wants_body`: it has been added, and is still to be filled. */
LLVMValueRef kernel_function(Emit *e, const char *name, LLVMTypeRef type, bool *wants_body);
/* Code goes into `function` from here on, until the place that was left is taken up again. */
typedef struct SavedPlace {
  LLVMBasicBlockRef block;
  LLVMValueRef function;
} SavedPlace;
SavedPlace enter_function(Emit *e, LLVMValueRef function);
void leave_function(Emit *e, SavedPlace saved);
/* An Emit for a module without a plan. */
Emit emit_new(Session *s, LLVMModuleRef module, int vector_bits, bool is_double);
/* Emits a plan's function into a module. `kernels_are_linked`: into this process, kernels.c's functions need not be in the module. */
void emit_unit(Session *s, const Plan *p, LLVMModuleRef module, int vector_bits, bool kernels_are_linked);
/* `hasty` as in a Plan. */
LLVMTargetMachineRef target_machine(Session *s, int *vector_bits, bool hasty);
bool optimize_module(Session *s, LLVMModuleRef module, LLVMTargetMachineRef machine, bool hasty);
/* All that a plan's machine code depends on (key.c), in malloc'ed memory; NULL where this program does not know its own version. */
char *code_key(const Plan *p, const char *machine, size_t *size);
/* The machine that code is made for: triple, CPU, features. */
const char *machine_text(Session *s);
double seconds_now(void);

/* --- object.c ------------------------------------------------------------------------------------------------------------------ */

typedef Vec(LLVMValueRef) Functions;
/* const char NAME[] = TEXT, and const RnnSymbol NAME[] = {{"function", function}, …, {NULL, NULL}}. */
void define_text(LLVMModuleRef module, const char *name, const char *text);
void define_symbols(Session *s, LLVMModuleRef module, const char *name, const Functions *functions);
/* Optimises a module and writes its object file. */
bool write_module(Session *s, LLVMModuleRef module, LLVMTargetMachineRef machine, const char *path);

/* --- kernels.c: functions that no model changes ------------------------------------------------------------------------------- */

/* Those that this program was linked with, if they were made for this machine (machine_text); otherwise NULL. Ends with {NULL, NULL}. */
const RnnSymbol *kernels_linked(const char *machine);
bool is_kernel(const char *name);
/* Each emits all of its own. */
void tile_kernels(Emit *e);
void dots_kernels(Emit *e);
void pack_kernels(Emit *e);
void sparse_kernels(Emit *e);

#endif
