import assert from "node:assert/strict";
import { test } from "node:test";
import { property, Thing, ThingError, ThingHost, ThingServer } from "thingscope";
import { Type } from "typebox";
import { silentLog } from "../../src/base/log.ts";
import { startServer } from "../../src/cli/serve.ts";
import { TEST_MS } from "../limits.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const Mode = Type.Object({
  format: Type.String(),
  width: Type.Integer(),
  height: Type.Integer(),
  rate: Type.Optional(Type.Number()),
});

class Webcam extends Thing {
  @property("Mode", Mode, { readOnly: true }) get mode() {
    return { format: "MJPG", width: 1280, height: 720, rate: 30 };
  }
}

class Away extends Thing {
  @property("Mode", Mode, { readOnly: true }) get mode(): {
    format: string;
    width: number;
    height: number;
  } {
    throw new ThingError("NOT_READY", "It is not there.");
  }
}

test("a server that starts says of each camera what it is and how it streams", {
  timeout: TEST_MS,
}, async (t) => {
  const host = new ThingHost({ settingsFolder: await temporaryFolder() });
  for (const [name, thing] of [
    ["webcam", new Webcam()],
    ["away", new Away()],
    ["other", new Webcam()],
  ] as const)
    host.add(name, thing);
  const server = new ThingServer(host);
  t.after(() => server.close());
  const said: string[] = [];
  const log = {
    ...silentLog,
    say: (text: string) => void said.push(text),
    written: async () => {},
    isShown: false,
    show: () => {},
  };
  const notes = new Map([
    ["webcam", "HD Webcam (usb-1) at /dev/video0"],
    ["away", "Cam (usb-2) is not plugged in"],
  ]);
  const listening = { host: "127.0.0.1", port: 0, options: { insecureNoAuth: false } };
  const options = { listening, strict: false, apiPrefix: "", notes, remark: "A remark." };
  await startServer(server, options, log);
  assert.deepEqual(said.slice(1, 5), [
    "webcam  Webcam  open  HD Webcam (usb-1) at /dev/video0  MJPG 1280x720 at 30 fps",
    "away  Away  open  Cam (usb-2) is not plugged in",
    "other  Webcam  open",
    "A remark.",
  ]);
});
