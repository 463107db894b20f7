"""A worker in Python that takes 50 ms for each frame: NATS servers, member."""

import sys
import time

from thingscope import Frame, worker


def handle(frame: Frame) -> object:
    time.sleep(0.05)
    return {"index": frame.index, "bytes": len(frame.jpeg)}


worker(handle, servers=sys.argv[1].split(","), member=sys.argv[2], queue="spots", name="python")
