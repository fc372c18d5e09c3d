/* links: rnn_runtime */
/* save_safetensors.c — round trips, what is kept on failure, and files that are not what they say. */
#include "data_test.h"
#include "runtime/save/safetensors.h"
#include <sys/stat.h>

static const char path[] = "/tmp/rnn_test_weights.safetensors";

static void round_trip(void) {
  float w[6] = {1, -2, 3.5f, 0, 1e-20f, 6};
  double b[2] = {0.1, -1e300}, out[6];
  Tensor tensors[] = {{"net.W", false, 2, {2, 3}, w}, {"net.b", true, 1, {2}, b}, {"net.s", true, 0, {0}, b}, {"net.none", false, 1, {0}, w}};
  cJSON *metadata = cJSON_CreateObject();
  cJSON_AddStringToObject(metadata, "model", "dim X = 2\n# \"σ\"\n");
  RnnError error = {0};
  CU_ASSERT(safetensors_write(path, tensors, 4, metadata, &error));
  cJSON_Delete(metadata);
  TensorFile *file = safetensors_read(path, &error);
  CU_ASSERT_FATAL(file != NULL);
  CU_ASSERT_EQUAL(file->count, 4);
  const Tensor *read = safetensors_find(file, "net.W");
  CU_ASSERT_FATAL(read && read->rank == 2 && read->shape[0] == 2 && read->shape[1] == 3 && !read->is_double);
  tensor_read(read, out);
  for (int i = 0; i < 6; i++) CU_ASSERT_EQUAL(out[i], (double)w[i]);
  tensor_read(safetensors_find(file, "net.b"), out);
  CU_ASSERT(out[0] == 0.1 && out[1] == -1e300);
  CU_ASSERT_EQUAL(tensor_elements(safetensors_find(file, "net.s")), 1);
  CU_ASSERT_PTR_NULL(safetensors_find(file, "net.V"));
  CU_ASSERT_STRING_EQUAL(safetensors_metadata(file, "model"), "dim X = 2\n# \"σ\"\n");
  CU_ASSERT_PTR_NULL(safetensors_metadata(file, "seed"));
  safetensors_free(file);
  CU_ASSERT(access("/tmp/rnn_test_weights.safetensors.tmp", F_OK) != 0);
}

/* A failed write leaves the old file and nothing beside it. */
static void nothing_is_lost(void) {
  RnnError error = {0};
  float w[1] = {1};
  Tensor t = {"w", false, 1, {1}, w};
  mkdir("/tmp/rnn_test_folder.safetensors", 0700); /* rename over a folder fails */
  CU_ASSERT(!safetensors_write("/tmp/rnn_test_folder.safetensors", &t, 1, NULL, &error));
  CU_ASSERT_STRING_EQUAL(error.code, "E0603");
  CU_ASSERT(access("/tmp/rnn_test_folder.safetensors.tmp", F_OK) != 0);
  rmdir("/tmp/rnn_test_folder.safetensors");
  error = (RnnError){0};
  CU_ASSERT(!safetensors_write("/tmp/no/such/folder/w.safetensors", &t, 1, NULL, &error));
  CU_ASSERT(strstr(error.message, "/tmp/no/such/folder/w.safetensors") != NULL);
  error = (RnnError){0};
  CU_ASSERT(!safetensors_write("/dev/full/x", &t, 1, NULL, &error));
}

/* /dev/full: every write says that the disk is full. */
static void full_disk(void) {
  struct stat device;
  if (stat("/dev/full", &device) != 0 || !S_ISCHR(device.st_mode)) {
    printf("skipped: this system has no /dev/full ... ");
    return;
  }
  RnnError error = {0};
  float w[1] = {1};
  Tensor t = {"w", false, 1, {1}, w};
  CU_ASSERT_FATAL(symlink("/dev/full", "/tmp/rnn_test_full.safetensors.tmp") == 0);
  write_text("/tmp/rnn_test_full.safetensors", "the old one");
  CU_ASSERT(!safetensors_write("/tmp/rnn_test_full.safetensors", &t, 1, NULL, &error));
  CU_ASSERT_STRING_EQUAL(error.code, "E0603");
  CU_ASSERT(strstr(error.message, "No space left") != NULL);
  char old[32] = {0};
  FILE *f = fopen("/tmp/rnn_test_full.safetensors", "r");
  CU_ASSERT_FATAL(f && fgets(old, sizeof old, f) != NULL);
  fclose(f);
  CU_ASSERT_STRING_EQUAL(old, "the old one");
  unlink("/tmp/rnn_test_full.safetensors");
  unlink("/tmp/rnn_test_full.safetensors.tmp");
}

