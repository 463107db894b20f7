"""OpenFlexure's first minute: `python grab_picture.py URL PATH` saves a picture that ThingClient grabs.

It prints "saved", and keeps the live view open until the server ends it.
"""

import sys

import httpx2
import labthings_fastapi as lt

url, path = sys.argv[1:]
camera = lt.ThingClient.from_url(f"{url}camera/")
with httpx2.stream("GET", f"{url}camera/mjpeg_stream", timeout=30) as stream:
    chunks = stream.iter_raw()
    next(chunks)
    camera.grab_jpeg().save(path)
    print("saved", flush=True)
    try:
        for _ in chunks:
            pass
    except httpx2.HTTPError as end:
        print(type(end).__name__)
