"""A worker in Python for work-room.test.ts: each of its calls goes on until there is a file with the index of its frame."""

import os
import sys
import time

from thingscope import Frame, worker


def handle(frame: Frame) -> object:
    os.write(1, f"{frame.index}\n".encode())  # in one piece, since calls begin at once
    while not os.path.exists(os.path.join(sys.argv[2], str(frame.index))):
        time.sleep(0.01)
    return frame.index


worker(handle, servers=[sys.argv[1]], member="one", queue="spots", name="python", concurrency=12)
