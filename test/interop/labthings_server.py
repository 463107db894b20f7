"""A server of labthings-fastapi for other programs' clients: `python labthings_server.py JPEG`. It prints its port."""

import socket
import sys
import threading
import time

import labthings_fastapi as lt
import uvicorn

PICTURE = open(sys.argv[1], "rb").read()


class JPEGBlob(lt.blob.Blob):
    media_type: str = "image/jpeg"


class Camera(lt.Thing):
    """A camera of labthings-fastapi."""

    gain: float = lt.property(default=1.0, ge=0, le=10)
    live = lt.outputs.MJPEGStreamDescriptor()

    def __enter__(self):
        threading.Thread(target=self.stream, daemon=True).start()
        return self

    def __exit__(self, *_):
        pass

    def stream(self):
        while True:
            time.sleep(0.03)
            self.live.add_frame(PICTURE)

    @lt.action
    def add(self, a: float, b: float) -> float:
        """Add two numbers, slowly enough to be watched."""
        self.logger.info("adding")
        lt.cancellable_sleep(0.2)
        return a + b

    @lt.action
    def fail(self) -> None:
        raise RuntimeError("out of film")

    @lt.action
    def wait(self) -> None:
        lt.cancellable_sleep(60)

    @lt.action
    def picture(self) -> JPEGBlob:
        return JPEGBlob.from_bytes(PICTURE)


server = lt.ThingServer(lt.ThingServerConfig(things={"camera": Camera}))
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
uvicorn.Server(uvicorn.Config(server.app, log_level="error")).run(sockets=[listener])
