#include <stdio.h>
#include <string.h>

#include "input.h"
#include "json.h"
#include "pixel-format.h"
#include "self-test.h"

static void describe_assignments(const struct command *command, struct json *json) {
  json_key(json, "controls");
  json_open(json, '[');
  for (unsigned i = 0; i < command->count; i++) {
    json_open(json, '{');
    json_key_integer(json, "id", command->assignments[i].id);
    if (command->assignments[i].value) json_key_string(json, "value", command->assignments[i].value);
    json_close(json, '}');
  }
  json_close(json, ']');
}

static void print_command(const struct command *command) {
  static const char *const NAMES[] = {"get", "set", "mode", "rate", "still", "quality", "start", "pause", "describe", "stop"};
  struct json json = {0};
  json_open(&json, '{');
  if (command->has_number) json_key_integer(&json, "number", command->number);
  if (command->fault) {
    json_key_string(&json, "fault", command->fault);
  } else {
    json_key_string(&json, "command", NAMES[command->verb]);
    if (command->count) describe_assignments(command, &json);
    if (command->mode.fourcc) {
      json_key_string(&json, "fourcc", fourcc_text(command->mode.fourcc).text);
      json_key_integer(&json, "width", command->mode.width);
      json_key_integer(&json, "height", command->mode.height);
    }
    if (command->mode.interval.denominator) {
      json_key(&json, "interval");
      json_fraction(&json, command->mode.interval.numerator, command->mode.interval.denominator);
    }
    if (command->verb == STILL) json_key_integer(&json, "skip", command->skip);
    if (command->verb == QUALITY) json_key_integer(&json, "quality", command->quality);
  }
  json_close(&json, '}');
  puts(json.text);
  json_free(&json);
}

int parse_test(void) {
  static struct input input;
  while (!input.ended) {
    char *line;
    size_t length;
    bool too_long;
    while ((line = next_line(&input, &length, &too_long))) {
      struct command command;
      parse_command(line, length, &command);
      if (too_long) command.fault = "A command has at most 65536 bytes.";
      print_command(&command);
    }
    read_input(&input);
  }
  return 0;
}
