// Lists V4L2 cameras, and streams one of them: docs/internals/v4l2-program.md is its wire.
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "encode.h"
#include "list.h"
#include "self-test.h"
#include "session.h"

enum { EXIT_USAGE = 2 };

static const char USAGE[] =
    "Usage: v4l2-camera list [DEVICE...]\n"
    "       v4l2-camera stream DEVICE [--mode FOURCC:WxH[:N/D]] [--input N] [--buffers N] [--quality Q] [--raw] [--idle]\n"
    "       v4l2-camera play FILE [--rate N] [--count N]\n"
    "       v4l2-camera encode-test FOURCC WxH [--quality Q] [--seconds S] [--repeat N] < PIXELS > JPEG\n"
    "       v4l2-camera parse-test < COMMANDS\n"
    "       v4l2-camera version\n";

struct options {
  struct stream_options stream;
  int64_t rate, count, repeat;
  double seconds;
};

static const struct option OPTIONS[] = {
    {"mode", required_argument, NULL, 'm'},    {"input", required_argument, NULL, 'i'},
    {"buffers", required_argument, NULL, 'b'}, {"quality", required_argument, NULL, 'q'},
    {"raw", no_argument, NULL, 'r'},           {"idle", no_argument, NULL, 'I'},
    {"rate", required_argument, NULL, 'R'},    {"count", required_argument, NULL, 'c'},
    {"repeat", required_argument, NULL, 'n'},  {"seconds", required_argument, NULL, 's'},
    {NULL, 0, NULL, 0},
};

static bool read_number(int64_t least, int64_t most, int64_t *number) { return parse_number(optarg, least, most, number); }

static bool read_option(int option, struct options *options) {
  int64_t number = 0;
  bool sound = true;
  switch (option) {
    case 'm':
      return parse_mode(optarg, &options->stream.mode);
    case 'i':
      sound = read_number(0, 255, &number);
      options->stream.input = (int)number;
      return sound;
    case 'b':
      sound = read_number(3, MAX_BUFFERS, &number);
      options->stream.buffers = (unsigned)number;
      return sound;
    case 'q':
      sound = read_number(1, 100, &number);
      options->stream.quality = (int)number;
      return sound;
    case 'r':
      return options->stream.raw = true;
    case 'I':
      return options->stream.idle = true;
    case 'R':
      return read_number(1, 1000, &options->rate);
    case 'c':
      return read_number(1, INT32_MAX, &options->count);
    case 'n':
      return read_number(1, INT32_MAX, &options->repeat);
    case 's':
      options->seconds = atof(optarg);
      return options->seconds >= 0.1 && options->seconds <= 60;
    default:
      return false;
  }
}

static int usage(void) {
  fputs(USAGE, stderr);
  return EXIT_USAGE;
}

static int encode_command(char **words, int count, const struct options *options) {
  struct mode mode = {0};
  if (count != 2 || !(mode.fourcc = parse_fourcc(words[0])) || !parse_size(words[1], &mode.width, &mode.height)) return usage();
  return encode_test(&mode, options->stream.quality, options->seconds, (long)options->repeat);
}

static int run(const char *command, char **words, int count, struct options *options) {
  if (strcmp(command, "list") == 0) return list_devices(words, count);
  if (strcmp(command, "stream") == 0 && count == 1) {
    options->stream.node = words[0];
    return run_stream(&options->stream);
  }
  if (strcmp(command, "play") == 0 && count == 1) return play(words[0], (long)options->rate, (long)options->count);
  if (strcmp(command, "encode-test") == 0) return encode_command(words, count, options);
  if (strcmp(command, "parse-test") == 0 && count == 0) return parse_test();
  if (strcmp(command, "version") == 0 && count == 0) {
    printf("v4l2-camera 1, %s\n", can_encode() ? "with libjpeg-turbo" : "without a JPEG encoder");
    return 0;
  }
  return usage();
}

int main(int argc, char **argv) {
  struct options options = {
      .stream = {.input = -1, .buffers = 4, .quality = 85}, .rate = 30, .seconds = 1};
  for (int option; (option = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1;) {
    if (!read_option(option, &options)) {
      fprintf(stderr, "An option is unknown or out of range.\n");
      return usage();
    }
  }
  if (optind == argc) return usage();
  return run(argv[optind], argv + optind + 1, argc - optind - 1, &options);
}
