/*
 * send-to-each: hands the same bytes to many sockets in one call, without waiting.
 *
 *   sendToEach(fds: Int32Array, count, bytes: Uint8Array, taken: Int32Array)
 *
 * After it, taken[i] is how many bytes the kernel took for fds[i]: all, some, or 0 when it took none, for whatever reason.
 * What is left, and every error, is for the caller to find out by writing the rest in the usual way.
 */
#include <errno.h>
#include <stdint.h>
#include <sys/socket.h>

#include <node_api.h>

typedef struct {
    napi_typedarray_type type;
    size_t length; // in elements
    void *data;
} array;

static int read_array(napi_env env, napi_value value, napi_typedarray_type type, array *a) {
    bool is_array = false;
    napi_is_typedarray(env, value, &is_array);
    if (!is_array) return 0;
    return napi_get_typedarray_info(env, value, &a->type, &a->length, &a->data, NULL, NULL) == napi_ok && a->type == type;
}

static int32_t send_now(int fd, const uint8_t *bytes, size_t length) {
    size_t taken = 0;
    while (taken < length) {
        ssize_t n = send(fd, bytes + taken, length - taken, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) break;
        taken += (size_t)n;
    }
    return (int32_t)taken;
}

static napi_value send_to_each(napi_env env, napi_callback_info info) {
    napi_value arguments[4];
    size_t given = 4;
    uint32_t count = 0;
    array fds, bytes, taken;
    napi_get_cb_info(env, info, &given, arguments, NULL, NULL);
    if (given < 4 || !read_array(env, arguments[0], napi_int32_array, &fds) ||
        napi_get_value_uint32(env, arguments[1], &count) != napi_ok ||
        !read_array(env, arguments[2], napi_uint8_array, &bytes) ||
        !read_array(env, arguments[3], napi_int32_array, &taken) || count > fds.length || count > taken.length ||
        bytes.length > INT32_MAX) {
        napi_throw_type_error(env, NULL, "Give an Int32Array of sockets, their count, a Uint8Array, and an Int32Array for the result.");
        return NULL;
    }
    for (uint32_t i = 0; i < count; i++) {
        ((int32_t *)taken.data)[i] = send_now(((const int32_t *)fds.data)[i], bytes.data, bytes.length);
    }
    return NULL;
}

NAPI_MODULE_INIT() {
    const napi_property_descriptor function = {"sendToEach", NULL, send_to_each, NULL, NULL, NULL, napi_enumerable, NULL};
    napi_define_properties(env, exports, 1, &function);
    return exports;
}
