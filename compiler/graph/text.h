/* text.h — what print.c and read.c share. Private to the folder. */
#ifndef RNN_GRAPH_TEXT_H
#define RNN_GRAPH_TEXT_H
#include "graph/graph.h"

typedef enum AttributeKind { ATTR_DOUBLE, ATTR_INT32, ATTR_INT64, ATTR_MASK } AttributeKind;

typedef struct GraphAttribute {
  const char *name;
  AttributeKind kind;
  size_t place; /* in Attrs */
} GraphAttribute;

extern const GraphAttribute graph_attributes[];
extern const int graph_attribute_count;
extern const char *const input_role_text[];  /* by InputRole, NULL at the end */
extern const char *const output_role_text[]; /* by OutputRole */

#endif
