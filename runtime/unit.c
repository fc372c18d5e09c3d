/* unit.c — one compiled function, its table of buffers, binding and calling it. */
#include "runtime/unit.h"
#include "runtime/clause.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- reading a UNIT object ---------------------------------------------------------------------------------------------- */

static const char *const role_names[] = {"data", "weight", "norm", "share", "force", "mean", "std", "decoded"};
static const char *const kind_names[] = {"param", "input", "output", "temp", "const", "state"};

static int place_of(const char *word, const char *const *names, int count) {
  for (int i = 0; word && i < count; i++)
    if (!strcmp(word, names[i])) return i;
  return count;
}

static UnitPort read_port(const cJSON *entry) {
  UnitPort port = {.name = json_string(entry, "name"), .role_name = json_string(entry, "role"), .buffer = -1};
  int64_t shape[8];
  int rank;
  port.elements = json_shape(entry, shape, &rank);
  port.axes = (uint32_t)json_number(entry, "axes", 0);
  port.param = (int)json_number(entry, "param", -1);
  port.role = (InputRole)place_of(port.role_name, role_names, ROLE_OTHER);
  return port;
}

static UnitPort *read_ports(const cJSON *list, int *count) {
  *count = cJSON_GetArraySize(list);
  UnitPort *ports = calloc((size_t)*count + 1, sizeof *ports);
  int n = 0;
  const cJSON *entry;
  cJSON_ArrayForEach(entry, list) ports[n++] = read_port(entry);
  return ports;
}

static UnitBuffer read_buffer(const cJSON *entry) {
  UnitBuffer b = {.name = json_string(entry, "name"), .line = (int)json_number(entry, "line", 0), .file = json_string(entry, "file")};
  b.kind = (BufferKind)place_of(json_string(entry, "kind"), kind_names, 6);
  b.index = (int)json_number(entry, "index", -1);
  b.elements = (int64_t)json_number(entry, "elements", 1);
  b.steps = (int64_t)json_number(entry, "steps", 1);
  b.front = (int64_t)json_number(entry, "front", 0);
  b.back = (int64_t)json_number(entry, "back", 0);
  b.clock = (int)json_number(entry, "clock", 0);
  b.axes = (uint32_t)json_number(entry, "axes", 0);
  b.behind = cJSON_IsTrue(json_item(entry, "behind"));
  b.slot = (int)json_number(entry, "slot", -1);
  return b;
}

static void fill_const(RnnUnit *u, UnitBuffer *b, const cJSON *data) {
  int64_t n = cJSON_IsArray(data) ? cJSON_GetArraySize(data) : 1, i = 0;
  b->room = n > b->elements ? n : b->elements;
  b->memory = scalars_new(b->room, u->is_double);
  if (cJSON_IsNumber(data)) scalar_set(b->memory, 0, u->is_double, data->valuedouble);
  const cJSON *number;
  if (cJSON_IsArray(data))
    cJSON_ArrayForEach(number, data) scalar_set(b->memory, i++, u->is_double, cJSON_IsNumber(number) ? number->valuedouble : NAN);
}

static bool read_buffers(RnnUnit *u, const cJSON *list, int params, RnnError *error) {
  u->buffers = cJSON_GetArraySize(list);
  u->buffer = calloc((size_t)u->buffers + 1, sizeof *u->buffer);
  u->table = calloc((size_t)u->buffers + 1, sizeof *u->table);
  u->slot = calloc((size_t)u->buffers + 1, sizeof *u->slot);
  u->slots = u->buffers; /* as many at most */
  int n = 0;
  const cJSON *entry;
  cJSON_ArrayForEach(entry, list) {
    UnitBuffer *b = &u->buffer[n];
    *b = read_buffer(entry);
    int limit = b->kind == BUFFER_PARAM ? params : b->kind == BUFFER_INPUT ? u->inputs : b->kind == BUFFER_OUTPUT ? u->outputs : -1;
    bool fits = b->slot < u->slots && (b->slot < 0 || b->kind == BUFFER_TEMP);
    if ((int)b->kind > BUFFER_STATE || !fits || (limit >= 0 && (b->index < 0 || b->index >= limit)))
      return rnn_fail(error, "E0413", "unit `%s`: buffer %d of the manifest makes no sense", u->name, n);
    if (b->kind == BUFFER_INPUT) u->input[b->index].buffer = n;
    if (b->kind == BUFFER_OUTPUT) u->output[b->index].buffer = n;
    if (b->kind == BUFFER_CONST) fill_const(u, b, cJSON_GetObjectItemCaseSensitive(entry, "data"));
    n++;
  }
  return true;
}

/* The clocks of values on several, then the others. */
static void read_order(RnnUnit *u, const cJSON *list) {
  int n = 0;
  bool taken[RNN_MAX_CLOCKS] = {false};
  const cJSON *number;
  cJSON_ArrayForEach(number, list) {
    int c = number->valueint;
    if (c < 0 || c >= RNN_MAX_CLOCKS || taken[c]) continue;
    taken[c] = true;
    u->order[n++] = c;
  }
  for (int c = 0; c < RNN_MAX_CLOCKS; c++)
    if (!taken[c]) u->order[n++] = c;
}

