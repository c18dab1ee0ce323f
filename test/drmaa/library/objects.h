/* What users of the library hold: every object is known from its creation to its end. */
#ifndef OBJECTS_H
#define OBJECTS_H

#include "counting.h"

#include <stddef.h>

/* A zeroed object that is alive until object_end(). */
void *object_new(enum kind kind, size_t size);

/*
 * Whether it is alive and of that kind. What is not, is counted as misused: a real library would
 * have read or freed what is no longer there.
 */
bool object_check(const void *object, enum kind kind);

/* The kind of a living object, or KINDS. */
enum kind object_kind(const void *object);

/* Ends an object and returns true, or counts it as misused and returns false; the memory is freed by this. */
bool object_end(void *object, enum kind kind);

/* What belongs to a living object besides itself, which set_instance_value() has given it; or null. */
void *object_extension(const void *object);
void object_extend(const void *object, void *extension);

/* A string that is counted; null of null. */
char *string_new(const char *text);

/* Frees a string of ours, or one of malloc(), which is counted as foreign. */
void string_end(char *text);

#endif
