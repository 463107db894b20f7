"""A worker in Python for work.test.ts: fails and gives up as the others there do. Its token and its origins may be given."""

import sys

from thingscope import Frame, GiveUp, worker


def handle(frame: Frame) -> object:
    if frame.index % 10 == 7:
        raise ValueError("no spot")
    if frame.index % 10 == 9:
        raise GiveUp("too dark")
    return {"index": frame.index}


[url, *more] = sys.argv[1:]
token = more[0] if more else None
worker(handle, servers=[url], member="one", queue="spots", name="python", token=token, origins=more[1:])
