#include "rows.h"

#include <stddef.h>
#include <string.h>

const struct range FULL_RANGE = {0, 256, 0};
const struct range LIMITED_LUMA = {16, 298, 0};  // 255 / 219
const struct range LIMITED_CHROMA = {128, 291, 128};  // 255 / 224

void stretch(uint8_t *samples, size_t count, const struct range *range) {
  if (range->scale == 256) return;
  const int black = range->black, scale = range->scale, offset = range->offset;
  for (size_t i = 0; i < count; i++) {
    const int value = (((samples[i] - black) * scale + 128) >> 8) + offset;
    samples[i] = (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
  }
}

void pad(uint8_t *row, size_t count, size_t padded) {
  if (padded > count) memset(row + count, row[count - 1], padded - count);
}

void split_422(const struct pixel_format *format, const uint8_t *restrict from, uint32_t width, uint8_t *restrict y,
               uint8_t *restrict u, uint8_t *restrict v) {
  const size_t pairs = (width + 1) / 2;
  uint8_t *restrict first = format->swapped ? v : u;
  uint8_t *restrict second = format->swapped ? u : v;
  if (format->order == 0) {
    for (size_t i = 0; i < pairs; i++) {
      y[2 * i] = from[4 * i];
      first[i] = from[4 * i + 1];
      y[2 * i + 1] = from[4 * i + 2];
      second[i] = from[4 * i + 3];
    }
  } else {
    for (size_t i = 0; i < pairs; i++) {
      first[i] = from[4 * i];
      y[2 * i] = from[4 * i + 1];
      second[i] = from[4 * i + 2];
      y[2 * i + 1] = from[4 * i + 3];
    }
  }
}

void split_pairs(const uint8_t *restrict from, size_t pairs, uint8_t *restrict first, uint8_t *restrict second) {
  for (size_t i = 0; i < pairs; i++) {
    first[i] = from[2 * i];
    second[i] = from[2 * i + 1];
  }
}

void narrow(const uint8_t *restrict from, uint32_t width, unsigned bytes, unsigned shift, uint8_t *restrict to) {
  if (bytes == 1) {
    memcpy(to, from, width);
    return;
  }
  const unsigned largest = 255u << shift | ((1u << shift) - 1);
  for (uint32_t x = 0; x < width; x++) {
    const unsigned value = from[2 * x] | (unsigned)from[2 * x + 1] << 8;
    // A driver may leave rubbish in bits that the format does not have.
    to[x] = (uint8_t)((value > largest ? largest : value) >> shift);
  }
}

static uint8_t mean2(unsigned a, unsigned b) { return (uint8_t)((a + b + 1) / 2); }

static uint8_t mean4(unsigned a, unsigned b, unsigned c, unsigned d) { return (uint8_t)((a + b + c + d + 2) / 4); }

/** The samples about column x: green comes from the sides, or is there; the row's own colour; the other rows' colour. */
static void at_colour(const uint8_t *const rows[3], ptrdiff_t x, uint8_t *own, uint8_t *green, uint8_t *other) {
  *own = rows[1][x];
  *green = mean4(rows[0][x], rows[2][x], rows[1][x - 1], rows[1][x + 1]);
  *other = mean4(rows[0][x - 1], rows[0][x + 1], rows[2][x - 1], rows[2][x + 1]);
}

static void at_green(const uint8_t *const rows[3], ptrdiff_t x, uint8_t *own, uint8_t *green, uint8_t *other) {
  *own = mean2(rows[1][x - 1], rows[1][x + 1]);
  *green = rows[1][x];
  *other = mean2(rows[0][x], rows[2][x]);
}

void interpolate_bayer(const uint8_t *const rows[3], uint32_t width, unsigned colour_column, bool red_row, uint8_t *rgb) {
  const unsigned own = red_row ? 0 : 2, other = red_row ? 2 : 0;
  for (ptrdiff_t x = colour_column; x < width; x += 2) {
    at_colour(rows, x, &rgb[3 * x + own], &rgb[3 * x + 1], &rgb[3 * x + other]);
  }
  for (ptrdiff_t x = 1 - (ptrdiff_t)colour_column; x < width; x += 2) {
    at_green(rows, x, &rgb[3 * x + own], &rgb[3 * x + 1], &rgb[3 * x + other]);
  }
}
