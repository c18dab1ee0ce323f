/*
 * What a job or an array was described by, as a file of its own: keys and values in turn, each ended
 * by a NUL, in the order of the template. It is all that a shepherd is told.
 */
#ifndef DESCRIPTION_H
#define DESCRIPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct description {
  char *text; /* null: there is none */
  size_t length, position;
};

FILE *description_create(uint64_t number);
void description_add(FILE *file, const char *key, const char *value);
void description_add_number(FILE *file, const char *key, long long value);

struct description description_open(uint64_t number);
/* The next pair; both point into the description. False at its end. */
bool description_next(struct description *description, const char **key, const char **value);
/* The first value of that key, or null. */
const char *description_get(const struct description *description, const char *key);
void description_close(struct description *description);

void description_remove(uint64_t number);

#endif
