#include "list.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "controls.h"
#include "encode.h"
#include "modes.h"
#include "session.h"

enum { MAX_NODES = 256, NODE_LENGTH = 24 };

static int by_number(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }

/** The numbers of /dev/videoN, ascending. */
static int find_nodes(int *numbers) {
  int count = 0;
  DIR *folder = opendir("/dev");
  if (!folder) return 0;
  for (struct dirent *entry; count < MAX_NODES && (entry = readdir(folder));) {
    int number, length = 0;
    if (sscanf(entry->d_name, "video%5d%n", &number, &length) != 1) continue;
    if (number >= 0 && entry->d_name[length] == '\0') numbers[count++] = number;
  }
  closedir(folder);
  qsort(numbers, (size_t)count, sizeof *numbers, by_number);
  return count;
}

static void describe_unusable(const char *node, const struct failure *failure, struct json *json) {
  json_key_string(json, "node", node);
  json_key(json, "error");
  json_open(json, '{');
  describe_failure(failure, json);
  json_close(json, '}');
}

static void describe_usable(const struct device *device, struct json *json) {
  static struct controls controls;
  struct frame_format format = {0};
  struct failure failure;
  struct json truncated = {0};
  json_open(&truncated, '[');
  describe_device(device, json, &truncated);
  if (read_format(device, &format, &failure)) describe_format("format", &format, !can_encode(), json);
  describe_modes(device, !can_encode(), json, &truncated);
  describe_controls(device, &controls, json, &truncated);
  json_close(&truncated, ']');
  json_key(json, "truncated");
  json_literal(json, truncated.text);
  json_free(&truncated);
}

/** Prints one node, unless it is of another kind and was not asked for. */
static void list_node(const char *node, bool asked, bool *first) {
  struct device device;
  struct failure failure;
  struct json json = {0};
  const bool opened = open_device(&device, node, &failure);
  json_open(&json, '{');
  if (opened && captures_video(&device)) {
    describe_usable(&device, &json);
  } else if (opened) {
    fail(&failure, "VIDIOC_QUERYCAP", ENOTTY, "This node does not capture video by streaming.");
  }
  const bool usable = opened && captures_video(&device);
  if (!usable) describe_unusable(node, &failure, &json);
  json_close(&json, '}');
  if (usable || !opened || asked) {
    printf("%s%s", *first ? "" : ",", json.text);
    *first = false;
  }
  if (opened) close(device.fd);
  json_free(&json);
}

int list_devices(char **nodes, int count) {
  int numbers[MAX_NODES];
  bool first = true;
  printf("{\"devices\":[");
  for (int i = 0; i < count; i++) list_node(nodes[i], true, &first);
  if (count == 0) {
    const int found = find_nodes(numbers);
    for (int i = 0; i < found; i++) {
      char node[NODE_LENGTH];
      snprintf(node, sizeof node, "/dev/video%d", numbers[i]);
      list_node(node, false, &first);
    }
  }
  printf("]}\n");
  return fflush(stdout) == 0 ? 0 : 1;
}
