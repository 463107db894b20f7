import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { inspectJpeg } from "../../src/frames/jpeg/jpeg.ts";
import { folderWith, launchCli, runCli } from "../cli/run-cli.ts";
import { patience, TEST_MS } from "../limits.ts";
import { needsLong } from "../needs.ts";
import { VirtualWebcam } from "./webcam/virtual-webcam.ts";

interface Listed {
  readonly id: string;
  readonly title: string;
  readonly address: string;
  readonly modes: readonly { readonly format: string }[];
  readonly config: { readonly class: string; readonly kwargs: { readonly device: string } };
}

/** Each command starts a program that reads its modules anew, on an emulated processor. */
const timeout = 3 * TEST_MS;

test("commands that a user types for a webcam", { timeout }, async (t) => {
  const webcam = await VirtualWebcam.pluggedIn(0, { name: "Bench Camera", serial: "SN-TYPED" });
  t.after(() => webcam.unplug());
  const folder = await folderWith({});
  const { node } = webcam;

  await t.test("cameras lists it, with an entry for a configuration", async () => {
    const { code, stdout, stderr } = await runCli(folder, "cameras", "--json", "--local");
    assert.equal(code, 0, stderr);
    const { cameras } = JSON.parse(stdout) as { cameras: Listed[] };
    const own = cameras.find(({ address }) => address === node);
    assert.ok(own, stdout);
    assert.match(own.id, /SN-TYPED$/);
    assert.equal(own.title, "Thingscope Bench Camera");
    assert.ok(own.modes.some(({ format }) => format === "MJPG"));
    assert.deepEqual(own.config, {
      class: "thingscope/things:V4L2Camera",
      kwargs: { device: own.id },
    });
  });

  await t.test("snapshot writes its largest picture, by its device or its title", async () => {
    for (const [name, file] of [
      [node, "a.jpg"],
      ["thingscope bench camera", "b.jpg"],
    ] as const) {
      const words = ["snapshot", name, "--wait", "60", "--output", file];
      const { code, stderr } = await runCli(folder, ...words);
      assert.equal(code, 0, stderr);
      const { width, height } = inspectJpeg(await readFile(join(folder, file)));
      assert.deepEqual([width, height], [2592, 1944]);
    }
  });

  await t.test("launch serves it, under its name, with its controls", async (t) => {
    const { url, stop } = await launchCli(t, folder, node);
    const read = async (path: string) =>
      (await fetch(`${url}/camera/${path}`, { signal: patience() })).json() as Promise<unknown>;
    const { title, properties } = (await read("")) as { title: string; properties: object };
    assert.equal(title, "Thingscope Bench Camera");
    assert.ok("brightness" in properties && "exposure_time_absolute" in properties);
    const reached = once(webcam.controls, "set", { signal: patience() });
    const put = await fetch(`${url}/camera/brightness`, {
      ...{ method: "PUT", body: "12", headers: { "content-type": "application/json" } },
      signal: patience(),
    });
    assert.equal(put.status, 204);
    assert.deepEqual(await reached, ["brightness", 12]);
    const { status } = await fetch(`${url}/camera/mjpeg_stream/snapshot`, { signal: patience() });
    assert.equal(status, 200);
    assert.equal(await stop(), 0);
  });

  await t.test("doctor says what it is, and measures its rate", needsLong(), async () => {
    const { stdout } = await runCli(folder, "doctor", "--json");
    const reports = JSON.parse(stdout) as { name: string; level: string; message: string }[];
    const messages = reports.filter(({ message }) => message.includes("Bench Camera"));
    assert.ok(
      messages.some(({ name, level }) => name === "cameras" && level === "ok"),
      stdout,
    );
    assert.ok(
      messages.some(({ message }) => /delivers \d+\.\d frames\/s in MJPG/.test(message)),
      stdout,
    );
  });
});