/* Params whose gradient the unit gives come first, in the order of the gradients. */
static void own_parameters(RnnUnit *u, const cJSON *params) {
  int *order = calloc((size_t)u->outputs + 1, sizeof *order), tuned = 0;
  for (int i = 0; i < u->outputs; i++)
    if (u->output[i].param >= 0) order[tuned++] = u->output[i].param;
  u->parameters = parameters_new(params, order, tuned, u->is_double);
  u->owns_parameters = true;
  u->gradients = scalars_new(u->parameters->tuned, u->is_double);
  free(order);
}

RnnUnit *rnn_unit_new(const cJSON *unit, const cJSON *params, RnnFunction *function, RnnError *error) {
  RnnUnit *u = calloc(1, sizeof *u);
  const char *scalar = json_string(unit, "scalar");
  u->name = json_string(unit, "name");
  u->function = function;
  u->is_double = scalar && !strcmp(scalar, "f64");
  u->streams = cJSON_IsTrue(json_item(unit, "streams"));
  u->clocks = 1;
  u->together = cJSON_IsTrue(json_item(unit, "together"));
  u->additive = !cJSON_IsFalse(json_item(unit, "additive"));
  read_order(u, cJSON_GetObjectItemCaseSensitive(unit, "order"));
  u->input = read_ports(cJSON_GetObjectItemCaseSensitive(unit, "inputs"), &u->inputs);
  u->output = read_ports(cJSON_GetObjectItemCaseSensitive(unit, "outputs"), &u->outputs);
  bool good = read_buffers(u, cJSON_GetObjectItemCaseSensitive(unit, "buffers"), cJSON_GetArraySize(params), error);
  own_parameters(u, params);
  int64_t one[RNN_MAX_CLOCKS];
  for (int c = 0; c < RNN_MAX_CLOCKS; c++) one[c] = 1;
  good = good && unit_fits(u, 1, one, error);
  if (good && rnn_unit_reserve(u, 1, 1)) return u;
  rnn_unit_free(u);
  return NULL;
}

void rnn_unit_free(RnnUnit *u) {
  if (!u) return;
  for (int i = 0; i < u->buffers; i++)
    if (u->buffer[i].kind == BUFFER_CONST || u->buffer[i].kind == BUFFER_STATE) free(u->buffer[i].memory);
  pages_free(&u->pool);
  free(u->slot);
  for (int c = 0; c < RNN_MAX_CLOCKS; c++) {
    free(u->active[c]);
    free(u->own_length[c]);
  }
  if (u->owns_parameters) parameters_free(u->parameters);
  free(u->gradients);
  free(u->all_fresh);
  free(u->no_sequence);
  free(u->input);
  free(u->output);
  free(u->buffer);
  free(u->table);
  free(u);
}

void rnn_unit_set_clocks(RnnUnit *u, const cJSON *clocks) {
  int n = 0;
  const cJSON *entry;
  cJSON_ArrayForEach(entry, clocks) {
    if (n == RNN_MAX_CLOCKS) break;
    u->fixed_length[n++] = (int64_t)json_number(entry, "length", 0);
  }
  u->clocks = n > 0 ? n : 1;
  rnn_unit_reserve(u, 1, 1);
}

void unit_share_parameters(RnnUnit *u, RnnUnit *owner) {
  if (u->owns_parameters) parameters_free(u->parameters);
  u->owns_parameters = false;
  u->parameters = owner->parameters;
  unit_layout(u, u->rows, u->steps);
}

/* --- finding and reading ------------------------------------------------------------------------------------------------- */

int rnn_unit_input(const RnnUnit *u, const char *role, const char *name) {
  for (int i = 0; i < u->inputs; i++)
    if (!strcmp(u->input[i].role_name, role) && (!name || !strcmp(u->input[i].name, name))) return i;
  return -1;
}

int rnn_unit_output(const RnnUnit *u, const char *name) {
  for (int i = 0; i < u->outputs; i++)
    if (!strcmp(u->output[i].name, name)) return i;
  return -1;
}

void *rnn_unit_input_data(RnnUnit *u, int input) {
  int b = input < 0 || input >= u->inputs ? -1 : u->input[input].buffer;
  return b < 0 ? NULL : u->table[b];
}

void *rnn_unit_output_data(RnnUnit *u, int output) {
  int b = output < 0 || output >= u->outputs ? -1 : u->output[output].buffer;
  return b < 0 ? NULL : u->table[b];
}

void *rnn_unit_param_data(RnnUnit *u, int param) {
  return param < 0 || param >= u->parameters->count ? NULL : parameters_at(u->parameters, param);
}

void *unit_gradients(RnnUnit *u) {
  return u->gradients;
}

bool rnn_unit_is_double(const RnnUnit *u) {
  return u->is_double;
}

/* --- calling -------------------------------------------------------------------------------------------------------------- */

/* active[step] = the first so many rows cover all that have this step. (Rows are sorted by one clock only; on others it is an
 * upper bound and compiled code masks by length.) */
