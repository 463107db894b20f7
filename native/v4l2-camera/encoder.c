#ifdef WITH_JPEG

#include "encoder.h"

#include <errno.h>
#include <stdlib.h>

enum { FIRST_BYTES = 64 * 1024 };

bool can_encode(void) { return true; }

static struct encoder *encoder_of(j_common_ptr jpeg) { return jpeg->client_data; }

static void leave(j_common_ptr jpeg) {
  char text[JMSG_LENGTH_MAX];
  jpeg->err->format_message(jpeg, text);
  fail(encoder_of(jpeg)->failure, "encode", EINVAL, "%s", text);
  longjmp(encoder_of(jpeg)->on_error, 1);
}

static void say_nothing(j_common_ptr jpeg) { (void)jpeg; }

static void give_memory(j_compress_ptr jpeg) {
  struct encoder *encoder = encoder_of((j_common_ptr)jpeg);
  jpeg->dest->next_output_byte = encoder->output;
  jpeg->dest->free_in_buffer = encoder->capacity;
}

static boolean grow(j_compress_ptr jpeg) {
  struct encoder *encoder = encoder_of((j_common_ptr)jpeg);
  const size_t filled = encoder->capacity;
  uint8_t *larger = filled <= MAX_FRAME_BYTES / 2 ? realloc(encoder->output, filled * 2) : NULL;
  if (!larger) {
    fail(encoder->failure, "encode", ENOMEM, "There is no memory for a JPEG of more than %zu bytes.", filled);
    longjmp(encoder->on_error, 1);
  }
  encoder->output = larger;
  encoder->capacity = filled * 2;
  jpeg->dest->next_output_byte = larger + filled;
  jpeg->dest->free_in_buffer = filled;
  return TRUE;
}

static void measure(j_compress_ptr jpeg) {
  struct encoder *encoder = encoder_of((j_common_ptr)jpeg);
  encoder->length = encoder->capacity - jpeg->dest->free_in_buffer;
}

struct encoder *open_encoder(void) {
  struct encoder *encoder = calloc(1, sizeof *encoder);
  if (!encoder || !(encoder->output = malloc(FIRST_BYTES))) abort();
  encoder->capacity = FIRST_BYTES;
  encoder->jpeg.err = jpeg_std_error(&encoder->errors);
  encoder->errors.error_exit = leave;
  encoder->errors.output_message = say_nothing;
  jpeg_create_compress(&encoder->jpeg);
  encoder->jpeg.client_data = encoder;
  encoder->destination = (struct jpeg_destination_mgr){
      .init_destination = give_memory, .empty_output_buffer = grow, .term_destination = measure};
  encoder->jpeg.dest = &encoder->destination;
  return encoder;
}

void close_encoder(struct encoder *encoder) {
  if (!encoder) return;
  jpeg_destroy_compress(&encoder->jpeg);
  free(encoder->output);
  free(encoder->scratch);
  free(encoder);
}

uint8_t *scratch(struct encoder *encoder, size_t bytes) {
  if (bytes > encoder->scratch_bytes) {
    free(encoder->scratch);
    encoder->scratch = calloc(1, bytes);
    if (!encoder->scratch) abort();
    encoder->scratch_bytes = bytes;
  }
  return encoder->scratch;
}

#else

#include "encode.h"

#include <errno.h>

bool can_encode(void) { return false; }

struct encoder *open_encoder(void) { return NULL; }

void close_encoder(struct encoder *encoder) { (void)encoder; }

bool encode(struct encoder *encoder, const struct picture *picture, int quality, const uint8_t **jpeg, size_t *bytes,
            struct failure *failure) {
  (void)encoder, (void)picture, (void)quality, (void)jpeg, (void)bytes;
  return fail(failure, "encode", ENOSYS, "This build has no JPEG encoder.");
}

#endif
