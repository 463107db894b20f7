"""A worker in Python for work-room.test.ts: each of its calls goes on until there is a file with the index of its frame."""

import os
import sys
import time

from thingscope import Frame, worker


def handle(frame: Frame) -> object:
    print(frame.index, flush=True)
    while not os.path.exists(os.path.join(sys.argv[2], str(frame.index))):
        time.sleep(0.01)
    return frame.index


worker(handle, servers=[sys.argv[1]], member="one", queue="spots", name="python", concurrency=12)