/* Writes length, header and `bytes` zeros, and expects E0602 with `part`. */
static void hostile(uint64_t length, const char *header, size_t bytes, const char *part) {
  char file[2048] = {0};
  memcpy(file, &length, 8);
  memcpy(file + 8, header, strlen(header));
  write_bytes(path, file, 8 + strlen(header) + bytes);
  RnnError error = {0};
  TensorFile *read = safetensors_read(path, &error);
  CU_ASSERT(read == NULL);
  safetensors_free(read);
  CU_ASSERT_STRING_EQUAL(error.code, "E0602");
  bool found = strstr(error.message, part) && strstr(error.message, path);
  if (!found) printf("\nno \"%s\" in %s\n", part, error.message);
  CU_ASSERT(found);
}

static void hostile_header(const char *header, size_t bytes, const char *part) { hostile(strlen(header), header, bytes, part); }

static void hostile_files(void) {
  hostile(5000, "{}", 0, "longer than the file");
  hostile(UINT64_MAX, "{}", 0, "longer than the file");
  hostile((uint64_t)1 << 63, "{}", 0, "longer than the file");
  hostile_header("not json", 0, "not JSON");
  hostile_header("[1, 2]", 0, "not JSON");
  hostile_header("{\"a\": 3}", 0, "not described");
  hostile_header("{\"a\": {\"dtype\": \"I64\", \"shape\": [1], \"data_offsets\": [0, 8]}}", 8, "I64");
  hostile_header("{\"a\": {\"shape\": [1], \"data_offsets\": [0, 8]}}", 8, "no dtype");
  hostile_header("{\"a\": {\"dtype\": \"F32\", \"shape\": [2], \"data_offsets\": [0, 8]}}", 4, "beyond the end");
  hostile_header("{\"a\": {\"dtype\": \"F32\", \"shape\": [2], \"data_offsets\": [0, 9007199254740992]}}", 8, "beyond the end");
  hostile_header("{\"a\": {\"dtype\": \"F32\", \"shape\": [3], \"data_offsets\": [0, 8]}}", 8, "disagree");
  hostile_header("{\"a\": {\"dtype\": \"F32\", \"shape\": [2], \"data_offsets\": [8, 0]}}", 8, "backwards");
  hostile_header("{\"a\": {\"dtype\": \"F32\", \"shape\": [-2], \"data_offsets\": [0, 8]}}", 8, "whole number");
  hostile_header("{\"a\": {\"dtype\": \"F32\", \"shape\": [1.5], \"data_offsets\": [0, 8]}}", 8, "whole number");
  hostile_header("{\"a\": {\"dtype\": \"F32\", \"shape\": [9007199254740992, 9007199254740992], \"data_offsets\": [0, 8]}}", 8, "larger");
  hostile_header("{\"a\": {\"dtype\": \"F32\", \"shape\": 2, \"data_offsets\": [0, 8]}}", 8, "list");
  hostile_header("{\"a\": {\"dtype\": \"F32\", \"shape\": [2], \"data_offsets\": \"x\"}}", 8, "two whole numbers");
  hostile_header("{\"a\": {\"dtype\": \"F32\", \"shape\": [2], \"data_offsets\": [0, 8]}, \"b\": {\"dtype\": \"F32\", \"shape\": [2], \"data_offsets\": [4, 12]}}", 12, "overlap");
  hostile_header("{\"a\": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [4, 8]}}", 8, "gap");
  hostile_header("{\"a\": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [0, 4]}}", 8, "belong to no tensor");
  hostile_header("{\"a\": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [0, 4]}, \"a\": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [4, 8]}}", 8, "twice");
  hostile_header("{\"__metadata__\": {\"a\": 1}}", 0, "strings");
  write_bytes(path, "\1\2\3", 3);
  RnnError error = {0};
  CU_ASSERT(safetensors_read(path, &error) == NULL && strstr(error.message, "shorter") != NULL);
  error = (RnnError){0};
  CU_ASSERT(safetensors_read("/tmp", &error) == NULL && strcmp(error.code, "E0602") == 0);
  error = (RnnError){0};
  CU_ASSERT(safetensors_read("/tmp/none.safetensors", &error) == NULL && strcmp(error.code, "E0601") == 0);
}

/* Every cut of a good file is refused, none crashes. */
static void every_truncation(void) {
  RnnError error = {0};
  float w[4] = {1, 2, 3, 4};
  Tensor t = {"w", false, 2, {2, 2}, w};
  CU_ASSERT(safetensors_write(path, &t, 1, NULL, &error));
  char bytes[512];
  FILE *f = fopen(path, "rb");
  size_t size = fread(bytes, 1, sizeof bytes, f);
  fclose(f);
  for (size_t cut = 0; cut < size; cut++) {
    write_bytes(path, bytes, cut);
    error = (RnnError){0};
    TensorFile *file = safetensors_read(path, &error);
    CU_ASSERT(file == NULL && strcmp(error.code, "E0602") == 0);
    safetensors_free(file);
  }
  unlink(path);
}

int main(void) {
  static const Test tests[] = {{"round trip", round_trip}, {"nothing is lost", nothing_is_lost}, {"full disk", full_disk},
                               {"hostile files", hostile_files}, {"every truncation", every_truncation}};
  return RUN_TESTS("safetensors", tests);
}
