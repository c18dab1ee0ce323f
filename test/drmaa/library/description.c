/* Descriptions as files: writing, reading, removing. */
#include "description.h"

#include "store.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void path_of(uint64_t number, char path[PATH_MAX]) {
  snprintf(path, PATH_MAX, "%s/jobs/%llu", store_root(), (unsigned long long)number);
}

FILE *description_create(uint64_t number) {
  char path[PATH_MAX];
  path_of(number, path);
  return fopen(path, "we");
}

void description_add(FILE *file, const char *key, const char *value) {
  if (value == NULL) return;
  fwrite(key, 1, strlen(key) + 1, file);
  fwrite(value, 1, strlen(value) + 1, file);
}

void description_add_number(FILE *file, const char *key, long long value) {
  char text[32];
  snprintf(text, sizeof text, "%lld", value);
  description_add(file, key, text);
}

struct description description_open(uint64_t number) {
  struct description description = {0};
  char path[PATH_MAX];
  path_of(number, path);
  FILE *file = fopen(path, "re");
  if (file == NULL) return description;
  fseek(file, 0, SEEK_END);
  long size = ftell(file);
  rewind(file);
  /* Two NULs of our own, should the file have been cut short. */
  description.text = calloc(1, (size_t)(size < 0 ? 0 : size) + 2);
  if (description.text != NULL && size > 0) description.length = fread(description.text, 1, (size_t)size, file);
  fclose(file);
  return description;
}

bool description_next(struct description *description, const char **key, const char **value) {
  if (description->position >= description->length) return false;
  *key = description->text + description->position;
  *value = *key + strlen(*key) + 1;
  description->position = (size_t)(*value - description->text) + strlen(*value) + 1;
  return true;
}

const char *description_get(const struct description *description, const char *wanted) {
  struct description reader = *description;
  reader.position = 0;
  const char *key, *value;
  while (description_next(&reader, &key, &value)) {
    if (strcmp(key, wanted) == 0) return value;
  }
  return NULL;
}

void description_close(struct description *description) {
  free(description->text);
  description->text = NULL;
}

void description_remove(uint64_t number) {
  char path[PATH_MAX];
  path_of(number, path);
  unlink(path);
}
