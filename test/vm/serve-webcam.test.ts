import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { delay } from "../../src/base/abort.ts";
import { folderWith, serveCli } from "../cli/run-cli.ts";
import { patience, TEST_MS } from "../limits.ts";
import { VirtualWebcam } from "./webcam/virtual-webcam.ts";

interface Listed {
  id: string;
  title: string;
  address: string;
  connected: boolean;
  thing: string;
  modes: { format: string }[];
}

/** Reads until it is as wanted: the server learns of cameras by itself. */
async function until<T>(read: () => Promise<T>, isIt: (value: T) => boolean): Promise<T> {
  const limit = patience();
  for (;;) {
    const value = await read();
    if (isIt(value)) return value;
    limit.throwIfAborted();
    await delay(50);
  }
}

const json = async <T>(url: string): Promise<T> =>
  (await fetch(url, { signal: patience() })).json() as Promise<T>;

test("serve without a configuration", { timeout: TEST_MS }, async (t) => {
  const identity = { name: "Bench Camera", serial: "SN-SERVE" };
  const first = await VirtualWebcam.pluggedIn(0, identity);
  const { url } = await serveCli(t, await folderWith({}));
  const listed = () => json<Listed[]>(`${url}/cameras/cameras`);

  await t.test(
    "finds the webcam; back under another number it is the same Thing, with its settings",
    async () => {
      const own = async () => (await listed()).find(({ id }) => id.endsWith("SN-SERVE"));
      const found = await own();
      assert.ok(found, JSON.stringify(await listed()));
      assert.deepEqual([found.thing, found.connected], ["thingscope-bench-camera", true]);
      assert.ok(found.modes.some(({ format }) => format === "MJPG"));

      const thing = `${url}/${found.thing}`;
      const { properties } = await json<{ properties: object }>(`${thing}/`);
      assert.ok("brightness" in properties && "exposure_time_absolute" in properties);
      const reached = once(first.controls, "set", { signal: patience() });
      const put = await fetch(`${thing}/brightness`, {
        ...{ method: "PUT", body: "-12", headers: { "content-type": "application/json" } },
        signal: patience(),
      });
      assert.equal(put.status, 204);
      assert.deepEqual(await reached, ["brightness", -12]);
      const picture = () => statusOf(`${thing}/mjpeg_stream/snapshot?fresh=1&wait=20`);
      await until(picture, (status) => status === 200);

      await first.unplug();
      await until(own, (camera) => camera?.connected === false);
      const other = await VirtualWebcam.pluggedIn(1, { name: "Other Camera", serial: "SN-OTHER" });
      const second = new VirtualWebcam(identity); // as new: what it was set to is not in it
      await using _ = other;
      await using __ = second;
      const applied = once(second.controls, "set", { signal: patience() });
      const node = await second.plugIn(2);
      assert.notEqual(node, found.address, "the other camera has its number now");
      const back = await until(own, (camera) => camera?.connected === true);
      assert.deepEqual([back?.thing, back?.address, back?.id], [found.thing, node, found.id]);
      await until(picture, (status) => status === 200);
      await applied;
      assert.equal(second.controls.get("brightness"), -12);
      assert.equal(await json(`${thing}/brightness`), -12);
    },
  );
});

async function statusOf(url: string): Promise<number> {
  const response = await fetch(url, { signal: patience() });
  await response.arrayBuffer();
  return response.status;
}
