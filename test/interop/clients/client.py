"""One round by one of Python's clients, as it comes: http.client with urllib, requests, or aiohttp."""

import asyncio
import http.client
import json
import sys
import time
import urllib.request
from urllib.parse import urlsplit

import aiohttp
import requests

ROOT = sys.argv[1]
LIMIT = 20


def with_http_client():
    connection = http.client.HTTPConnection(urlsplit(ROOT).netloc, timeout=LIMIT)

    def send(method, path, body=None):
        headers = {"Content-Type": "application/json"} if body else {}
        # An iterator has no length: http.client sends it in chunks.
        connection.request(method, path, iter([body.encode()]) if body else None, headers)
        response = connection.getresponse()
        text = response.read()
        assert response.status < 300, (method, path, text)
        return response, text

    return round_of(send, stream_of_urllib)


def stream_of_urllib(path, accept):
    request = urllib.request.Request(ROOT + path, headers={"Accept": accept})
    return urllib.request.urlopen(request, timeout=LIMIT)


def with_requests():
    with requests.Session() as session:

        def send(method, path, body=None):
            headers = {"Content-Type": "application/json"} if body else {}
            response = session.request(method, ROOT + path, data=body, headers=headers, timeout=LIMIT)
            response.raise_for_status()
            return response, response.content

        def stream(path, accept):
            response = session.get(ROOT + path, headers={"Accept": accept}, stream=True, timeout=LIMIT)
            return response.raw

        return round_of(send, stream)


def round_of(send, stream):
    title = json.loads(send("GET", "/instrument/")[1])["title"]
    send("PUT", "/instrument/gain", "2.5")
    gain = json.loads(send("GET", "/instrument/gain")[1])
    location = send("POST", "/instrument/add", '{"a": 2, "b": 3}')[0].headers["Location"]
    output = ended(lambda: json.loads(send("GET", urlsplit(location).path)[1]))
    with stream("/instrument/moved", "text/event-stream") as events:
        send("POST", "/instrument/move", '{"x": 7}')
        event = next(data_of(events))
    with stream("/camera/mjpeg_stream", "*/*") as parts:
        frames = sum(1 for _ in range(3) if jpeg_of(parts))
    return {"title": title, "gain": gain, "sum": output, "event": event, "frames": frames}


def ended(ask):
    for _ in range(200):
        invocation = ask()
        if invocation["status"] == "completed":
            return invocation["output"]
        time.sleep(0.05)
    raise TimeoutError("the invocation has not ended")


def data_of(events):
    while line := line_of(events):
        if line.startswith(b"data:"):
            yield json.loads(line[5:])


def line_of(stream):
    """http.client's `readline` waits for more than a line where a body has no length."""
    line = bytearray()
    while not line.endswith(b"\n"):
        byte = stream.read(1)
        assert byte, "the stream ended"
        line += byte
    return bytes(line)


def jpeg_of(stream):
    length = None
    while (line := line_of(stream)) != b"\r\n" or length is None:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    jpeg = bytearray()
    while len(jpeg) < length:
        jpeg += stream.read(length - len(jpeg))
    assert jpeg.startswith(b"\xff\xd8"), "not a JPEG"
    return True


async def with_aiohttp():
    limit = aiohttp.ClientTimeout(total=LIMIT)
    async with aiohttp.ClientSession(ROOT, timeout=limit, raise_for_status=True) as session:

        async def json_at(path):
            async with session.get(path) as response:
                return await response.json(content_type=None)

        title = (await json_at("/instrument/"))["title"]
        await session.put("/instrument/gain", json=2.5)
        gain = await json_at("/instrument/gain")
        async with session.post("/instrument/add", json={"a": 2, "b": 3}) as invoked:
            path = urlsplit(invoked.headers["Location"]).path
        for _ in range(200):
            invocation = await json_at(path)
            if invocation["status"] == "completed":
                break
            await asyncio.sleep(0.05)
        else:
            raise TimeoutError("the invocation has not ended")
        async with session.get("/instrument/moved", headers={"Accept": "text/event-stream"}) as events:
            await session.post("/instrument/move", json={"x": 7})
            async for line in events.content:
                if line.startswith(b"data:"):
                    event = json.loads(line[5:])
                    break
        frames = 0
        async with session.get("/camera/mjpeg_stream") as stream:
            parts = aiohttp.MultipartReader.from_response(stream)
            while frames < 3:
                part = await parts.next()
                assert (await part.read()).startswith(b"\xff\xd8"), "not a JPEG"
                frames += 1
        return {"title": title, "gain": gain, "sum": invocation["output"], "event": event, "frames": frames}


ROUNDS = {
    "http.client": with_http_client,
    "requests": with_requests,
    "aiohttp": lambda: asyncio.run(with_aiohttp()),
}
print(json.dumps(ROUNDS[sys.argv[2]]()))
