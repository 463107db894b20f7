"""Filers' own network recorder, cpl_media's, without Filers' window: `python filers_server.py PORT`.

Kivy is stood in for, and so is the class that takes pictures from a camera; what speaks on the wire is cpl_media's. A line
of its input is a command: `record FORMAT WIDTH HEIGHT COUNT` records so many pictures at 30 a second, `end` ends it. It
prints a line of JSON for each picture: its digest.
"""

import hashlib
import json
import sys
import time
import types

from ffpyplayer.pic import Image
from tree_config.utils import get_yaml, yaml_dumps, yaml_loads


def stand_in(name, **members):
    module = types.ModuleType(name)
    module.__dict__.update(members)
    sys.modules[name] = module


def prop(value=None, **_):
    return value


def nothing(*_, **__):
    return None


class Quiet:
    info = load_file = schedule_once = staticmethod(nothing)
    create_trigger = staticmethod(lambda _: nothing)


class Recorder:
    requested_record_duration = 0
    setattrs_in_kivy_thread = increment_in_kivy_thread = fbind = nothing

    def stop(self, join=False):
        return False


kinds = ("ObjectProperty", "NumericProperty", "StringProperty", "BooleanProperty", "ListProperty")
stand_in("kivy")
stand_in("kivy.properties", **dict.fromkeys(kinds, prop))
stand_in("kivy.logger", Logger=Quiet)
stand_in("kivy.clock", Clock=Quiet)
stand_in("kivy.uix")
stand_in("kivy.uix.boxlayout", BoxLayout=object)
stand_in("kivy.lang", Builder=Quiet)
stand_in("more_kivy_app")
stand_in(
    "more_kivy_app.utils",
    yaml_dumps=lambda value: yaml_dumps(value, get_yaml_obj=get_yaml),
    yaml_loads=lambda value: yaml_loads(value, get_yaml_obj=get_yaml),
)
stand_in("cpl_media.recorder", BaseRecorder=Recorder)

from cpl_media.remote.server import RemoteVideoRecorder  # noqa: E402


def picture(pixel_format, width, height, seed):
    image = Image(pix_fmt=pixel_format, size=(width, height))
    sizes = [size for size in image.get_buffer_size() if size]
    planes = [
        bytes((seed * 7 + plane * 31 + at * 3 + at // 257) % 200 + 20 for at in range(size))
        for plane, size in enumerate(sizes)
    ]
    return Image(plane_buffers=planes, pix_fmt=pixel_format, size=(width, height)), planes


def awaits_player():
    """Until the server has read that its client plays, of which it tells nobody; some seconds at most."""
    end = time.monotonic() + 5
    while not server._server_client_requested_playing and time.monotonic() < end:
        time.sleep(0.01)


server = RemoteVideoRecorder()
server.server = "127.0.0.1"
server.port = int(sys.argv[1])
server.start_server()
print("ready", flush=True)
for line in sys.stdin:
    words = line.split()
    if words[0] == "end":
        break
    pixel_format, width, height, count = words[1], *map(int, words[2:])
    made = [picture(pixel_format, width, height, n) for n in range(count)]
    awaits_player()
    server.send_message_to_client("started_recording", (pixel_format, width, height, 30.0))
    for n, (image, planes) in enumerate(made):
        digest = hashlib.sha256(b"".join(planes)).hexdigest()
        print(json.dumps({"format": pixel_format, "digest": digest}), flush=True)
        server.send_image_to_client((image, {"t": time.perf_counter(), "count": n}))
        time.sleep(1 / 30)
    time.sleep(0.2)  # its queue is sent before the end is said
    server.send_message_to_client("stopped_recording", None)
server.stop_server(join=True)
