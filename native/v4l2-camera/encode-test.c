#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "encode.h"
#include "self-test.h"

/** Strides and sizes of a picture without padding. */
static struct frame_format packed_format(const struct mode *mode, const struct pixel_format *known) {
  struct frame_format format = {.fourcc = mode->fourcc, .width = mode->width, .height = mode->height, .planes = 1, .full_range = true};
  const uint32_t pairs = (mode->width + 1) / 2;
  const bool planar = known->kind == PLANAR_420 || known->kind == BIPLANAR_420;
  format.stride[0] = known->kind == PACKED_422 ? pairs * 4 : planar ? pairs * 2 : mode->width * known->bytes;
  if (known->separate) {
    format.planes = known->kind == PLANAR_420 ? 3 : 2;
    format.stride[1] = format.stride[2] = known->kind == PLANAR_420 ? pairs : pairs * 2;
  }
  for (unsigned i = 0; i < format.planes; i++) format.size[i] = (uint32_t)plane_bytes(known, &format, i);
  return format;
}

static double cpu_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static int complain(const char *sentence) {
  fprintf(stderr, "%s\n", sentence);
  return 1;
}

static int encode_repeatedly(const struct picture *picture, int quality, double seconds, long repeat) {
  struct failure failure;
  const uint8_t *jpeg = NULL;
  size_t bytes = 0;
  struct encoder *encoder = open_encoder();
  const int64_t begin = monotonic_ns();
  const double cpu_begin = cpu_ms();
  long count = 0;
  do {
    if (!encode(encoder, picture, quality, &jpeg, &bytes, &failure)) return complain(failure.message);
    count++;
  } while (repeat ? count < repeat : (double)(monotonic_ns() - begin) < seconds * 1e9);
  const double cpu = cpu_ms() - cpu_begin, ms = (double)(monotonic_ns() - begin) / 1e6;
  const bool written = fwrite(jpeg, 1, bytes, stdout) == bytes && fflush(stdout) == 0;
  fprintf(stderr, "{\"count\":%ld,\"ms\":%.4f,\"cpu_ms\":%.4f,\"bytes\":%zu}\n", count, ms / (double)count,
          cpu / (double)count, bytes);
  close_encoder(encoder);
  return written ? 0 : 1;
}

int encode_test(const struct mode *mode, int quality, double seconds, long repeat) {
  const struct pixel_format *known = find_pixel_format(mode->fourcc);
  if (!known || known->kind == PASSED_JPEG) return complain("This pixel format is not encoded.");
  if (!can_encode()) return complain("This build has no JPEG encoder.");
  const struct frame_format format = packed_format(mode, known);
  uint8_t *memory[MAX_PLANES] = {0};
  size_t length[MAX_PLANES] = {0};
  struct failure failure;
  struct picture picture;
  for (unsigned i = 0; i < format.planes; i++) {
    length[i] = format.size[i];
    memory[i] = malloc(length[i]);
    if (!memory[i] || fread(memory[i], 1, length[i], stdin) != length[i]) return complain("Stdin has fewer pixels than the picture.");
  }
  if (!lay_picture(&picture, &format, (const uint8_t *const *)memory, length, &failure)) return complain(failure.message);
  const int code = encode_repeatedly(&picture, quality, seconds, repeat);
  for (unsigned i = 0; i < format.planes; i++) free(memory[i]);
  return code;
}
