"""labthings-fastapi under uvicorn, as its own command line runs it: `python labthings_server.py PORT HZ`."""

import sys
import threading
import time

import labthings_fastapi as lt
import uvicorn

PORT, HZ = int(sys.argv[1]), float(sys.argv[2])


class Bench(lt.Thing):
    gain: float = lt.property(default=1.0, ge=0, le=1000)
    newest: float = lt.property(default=0.0)

    def __enter__(self):
        threading.Thread(target=self.tick, daemon=True).start()
        return self

    def __exit__(self, *_):
        pass

    def tick(self):
        while True:
            time.sleep(1 / HZ)
            self.newest = time.time() * 1000

    @lt.action
    def add(self, a: float, b: float) -> float:
        return a + b


server = lt.ThingServer(lt.ThingServerConfig(things={"bench": Bench}))
uvicorn.run(
    server.app, host="127.0.0.1", port=PORT, ws="websockets-sansio", log_level="error", access_log=False
)
