"""What OpenCV and PyAV find in films: `python read_films.py FILM...` prints one JSON line for each."""

import json
import sys

import av
import cv2


def by_opencv(path):
    film = cv2.VideoCapture(path)
    frames, shape, last = 0, None, 0
    while True:
        ok, picture = film.read()
        if not ok:
            break
        frames, shape, last = frames + 1, picture.shape, film.get(cv2.CAP_PROP_POS_MSEC)
    return {
        "frames": frames,
        "told": film.get(cv2.CAP_PROP_FRAME_COUNT),
        "rate": film.get(cv2.CAP_PROP_FPS),
        "last": last / 1000,
        "size": [shape[1], shape[0]],
    }


def by_pyav(path):
    with av.open(path) as film:
        stream = film.streams.video[0]
        frames = list(film.decode(stream))
        return {
            "frames": len(frames),
            "rate": float(stream.average_rate),
            "last": frames[-1].time,
            "duration": film.duration / 1e6 if film.duration else None,
            "size": [frames[-1].width, frames[-1].height],
        }


for path in sys.argv[1:]:
    print(json.dumps({"opencv": by_opencv(path), "pyav": by_pyav(path)}))
