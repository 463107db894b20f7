#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "session.h"
#include "set-controls.h"

/** `answer` and `ok` of an answer that is to be closed. */
static struct json begin_answer(const uint32_t *number, bool ok) {
  struct json json = {0};
  json_open(&json, '{');
  json_key(&json, "answer");
  if (number) {
    json_integer(&json, *number);
  } else {
    json_literal(&json, "null");
  }
  json_key_bool(&json, "ok", ok);
  return json;
}

static void end_answer(struct session *session, struct json *json) {
  json_close(json, '}');
  say(&session->output, 'A', json);
}

void answer_failure(struct session *session, const uint32_t *number, const struct failure *failure) {
  struct json json = begin_answer(number, false);
  json_key(&json, "error");
  json_open(&json, '{');
  describe_failure(failure, &json);
  json_close(&json, '}');
  end_answer(session, &json);
}

static void answer_ok(struct session *session, uint32_t number) {
  struct json json = begin_answer(&number, true);
  end_answer(session, &json);
}

/** What the device has now of each control that the command names. */
static void describe_values(struct session *session, const struct command *command, struct json *json) {
  json_key(json, "values");
  json_open(json, '{');
  for (unsigned i = 0; i < command->count; i++) {
    char id[16];
    const struct control *control = find_control(&session->controls, command->assignments[i].id);
    if (!control) continue;
    snprintf(id, sizeof id, "%" PRIu32, control->id);
    json_key(json, id);
    read_value(&session->device, control, json);
  }
  json_close(json, '}');
}

static void execute_get(struct session *session, const struct command *command) {
  struct failure failure;
  for (unsigned i = 0; i < command->count; i++) {
    if (find_control(&session->controls, command->assignments[i].id)) continue;
    fail(&failure, "command", EINVAL, "The device has no control %" PRIu32 ".", command->assignments[i].id);
    answer_failure(session, &command->number, &failure);
    return;
  }
  struct json json = begin_answer(&command->number, true);
  describe_values(session, command, &json);
  end_answer(session, &json);
}

static void execute_set(struct session *session, const struct command *command) {
  struct failure failure;
  uint32_t refused = 0;
  const bool done = set_controls(&session->device, &session->controls, command, &refused, &failure);
  struct json json = begin_answer(&command->number, done);
  if (!done) {
    json_key(&json, "error");
    json_open(&json, '{');
    describe_failure(&failure, &json);
    json_key(&json, "id");
    if (refused) {
      json_integer(&json, refused);
    } else {
      json_literal(&json, "null");
    }
    json_close(&json, '}');
  }
  describe_values(session, command, &json);
  end_answer(session, &json);
}

static void execute_start(struct session *session, const struct command *command) {
  struct failure failure;
  if (session->change.stage != NO_CHANGE) session->change.was_streaming = true;
  if (start_streaming(session, &failure)) {
    say_changed_device(session);
    answer_ok(session, command->number);
  } else {
    answer_failure(session, &command->number, &failure);
  }
}

static void execute_change(struct session *session, const struct command *command) {
  struct failure busy;
  if (session->change.stage != NO_CHANGE) {
    fail(&busy, "command", EBUSY, "An earlier mode, rate or still is not finished.");
    answer_failure(session, &command->number, &busy);
  } else if (command->verb == STILL) {
    begin_still(session, command);
  } else {
    begin_mode(session, command);
  }
}

static void execute(struct session *session, const struct command *command) {
  switch (command->verb) {
    case GET:
      execute_get(session, command);
      return;
    case SET:
      execute_set(session, command);
      return;
    case MODE:
    case RATE:
    case STILL:
      execute_change(session, command);
      return;
    case START:
      execute_start(session, command);
      return;
    case QUALITY:
      session->quality = command->quality;
      break;
    case PAUSE:
      cancel_change(session);
      stop_streaming(session);
      break;
    case DESCRIBE:
      say_device(session);
      break;
    case STOP:
      cancel_change(session);
      stop_streaming(session);
      session->ended = true;
      break;
  }
  answer_ok(session, command->number);
}

void execute_line(struct session *session, char *line, size_t length, bool too_long) {
  struct command command;
  struct failure failure;
  parse_command(line, length, &command);
  const char *fault = too_long ? "A command has at most 65536 bytes." : command.fault;
  if (!fault) {
    execute(session, &command);
    return;
  }
  fail(&failure, "command", EINVAL, "%s", fault);
  answer_failure(session, command.has_number ? &command.number : NULL, &failure);
}
