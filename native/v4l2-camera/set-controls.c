#include "set-controls.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** Decodes %XX in place. The result has no NUL within. */
static bool decode(char *text) {
  char *to = text;
  for (const char *from = text; *from; from++) {
    unsigned character = (uint8_t)*from;
    if (character == '%') {
      if (!isxdigit((uint8_t)from[1]) || !isxdigit((uint8_t)from[2]) || sscanf(from + 1, "%2x", &character) != 1) return false;
      from += 2;
    }
    if (character == 0) return false;
    *to++ = (char)character;
  }
  *to = '\0';
  return true;
}

static bool refuse(struct failure *failure, const char *why) { return fail(failure, "command", EINVAL, "%s", why); }

static bool parse_text(const struct control *control, char *text, struct v4l2_ext_control *value, void **memory,
                       struct failure *failure) {
  if (!decode(text)) return refuse(failure, "A string has to be percent-encoded and without NUL.");
  const size_t length = strlen(text);
  if (control->maximum > MAX_VALUE_BYTES - 1) return refuse(failure, "This control is longer than the program supports.");
  if ((int64_t)length > control->maximum) return fail(failure, "command", ERANGE, "The string is too long for this control.");
  *memory = strdup(text);
  if (!*memory) abort();
  value->string = *memory;
  value->size = (uint32_t)length + 1;
  return true;
}

static bool parse_area(char *text, struct v4l2_ext_control *value, void **memory, struct failure *failure) {
  int64_t width, height;
  char *by = strchr(text, 'x');
  if (by) *by++ = '\0';
  if (!by || !parse_number(text, 0, UINT32_MAX, &width) || !parse_number(by, 0, UINT32_MAX, &height)) {
    return refuse(failure, "An area is written as WxH.");
  }
  struct v4l2_area *area = malloc(sizeof *area);
  if (!area) abort();
  *area = (struct v4l2_area){(uint32_t)width, (uint32_t)height};
  *memory = area;
  value->ptr = area;
  value->size = sizeof *area;
  return true;
}

/** The range of one element, and 0 bytes for types that are not numbers. */
static unsigned number_range(uint32_t type, int64_t *least, int64_t *most) {
  switch (type) {
    case V4L2_CTRL_TYPE_U8:
      *least = 0, *most = UINT8_MAX;
      return 1;
    case V4L2_CTRL_TYPE_U16:
      *least = 0, *most = UINT16_MAX;
      return 2;
    case V4L2_CTRL_TYPE_U32:
    case V4L2_CTRL_TYPE_BITMASK:
      *least = 0, *most = UINT32_MAX;
      return 4;
    case V4L2_CTRL_TYPE_INTEGER64:
      *least = INT64_MIN, *most = INT64_MAX;
      return 8;
    case V4L2_CTRL_TYPE_BOOLEAN:
      *least = 0, *most = 1;
      return 4;
    case V4L2_CTRL_TYPE_INTEGER:
    case V4L2_CTRL_TYPE_MENU:
    case V4L2_CTRL_TYPE_INTEGER_MENU:
      *least = INT32_MIN, *most = INT32_MAX;
      return 4;
    default:
      return 0;
  }
}

/** Comma-separated numbers. The lower bytes of an int64 are the smaller integer, on the processors there are. */
static bool parse_array(const struct control *control, char *text, struct v4l2_ext_control *value, void **memory,
                        struct failure *failure) {
  int64_t least, most, number;
  const unsigned bytes = number_range(control->type, &least, &most);
  if (bytes == 0 || bytes != control->element_bytes || (uint64_t)control->elements * bytes > MAX_VALUE_BYTES) {
    return refuse(failure, "This type of control cannot be set.");
  }
  uint8_t *array = calloc(control->elements, bytes);
  if (!array) abort();
  *memory = array;
  uint32_t count = 0;
  for (char *word = text, *comma; word; word = comma) {
    comma = strchr(word, ',');
    if (comma) *comma++ = '\0';
    if (count == control->elements) return refuse(failure, "The array has more elements than the control.");
    if (!parse_number(word, least, most, &number)) return refuse(failure, "An element is not a number in range.");
    memcpy(array + (size_t)count++ * bytes, &number, bytes);
  }
  if (count < control->elements && !(control->flags & CONTROL_IS_DYNAMIC_ARRAY)) {
    return refuse(failure, "The array has fewer elements than the control.");
  }
  value->ptr = array;
  value->size = count * bytes;
  return true;
}

bool parse_value(const struct control *control, char *text, struct v4l2_ext_control *value, void **memory,
                 struct failure *failure) {
  int64_t least, most, number = 0;
  *value = (struct v4l2_ext_control){.id = control->id};
  if (control->type == V4L2_CTRL_TYPE_STRING) return parse_text(control, text, value, memory, failure);
  if (control->type == V4L2_CTRL_TYPE_AREA) return parse_area(text, value, memory, failure);
  if (has_payload(control)) return parse_array(control, text, value, memory, failure);
  if (control->type == V4L2_CTRL_TYPE_BUTTON) return true;
  if (number_range(control->type, &least, &most) == 0) return refuse(failure, "This type of control cannot be set.");
  if (!parse_number(text, least, most, &number)) return refuse(failure, "The value is not a number in the range of its type.");
  if (control->type == V4L2_CTRL_TYPE_INTEGER64) {
    value->value64 = number;
  } else {
    value->value = (int32_t)(uint32_t)number;
  }
  return true;
}

static bool parse_values(const struct controls *controls, const struct command *command, struct values *values,
                         uint32_t *refused, struct failure *failure) {
  for (unsigned i = 0; i < command->count; i++) {
    const struct assignment *assignment = &command->assignments[i];
    const struct control *control = find_control(controls, assignment->id);
    *refused = assignment->id;
    if (!control) return refuse(failure, "The device has no such control.");
    if (!parse_value(control, assignment->value, &values->list[i], &values->memory[i], failure)) return false;
  }
  return true;
}

bool set_controls(const struct device *device, const struct controls *controls, const struct command *command,
                  uint32_t *refused, struct failure *failure) {
  struct values values = {0};
  struct v4l2_ext_controls request = {
      .which = V4L2_CTRL_WHICH_CUR_VAL, .count = command->count, .controls = values.list};
  bool done = parse_values(controls, command, &values, refused, failure);
  if (done) {
    done = IOCTL(device->fd, VIDIOC_S_EXT_CTRLS, &request, failure);
    const bool told = request.error_idx < command->count;
    *refused = told ? command->assignments[request.error_idx].id : command->count == 1 ? command->assignments[0].id : 0;
  }
  for (unsigned i = 0; i < command->count; i++) free(values.memory[i]);
  return done;
}
