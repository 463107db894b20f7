"""What labthings-fastapi's own ThingClient does to a server: `python thing_client.py URL`.

Prints one line of JSON for each scenario, with the traceback of its failure or null.
"""

import inspect
import json
import sys
import threading
import time
import traceback

import httpx2
import labthings_fastapi as lt
from labthings_fastapi.exceptions import (
    ClientPropertyError,
    FailedToInvokeActionError,
    GlobalLockBusyError,
    InvocationCancelledError,
    ServerActionError,
)

URL = sys.argv[1]


def refusal(error, call):
    """The message of the error that `call` raises, which must be of this class exactly."""
    try:
        call()
    except BaseException as raised:  # InvocationCancelledError is no Exception
        assert type(raised) is error, f"{type(raised).__name__}: {raised}"
        return str(raised)
    raise AssertionError(f"No {error.__name__} was raised.")


def in_background(call):
    """Runs `call` in a thread; the function that it returns waits for its end and raises what it raised."""
    raised = []

    def run():
        try:
            call()
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()

    def join():
        thread.join(10)
        assert not thread.is_alive(), "It has not ended."
        if raised:
            raise raised[0]

    return join


def running(action):
    """The link of the only invocation of an action that is running, once there is one."""
    until = time.monotonic() + 5
    while time.monotonic() < until:
        for invocation in httpx2.get(f"{URL}instrument/{action}").json():
            if invocation["status"] == "running":
                return invocation["href"]
        time.sleep(0.01)
    raise AssertionError(f"No {action} is running.")


def properties_of_each_type(thing):
    """ThingClient reads and writes properties of each type"""
    for name, value in {
        "gain": 2.5,
        "mode": "rgb",
        "lit": True,
        "region": {"x": 3, "y": 4, "label": "right"},
        "heights": [1, 2.5],
        "label": "slide 7",
    }.items():
        setattr(thing, name, value)
        assert getattr(thing, name) == value, name


def none(thing):
    """ThingClient sends no body for None, as its own server knows too, and is told so"""

    def write():
        thing.label = None

    assert "The request has no body" in refusal(ClientPropertyError, write)
    httpx2.put(f"{URL}instrument/label", content="null").raise_for_status()
    assert thing.label is None


def refused_values(thing):
    """ThingClient shows why a value is refused"""

    def too_much():
        thing.gain = 11

    def wrong_type():
        thing.lit = "maybe"

    assert "less than or equal to 10" in refusal(ClientPropertyError, too_much)
    assert "true or false" in refusal(ClientPropertyError, wrong_type)
    assert thing.gain <= 10


def read_only(thing):
    """ThingClient knows which property is read-only, and the server refuses who does not"""

    def write():
        thing.serial = "TS-2"

    assert refusal(ClientPropertyError, write) == "This property may not be set."
    sentence = refusal(ClientPropertyError, lambda: thing.set_property("serial", "TS-2"))
    assert "serial" in sentence and "Unknown error" not in sentence, sentence
    assert thing.serial == "TS-1"


def failing_getter(thing):
    """ThingClient shows what a getter failed with"""
    assert "the sensor is not plugged in" in refusal(ClientPropertyError, lambda: thing.temperature)


def actions_with_output(thing):
    """ThingClient gets an action's output, also an empty one and none"""
    assert thing.add(a=2, b=3) == 5
    assert thing.add(a=2) == 3
    assert thing.add(a=0, b=0) == 0
    assert thing.nothing() == []
    assert thing.ping() is None


def refused_arguments(thing):
    """ThingClient shows which argument is missing, unknown or of the wrong type"""
    for arguments in ({}, {"a": 1, "c": 2}, {"a": "one"}):
        sentence = refusal(FailedToInvokeActionError, lambda: thing.add(**arguments))
        named = "c" if "c" in arguments else "a"
        assert f"'{named}'" in sentence and "Unknown error" not in sentence, sentence


def failing_action(thing):
    """ThingClient raises what an action failed with, and shows the server's traceback"""
    sentence = refusal(ServerActionError, thing.fail)
    assert "[RangeError]: out of film" in sentence and "SERVER TRACEBACK" in sentence, sentence


def cancelled(thing):
    """ThingClient raises InvocationCancelledError when somebody cancels its action"""
    join = in_background(thing.wait)
    answer = httpx2.delete(running("wait"))
    assert answer.is_success, answer.text
    assert "cancelled" in refusal(InvocationCancelledError, join)


def global_lock(thing):
    """ThingClient raises GlobalLockBusyError while another action holds the lock"""
    join = in_background(thing.wait)
    href = running("wait")
    assert "lock" in refusal(GlobalLockBusyError, thing.ping)

    def write():
        thing.gain = 3

    assert "lock" in refusal(ClientPropertyError, write)
    httpx2.delete(href)
    refusal(InvocationCancelledError, join)
    thing.ping()


def blobs(thing):
    """ThingClient fetches a blob, saves it, and hands it on to another action"""
    blob = thing.picture()
    assert blob.media_type == "image/jpeg"
    assert blob.content == b"\xff\xd8\xff\xd9"
    assert blob.open().read() == blob.content
    assert thing.measure(picture=blob) == 4


def a_lost_blob(thing):
    """ThingClient shows that a blob is not of this server"""
    lost = thing.picture()
    lost.data._href = lost.data.get_href()[:-12] + "000000000000"
    assert "on this server" in refusal(FailedToInvokeActionError, lambda: thing.measure(picture=lost))


def a_picture(thing):
    """ThingClient grabs a picture of the simulated camera, and its size"""
    camera = lt.ThingClient.from_url(f"{URL}camera/")
    picture = camera.grab_jpeg()
    assert picture.media_type == "image/jpeg"
    assert picture.content.startswith(b"\xff\xd8") and picture.content.endswith(b"\xff\xd9")
    assert camera.grab_jpeg_size() > 10_000


def a_stage(thing):
    """ThingClient moves the simulated stage and reads where it is"""
    stage = lt.ThingClient.from_url(f"{URL}stage/")
    before = stage.position
    stage.move_relative(x=100, y=-50)
    after = stage.position
    assert after == {**before, "x": before["x"] + 100, "y": before["y"] - 50}, after


def main():
    thing = lt.ThingClient.from_url(f"{URL}instrument/")
    scenarios = [
        properties_of_each_type,
        none,
        refused_values,
        read_only,
        failing_getter,
        actions_with_output,
        refused_arguments,
        failing_action,
        cancelled,
        global_lock,
        blobs,
        a_lost_blob,
        a_picture,
        a_stage,
    ]
    for scenario in scenarios:
        failure = None
        try:
            scenario(thing)
        except BaseException:
            failure = traceback.format_exc()
        print(json.dumps({"name": inspect.getdoc(scenario), "failure": failure}), flush=True)


main()
