/*
 * crc32: the CRC-32 of zlib and PNG, by the instructions that processors have for it. Node's own zlib.crc32 of version 20 uses tables.
 *
 *   crc32(bytes: Uint8Array, before: number): number
 *
 * `before` is the result for the bytes that stand before these, or 0. Not exported where the processor has no such instructions.
 */
#include <stdint.h>
#include <string.h>

#include <node_api.h>

enum { POLYNOMIAL = 0xedb88320 };

/** A byte at a time: what is left over. `crc` is inverted, here and below. */
static uint32_t by_bytes(const uint8_t *at, size_t length, uint32_t crc) {
    while (length--) {
        crc ^= *at++;
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? (uint32_t)POLYNOMIAL : 0);
    }
    return crc;
}

#if defined(__x86_64__)
#include <immintrin.h>

enum { LANE = 16, FOLDED = 4 * LANE };

static int is_supported(void) {
    return __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1");
}

#define CLMUL __attribute__((target("pclmul,sse4.1")))

/** Carries 128 bits over as far as the powers of x in `k` say, onto `next`. */
CLMUL static inline __m128i folded(__m128i x, __m128i k, __m128i next) {
    __m128i low = _mm_clmulepi64_si128(x, k, 0x00), high = _mm_clmulepi64_si128(x, k, 0x11);
    return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

CLMUL static inline __m128i load(const uint8_t *at) {
    return _mm_loadu_si128((const __m128i *)at);
}

/**
 * Folds 64 bytes onto the next 64, then these onto 16, and reduces them to 32 bits.
 * @see Gopal et al., Fast CRC Computation for Generic Polynomials Using PCLMULQDQ Instruction, Intel 2009, for reflected bits.
 */
CLMUL static uint32_t by_instructions(const uint8_t *at, size_t length, uint32_t crc) {
    if (length < FOLDED) return by_bytes(at, length, crc);
    const __m128i over_64 = _mm_set_epi64x(0x1c6e41596, 0x154442bd4);
    const __m128i over_16 = _mm_set_epi64x(0x0ccaa009e, 0x1751997d0);
    const __m128i over_4 = _mm_set_epi64x(0, 0x163cd6124);
    const __m128i barrett = _mm_set_epi64x(0x1f7011641, 0x1db710641);
    const __m128i low_words = _mm_setr_epi32(~0, 0, ~0, 0);
    __m128i x[4];
    for (int n = 0; n < 4; n++) x[n] = load(at + n * LANE);
    x[0] = _mm_xor_si128(x[0], _mm_cvtsi32_si128((int)crc));
    for (at += FOLDED, length -= FOLDED; length >= FOLDED; at += FOLDED, length -= FOLDED) {
        x[0] = folded(x[0], over_64, load(at));
        x[1] = folded(x[1], over_64, load(at + LANE));
        x[2] = folded(x[2], over_64, load(at + 2 * LANE));
        x[3] = folded(x[3], over_64, load(at + 3 * LANE));
    }
    __m128i one = x[0];
    for (int n = 1; n < 4; n++) one = folded(one, over_16, x[n]);
    for (; length >= LANE; at += LANE, length -= LANE) one = folded(one, over_16, load(at));
    one = _mm_xor_si128(_mm_srli_si128(one, 8), _mm_clmulepi64_si128(one, over_16, 0x10));
    __m128i top = _mm_srli_si128(one, 4);
    one = _mm_xor_si128(_mm_clmulepi64_si128(_mm_and_si128(one, low_words), over_4, 0x00), top);
    __m128i quotient = _mm_clmulepi64_si128(_mm_and_si128(one, low_words), barrett, 0x10);
    __m128i product = _mm_clmulepi64_si128(_mm_and_si128(quotient, low_words), barrett, 0x00);
    crc = (uint32_t)_mm_extract_epi32(_mm_xor_si128(one, product), 1);
    return by_bytes(at, length, crc);
}

#elif defined(__aarch64__)
#include <sys/auxv.h>

#ifndef HWCAP_CRC32
#define HWCAP_CRC32 (1 << 7)
#endif

static int is_supported(void) {
    return (getauxval(AT_HWCAP) & HWCAP_CRC32) != 0;
}

#pragma GCC push_options
#pragma GCC target("+crc")
#include <arm_acle.h>

static uint32_t by_instructions(const uint8_t *at, size_t length, uint32_t crc) {
    for (uint64_t eight; length >= sizeof eight; at += sizeof eight, length -= sizeof eight) {
        memcpy(&eight, at, sizeof eight);
        crc = __crc32d(crc, eight);
    }
    return by_bytes(at, length, crc);
}
#pragma GCC pop_options

#else
static int is_supported(void) {
    return 0;
}
#define by_instructions by_bytes
#endif

static napi_value crc32(napi_env env, napi_callback_info info) {
    napi_value arguments[2], result;
    size_t given = 2, length = 0;
    napi_typedarray_type type = napi_int8_array;
    void *bytes = NULL;
    uint32_t before = 0;
    napi_get_cb_info(env, info, &given, arguments, NULL, NULL);
    if (given < 2 || napi_get_typedarray_info(env, arguments[0], &type, &length, &bytes, NULL, NULL) != napi_ok ||
        type != napi_uint8_array || napi_get_value_uint32(env, arguments[1], &before) != napi_ok) {
        napi_throw_type_error(env, NULL, "Give a Uint8Array, and the CRC of the bytes before it, or 0.");
        return NULL;
    }
    napi_create_uint32(env, ~by_instructions(bytes, length, ~before), &result);
    return result;
}

NAPI_MODULE_INIT() {
    const napi_property_descriptor function = {"crc32", NULL, crc32, NULL, NULL, NULL, napi_enumerable, NULL};
    if (is_supported() && napi_define_properties(env, exports, 1, &function) != napi_ok) return NULL;
    return exports;
}
