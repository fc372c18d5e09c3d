/* links: rnn_runtime */
/* data_files.c — csv, tsv, npz: what they load, how rows become sequences, and what they say when they cannot. */
#include "data_test.h"
#include "runtime/data/data.h"
#include <math.h>

static const char file[] = "/tmp/rnn_test.csv";
#define CSV(options) "{\"call\": \"csv\", \"args\": [\"rnn_test.csv\"], \"named\": {" options "}}"

static double at(const Dataset *d, int64_t sequence, int v, int64_t i) { return d->sequence[sequence].value[v][i]; }

static void quotes_and_line_ends(void) {
  Variable v[] = {variable("u", VARIABLE_INPUT, 1, ON_CLOCK, 0), variable("y", VARIABLE_OUTPUT, 1, ON_CLOCK, 0)};
  write_text(file, "\xEF\xBB\xBF\"the \"\"first\"\"\",\"b,c\",\r\n\r\n 1 ,\"2.5\",\r\n3,,\r\n");
  Dataset *d = load_fine(CSV("\"u\": \"the \\\"first\\\"\", \"y\": \"b,c\""), NULL, v, 2);
  CU_ASSERT(d->count == 1 && d->sequence[0].steps == 2);
  CU_ASSERT(at(d, 0, 0, 0) == 1 && at(d, 0, 0, 1) == 3 && at(d, 0, 1, 0) == 2.5 && isnan(at(d, 0, 1, 1)));
  dataset_free(d);
}

static void separators_and_headers(void) {
  Variable v[] = {variable("y", VARIABLE_OUTPUT, 1, ON_CLOCK, 0)};
  static const char *const texts[] = {"1;2\n3;4\n", "1\t2\n3\t4", "a,b\n1,2\n3,4\n", "1,2\r3,4\r", "x,2\ny,4\n"};
  for (int i = 0; i < 5; i++) { /* the last: a number in its first row, so no header */
    write_text(file, texts[i]);
    Dataset *d = load_fine(CSV("\"y\": {\"call\": \"column\", \"args\": [2]}"), NULL, v, 1);
    CU_ASSERT(d->sequence[0].steps == 2 && at(d, 0, 0, 0) == 2 && at(d, 0, 0, 1) == 4);
    dataset_free(d);
  }
}

/* Comments before the first row are none of it; a header may begin with `#`, too. Lines are counted from the file's first. */
static void comments(void) {
  Variable v[] = {variable("y", VARIABLE_OUTPUT, 1, ON_CLOCK, 0)};
  static const struct { const char *text, *column; } rows[] = {
      {"# made by me, at noon\na,b\n1,2\n3,4\n", "\"b\""}, {"# one\r\n# two, three\r\n1;2\r\n3;4\r\n", "{\"call\": \"column\", \"args\": [2]}"},
      {"#a,b\n1,2\n3,4\n", "\"b\""}, {"# by me\r1,2\r3,4\r", "{\"call\": \"column\", \"args\": [2]}"}};
  char source[160];
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    write_text(file, rows[i].text);
    snprintf(source, sizeof source, CSV("\"y\": %s"), rows[i].column);
    Dataset *d = load_fine(source, NULL, v, 1);
    CU_ASSERT(d->sequence[0].steps == 2 && at(d, 0, 0, 0) == 2 && at(d, 0, 0, 1) == 4);
    dataset_free(d);
  }
  write_text(file, "# by me\n1,2\n3,oops\n");
  load_fails(CSV("\"y\": {\"call\": \"column\", \"args\": [2]}"), NULL, v, 1, "E0503", "line 3 has \"oops\"");
  write_text(file, "# by me\n");
  load_fails(CSV("\"y\": \"a\""), NULL, v, 1, "E0507", "is empty");
}

static void rows_and_constants(void) {
  Variable v[] = {variable("u", VARIABLE_INPUT, 2, ON_CLOCK, 0), variable("y", VARIABLE_OUTPUT, 1, ON_CLOCK, 0), variable("z", VARIABLE_TARGET, 1, PER_SEQUENCE, 0)};
  write_text(file, "y\n0\n1\n2\n3\n4\n");
  Dataset *d = load_fine(CSV("\"y\": \"y\", \"u\": [0.5, 7], \"rows\": {\"from\": 1, \"to\": 3}"), NULL, v, 3);
  CU_ASSERT(d->sequence[0].steps == 3 && at(d, 0, 1, 0) == 1 && at(d, 0, 1, 2) == 3 && at(d, 0, 0, 4) == 0.5 && at(d, 0, 0, 5) == 7);
  CU_ASSERT_PTR_NULL(d->sequence[0].value[2]);
  dataset_free(d);
  d = load_fine(CSV("\"y\": \"y\", \"u\": 0.2, \"rows\": {\"from\": 0, \"to\": 4}"), "[{\"word\": \"windows\", \"args\": [2]}, {\"word\": \"every\", \"args\": [1]}]", v, 3);
  CU_ASSERT(d->count == 4 && at(d, 3, 1, 1) == 4 && at(d, 3, 0, 3) == 0.2);
  dataset_free(d);
}

