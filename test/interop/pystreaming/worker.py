"""
A real pystreaming Worker: `worker.py SOURCE DRAIN NAME SECONDS`, which is so many seconds slow with each frame. It says in
meta who it is and how bright the frame is, until it is killed.
"""
import sys
import time

import dropped  # noqa: F401
from pystreaming import Worker


def main():
    source, drain, name, seconds = sys.argv[1:]
    with Worker(source, drain) as worker:
        print("ready", flush=True)
        for data in worker.handler(100):
            if data is None:
                continue
            time.sleep(float(seconds))
            data["meta"] = {"worker": name, "brightness": float(data["arr"].mean()), "boxes": [(1, 2), (3, 4)]}
            worker.send(data)


if __name__ == "__main__":
    main()
