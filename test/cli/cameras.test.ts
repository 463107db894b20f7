import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "yaml";
import { camerasAsText } from "../../src/cli/cameras.ts";
import { CameraIdentities } from "../../src/discovery/camera-identities.ts";
import { findLocalCameras } from "../../src/discovery/find-cameras.ts";
import { FakeSystem } from "../discovery/fake-system.ts";
import { TEST_MS } from "../limits.ts";
import { folderWith, runCli } from "./run-cli.ts";

const MODES = Array.from({ length: 8 }, (_, at) => ({
  format: "MJPG",
  width: 160 * (at + 1),
  height: 120,
  rates: [30, 15],
}));

test("cameras are listed with modes, and a configuration of all of them", async () => {
  const system = await FakeSystem.create();
  const { roots } = system;
  await system.plug(0, { port: "1", name: "Webcam" });
  await system.plug(2, { port: "2", name: "Webcam" });
  const details = async () => ({ isCamera: true, modes: MODES });
  const results = await findLocalCameras({ roots, identities: new CameraIdentities(), details });
  const text = camerasAsText(results).join("\n");
  assert.match(
    text,
    /^Acme Webcam {2}.*video0\n {2}id {5}usb-046d:0825@0000:00:14\.0\/usb2\/1\n {2}MJPG {3}1280x120 at 30, 1120x120 at 30,.*, and 2 more\n/,
  );
  const config = parse(text.split("Configuration:\n")[1]!);
  assert.deepEqual(config, {
    things: {
      "acme-webcam": {
        class: "thingscope/things:V4L2Camera",
        kwargs: { device: "usb-046d:0825@0000:00:14.0/usb2/1" },
      },
      "acme-webcam-2": {
        class: "thingscope/things:V4L2Camera",
        kwargs: { device: "usb-046d:0825@0000:00:14.0/usb2/2" },
      },
    },
  });
});

test("where there is none, what was looked for is told, and why nothing was found", async () => {
  const system = await FakeSystem.create();
  const options = {
    roots: system.roots,
    identities: new CameraIdentities(),
    details: async () => undefined,
  };
  const empty = camerasAsText(await findLocalCameras(options)).join("\n");
  assert.match(
    empty,
    /^No camera was found\.\nLooked for:\n.*V4L2.*: none\. .*\/class\/video4linux is empty\): plug the camera in/,
  );
  await system.builtIn(10, "bcm2835-codec", "bcm2835-codec-decode");
  await system.file("proc", "device-tree/model", "Raspberry Pi 4 Model B");
  const pi = camerasAsText(await findLocalCameras(options)).join("\n");
  assert.match(pi, /1 video devices are there, but none is a camera/);
  assert.match(pi, /rpicam-apps are not installed/);
});

test("thingscope cameras --local --json tells what was searched", {
  timeout: TEST_MS,
}, async () => {
  const { code, stdout } = await runCli(await folderWith({}), "cameras", "--local", "--json");
  assert.equal(code, 0);
  const { cameras, searches } = JSON.parse(stdout);
  assert.ok(Array.isArray(cameras));
  assert.equal(
    searches[0].found,
    cameras.filter(({ kind }: { kind: string }) => kind === "v4l2").length,
  );
});
