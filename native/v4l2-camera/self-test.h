#ifndef SELF_TEST_H
#define SELF_TEST_H

#include "command.h"

/** Encodes the picture on stdin, `repeat` times or, if that is 0, for `seconds`; the JPEG goes to stdout. */
int encode_test(const struct mode *mode, int quality, double seconds, long repeat);

/** Prints what parse_command() makes of each line of stdin. */
int parse_test(void);

/** Writes a JPEG file as frames at `rate` a second, `count` times or, if that is 0, until nobody reads. */
int play(const char *file, long rate, long count);

#endif
