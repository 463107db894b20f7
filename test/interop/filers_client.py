"""A player for the wire of Filers' network recorder, written from a description of that wire.

Its public names and callbacks are those of Filers' own client, so that one script runs with either of them. Run as a program,
`python filers_client.py PORT SECONDS`, it prints a line for each picture that it gets within that time.

A message is two lengths of 32 bits (big endian), a text of the first length, which is YAML for `[name, value]`, and as many
bytes as the second length says.
"""

import abc
import io
import queue
import select
import socket
import struct
import sys
import threading
import time
import traceback

from ffpyplayer.pic import Image
from ruamel.yaml import YAML

LENGTHS = struct.Struct("!2I")
CONNECT_S = 2
ONE_READ = 1 << 20


def encode(name, value=None):
    """The bytes of a message without pictures."""
    text = io.StringIO()
    YAML(typ="safe").dump([name, value], text)
    return LENGTHS.pack(len(text.getvalue().encode()), 0) + text.getvalue().encode()


def messages(chunks):
    """Each whole message in a series of chunks, as `(name, value, binary)`."""
    held, yaml = bytearray(), YAML(typ="safe")
    for chunk in chunks:
        held += chunk
        while len(held) >= LENGTHS.size:
            text_size, binary_size = LENGTHS.unpack_from(held)
            text_end = LENGTHS.size + text_size
            if len(held) < text_end + binary_size:
                break
            name, value = yaml.load(held[LENGTHS.size : text_end].decode())
            yield name, value, bytes(held[text_end : text_end + binary_size])
            del held[: text_end + binary_size]


def picture(description, binary):
    """The image that a message describes, and its metadata."""
    sizes, pixel_format, size, line_sizes, metadata = description
    planes, begin = [], 0
    for length in filter(None, sizes):
        planes.append(binary[begin : begin + length])
        begin += length
    lines = [length for length in line_sizes if length]
    image = Image(plane_buffers=planes, pix_fmt=pixel_format, size=tuple(size), linesize=lines)
    return image, metadata


class RemoteVideoPlayer(abc.ABC):
    """Plays what one server records. A thread talks to it; callbacks are called by `process_in_main_thread` alone."""

    def __init__(self, server, port, timeout=0.01):
        self.server, self.port, self.timeout = server, port, timeout
        self._thread = None
        self._to_server = queue.SimpleQueue()
        self._to_owner = queue.SimpleQueue()
        self._closing = threading.Event()

    @abc.abstractmethod
    def process_exception(self, e, exec_info, from_thread=False): ...

    @abc.abstractmethod
    def process_recording_state(self, state): ...

    @abc.abstractmethod
    def process_image(self, image, metadata): ...

    def start_listener(self):
        self._closing.clear()
        self._thread = threading.Thread(target=self._talk, daemon=True)
        self._thread.start()

    def play(self):
        self._to_server.put(encode("started_playing"))

    def stop(self):
        self._to_server.put(encode("stopped_playing"))

    def stop_listener(self, join=True):
        self.stop()
        self._closing.set()
        if join and self._thread:
            self._thread.join()

    def process_in_main_thread(self):
        """Calls the callbacks for all that has come since the last call."""
        while not self._to_owner.empty():
            callback, *arguments = self._to_owner.get()
            try:
                getattr(self, callback)(*arguments)
            except Exception as error:
                self.process_exception(str(error), traceback.format_exc())

    def _talk(self):
        try:
            with socket.create_connection((self.server, self.port), CONNECT_S) as connection:
                for name, value, binary in messages(self._chunks(connection)):
                    self._take(name, value, binary)
        except (BrokenPipeError, ConnectionResetError) as error:
            if not self._closing.is_set():  # a server may be gone before the last message has reached it
                self._fail(str(error))
        except Exception as error:
            self._fail(str(error))

    def _chunks(self, connection):
        """What the server sends, until it or the owner has had enough; meanwhile sends what is to be sent."""
        while True:
            is_last = self._closing.is_set()
            while not self._to_server.empty():
                connection.sendall(self._to_server.get())
            if is_last:
                return
            if select.select([connection], [], [], self.timeout)[0]:
                chunk = connection.recv(ONE_READ)
                if not chunk:
                    raise ConnectionError("The server has closed the connection.")
                yield chunk

    def _take(self, name, value, binary):
        if name == "image":
            self._to_owner.put(("process_image", *picture(value, binary)))
        elif name in ("started_recording", "stopped_recording"):
            self._to_owner.put(("process_recording_state", name == "started_recording"))
        elif name == "exception":
            self._fail(*value)
        elif name != "stopped_playing":
            self._fail(f"The server said {name!r}, which is not part of the protocol.")

    def _fail(self, message, trace=None):
        self._to_owner.put(("process_exception", message, trace or traceback.format_exc(), True))


class Printer(RemoteVideoPlayer):
    """Says on standard output what comes."""

    def process_exception(self, e, exec_info, from_thread=False):
        print("exception:", e)

    def process_recording_state(self, state):
        print("recording:", state)

    def process_image(self, image, metadata):
        print("picture:", image.get_size(), metadata)


def main(port, seconds):
    player = Printer("localhost", port)
    player.start_listener()
    player.play()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        player.process_in_main_thread()
        time.sleep(player.timeout)
    player.stop()
    player.stop_listener()


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
