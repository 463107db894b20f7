#ifdef WITH_JPEG

#include "encode.h"

#include <errno.h>

#include "encoder.h"
#include "rows.h"

enum { MCU_ROWS = 16 };

static void begin(j_compress_ptr jpeg, const struct picture *picture, J_COLOR_SPACE space, int components, int quality) {
  jpeg->image_width = picture->width;
  jpeg->image_height = picture->height;
  jpeg->input_components = components;
  jpeg->in_color_space = space;
  jpeg_set_defaults(jpeg);
  jpeg_set_quality(jpeg, quality, TRUE);
  // As TurboJPEG chooses: the faster transform loses nothing that a quality below 96 keeps.
  jpeg->dct_method = quality >= 96 ? JDCT_ISLOW : JDCT_IFAST;
}

/** A component's rows of one strip. The last row and column of the picture are repeated. */
struct strip {
  JSAMPROW rows[3][MCU_ROWS];
  size_t width[3];
};

static struct strip strip_memory(struct encoder *encoder, uint32_t width) {
  const size_t padded = ((size_t)width + 15) / 16 * 16;
  struct strip strip = {.width = {padded, padded / 2, padded / 2}};
  uint8_t *memory = scratch(encoder, padded * 2 * MCU_ROWS);
  for (unsigned component = 0; component < 3; component++) {
    for (unsigned row = 0; row < MCU_ROWS; row++, memory += strip.width[component]) strip.rows[component][row] = memory;
  }
  return strip;
}

static size_t lesser(size_t a, size_t b) { return a < b ? a : b; }

static void finish_row(uint8_t *row, size_t count, size_t padded, const struct range *range) {
  stretch(row, count, range);
  pad(row, count, padded);
}

static void load_422(const struct picture *picture, size_t first, const struct strip *strip) {
  const bool full = picture->full_range;
  for (unsigned i = 0; i < 8; i++) {
    const uint8_t *line = picture->plane[0] + picture->stride[0] * lesser(first + i, picture->height - 1);
    uint8_t *y = strip->rows[0][i], *u = strip->rows[1][i], *v = strip->rows[2][i];
    split_422(picture->format, line, picture->width, y, u, v);
    const size_t pairs = (picture->width + 1) / 2;
    finish_row(y, picture->width, strip->width[0], full ? &FULL_RANGE : &LIMITED_LUMA);
    finish_row(u, pairs, strip->width[1], full ? &FULL_RANGE : &LIMITED_CHROMA);
    finish_row(v, pairs, strip->width[2], full ? &FULL_RANGE : &LIMITED_CHROMA);
  }
}

static const uint8_t *line_of(const struct picture *picture, unsigned plane, size_t row) {
  return picture->plane[plane] + picture->stride[plane] * row;
}

static void load_420(const struct picture *picture, size_t first, const struct strip *strip) {
  const bool full = picture->full_range;
  const size_t pairs = (picture->width + 1) / 2;
  for (unsigned i = 0; i < MCU_ROWS; i++) {
    const uint8_t *line = line_of(picture, 0, lesser(first + i, picture->height - 1));
    narrow(line, picture->width, 1, 0, strip->rows[0][i]);
    finish_row(strip->rows[0][i], picture->width, strip->width[0], full ? &FULL_RANGE : &LIMITED_LUMA);
  }
  for (unsigned i = 0; i < MCU_ROWS / 2; i++) {
    const size_t row = lesser(first / 2 + i, (picture->height + 1) / 2 - 1);
    uint8_t *u = strip->rows[picture->format->swapped ? 2 : 1][i], *v = strip->rows[picture->format->swapped ? 1 : 2][i];
    if (picture->format->kind == BIPLANAR_420) {
      split_pairs(line_of(picture, 1, row), pairs, u, v);
    } else {
      narrow(line_of(picture, 1, row), (uint32_t)pairs, 1, 0, u);
      narrow(line_of(picture, 2, row), (uint32_t)pairs, 1, 0, v);
    }
    finish_row(u, pairs, strip->width[1], full ? &FULL_RANGE : &LIMITED_CHROMA);
    finish_row(v, pairs, strip->width[2], full ? &FULL_RANGE : &LIMITED_CHROMA);
  }
}

