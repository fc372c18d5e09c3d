/* files.c — any bytes as a file that training reads: tables, archives, arrays, trees, vocabularies, weights. The first byte says
 * which reader gets the rest. Each must load it or say what is wrong. */
#define _GNU_SOURCE /* memfd_create */
#include "fuzzers/target.h"
#include "runtime/data/data.h"
#include "runtime/save/safetensors.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define FOLDER "/proc/self/fd"
#define NAME "900" /* the file is in memory, open under this number */
#define FILE_NAME FOLDER "/" NAME

enum { PER_SEQUENCE = 1, ON_CLOCK = 3 };

static Variable variable(const char *name, VariableRole role, int64_t elements, uint32_t axes, int64_t below) {
  return (Variable){.name = name, .role = role, .rank = elements > 1, .shape = {elements}, .elements = elements, .axes = axes, .below = below};
}

static void load(const char *source, const char *modifiers, const Variable *v, int count) {
  RnnError error = {0};
  cJSON *json = cJSON_Parse(source), *words = modifiers ? cJSON_Parse(modifiers) : NULL;
  if (!json || (modifiers && !words)) abort();
  Dataset *d = dataset_load(json, words, v, count, FOLDER, 1, NULL, 7, &error);
  if (!d && (!*error.code || !*error.message)) abort(); /* refused without a reason */
  if (d) dataset_free(d);
  cJSON_Delete(json);
  cJSON_Delete(words);
}

#define COLUMN(n) "{\"call\": \"column\", \"args\": [" #n "]}"
#define TABLE(form, columns) "{\"call\": \"" form "\", \"args\": [\"" NAME "\"], \"named\": {" columns "}}"

static void read_table(void) {
  const Variable v[] = {variable("u", VARIABLE_INPUT, 1, ON_CLOCK, 0), variable("y", VARIABLE_OUTPUT, 1, ON_CLOCK, 0)};
  const Variable words[] = {variable("x", VARIABLE_INPUT, 2, ON_CLOCK, 0), variable("k", VARIABLE_TARGET, 1, PER_SEQUENCE, 3)};
  load(TABLE("csv", "\"u\": " COLUMN(1) ", \"y\": \"y\""), NULL, v, 2);
  load(TABLE("tsv", "\"u\": " COLUMN(2) ", \"rows\": {\"from\": 1, \"to\": 2}"), NULL, v, 1);
  load(TABLE("csv", "\"u\": " COLUMN(1)), "[{\"word\": \"windows\", \"args\": [2]}, {\"word\": \"every\", \"args\": [1]}]", v, 1);
  load(TABLE("csv", "\"x\": " COLUMN(2) ", \"k\": {\"call\": \"category\", \"args\": [\"k\"]}"), "[{\"word\": \"by\", \"args\": [\"id\"]}]", words, 2);
}

static void read_archive(void) {
  const Variable v[] = {variable("u", VARIABLE_INPUT, 3, ON_CLOCK, 0), variable("k", VARIABLE_TARGET, 1, PER_SEQUENCE, 9)};
  load(TABLE("npz", "\"u\": \"u\", \"k\": \"k\""), "[{\"word\": \"cuts\", \"args\": [\"offset\"]}]", v, 2);
  load(TABLE("npz", "\"u\": \"u\""), NULL, v, 1);
}

static Variable on_clocks(const char *name, VariableRole role, int64_t elements, uint32_t axes) {
  Variable v = variable(name, role, elements, axes, 0);
  if (axes & 2) v.clock[0] = "s";
  if (axes & 4) v.clock[1] = "t";
  return v;
}

#define MODIFIER(word, args) "{\"word\": \"" word "\", \"named\": {" args "}}"

/* Arrays on two clocks, their lengths or starts in others. */
static void read_arrays(void) {
  const Variable v[] = {on_clocks("x", VARIABLE_INPUT, 2, 3), on_clocks("y", VARIABLE_OUTPUT, 1, 5), on_clocks("a", VARIABLE_TARGET, 1, 7),
                        on_clocks("k", VARIABLE_INPUT, 1, PER_SEQUENCE)};
  load(TABLE("npz", "\"x\": \"x\", \"a\": \"a\", \"k\": 2"), "[" MODIFIER("lengths", "\"s\": \"s\", \"t\": \"t\"") "]", v, 4);
  load(TABLE("npz", "\"x\": \"rows\", \"y\": \"y\", \"a\": \"a\", \"k\": \"s\""), "[" MODIFIER("cuts", "\"s\": \"offset\"") ", " MODIFIER("lengths", "\"t\": 1") "]", v, 4);
  load(TABLE("npz", "\"x\": \"x\", \"a\": \"a\", \"k\": 0"), NULL, v, 4);
}

static void read_array(void) {
  RnnError error = {0};
  Npy array = {0};
  if (npy_read(FILE_NAME, &array, &error)) free(array.value);
}

static void read_weights(void) {
  RnnError error = {0};
  TensorFile *file = safetensors_read(FILE_NAME, &error);
  if (!file && !*error.code) abort();
  for (int i = 0; file && i < file->count; i++) {
    double *values = malloc((size_t)tensor_elements(&file->tensor[i]) * sizeof *values + 1);
    tensor_read(&file->tensor[i], values);
    free(values);
  }
  if (file) safetensors_free(file);
}

static void read_trees(void) {
  RnnError error = {0};
  Vocabulary *vocabulary = vocabulary_read(&(VocabularySource){.kind = "symbols", .path = FILE_NAME, .place = 2}, &error);
  if (!vocabulary) return;
  Variable v[] = {variable("z", VARIABLE_TARGET, 1, PER_SEQUENCE, 0), variable("w", VARIABLE_INPUT, 1, ON_CLOCK, vocabulary->count),
                  variable("n.left", VARIABLE_INPUT, 1, ON_CLOCK, 0), variable("n.left.parent", VARIABLE_INPUT, 1, ON_CLOCK, 0),
                  variable("n.right", VARIABLE_INPUT, 1, ON_CLOCK, 0), variable("n.right.parent", VARIABLE_INPUT, 1, ON_CLOCK, 0)};
  v[1].vocabulary = vocabulary;
  load(TABLE("trees", "\"z\": " COLUMN(1) ", \"w\": " COLUMN(2)), NULL, v, 6);
  vocabulary_free(vocabulary);
}

static void read_vocabulary(void) {
  static const char *const kinds[] = {"characters", "words", "symbols"};
  for (int i = 0; i < 3; i++) {
    RnnError error = {0};
    Vocabulary *v = vocabulary_read(&(VocabularySource){.kind = kinds[i], .path = FILE_NAME}, &error);
    if (!v) continue;
    Variable w = variable("w", VARIABLE_INPUT, 1, ON_CLOCK, v->count);
    w.vocabulary = v;
    load("{\"call\": \"text\", \"args\": [\"" NAME "\", {\"name\": \"w\"}]}", NULL, &w, 1);
    vocabulary_free(v);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static void (*const readers[])(void) = {read_table, read_archive, read_array, read_weights, read_trees, read_vocabulary, read_arrays};
  if (!size || data[0] < '0' || data[0] > '6') return 0;
  int memory = memfd_create("fuzz", 0);
  if (memory < 0 || write(memory, data + 1, size - 1) != (ssize_t)size - 1 || dup2(memory, atoi(NAME)) < 0) abort();
  readers[data[0] - '0']();
  close(memory);
  close(atoi(NAME));
  return 0;
}
