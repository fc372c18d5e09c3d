/* describe.c — a plan as the manifest's UNIT object, so that the runtime can allocate and fill what it needs. */
#include "driver/compile.h"

enum { MODEL_FILE = 1 }; /* the session's first source; cells may come from others */

static cJSON *shape_array(Sizes shape) {
  cJSON *array = cJSON_CreateArray();
  for (int i = 0; i < shape.rank; i++) cJSON_AddItemToArray(array, cJSON_CreateNumber((double)shape.dim[i]));
  return array;
}

static void add_type(cJSON *o, Sizes shape, GraphAxes axes) {
  cJSON_AddItemToObject(o, "shape", shape_array(shape));
  cJSON_AddNumberToObject(o, "axes", axes);
}

static cJSON *describe_inputs(const Graph *g) {
  static const char *const role[] = {"data", "weight", "norm", "share", "force", "mean", "std", "decoded"};
  cJSON *all = cJSON_CreateArray();
  for (int i = 0; i < g->inputs.len; i++) {
    const GraphInput *in = &g->inputs.at[i];
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "name", in->name);
    cJSON_AddStringToObject(o, "role", role[in->role]);
    add_type(o, in->shape, in->axes);
    cJSON_AddItemToArray(all, o);
  }
  return all;
}

static cJSON *describe_outputs(const Graph *g) {
  static const char *const role[] = {"value", "loss", "grad"};
  cJSON *all = cJSON_CreateArray();
  for (int i = 0; i < g->outputs.len; i++) {
    const GraphOutput *out = &g->outputs.at[i];
    const Node *n = &g->nodes.at[out->value];
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "name", out->name);
    cJSON_AddStringToObject(o, "role", role[out->role]);
    if (out->role == OUTPUT_GRAD) cJSON_AddNumberToObject(o, "param", out->index);
    add_type(o, n->shape, n->axes);
    cJSON_AddItemToArray(all, o);
  }
  return all;
}

static void add_number_unless_zero(cJSON *o, const char *key, int64_t value) {
  if (value) cJSON_AddNumberToObject(o, key, (double)value);
}

static cJSON *describe_buffer(const Plan *p, const Buffer *b) {
  static const char *const kind[] = {"param", "input", "output", "temp", "const", "state"};
  const Node *n = &p->graph->nodes.at[b->node];
  cJSON *o = cJSON_CreateObject();
  cJSON_AddStringToObject(o, "kind", kind[b->kind]);
  if (b->kind == BUFFER_PARAM || b->kind == BUFFER_INPUT || b->kind == BUFFER_OUTPUT) cJSON_AddNumberToObject(o, "index", b->index);
  cJSON_AddNumberToObject(o, "elements", b->local ? 0 : (double)b->elements);
  cJSON_AddNumberToObject(o, "axes", b->axes);
  add_number_unless_zero(o, "front", b->front);
  add_number_unless_zero(o, "back", b->back);
  add_number_unless_zero(o, "clock", b->clock);
  add_number_unless_zero(o, "steps", b->steps);
  if (b->behind) cJSON_AddBoolToObject(o, "behind", true);
  if (b->slot >= 0) cJSON_AddNumberToObject(o, "slot", b->slot);
  if (b->kind == BUFFER_CONST) cJSON_AddItemToObject(o, "data", cJSON_CreateDoubleArray(n->attrs.data, (int)b->elements));
  if (n->name) cJSON_AddStringToObject(o, "name", n->name);
  if (n->span.file) cJSON_AddNumberToObject(o, "line", span_line(p->session, n->span));
  if (n->name && n->span.file > MODEL_FILE) cJSON_AddStringToObject(o, "file", p->session->sources.at[n->span.file]->path);
  return o;
}

static void describe_step(cJSON *o, const Plan *p) {
  cJSON_AddStringToObject(o, "begin", arena_printf(p->session->arena, "%s.begin", p->symbol));
  cJSON_AddStringToObject(o, "prepare", arena_printf(p->session->arena, "%s.prepare", p->symbol));
}

static bool looks_ahead(const Node *n) {
  int64_t least, most;
  if (n->op != OP_READ && n->op != OP_WINDOW) return n->op == OP_OVERLAP;
  node_delays(n, &least, &most);
  return most > 0;
}

/* Does a step need nothing but itself and the steps before it? Then the unit may be called step by step, its state kept. */
static bool streams(const Graph *g) {
  for (Ref r = 0; r < g->nodes.len; r++) {
    const Node *n = &g->nodes.at[r];
    bool whole = n->op == OP_AT_END || n->op == OP_IMPULSE || n->op == OP_EDGE || n->op == OP_LENGTH || op_reads_tree(n->op);
    bool reduces = (n->op == OP_SUM || n->op == OP_AMAX || n->op == OP_CONTRACT || n->op == OP_EMBED_ADD) && n->attrs.over;
    if (whole || reduces || looks_ahead(n)) return false;
  }
  return g->clocks.len == 1 && !g->clocks.at[0].length;
}

cJSON *describe_unit(const Plan *p, const char *name) {
  cJSON *o = cJSON_CreateObject();
  cJSON_AddStringToObject(o, "name", name);
  cJSON_AddStringToObject(o, "symbol", p->symbol);
  cJSON_AddStringToObject(o, "scalar", p->is_double ? "f64" : "f32");
  cJSON_AddBoolToObject(o, "streams", streams(p->graph));
  if (p->together) cJSON_AddBoolToObject(o, "together", true);
  if (p->is_step) describe_step(o, p);
  cJSON_AddItemToObject(o, "inputs", describe_inputs(p->graph));
  cJSON_AddItemToObject(o, "outputs", describe_outputs(p->graph));
  if (p->clocks > 1) cJSON_AddItemToObject(o, "order", cJSON_CreateIntArray(p->order, p->clocks));
  cJSON *buffers = cJSON_AddArrayToObject(o, "buffers");
  for (int i = 0; i < p->buffers.len; i++) cJSON_AddItemToArray(buffers, describe_buffer(p, &p->buffers.at[i]));
  return o;
}
