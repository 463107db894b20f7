#include "json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t LARGEST_EXACT = ((int64_t)1 << 53) - 1;

static void append(struct json *json, const char *text, size_t length) {
  if (json->length + length + 1 > json->capacity) {
    json->capacity = (json->length + length + 1) * 2;
    json->text = realloc(json->text, json->capacity);
    if (!json->text) abort();
  }
  memcpy(json->text + json->length, text, length);
  json->length += length;
  json->text[json->length] = '\0';
}

/** A comma, unless a bracket was opened or a key was written just before. */
static void separate(struct json *json) {
  if (json->length == 0) return;
  const char last = json->text[json->length - 1];
  if (last != '{' && last != '[' && last != ':') append(json, ",", 1);
}

void json_open(struct json *json, char bracket) {
  separate(json);
  append(json, &bracket, 1);
}

void json_close(struct json *json, char bracket) { append(json, &bracket, 1); }

void json_key(struct json *json, const char *key) {
  separate(json);
  append(json, "\"", 1);
  append(json, key, strlen(key));
  append(json, "\":", 2);
}

/** How many bytes the UTF-8 character at `bytes` has, or 0 if there is none within `left` bytes. */
static size_t utf8_length(const uint8_t *bytes, size_t left) {
  const uint8_t first = bytes[0];
  const size_t length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  if (length == 0 || length > left) return 0;
  for (size_t i = 1; i < length; i++) {
    if ((bytes[i] & 0xc0) != 0x80) return 0;
  }
  // Too long a form, half of a surrogate pair, or beyond the last character.
  if (first == 0xe0 && bytes[1] < 0xa0) return 0;
  if (first == 0xed && bytes[1] > 0x9f) return 0;
  if (first == 0xf0 && bytes[1] < 0x90) return 0;
  if (first == 0xf4 && bytes[1] > 0x8f) return 0;
  return length;
}

void json_bytes(struct json *json, const void *text, size_t most) {
  const uint8_t *bytes = text;
  const size_t length = strnlen(text, most);
  separate(json);
  append(json, "\"", 1);
  for (size_t at = 0; at < length;) {
    const size_t character = utf8_length(bytes + at, length - at);
    char escaped[8];
    if (character == 0) {
      append(json, "\xef\xbf\xbd", 3);
    } else if (bytes[at] < 0x20 || bytes[at] == '"' || bytes[at] == '\\' || bytes[at] == 0x7f) {
      append(json, escaped, (size_t)snprintf(escaped, sizeof escaped, "\\u%04x", bytes[at]));
    } else {
      append(json, (const char *)bytes + at, character);
    }
    at += character ? character : 1;
  }
  append(json, "\"", 1);
}

void json_string(struct json *json, const char *text) { json_bytes(json, text, strlen(text)); }

void json_integer(struct json *json, int64_t number) {
  char digits[32];
  const bool exact = number >= -LARGEST_EXACT && number <= LARGEST_EXACT;
  const int length = snprintf(digits, sizeof digits, exact ? "%" PRId64 : "\"%" PRId64 "\"", number);
  separate(json);
  append(json, digits, (size_t)length);
}

void json_fraction(struct json *json, uint32_t numerator, uint32_t denominator) {
  json_open(json, '[');
  json_integer(json, numerator);
  json_integer(json, denominator);
  json_close(json, ']');
}

void json_literal(struct json *json, const char *literal) {
  separate(json);
  append(json, literal, strlen(literal));
}

void json_decimal(struct json *json, double number) {
  char digits[40];
  snprintf(digits, sizeof digits, "%.1f", number);
  json_literal(json, digits);
}

void json_bool(struct json *json, bool value) { json_literal(json, value ? "true" : "false"); }

void json_free(struct json *json) {
  free(json->text);
  *json = (struct json){0};
}

void json_key_string(struct json *json, const char *key, const char *text) {
  json_key(json, key);
  json_string(json, text);
}

void json_key_integer(struct json *json, const char *key, int64_t number) {
  json_key(json, key);
  json_integer(json, number);
}

void json_key_bool(struct json *json, const char *key, bool value) {
  json_key(json, key);
  json_bool(json, value);
}
