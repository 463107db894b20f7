// A program that was written for no camera in particular: all that it knows is in the descriptions that it fetches.
import assert from "node:assert/strict";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ThingHost, ThingServer } from "thingscope";
import { type AnyThing, RemoteBlob, ThingClient } from "thingscope/client";
import { Autofocus, SimulatedCamera, SimulatedStage } from "thingscope/things";
import { SimulatedOptics } from "../../things/optics/simulated-optics.ts";
import { patience, TEST_MS } from "../limits.ts";
import { waitForFramesOf } from "../things/frame-clock.ts";

const FOCUS = 350;
/** Steps of z between two frames: 1000 a second at 30 frames a second. */
const SAMPLING_INTERVAL = 34;

test("a consumer that knows only the descriptions takes a picture, focuses and follows the progress", {
  timeout: TEST_MS,
}, async (t) => {
  const host = new ThingHost({ settingsFolder: await mkdtemp(join(tmpdir(), "thingscope-")) });
  const camera = new SimulatedCamera({ focal_plane: FOCUS });
  host.add("camera", camera);
  host.add("stage", new SimulatedStage());
  host.add("autofocus", new Autofocus());
  const server = new ThingServer(host);
  const { url } = await server.listen({ port: 0 });
  t.after(() => server.close());
  waitForFramesOf(camera);
  await new SimulatedOptics().whole(); // a sweep on a busy machine does not wait for its slide
  await camera.mjpeg_stream.grab(patience());

  const things = await describedThings(url);
  const photographer = withAction(things, "grab_jpeg");
  const picture = await photographer.invoke("grab_jpeg", { stream_name: "main" });
  assert.ok(picture instanceof RemoteBlob, "the picture is a file");
  assert.equal(picture.mediaType, "image/jpeg");
  assert.deepEqual([...(await picture.bytes()).subarray(0, 2)], [0xff, 0xd8]);

  const heard: number[] = [];
  const focuser = withAction(things, "fast_autofocus");
  const curve = await focuser.invoke(
    "fast_autofocus",
    { dz: 2000 },
    { onProgress: (fraction) => heard.push(fraction) },
  );
  assert.ok(Object(curve).jpeg_sizes.length > 30, "the whole curve comes back");
  assert.ok(heard.length >= 2, `progress was told ${heard.length} times`);
  assert.deepEqual(
    heard,
    heard.toSorted((a, b) => a - b),
  );

  const mover = things.find(({ td }) => "position" in Object(td.properties))!;
  const { z } = Object(await mover.read("position"));
  assert.ok(Math.abs(z - FOCUS) <= SAMPLING_INTERVAL, `z is ${z}`);
});

/** Every Thing of a server, found as WoT Discovery 1.0 says: the directory describes how to retrieve each by its id. */
async function describedThings(url: string): Promise<ThingClient<AnyThing>[]> {
  const directory = await ThingClient.connect(`${url}/.well-known/wot`);
  const listed = await directory.read("things");
  assert.ok(Array.isArray(listed) && listed.length === 3);
  const [form] = Object(directory.td.actions).retrieveThing.forms;
  const addressOf = (id: string) =>
    new URL(form.href.replace("{id}", id), String(directory.td.base));
  return Promise.all(listed.map(({ id }) => ThingClient.connect(addressOf(id).href)));
}

function withAction(things: readonly ThingClient<AnyThing>[], name: string): ThingClient<AnyThing> {
  const found = things.find(({ td }) => name in Object(td.actions));
  assert.ok(found, `no Thing has an action '${name}'`);
  return found;
}
