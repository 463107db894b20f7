"""A worker of work-faults.test.ts in Python."""

import sys
import time

from thingscope import Frame, worker


def handle(frame: Frame) -> object:
    time.sleep(0.05)
    return {"index": frame.index, "bytes": len(frame.jpeg)}


worker(handle, servers=[sys.argv[1]], member="bench", queue="spots", name="python")