static void groups(void) {
  Variable v[] = {variable("x", VARIABLE_INPUT, 2, ON_CLOCK, 0), variable("k", VARIABLE_TARGET, 1, PER_SEQUENCE, 3)};
  write_text(file, "id,who,a,b\n7,ann,1,2\n3,bob,3,4\n7,ann,5,6\n3,bob,7,8\n9,ann,0,0\n");
  const char *source = CSV("\"x\": {\"from\": \"a\", \"to\": \"b\"}, \"k\": {\"call\": \"category\", \"args\": [\"who\"]}");
  const char *by = "[{\"word\": \"by\", \"args\": [\"id\"]}]";
  Dataset *d = load_fine(source, by, v, 2);
  CU_ASSERT(d->count == 3 && d->sequence[0].steps == 2 && d->sequence[2].steps == 1);
  CU_ASSERT(at(d, 0, 0, 0) == 1 && at(d, 0, 0, 2) == 5 && at(d, 1, 0, 1) == 4 && at(d, 1, 0, 3) == 8);
  CU_ASSERT(at(d, 0, 1, 0) == 0 && at(d, 1, 1, 0) == 1 && at(d, 2, 1, 0) == 0);
  CU_ASSERT(d->category[1].count == 2 && strcmp(d->category[1].name[1], "bob") == 0);

  write_text(file, "id,who,a,b\n1,bob,1,2\n2,eve,3,4\n");
  RnnError error = {0};
  cJSON *json = cJSON_Parse(source), *words = cJSON_Parse(by);
  CU_ASSERT_PTR_NULL(dataset_load(json, words, v, 2, "/tmp", 1, d, 3, &error));
  CU_ASSERT(!strcmp(error.code, "E0510") && strstr(error.message, "\"eve\"") && strstr(error.message, "`ann`, `bob`"));
  cJSON_Delete(json);
  cJSON_Delete(words);
  dataset_free(d);
  write_text(file, "id,who,a,b\n1,bob,1,2\n2,eve,3,4\n");
  d = load_fine(source, "[{\"word\": \"by\", \"args\": [\"id\"]}, {\"word\": \"where\", \"args\": [{\"op\": \"!=\", \"left\": \"who\", \"right\": \"bob\"}]}]", v, 2);
  CU_ASSERT(d->count == 1 && at(d, 0, 0, 0) == 3);
  dataset_free(d);
  load_fails(source, NULL, v, 2, "E0511", "`k` is one value a sequence|by \"");
}

