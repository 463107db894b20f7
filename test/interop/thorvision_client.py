"""Does what users of pythorvision do, and prints what came of it as JSON."""

import glob
import json
import sys
import time

import numpy
import pythorvision
from pythorvision import Capability, ThorVisionClient, extract_metadata

port, output_dir, seconds = int(sys.argv[1]), sys.argv[2], float(sys.argv[3])
where = {"host": "127.0.0.1", "port": port}


def error_of(call):
    try:
        call()
    except Exception as error:
        return [type(error).__name__, str(error)]
    return None


def files(stream):
    """Of each file of a stream: how many frames, their first index, and whether any is missing."""
    found = []
    for path in sorted(glob.glob(str(stream.video_path).replace("%02d", "*"))):
        rows = extract_metadata(path)
        found.append(
            {
                "frames": len(rows),
                "first": int(rows["sample_index"][0]),
                "last": int(rows["sample_index"][-1]),
                "ttl_in": numpy.unique(rows["ttl_in"]).tolist(),
                "seconds": float(rows["frame_pts"][-1] - rows["frame_pts"][0]) / 1000,
                "server_seconds": float(rows["gstreamer_pts"][-1] - rows["gstreamer_pts"][0]) / 1e9,
                "device_times": [int(rows["xdaq_timestamp"][0]), int(rows["xdaq_timestamp"][-1])],
            }
        )
    return found


client = ThorVisionClient(**where)
cameras = client.list_cameras()
left, right = cameras
whole = client.start_stream_with_recording(left, left.capabilities[0], output_dir)
split = client.start_stream_with_recording(
    right, right.capabilities[0], output_dir, split_max_time_sec=2, gstreamer_debug=True
)
again = client.start_stream_with_recording(left, left.capabilities[0], output_dir)
time.sleep(seconds)
streaming = list(client.streams)
client.stop_stream(left.id)
client.clean_streams()

logs = ThorVisionClient.list_logs(**where)
other = ThorVisionClient(**where)
huge = Capability(media_type="image/jpeg", width=9999, height=1, framerate="30/1")
raw = Capability(media_type="video/x-raw", format="NV12", width=640, height=480, framerate="30/1")
print(
    json.dumps(
        {
            "version": pythorvision.__version__,
            "cameras": [camera.name for camera in cameras],
            "capability": left.capabilities[0].to_gstreamer_capability(),
            "same": again is whole,
            "streaming": streaming,
            "ports": [whole.port, split.port],
            "whole": files(whole),
            "split": files(split),
            "logs": logs,
            "log": ThorVisionClient.get_log(logs[0], **where),
            "errors": {
                "unknown log": error_of(lambda: ThorVisionClient.get_log("none", **where)),
                "unreachable": error_of(lambda: ThorVisionClient(host="127.0.0.1", port=1)),
                "not streaming": error_of(lambda: other.stop_stream(0)),
                "not offered": error_of(
                    lambda: other.start_stream_with_recording(left, huge, output_dir)
                ),
                "not JPEG": error_of(
                    lambda: other.start_stream_with_recording(left, raw, output_dir)
                ),
            },
        }
    )
)
