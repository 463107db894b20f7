import assert from "node:assert/strict";
import { test } from "node:test";
import type { CameraNews, CameraRegister, ListedCamera } from "thingscope/discovery";
import { openTestHost } from "thingscope/testing";
import { Cameras, type CamerasOptions } from "thingscope/things";
import { TEST_MS } from "../limits.ts";

const CAMERA: ListedCamera = {
  ...{ id: "usb-046d:0825-A1", kind: "v4l2", title: "Webcam", address: "/dev/video0" },
  ...{ connected: true, thing: "webcam", problem: "It is busy." },
  modes: [{ format: "MJPG", width: 640, height: 480, rates: [30] }],
  config: { class: "thingscope/things:V4L2Camera", kwargs: { device: "usb-046d:0825-A1" } },
};

const opened = (kwargs: CamerasOptions = {}) =>
  openTestHost<Cameras, CamerasOptions>(Cameras, { kwargs });

test("cameras are listed with what a configuration needs, and each that comes and goes is an event", {
  timeout: TEST_MS,
}, async () => {
  let tell: (news: CameraNews) => void = () => {};
  const forgotten: string[] = [];
  const register: CameraRegister = {
    cameras: [CAMERA],
    onChange: (listener) => {
      tell = listener;
      return () => {};
    },
    start: async () => {},
    stop: () => {},
    scan: async () => {},
    forget: async (thing) => void forgotten.push(thing),
  };
  await using host = await opened({ register });
  assert.deepEqual(await (await fetch(`${host.url}cameras`)).json(), [CAMERA]);
  const events: string[] = [];
  host.thing.camera_found.on(({ thing }) => void events.push(`found ${thing}`));
  host.thing.camera_lost.on(({ thing }) => void events.push(`lost ${thing}`));
  tell({ found: [CAMERA], lost: [CAMERA] });
  assert.deepEqual(events, ["lost webcam", "found webcam"]);
  await host.thing.forget({ thing: "webcam" });
  assert.deepEqual(forgotten, ["webcam"]);
});

test("of a configuration it lists cameras without serving them, and forgets none", {
  timeout: TEST_MS,
}, async () => {
  await using host = await opened();
  const listed = await (await fetch(`${host.url}cameras`)).json();
  assert.ok(Array.isArray(listed) && listed.every(({ thing }) => thing === null));
  await assert.rejects(
    host.thing.forget({ thing: "webcam" }),
    /has the Things of its configuration/,
  );
});