static void messages(void) {
  Variable v[] = {variable("u", VARIABLE_INPUT, 1, ON_CLOCK, 0), variable("y", VARIABLE_OUTPUT, 1, ON_CLOCK, 0)};
  write_text(file, "InputGasRate,CO2\n1,2\n3,oops\n5,6\n");
  load_fails(CSV("\"u\": \"InputGasrate\", \"y\": \"CO2\""), NULL, v, 2, "E0502", "rnn_test.csv has no column `InputGasrate`|`InputGasRate`, `CO2`|did you mean `InputGasRate`?");
  load_fails(CSV("\"u\": {\"call\": \"column\", \"args\": [3]}"), NULL, v, 2, "E0502", "column(3)|column(1) … column(2)");
  load_fails(CSV("\"u\": \"InputGasRate\", \"y\": \"CO2\""), NULL, v, 2, "E0503", "line 3 has \"oops\" in `CO2`|category");
  load_fails(CSV("\"u\": \"InputGasRate\", \"rows\": {\"from\": 0, \"to\": 9}"), NULL, v, 2, "E0504", "rows = 0..9 asks for 10 rows|it has 3 (0..2)");
  load_fails(CSV("\"u\": \"InputGasRate\", \"rows\": {\"from\": 2, \"to\": 1}"), NULL, v, 2, "E0505", "2..1");
  load_fails(CSV("\"u\": \"InputGasRate\", \"rows\": 5"), NULL, v, 2, "E0505", "rows = 5");
  load_fails(CSV("\"uu\": \"InputGasRate\""), NULL, v, 2, "E0509", "`uu`|did you mean `u`?");
  load_fails(CSV("\"y\": \"InputGasRate\""), NULL, v, 2, "E0516", "the input `u` gets no data");
  load_fails(CSV("\"u\": {\"from\": \"InputGasRate\", \"to\": \"CO2\"}"), NULL, v, 2, "E0508", "`u` has 1 element a step|given 2 columns");
  load_fails("{\"call\": \"csv\", \"args\": [\"none.csv\"], \"named\": {\"u\": \"a\"}}", NULL, v, 2, "E0501", "/tmp/none.csv|No such file");
  load_fails("{\"call\": \"cvs\"}", NULL, v, 2, "E0512", "`cvs`|did you mean `csv`?");
  load_fails("{\"call\": \"trees\", \"args\": [\"a.txt\"]}", NULL, v, 2, "E0501", "a.txt");
  load_fails(CSV("\"u\": 1, \"y\": \"CO2\", \"rows\": {\"from\": 0, \"to\": 0}"), "[{\"word\": \"windows\", \"args\": [5]}]", v, 2, "E0515", "only 1 steps");
  load_fails(CSV("\"u\": 1, \"y\": \"CO2\""), "[{\"word\": \"windws\", \"args\": [5]}]", v, 2, "E0515", "windws|did you mean `windows`?");
  load_fails(CSV("\"u\": 1, \"y\": \"CO2\", \"rows\": {\"from\": 0, \"to\": 0}"), "[{\"word\": \"windows\", \"args\": [0]}]", v, 2, "E0515", "`windows 0`|for example `windows 100");
  write_text(file, "voltage (mV),CO2\n1,2\n");
  load_fails(CSV("\"u\": \"voltage\", \"y\": \"CO2\""), NULL, v, 2, "E0502", "did you mean `voltage (mV)`?");
  load_fails(CSV("\"u\": 1, \"y\": \"CO2\""), "[{\"word\": \"by\", \"args\": [\"id\"]}]", v, 2, "E0502", "`id`");
}

static void hostile_files(void) {
  Variable v[] = {variable("y", VARIABLE_OUTPUT, 1, ON_CLOCK, 0)};
  static const struct { const char *text, *code, *part; } rows[] = {
      {"", "E0507", "is empty"}, {"\n\n\r\n", "E0507", "is empty"}, {"a,b\n", "E0507", "header but no rows"}, {"1,2\n3\n", "E0506", "line 2 has 1 fields"},
      {"1,2\n3,4,5\n", "E0506", "line 2 has 3 fields"}, {"\"1,2\n3,4", "E0507", "header but no rows"}, {"1\n1e999\n", "E0503", "1e999"}, {"1\n0,5;\n", "E0506", ""},
      {"1;2\n0,5;2\n", "E0503", "with a point"}, {"\"\"\"", "E0507", "header but no rows"}, {"1\n-\n", "E0503", "\"-\""}, {"1\n\"inf\"\n", "E0503", "inf"}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    write_text(file, rows[i].text);
    load_fails(CSV("\"y\": {\"call\": \"column\", \"args\": [1]}"), NULL, v, 1, rows[i].code, rows[i].part);
  }
  write_bytes(file, "1\n\0\n", 4);
  load_fails(CSV("\"y\": {\"call\": \"column\", \"args\": [1]}"), NULL, v, 1, "E0514", "not a text file");
  load_fails("{\"call\": \"npz\", \"args\": [\"rnn_test.csv\"], \"named\": {\"y\": \"a\"}}", NULL, v, 1, "E0514", "not a NumPy archive");
  load_fails("{\"call\": \"csv\", \"args\": [\"/tmp\"], \"named\": {\"y\": \"a\"}}", NULL, v, 1, "E0501", "/tmp|it is a folder");
}

