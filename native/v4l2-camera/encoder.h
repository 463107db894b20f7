#ifndef ENCODER_H
#define ENCODER_H

#include <stdio.h>
#include <jpeglib.h>
#include <setjmp.h>

#include "encode.h"

struct encoder {
  struct jpeg_compress_struct jpeg;
  struct jpeg_error_mgr errors;
  struct jpeg_destination_mgr destination;
  jmp_buf on_error;
  struct failure *failure;
  uint8_t *output;
  size_t capacity, length;
  uint8_t *scratch;
  size_t scratch_bytes;
};

/** Memory for `bytes` that lasts until the next picture. */
uint8_t *scratch(struct encoder *encoder, size_t bytes);

#endif
