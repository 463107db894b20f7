"""
Tells which frames pystreaming drops, which it does without a word, as a line of JSON each on the standard output. To be
imported before its processes start, which are forked. It changes nothing of what they do.
"""
import json
import os
import sys

import zmq
import zmq.asyncio
from pystreaming.listlib.circularlist import CircularList
from pystreaming.stream import interface


def tell(where, fno):
    # One write, so that the lines of several processes do not mix.
    os.write(sys.stdout.fileno(), (json.dumps({"dropped": fno, "where": where}) + "\n").encode())


def telling_send(send):
    """Between its processes: the next one has no room, or is not there yet."""

    def wrapped(*, socket, fno, **rest):
        try:
            send(socket=socket, fno=fno, **rest)
        except zmq.Again:
            tell(sys._getframe(1).f_code.co_name, fno)
            raise

    return wrapped


def telling_request(send):
    """Between the requesters of a Worker and its decoders; they do not say which frame it is."""

    def wrapped(self, data, flags=0, **rest):
        sending = send(self, data, flags=flags, **rest)
        if flags & zmq.NOBLOCK and sending.done() and isinstance(sending.exception(), zmq.Again):
            tell("aioreq", None)
        return sending

    return wrapped


def telling_push(push):
    """In the queues of a Streamer with mapreduce the newest frame takes the place of the oldest."""

    def wrapped(self, item):
        if self.full():
            tell("queue", self[0]["fno"])
        push(self, item)

    return wrapped


interface.send = telling_send(interface.send)
zmq.asyncio.Socket.send = telling_request(zmq.asyncio.Socket.send)
CircularList.push = telling_push(CircularList.push)