/* A column of every real file, and how many rows it has. */
static void real_files(void) {
  static const struct { const char *path, *column; int64_t rows; } files[] = {
      {"mackey_glass/MG17_deepesn_10000.csv", "{\"call\": \"column\", \"args\": [1]}", 10000}, {"gas_furnace/gas-furnace.csv", "\"CO2\"", 296},
      {"sunspots/sunspot.m2014.csv", "\"value\"", 3177}, {"sunspots/monthly-sunspots_1749_1983.csv", "\"Sunspots\"", 2820},
      {"sunspots/sunspots_yearly_1700_2008.csv", "\"SUNACTIVITY\"", 309}, {"temps/daily-min-temperatures.csv", "\"Temp\"", 3650},
      {"temps/daily-max-temperatures.csv", "\"Temperature\"", 3650}, {"airline/airline-passengers.csv", "\"Passengers\"", 144},
      {"silverbox/SNLS80mV.csv", "\"V2\"", 131072}, {"silverbox/Schroeder80mV.csv", "\"V1\"", 131072}, {"classic_ts/lynx.csv", "\"value\"", 114},
      {"classic_ts/nottem.csv", "\"value\"", 240}, {"classic_ts/taylor_halfhourly_demand.csv", "\"x\"", 4032},
      {"santafe_laser/santafe_laser.csv", "{\"call\": \"column\", \"args\": [1]}", 10093}, {"japanese_vowels/vowels.train.csv", "\"c12\"", 4274},
      {"japanese_vowels/vowels.test.csv", "\"c1\"", 5687}};
  Variable v[] = {variable("y", VARIABLE_INPUT, 1, ON_CLOCK, 0)};
  if (!has_data()) return;
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    char source[300];
    snprintf(source, sizeof source, "{\"call\": \"csv\", \"args\": [\"" DATA_FOLDER "%s\"], \"named\": {\"y\": %s}}", files[i].path, files[i].column);
    Dataset *d = load_fine(source, NULL, v, 1);
    if (d->sequence[0].steps != files[i].rows) printf("\n%s: %lld\n", files[i].path, (long long)d->sequence[0].steps);
    CU_ASSERT_EQUAL(d->sequence[0].steps, files[i].rows);
    dataset_free(d);
  }
}

static void real_arrays(void) {
  Variable v[] = {variable("u", VARIABLE_INPUT, 13, ON_CLOCK, 0), variable("k", VARIABLE_TARGET, 1, PER_SEQUENCE, 10)};
  const char *source = "{\"call\": \"npz\", \"args\": [\"" DATA_FOLDER "fsdd/fsdd_mfcc13.npz\"], \"named\": {\"u\": \"mfcc\", \"k\": \"digit\"}}";
  if (!has_data()) return;
  Dataset *d = load_fine(source, "[{\"word\": \"cuts\", \"args\": [\"offset\"]}, {\"word\": \"where\", \"args\": [{\"op\": \">=\", \"left\": \"index\", \"right\": 5}]}]", v, 2);
  CU_ASSERT_EQUAL(d->count, 2700);
  dataset_free(d);
  d = load_fine(source, "[{\"word\": \"cuts\", \"args\": [\"offset\"]}]", v, 2);
  CU_ASSERT(d->count == 3000 && d->sequence[0].steps == 28 && d->sequence[1].steps == 57);
  CU_ASSERT(at(d, 0, 0, 0) == -42.75 && fabs(at(d, 0, 0, 1) + 5.586) < 1e-3 && at(d, 0, 0, 13) == -36.25);
  dataset_free(d);
  load_fails("{\"call\": \"npz\", \"args\": [\"" DATA_FOLDER "fsdd/fsdd_mfcc13.npz\"], \"named\": {\"u\": \"mfc\"}}", NULL, v, 2, "E0502", "did you mean `mfcc`?");
  load_fails(source, "[{\"word\": \"cuts\", \"args\": [\"digit\"]}]", v, 2, "E0515", "digit");
}

static void numpy_numbers(void) {
  static const unsigned char big[] = "\x93NUMPY\1\0\x46\0{'descr': '>i2', 'fortran_order': False, 'shape': (2,), }            \n\xff\xfe\1\0";
  Npy out;
  RnnError error = {0};
  CU_ASSERT_FATAL(npy_parse("x.npy", big, sizeof big - 1, &out, &error));
  CU_ASSERT(out.rank == 1 && out.shape[0] == 2 && out.value[0] == -2 && out.value[1] == 256);
  free(out.value);
  for (size_t cut = 0; cut < sizeof big - 1; cut++) {
    unsigned char *exact = malloc(cut + 1);
    memcpy(exact, big, cut);
    error = (RnnError){0};
    CU_ASSERT(!npy_parse("x.npy", exact, cut, &out, &error) && !strcmp(error.code, "E0514"));
    free(exact);
  }
}

int main(void) {
  static const Test tests[] = {{"quotes and line ends", quotes_and_line_ends}, {"separators and headers", separators_and_headers},
                               {"comments", comments}, {"rows and constants", rows_and_constants}, {"by, category, where", groups}, {"messages", messages},
                               {"hostile files", hostile_files}, {"real files", real_files}, {"real arrays", real_arrays}, {"numpy numbers", numpy_numbers}};
  int failed = RUN_TESTS("data files", tests);
  unlink(file);
  return failed;
}
