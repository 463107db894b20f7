"""What the author of a script sees: `python filers_scenario.py PORT MODULE`, with the module that has the client.

Plays, and prints a line of JSON for each thing that happens. A line of its input is a call: `play`, `stop` or `end`.
"""

import hashlib
import importlib
import json
import sys
import threading

client = importlib.import_module(sys.argv[2])
over = threading.Event()


def say(what, **more):
    print(json.dumps({"what": what, **more}), flush=True)


class Player(client.RemoteVideoPlayer):
    def process_exception(self, e, exec_info, from_thread=False):
        say("exception", message=e, from_thread=from_thread)

    def process_recording_state(self, state):
        say("recording", state=state)

    def process_image(self, image, metadata):
        planes = [bytes(plane) for plane in image.to_bytearray() if plane]
        say(
            "image",
            size=image.get_size(),
            format=image.get_pixel_format(),
            digest=hashlib.sha256(b"".join(planes)).hexdigest(),
            **metadata,
        )


player = Player(server="127.0.0.1", port=int(sys.argv[1]))
player.start_listener()


def obey():
    for line in sys.stdin:
        if line.strip() == "play":
            player.play()
        elif line.strip() == "stop":
            player.stop()
        else:
            break
    over.set()


threading.Thread(target=obey, daemon=True).start()
while not over.wait(0.005):
    player.process_in_main_thread()
player.stop_listener()
say("ended")