static void count_active(RnnUnit *u, int c) {
  RnnClock *clock = &u->args.clock[c];
  int64_t row = u->rows;
  for (int64_t t = 0; t < clock->steps; t++) {
    while (row > 0 && clock->length[row - 1] <= t) row--;
    u->active[c][t] = (int32_t)row;
  }
  clock->uniform = 1;
  for (int64_t r = 0; r < u->rows; r++) clock->uniform &= clock->length[r] == clock->steps;
  clock->active = u->active[c];
}

static void fix_clock(RnnUnit *u, int c) {
  for (int64_t r = 0; r < u->rows; r++) u->own_length[c][r] = (int32_t)u->fixed_length[c];
  u->args.clock[c] = (RnnClock){.steps = u->fixed_length[c], .length = u->own_length[c], .whole = u->own_length[c]};
}

static const RnnArgs *prepare_call(RnnUnit *u) {
  RnnArgs *a = &u->args;
  for (int c = 0; c < u->clocks; c++) {
    if (u->fixed_length[c]) fix_clock(u, c);
    a->clock[c].steps = u->steps[c];
    count_active(u, c);
  }
  a->rows = u->rows;
  if (!a->fresh) a->fresh = u->all_fresh;
  if (!a->ends) a->ends = u->all_fresh; /* as many ones */
  if (!a->sequence) a->sequence = u->no_sequence;
  a->buffer = u->table;
  return a;
}

static void call_slices(RnnUnit *const *u, int count) {
  const RnnArgs *slice[RNN_MOST_TOGETHER];
  for (int i = 0; i < count; i++) slice[i] = prepare_call(u[i]);
  RnnArgs *first = &u[0]->args;
  first->slices = count;
  first->slice = slice;
  u[0]->function(first);
  first->slice = NULL;
}

void unit_run_slices(RnnUnit *const *u, int count) {
  const int most = u[0]->together ? RNN_MOST_TOGETHER : 1;
  for (int i = 0; i < count; i += most) call_slices(u + i, count - i < most ? count - i : most);
}

void unit_run(RnnUnit *u) { unit_run_slices(&u, 1); }

void rnn_unit_call_clocks(RnnUnit *u, const RnnArgs *args, int64_t rows, const int64_t *steps) {
  unit_layout(u, rows, steps);
  u->args = *args;
  unit_run(u);
}

void rnn_unit_call(RnnUnit *u, int64_t rows, int64_t steps, const int32_t *length, const int32_t *whole, int64_t first,
                   const uint8_t *fresh, const uint64_t *sequence, uint64_t seed, uint64_t update, bool keep_state) {
  if (rows != u->rows || steps != u->steps[0]) rnn_unit_reserve(u, rows, steps);
  u->args = (RnnArgs){.fresh = fresh, .sequence = sequence, .seed = seed, .update = update, .keep_state = keep_state};
  for (int c = 0; c < u->clocks; c++)
    u->args.clock[c] = (RnnClock){.first = first, .length = length, .whole = whole ? whole : length};
  unit_run(u);
}

/* --- the first value that is not finite ------------------------------------------------------------------------------------ */

static bool finite_run(const RnnUnit *u, const void *data, int64_t from, int64_t n) {
  for (int64_t i = from; i < from + n; i++)
    if (!isfinite(scalar_get(data, i, u->is_double))) return false;
  return true;
}

/* A value without a clock comes after all that have one: it is made from their last step at the earliest. */
static int64_t when(const UnitBuffer *b, int64_t step) {
  return b->axes >> 1 ? step : INT64_MAX - 1;
}

/* A value on more than one clock is scanned as a whole, at step 0. */
static bool scan_buffer(const RnnUnit *u, int i, NotFinite *where) {
  const UnitBuffer *b = &u->buffer[i];
  int clock = -1, on = 0;
  for (int c = 0; c < u->clocks; c++)
    if (b->axes >> (c + 1) & 1) clock = c, on++;
  if (on > 1) return false; /* inactive rows cannot be told from active ones here */
  int64_t steps = on ? u->steps[clock] : 1, rows = b->axes & 1 ? u->rows : 1;
  for (int64_t t = 0; t < steps; t++) {
    int64_t active = on && rows > 1 ? u->active[clock][t] : rows;
    for (int64_t r = 0; r < active; r++)
      if ((!on || !u->args.clock[clock].length || u->args.clock[clock].length[r] > t) && !finite_run(u, u->table[i], (t * rows + r) * b->elements, b->elements)) {
        *where = (NotFinite){b->name, b->file, b->line, t, r, when(b, t), i};
        return true;
      }
  }
  return false;
}

bool unit_not_finite(const RnnUnit *u, NotFinite *where) {
  int64_t first = INT64_MAX;
  for (int i = 0; i < u->buffers; i++) {
    const UnitBuffer *b = &u->buffer[i];
    NotFinite found;
    if ((b->kind != BUFFER_TEMP && b->kind != BUFFER_OUTPUT) || !b->name || !scan_buffer(u, i, &found)) continue;
    if (found.when >= first) continue;
    first = found.when;
    *where = found;
  }
  return first != INT64_MAX;
}
