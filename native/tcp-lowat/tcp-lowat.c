/*
 * tcp-lowat: how much data a TCP socket may hold that it has not sent yet (TCP_NOTSENT_LOWAT, Linux).
 *
 * Node has no call for this option. Set on a listener it is inherited by every socket accepted from it.
 *
 *   setNotSentLowWater(fd, bytes)   throws with the system's sentence when the socket refuses
 *   getNotSentLowWater(fd)          bytes; 0 where nothing was set
 *   unsentBytes(fd)                 bytes that lie in the send buffer and have not been sent yet
 */
#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <node_api.h>

enum { MAX_ARGUMENTS = 2 };

/* Reads `count` integers from the call; 0 after it has thrown. */
static int read_integers(napi_env env, napi_callback_info info, size_t count, int32_t *values) {
    napi_value arguments[MAX_ARGUMENTS];
    size_t given = MAX_ARGUMENTS;
    if (napi_get_cb_info(env, info, &given, arguments, NULL, NULL) != napi_ok || given < count) {
        napi_throw_type_error(env, NULL, count == 1 ? "Give the file descriptor of a socket."
                                                    : "Give the file descriptor of a socket and a number of bytes.");
        return 0;
    }
    for (size_t i = 0; i < count; i++) {
        if (napi_get_value_int32(env, arguments[i], &values[i]) != napi_ok) {
            napi_throw_type_error(env, NULL, "A file descriptor and a number of bytes are integers.");
            return 0;
        }
    }
    return 1;
}

static napi_value throw_errno(napi_env env) {
    napi_throw_error(env, NULL, strerror(errno));
    return NULL;
}

static napi_value integer(napi_env env, int32_t value) {
    napi_value result = NULL;
    napi_create_int32(env, value, &result);
    return result;
}

static napi_value set_not_sent_low_water(napi_env env, napi_callback_info info) {
    int32_t values[2];
    if (!read_integers(env, info, 2, values)) return NULL;
    if (setsockopt(values[0], IPPROTO_TCP, TCP_NOTSENT_LOWAT, &values[1], sizeof values[1])) return throw_errno(env);
    return NULL;
}

static napi_value get_not_sent_low_water(napi_env env, napi_callback_info info) {
    int32_t fd, bytes = 0;
    socklen_t size = sizeof bytes;
    if (!read_integers(env, info, 1, &fd)) return NULL;
    if (getsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &bytes, &size)) return throw_errno(env);
    return integer(env, bytes);
}

static napi_value unsent_bytes(napi_env env, napi_callback_info info) {
    int32_t fd;
    int bytes = 0;
    if (!read_integers(env, info, 1, &fd)) return NULL;
    if (ioctl(fd, SIOCOUTQNSD, &bytes)) return throw_errno(env);
    return integer(env, bytes);
}

NAPI_MODULE_INIT() {
    const napi_property_descriptor functions[] = {
        {"setNotSentLowWater", NULL, set_not_sent_low_water, NULL, NULL, NULL, napi_enumerable, NULL},
        {"getNotSentLowWater", NULL, get_not_sent_low_water, NULL, NULL, NULL, napi_enumerable, NULL},
        {"unsentBytes", NULL, unsent_bytes, NULL, NULL, NULL, napi_enumerable, NULL},
    };
    napi_define_properties(env, exports, sizeof functions / sizeof functions[0], functions);
    return exports;
}
