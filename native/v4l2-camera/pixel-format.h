#ifndef PIXEL_FORMAT_H
#define PIXEL_FORMAT_H

#include <linux/videodev2.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "failure.h"

enum { MAX_PLANES = 3, MAX_SIDE = 32768, MAX_FRAME_BYTES = 256 * 1024 * 1024 };

enum pixel_kind {
  PASSED_JPEG,
  PACKED_422,  // Y, U and V of two pixels in four bytes
  BIPLANAR_420,  // Y, then U and V side by side
  PLANAR_420,
  GREY_SAMPLES,
  RGB_SAMPLES,
  BAYER_SAMPLES,
};

/** Order of the samples of an RGB pixel in memory. */
enum rgb_order { ORDER_RGB, ORDER_BGR, ORDER_RGBX, ORDER_BGRX, ORDER_XRGB };

/** A pixel format that the program knows. */
struct pixel_format {
  uint32_t fourcc;
  enum pixel_kind kind;
  uint8_t bytes;  // of a pixel in the first plane
  uint8_t shift;  // grey and Bayer: bits above 8
  bool swapped;  // V before U
  uint8_t order;  // packed 4:2:2: where Y begins; RGB: an rgb_order; Bayer: column (bit 0) and row (bit 1) of the first red pixel
  bool separate;  // each plane has memory of its own
};

/** What a device delivers, as it last said. Sizes are checked. */
struct frame_format {
  uint32_t fourcc, width, height;
  uint32_t field, colorspace;
  uint32_t planes;
  uint32_t stride[MAX_PLANES];
  uint32_t size[MAX_PLANES];
  struct v4l2_fract interval;
  bool full_range;
};

/** Where the samples of a raw picture lie. */
struct picture {
  const struct pixel_format *format;
  uint32_t width, height;
  bool full_range;
  const uint8_t *plane[MAX_PLANES];
  size_t stride[MAX_PLANES];
};

/** NULL for a format that is handed on as it is. */
const struct pixel_format *find_pixel_format(uint32_t fourcc);

/** "jpeg", "encoded" or "raw": what the payload of such frames is. */
const char *payload_name(uint32_t fourcc, bool hand_on_raw);

/** Bytes of one memory plane that a whole picture needs; 0 for one that is compressed or unknown. */
uint64_t plane_bytes(const struct pixel_format *known, const struct frame_format *format, unsigned plane);

/**
 * Lays a picture over the memory planes of a frame, `length` bytes each.
 * Fails if a plane is shorter than the format needs, or a line than its pixels.
 */
bool lay_picture(struct picture *picture, const struct frame_format *format, const uint8_t *const *memory,
                 const size_t *length, struct failure *failure);

/** The four characters of a format, without trailing spaces, others than letters and digits as %20. */
struct fourcc_text {
  char text[16];
};
struct fourcc_text fourcc_text(uint32_t fourcc);

/** Reads what fourcc_text writes; 0 if it is none. */
uint32_t parse_fourcc(const char *text);

#endif
