#ifndef ROWS_H
#define ROWS_H

#include "pixel-format.h"

/** What a row of Y or of U and V is multiplied with and moved by, so that it fills 0 to 255 as JPEG has it. */
struct range {
  int black, scale, offset;
};

extern const struct range FULL_RANGE;
/** 16 to 235, and 16 to 240 about 128: what video has. */
extern const struct range LIMITED_LUMA;
extern const struct range LIMITED_CHROMA;

/** Stretches `count` samples in place; nothing for FULL_RANGE. */
void stretch(uint8_t *samples, size_t count, const struct range *range);

/** Repeats the last of `count` samples up to `padded`. */
void pad(uint8_t *row, size_t count, size_t padded);

/** Takes packed 4:2:2 pixels apart. `width` is of Y. */
void split_422(const struct pixel_format *format, const uint8_t *from, uint32_t width, uint8_t *y, uint8_t *u, uint8_t *v);

/** Takes `pairs` of U and V apart. */
void split_pairs(const uint8_t *from, size_t pairs, uint8_t *first, uint8_t *second);

/** Rows of `bytes` per sample become rows of one byte: the upper 8 bits of 8 + `shift`. */
void narrow(const uint8_t *from, uint32_t width, unsigned bytes, unsigned shift, uint8_t *to);

/**
 * Interpolates one row of a Bayer picture.
 *
 * @param rows The row above, the row and the row below, each with one sample more at either end: rows[i][-1] and
 * rows[i][width] are read.
 * @param colour_column 0 or 1: the first pixel of this row that is red or blue; between them it is green.
 * @param red_row Whether this row's colour is red.
 */
void interpolate_bayer(const uint8_t *const rows[3], uint32_t width, unsigned colour_column, bool red_row, uint8_t *rgb);

#endif
