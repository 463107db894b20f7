#include "command.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pixel-format.h"

bool parse_number(const char *text, int64_t least, int64_t most, int64_t *number) {
  const char *digits = text[0] == '-' ? text + 1 : text;
  const bool hexadecimal = digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X');
  if (!isxdigit((uint8_t)digits[hexadecimal ? 2 : 0])) return false;
  char *end;
  errno = 0;
  *number = strtoll(text, &end, hexadecimal ? 16 : 10);
  return errno == 0 && *end == '\0' && *number >= least && *number <= most;
}

static bool parse_u32(const char *text, uint32_t least, uint32_t *number) {
  int64_t parsed;
  if (!parse_number(text, least, UINT32_MAX, &parsed)) return false;
  *number = (uint32_t)parsed;
  return true;
}

/** Two numbers with `separator` between them. */
static bool parse_pair(const char *text, char separator, uint32_t *first, uint32_t *second) {
  char digits[24];
  const char *middle = strchr(text, separator);
  if (!middle || (size_t)(middle - text) >= sizeof digits) return false;
  memcpy(digits, text, (size_t)(middle - text));
  digits[middle - text] = '\0';
  return parse_u32(digits, 1, first) && parse_u32(middle + 1, 1, second);
}

bool parse_size(const char *text, uint32_t *width, uint32_t *height) {
  return parse_pair(text, 'x', width, height) && *width <= MAX_SIDE && *height <= MAX_SIDE;
}

static bool parse_interval(const char *text, struct v4l2_fract *interval) {
  return parse_pair(text, '/', &interval->numerator, &interval->denominator);
}

bool parse_mode(char *text, struct mode *mode) {
  *mode = (struct mode){0};
  char *size = strchr(text, ':');
  if (!size) return false;
  *size++ = '\0';
  char *interval = strchr(size, ':');
  if (interval) *interval++ = '\0';
  mode->fourcc = parse_fourcc(text);
  return mode->fourcc && parse_size(size, &mode->width, &mode->height) &&
         (!interval || parse_interval(interval, &mode->interval));
}

/** The next word of a line, or NULL at its end. Words are separated by one space each. */
static char *next_word(char **rest) {
  char *word = *rest;
  if (!word) return NULL;
  char *space = strchr(word, ' ');
  *rest = space ? space + 1 : NULL;
  if (space) *space = '\0';
  return word;
}

static const char *parse_assignments(char *rest, bool with_values, struct command *command) {
  for (char *word; (word = next_word(&rest));) {
    if (command->count == MAX_ASSIGNMENTS) return "A command takes at most 64 controls.";
    struct assignment *assignment = &command->assignments[command->count++];
    char *equals = with_values ? strchr(word, '=') : NULL;
    if (with_values && !equals) return "A control to set is written as ID=VALUE.";
    if (equals) *equals = '\0';
    assignment->value = equals ? equals + 1 : NULL;
    if (!parse_u32(word, 1, &assignment->id)) return "A control's number is a decimal or 0x number.";
  }
  return command->count ? NULL : "This command needs a control.";
}

static const char *parse_format(char **rest, struct mode *mode) {
  const char *fourcc = next_word(rest), *size = next_word(rest);
  if (!fourcc || !(mode->fourcc = parse_fourcc(fourcc))) return "The pixel format has to be a FOURCC, such as MJPG.";
  if (!size || !parse_size(size, &mode->width, &mode->height)) return "The size has to be WxH, such as 1280x720.";
  return NULL;
}

static const char *no_more(char *rest) { return rest ? "The command has too many arguments." : NULL; }

static const char *parse_optional_interval(char *rest, struct mode *mode) {
  const char *word = next_word(&rest);
  if (word && !parse_interval(word, &mode->interval)) return "The frame interval has to be N/D seconds, such as 1/30.";
  return no_more(rest);
}

static const char *parse_optional_skip(char *rest, struct command *command) {
  const char *word = next_word(&rest);
  int64_t skip = 2;
  if (word && !parse_number(word, 0, 100, &skip)) return "Frames to skip have to be 0 to 100.";
  command->skip = (unsigned)skip;
  return no_more(rest);
}

static const char *parse_arguments(char *rest, struct command *command) {
  const char *fault = NULL;
  int64_t number = 0;
  switch (command->verb) {
    case GET:
    case SET:
      return parse_assignments(rest, command->verb == SET, command);
    case MODE:
      fault = parse_format(&rest, &command->mode);
      return fault ? fault : parse_optional_interval(rest, &command->mode);
    case RATE:
      return rest ? parse_optional_interval(rest, &command->mode) : "The command rate needs N/D seconds, such as 1/30.";
    case STILL:
      fault = parse_format(&rest, &command->mode);
      return fault ? fault : parse_optional_skip(rest, command);
    case QUALITY:
      if (!rest || !parse_number(rest, 1, 100, &number)) return "The quality has to be 1 to 100.";
      command->quality = (int)number;
      return NULL;
    case START:
    case PAUSE:
    case DESCRIBE:
    case STOP:
      return no_more(rest);
  }
  return NULL;
}

static const char *parse_line(char *line, struct command *command) {
  static const char *const VERBS[] = {[GET] = "get",         [SET] = "set",     [MODE] = "mode",   [RATE] = "rate",
                                      [STILL] = "still",     [QUALITY] = "quality", [START] = "start", [PAUSE] = "pause",
                                      [DESCRIBE] = "describe", [STOP] = "stop"};
  char *rest = line;
  const char *number = next_word(&rest);
  command->has_number = parse_u32(number, 0, &command->number);
  if (!command->has_number) return "A command begins with its number, 0 to 4294967295.";
  const char *verb = next_word(&rest);
  for (unsigned i = 0; verb && i < sizeof VERBS / sizeof *VERBS; i++) {
    if (strcmp(verb, VERBS[i]) != 0) continue;
    command->verb = (enum verb)i;
    return parse_arguments(rest, command);
  }
  return "There are the commands get, set, mode, rate, still, quality, start, pause, describe and stop.";
}

void parse_command(char *line, size_t length, struct command *command) {
  *command = (struct command){0};
  command->fault = strlen(line) == length ? parse_line(line, command) : "A command cannot contain a NUL.";
}
