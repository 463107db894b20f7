import assert from "node:assert/strict";
import { test } from "node:test";
import { ThingClient } from "thingscope/client";
import { createToken } from "../../../src/server/access/login/account-changes.ts";
import { AccountsFile } from "../../../src/server/access/login/accounts-file.ts";
import { TEST_MS } from "../../limits.ts";
import { needsLong } from "../../needs.ts";
import { eventually } from "../../streams/watching.ts";
import { temporaryFolder } from "../../temporary-folder.ts";
import { recorderFor } from "../../things/recorder-server.ts";
import { mirrorOf } from "./origins.ts";

test("who may operate at a mirror of a mirror sets the camera, records, stops and cancels, and who may look does none of it", {
  timeout: TEST_MS,
  ...needsLong(), // relayed-files.test.ts has the short form, with one mirror
}, async (t) => {
  const [there, between, here] = await Promise.all([1, 2, 3].map(() => temporaryFolder()));
  const tokenIn = async (folder: string, role: "view" | "operate") =>
    (await createToken(new AccountsFile(folder), { role, days: 1 })).token;
  const source = await recorderFor(t, { pre_s: 0, post_s: 0 }, { login: { folder: there! } });
  const passing = async (folder: string) => {
    const token = await tokenIn(folder, "operate");
    return {
      connection: { credentials: { token } },
      pictures: { authorization: `Bearer ${token}` },
      passesCommands: true,
    };
  };
  const near = await mirrorOf(t, source.url, {
    ...(await passing(there!)),
    login: { folder: between! },
  });
  const far = await mirrorOf(t, near.url, {
    ...(await passing(between!)),
    login: { folder: here! },
  });
  const as = async (thing: string, role: "view" | "operate") =>
    ThingClient.connect(`${far.url}/${thing}/`, {
      credentials: { token: await tokenIn(here!, role) },
    });
  const camera = await as("camera", "operate");
  await camera.write("exposure", 7);
  assert.equal(Reflect.get(source.camera, "exposure"), 7);
  await assert.rejects(camera.write("exposure", "x"), { code: "INVALID_INPUT" });

  const operator = await as("recorder", "operate");
  const viewer = await as("recorder", "view");
  await operator.invoke("start_recording", { name: "far" });
  await assert.rejects(operator.invoke("start_recording", {}), { code: "LOCK_BUSY" });
  await eventually(() => source.recorder.state === "recording");
  await assert.rejects(viewer.invoke("stop_recording"), { status: 403 });
  await operator.invoke("stop_recording");
  await eventually(() => source.recorder.state !== "recording");
  await operator.write("armed", false);
  assert.equal(source.recorder.armed, false);

  const gone = new AbortController();
  const lapse = operator.actions.timelapse!({ interval: 0.1 }, { signal: gone.signal });
  lapse.catch(() => {});
  await eventually(() => source.recorder.state === "recording");
  gone.abort();
  await assert.rejects(lapse as Promise<unknown>);
  await eventually(() => source.recorder.state !== "recording");
});
