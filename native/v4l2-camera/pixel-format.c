#include "pixel-format.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define YUV422(f, y, s) {.fourcc = f, .kind = PACKED_422, .bytes = 2, .order = y, .swapped = s}
#define YUV420(f, k, s, m) {.fourcc = f, .kind = k, .bytes = 1, .swapped = s, .separate = m}
#define GREY(f, b, s) {.fourcc = f, .kind = GREY_SAMPLES, .bytes = b, .shift = s}
#define RGB(f, b, o) {.fourcc = f, .kind = RGB_SAMPLES, .bytes = b, .order = o}
#define BAYER(f, b, s, o) {.fourcc = f, .kind = BAYER_SAMPLES, .bytes = b, .shift = s, .order = o}

/** Where red is in a Bayer pattern: bit 0 is its column, bit 1 its row. */
enum { RGGB = 0, GRBG = 1, GBRG = 2, BGGR = 3 };

static const struct pixel_format FORMATS[] = {
    {.fourcc = V4L2_PIX_FMT_MJPEG, .kind = PASSED_JPEG},
    {.fourcc = V4L2_PIX_FMT_JPEG, .kind = PASSED_JPEG},
    YUV422(V4L2_PIX_FMT_YUYV, 0, false),
    YUV422(V4L2_PIX_FMT_YVYU, 0, true),
    YUV422(V4L2_PIX_FMT_UYVY, 1, false),
    YUV422(V4L2_PIX_FMT_VYUY, 1, true),
    YUV420(V4L2_PIX_FMT_NV12, BIPLANAR_420, false, false),
    YUV420(V4L2_PIX_FMT_NV21, BIPLANAR_420, true, false),
    YUV420(V4L2_PIX_FMT_NV12M, BIPLANAR_420, false, true),
    YUV420(V4L2_PIX_FMT_NV21M, BIPLANAR_420, true, true),
    YUV420(V4L2_PIX_FMT_YUV420, PLANAR_420, false, false),
    YUV420(V4L2_PIX_FMT_YVU420, PLANAR_420, true, false),
    YUV420(V4L2_PIX_FMT_YUV420M, PLANAR_420, false, true),
    YUV420(V4L2_PIX_FMT_YVU420M, PLANAR_420, true, true),
    GREY(V4L2_PIX_FMT_GREY, 1, 0),
    GREY(V4L2_PIX_FMT_Y10, 2, 2),
    GREY(V4L2_PIX_FMT_Y12, 2, 4),
    GREY(V4L2_PIX_FMT_Y16, 2, 8),
    RGB(V4L2_PIX_FMT_RGB24, 3, ORDER_RGB),
    RGB(V4L2_PIX_FMT_BGR24, 3, ORDER_BGR),
    RGB(V4L2_PIX_FMT_XBGR32, 4, ORDER_BGRX),
    RGB(V4L2_PIX_FMT_ABGR32, 4, ORDER_BGRX),
    RGB(V4L2_PIX_FMT_XRGB32, 4, ORDER_XRGB),
    RGB(V4L2_PIX_FMT_ARGB32, 4, ORDER_XRGB),
    RGB(V4L2_PIX_FMT_RGBX32, 4, ORDER_RGBX),
    RGB(V4L2_PIX_FMT_RGBA32, 4, ORDER_RGBX),
    BAYER(V4L2_PIX_FMT_SRGGB8, 1, 0, RGGB),
    BAYER(V4L2_PIX_FMT_SGRBG8, 1, 0, GRBG),
    BAYER(V4L2_PIX_FMT_SGBRG8, 1, 0, GBRG),
    BAYER(V4L2_PIX_FMT_SBGGR8, 1, 0, BGGR),
    BAYER(V4L2_PIX_FMT_SRGGB10, 2, 2, RGGB),
    BAYER(V4L2_PIX_FMT_SGRBG10, 2, 2, GRBG),
    BAYER(V4L2_PIX_FMT_SGBRG10, 2, 2, GBRG),
    BAYER(V4L2_PIX_FMT_SBGGR10, 2, 2, BGGR),
    BAYER(V4L2_PIX_FMT_SRGGB12, 2, 4, RGGB),
    BAYER(V4L2_PIX_FMT_SGRBG12, 2, 4, GRBG),
    BAYER(V4L2_PIX_FMT_SGBRG12, 2, 4, GBRG),
    BAYER(V4L2_PIX_FMT_SBGGR12, 2, 4, BGGR),
    BAYER(V4L2_PIX_FMT_SRGGB16, 2, 8, RGGB),
    BAYER(V4L2_PIX_FMT_SGRBG16, 2, 8, GRBG),
    BAYER(V4L2_PIX_FMT_SGBRG16, 2, 8, GBRG),
    BAYER(V4L2_PIX_FMT_SBGGR16, 2, 8, BGGR),
};

