/* Dictionaries, which keep the pointers that they are given, as lists do. */
#include "errors.h"
#include "lists.h"

#include <stdlib.h>
#include <string.h>

struct drmaa2_dict_s {
  drmaa2_dict_entryfree callback;
  long size, capacity;
  char **pairs; /* keys and values in turn */
};

drmaa2_dict drmaa2_dict_create(const drmaa2_dict_entryfree callback) {
  ENTER_POINTER();
  drmaa2_dict dict = object_new(DICT, sizeof *dict);
  dict->callback = callback;
  return dict;
}

void dict_end(drmaa2_dict dict) {
  if (dict == NULL || !object_check(dict, DICT)) return;
  for (long i = 0; dict->callback != NULL && i < dict->size; i++) dict->callback(&dict->pairs[2 * i], &dict->pairs[2 * i + 1]);
  free(dict->pairs);
  object_end(dict, DICT);
}

void drmaa2_dict_free(drmaa2_dict *dict) {
  dict_end(*dict);
  *dict = NULL;
}

static long position_of(const drmaa2_dict dict, const char *key) {
  for (long i = 0; i < dict->size; i++) {
    if (strcmp(dict->pairs[2 * i], key) == 0) return i;
  }
  return -1;
}

drmaa2_string_list drmaa2_dict_list(const drmaa2_dict dict) {
  ENTER_POINTER();
  NEED(dict, DICT, NULL);
  drmaa2_list keys = list_of(DRMAA2_STRINGLIST);
  for (long i = 0; i < dict->size; i++) list_append(keys, string_new(dict->pairs[2 * i]));
  return keys;
}

drmaa2_bool drmaa2_dict_has(const drmaa2_dict dict, const char *key) {
  ENTER(DRMAA2_FALSE);
  NEED(dict, DICT, DRMAA2_FALSE);
  return position_of(dict, key) >= 0 ? DRMAA2_TRUE : DRMAA2_FALSE;
}

const char *drmaa2_dict_get(const drmaa2_dict dict, const char *key) {
  ENTER_POINTER();
  NEED(dict, DICT, NULL);
  long position = position_of(dict, key);
  return position < 0 ? NULL : dict->pairs[2 * position + 1];
}

drmaa2_error drmaa2_dict_del(drmaa2_dict dict, const char *key) {
  ENTER_ERROR();
  NEED(dict, DICT, DRMAA2_INVALID_ARGUMENT);
  long position = position_of(dict, key);
  if (position < 0) return refuse(DRMAA2_INVALID_ARGUMENT, "there is no %s", key);
  char **pair = dict->pairs + 2 * position;
  if (dict->callback != NULL) dict->callback(&pair[0], &pair[1]);
  dict->size--;
  memmove(pair, pair + 2, (size_t)(dict->size - position) * 2 * sizeof *pair);
  return DRMAA2_SUCCESS;
}

/* A value that takes the place of another one's frees that one, with its key. */
static void set(drmaa2_dict dict, char *key, char *value) {
  long position = position_of(dict, key);
  if (position >= 0) {
    if (dict->callback != NULL) dict->callback(&dict->pairs[2 * position], &dict->pairs[2 * position + 1]);
  } else {
    if (dict->size == dict->capacity) {
      dict->capacity = dict->capacity == 0 ? 8 : dict->capacity * 2;
      dict->pairs = realloc(dict->pairs, (size_t)dict->capacity * 2 * sizeof *dict->pairs);
      if (dict->pairs == NULL) abort();
    }
    position = dict->size++;
  }
  dict->pairs[2 * position] = key;
  dict->pairs[2 * position + 1] = value;
}

drmaa2_error drmaa2_dict_set(drmaa2_dict dict, const char *key, const char *value) {
  ENTER_ERROR();
  NEED(dict, DICT, DRMAA2_INVALID_ARGUMENT);
  if (key == NULL || value == NULL) return refuse(DRMAA2_INVALID_ARGUMENT, "a key or a value is missing");
  set(dict, (char *)key, (char *)value);
  return DRMAA2_SUCCESS;
}

static void pair_free(char **key, char **value) {
  drmaa2_string_free(key);
  drmaa2_string_free(value);
}

#if DRMAA2_LAYOUT == DRMAA2_PBS
void drmaa2_dict_default_callback(char **key, char **value) {
  pair_free(key, value);
}
#endif

drmaa2_dict dict_of_strings(void) {
  drmaa2_dict dict = object_new(DICT, sizeof *dict);
  dict->callback = pair_free;
  return dict;
}

void dict_put(drmaa2_dict dict, const char *key, const char *value) {
  set(dict, string_new(key), string_new(value));
}

bool dict_at(const drmaa2_dict dict, long position, const char **key, const char **value) {
  if (dict == NULL || position >= dict->size) return false;
  *key = dict->pairs[2 * position];
  *value = dict->pairs[2 * position + 1];
  return true;
}
