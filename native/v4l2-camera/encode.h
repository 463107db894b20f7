#ifndef ENCODE_H
#define ENCODE_H

#include "pixel-format.h"

/** JPEG encoder with memory that it uses again for each picture. */
struct encoder;

/** Whether this build encodes raw formats. */
bool can_encode(void);

/** NULL in a build without libjpeg. */
struct encoder *open_encoder(void);
void close_encoder(struct encoder *encoder);

/**
 * Encodes one picture. `*jpeg` is the encoder's memory, valid until the next picture.
 *
 * @param quality 1 to 100.
 */
bool encode(struct encoder *encoder, const struct picture *picture, int quality, const uint8_t **jpeg, size_t *bytes,
            struct failure *failure);

#endif
