#ifndef SET_CONTROLS_H
#define SET_CONTROLS_H

#include "command.h"
#include "controls.h"

/** Memory for the values of one command. */
struct values {
  struct v4l2_ext_control list[MAX_ASSIGNMENTS];
  void *memory[MAX_ASSIGNMENTS];
};

/** Reads the text of a value as the control's type wants it. Texts are decoded in place; `*memory` has to be freed. */
bool parse_value(const struct control *control, char *text, struct v4l2_ext_control *value, void **memory,
                 struct failure *failure);

/** Sets all controls of the command at once. `*refused` is the one that did not go, or 0 when the driver does not say. */
bool set_controls(const struct device *device, const struct controls *controls, const struct command *command,
                  uint32_t *refused, struct failure *failure);

#endif