static void encode_planes(struct encoder *encoder, const struct picture *picture, int quality) {
  j_compress_ptr jpeg = &encoder->jpeg;
  const bool packed = picture->format->kind == PACKED_422;
  begin(jpeg, picture, JCS_YCbCr, 3, quality);
  jpeg->raw_data_in = TRUE;
  jpeg->comp_info[0].h_samp_factor = 2;
  jpeg->comp_info[0].v_samp_factor = packed ? 1 : 2;
  struct strip strip = strip_memory(encoder, picture->width);
  JSAMPIMAGE components = (JSAMPARRAY[]){strip.rows[0], strip.rows[1], strip.rows[2]};
  const unsigned rows = packed ? 8 : MCU_ROWS;
  jpeg_start_compress(jpeg, TRUE);
  while (jpeg->next_scanline < jpeg->image_height) {
    if (packed) {
      load_422(picture, jpeg->next_scanline, &strip);
    } else {
      load_420(picture, jpeg->next_scanline, &strip);
    }
    jpeg_write_raw_data(jpeg, components, rows);
  }
}

static void encode_grey(struct encoder *encoder, const struct picture *picture, int quality) {
  begin(&encoder->jpeg, picture, JCS_GRAYSCALE, 1, quality);
  JSAMPROW row = scratch(encoder, picture->width);
  jpeg_start_compress(&encoder->jpeg, TRUE);
  for (size_t y = 0; y < picture->height; y++) {
    narrow(line_of(picture, 0, y), picture->width, picture->format->bytes, picture->format->shift, row);
    jpeg_write_scanlines(&encoder->jpeg, &row, 1);
  }
}

static void encode_rgb(struct encoder *encoder, const struct picture *picture, int quality) {
  static const J_COLOR_SPACE SPACES[] = {
      [ORDER_RGB] = JCS_EXT_RGB,   [ORDER_BGR] = JCS_EXT_BGR,   [ORDER_RGBX] = JCS_EXT_RGBX,
      [ORDER_BGRX] = JCS_EXT_BGRX, [ORDER_XRGB] = JCS_EXT_XRGB,
  };
  begin(&encoder->jpeg, picture, SPACES[picture->format->order], picture->format->bytes, quality);
  jpeg_start_compress(&encoder->jpeg, TRUE);
  for (size_t y = 0; y < picture->height; y++) {
    JSAMPROW row = (JSAMPROW)line_of(picture, 0, y);
    jpeg_write_scanlines(&encoder->jpeg, &row, 1);
  }
}

/** A row with one mirrored sample more at either end, so that the colours alternate beyond the edge, too. */
static void load_bayer(const struct picture *picture, size_t y, uint8_t *row) {
  const uint32_t width = picture->width;
  narrow(line_of(picture, 0, y), width, picture->format->bytes, picture->format->shift, row);
  row[-1] = row[width > 1 ? 1 : 0];
  row[width] = row[width > 1 ? width - 2 : 0];
}

static void encode_bayer(struct encoder *encoder, const struct picture *picture, int quality) {
  const size_t line = (size_t)picture->width + 2;
  uint8_t *memory = scratch(encoder, line * 3 + (size_t)picture->width * 3);
  JSAMPROW rgb = memory + line * 3;
  begin(&encoder->jpeg, picture, JCS_RGB, 3, quality);
  jpeg_start_compress(&encoder->jpeg, TRUE);
  const size_t last = picture->height - 1, beyond = last > 0 ? last - 1 : 0;
  uint8_t *above = memory + 1, *row = above + line, *below = row + line;
  load_bayer(picture, last > 0 ? 1 : 0, above);
  load_bayer(picture, 0, row);
  for (size_t y = 0; y <= last; y++) {
    load_bayer(picture, y < last ? y + 1 : beyond, below);
    const bool red_row = (y & 1) == picture->format->order >> 1;
    const unsigned column = red_row ? picture->format->order & 1 : 1 - (picture->format->order & 1);
    interpolate_bayer((const uint8_t *const[]){above, row, below}, picture->width, column, red_row, rgb);
    jpeg_write_scanlines(&encoder->jpeg, &rgb, 1);
    uint8_t *oldest = above;
    above = row, row = below, below = oldest;
  }
}

bool encode(struct encoder *encoder, const struct picture *picture, int quality, const uint8_t **jpeg, size_t *bytes,
            struct failure *failure) {
  encoder->failure = failure;
  if (setjmp(encoder->on_error)) {
    jpeg_abort_compress(&encoder->jpeg);
    return false;
  }
  switch (picture->format->kind) {
    case PACKED_422:
    case BIPLANAR_420:
    case PLANAR_420:
      encode_planes(encoder, picture, quality);
      break;
    case GREY_SAMPLES:
      encode_grey(encoder, picture, quality);
      break;
    case RGB_SAMPLES:
      encode_rgb(encoder, picture, quality);
      break;
    case BAYER_SAMPLES:
      encode_bayer(encoder, picture, quality);
      break;
    case PASSED_JPEG:
      return fail(failure, "encode", EINVAL, "A JPEG is not encoded again.");
  }
  jpeg_finish_compress(&encoder->jpeg);
  *jpeg = encoder->output;
  *bytes = encoder->length;
  return true;
}

#endif