const struct pixel_format *find_pixel_format(uint32_t fourcc) {
  for (size_t i = 0; i < sizeof FORMATS / sizeof *FORMATS; i++) {
    if (FORMATS[i].fourcc == fourcc) return &FORMATS[i];
  }
  return NULL;
}

const char *payload_name(uint32_t fourcc, bool hand_on_raw) {
  const struct pixel_format *known = find_pixel_format(fourcc);
  if (known && known->kind == PASSED_JPEG) return "jpeg";
  return known && !hand_on_raw ? "encoded" : "raw";
}

static unsigned sample_planes(const struct pixel_format *known) {
  return known->kind == PLANAR_420 ? 3 : known->kind == BIPLANAR_420 ? 2 : 1;
}

/** Bytes per line of a plane of samples, whether or not it has memory of its own. */
static size_t line_of(const struct pixel_format *known, const struct frame_format *format, unsigned plane) {
  if (known->separate || plane == 0) return format->stride[plane];
  return known->kind == PLANAR_420 ? format->stride[0] / 2 : format->stride[0];
}

static size_t rows_of(const struct frame_format *format, unsigned plane) {
  return plane == 0 ? format->height : (format->height + 1) / 2;
}

/** More than a size_t holds on 32 bits, if a driver says so. */
static uint64_t samples_bytes(const struct pixel_format *known, const struct frame_format *format, unsigned plane) {
  return (uint64_t)line_of(known, format, plane) * rows_of(format, plane);
}

/** Bytes that the pixels of a line take up. */
static size_t line_needs(const struct pixel_format *known, uint32_t width, unsigned plane) {
  const size_t pairs = (width + 1) / 2;
  if (known->kind == PACKED_422) return pairs * 4;
  if (plane == 0) return (size_t)width * known->bytes;
  return known->kind == PLANAR_420 ? pairs : pairs * 2;
}

uint64_t plane_bytes(const struct pixel_format *known, const struct frame_format *format, unsigned plane) {
  if (!known || known->kind == PASSED_JPEG) return 0;
  if (known->separate) return samples_bytes(known, format, plane);
  uint64_t total = 0;
  for (unsigned i = 0; i < sample_planes(known); i++) total += samples_bytes(known, format, i);
  return total;
}

bool lay_picture(struct picture *picture, const struct frame_format *format, const uint8_t *const *memory,
                 const size_t *length, struct failure *failure) {
  const struct pixel_format *known = find_pixel_format(format->fourcc);
  if (!known || known->kind == PASSED_JPEG) return fail(failure, "encode", EINVAL, "This format is not encoded.");
  *picture = (struct picture){
      .format = known, .width = format->width, .height = format->height, .full_range = format->full_range};
  size_t offset = 0;
  for (unsigned plane = 0; plane < sample_planes(known); plane++) {
    const unsigned from = known->separate ? plane : 0;
    const size_t line = line_of(known, format, plane);
    const uint64_t needed = samples_bytes(known, format, plane);
    if (from >= format->planes || line < line_needs(known, format->width, plane) || needed > length[from] - offset) {
      return fail(failure, "buffer", EINVAL, "The driver's memory for plane %u is smaller than %ux%u pixels of %s.", plane,
                  format->width, format->height, fourcc_text(format->fourcc).text);
    }
    picture->plane[plane] = memory[from] + offset;
    picture->stride[plane] = line;
    if (!known->separate) offset += (size_t)needed;
  }
  return true;
}

struct fourcc_text fourcc_text(uint32_t fourcc) {
  struct fourcc_text result = {{0}};
  unsigned last = 4;
  while (last > 1 && ((fourcc >> (8 * (last - 1))) & 0xff) == ' ') last--;
  for (unsigned i = 0, at = 0; i < last; i++) {
    const unsigned character = (fourcc >> (8 * i)) & 0xff;
    at += (unsigned)snprintf(result.text + at, sizeof result.text - at,
                             character < 0x80 && isalnum((int)character) ? "%c" : "%%%02X", character);
  }
  return result;
}

uint32_t parse_fourcc(const char *text) {
  uint8_t characters[4] = {' ', ' ', ' ', ' '};
  unsigned count = 0;
  while (*text && count < 4) {
    unsigned value = (uint8_t)*text++;
    if (value == '%') {
      if (!isxdigit((uint8_t)text[0]) || !isxdigit((uint8_t)text[1])) return 0;
      sscanf(text, "%2x", &value);
      text += 2;
    } else if (!isalnum((int)value)) {
      return 0;
    }
    characters[count++] = (uint8_t)value;
  }
  if (count == 0 || *text) return 0;
  return v4l2_fourcc((uint32_t)characters[0], (uint32_t)characters[1], (uint32_t)characters[2], (uint32_t)characters[3]);
}
