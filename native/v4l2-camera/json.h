#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** A JSON text that grows. Commas are set by itself. Zeroed, it is empty. */
struct json {
  char *text;
  size_t length;
  size_t capacity;
};

void json_open(struct json *json, char bracket);
void json_close(struct json *json, char bracket);
/** The name of the next value in an object; a constant without characters that need escaping. */
void json_key(struct json *json, const char *key);
/** Text of at most `most` bytes, ended before by a NUL. Bytes that are not UTF-8 become U+FFFD. */
void json_bytes(struct json *json, const void *bytes, size_t most);
void json_string(struct json *json, const char *text);
/** A number, or a string of digits where a double would not hold it. */
void json_integer(struct json *json, int64_t number);
void json_fraction(struct json *json, uint32_t numerator, uint32_t denominator);
/** A literal: true, false, null, or a number that is formatted already. */
void json_literal(struct json *json, const char *literal);
/** With one digit after the point. */
void json_decimal(struct json *json, double number);
void json_bool(struct json *json, bool value);
void json_free(struct json *json);

/** Shorthands for a key and its value. */
void json_key_string(struct json *json, const char *key, const char *text);
void json_key_integer(struct json *json, const char *key, int64_t number);
void json_key_bool(struct json *json, const char *key, bool value);

#endif
