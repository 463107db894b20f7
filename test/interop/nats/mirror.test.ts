import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { ThingClient } from "thingscope/client";
import { mirrorCli, runCli } from "../../cli/run-cli.ts";
import { patience, TEST_MS, WAIT_MS } from "../../limits.ts";
import { openPage } from "../../system/chromium.ts";
import { areLive } from "../../system/dashboard-server.ts";
import { temporaryFolder } from "../../temporary-folder.ts";
import { clientFor, memberFor } from "./members.ts";
import { natsServerFor } from "./nats-server.ts";

test("a mirror of a fleet has the Things of all members but other mirrors', and a client finds the nearest of them", {
  timeout: TEST_MS,
}, async (t) => {
  const nats = await natsServerFor(t);
  const servers = [nats.url];
  const { url } = await memberFor(t, { servers, name: "one" });
  const mirrors = await Promise.all(
    ["near", "far"].map(async (name) =>
      mirrorCli(t, await temporaryFolder(), nats.url, "--name", name),
    ),
  );
  const client = await clientFor(t, { servers });
  // Each has the camera and the stage of the member; the fleet lists these, and theirs.
  const signal = patience();
  while (client.things.size < 6) await changed(client, signal);
  for (const mirror of mirrors) {
    const names = Object.keys((await (await fetch(`${mirror.url}/things/`)).json()) as object);
    assert.deepEqual(names.sort(), ["one-camera", "one-stage"]);
  }
  const frames = (await ThingClient.connect(`${mirrors[0]!.url}/one-camera/`)).frames(
    "mjpeg_stream",
  );
  for await (const { origin } of frames) {
    const stream = encodeURIComponent(`${url}/camera/mjpeg_stream`);
    assert.match(origin ?? "", new RegExp(`^stream=${stream};run=\\w+;index=\\d+;`));
    break;
  }

  const places = [`${url}/camera/`, ...mirrors.map((one) => `${one.url}/one-camera/`)];
  const slow =
    (slowed: readonly string[]): typeof fetch =>
    async (input, init) => {
      const isSlow = slowed.some((one) => String(input).startsWith(one));
      if (isSlow) await new Promise((resolve) => init?.signal?.addEventListener("abort", resolve));
      return fetch(input, init);
    };
  for (const nearest of places) {
    let asked = 0;
    const others = places.filter((place) => place !== nearest);
    // The first request, for the description at the given address, is answered: what it lists is asked then.
    const fetching: typeof fetch = (input, init) =>
      asked++ < 2 ? fetch(input, init) : slow(others)(input, init);
    const found = await ThingClient.connect(`${url}/camera/`, { nearest: true, fetch: fetching });
    assert.equal(found.url, nearest);
  }

  const { page, complaints } = await openPage(t);
  let isRace = false; // from when the page has asked for the list of mirrors
  await page.route(`${url}/directory/things`, (route) => {
    isRace = true;
    return route.continue();
  });
  await page.route(`${places[0]}`, (route) => (isRace ? undefined : route.continue()));
  await page.route(`${places[2]}`, () => undefined); // neither answers
  await page.goto(`${url}/camera/mjpeg_stream/viewer?nearest=1`);
  await page.waitForURL(`${mirrors[0]!.url}/one-camera/mjpeg_stream/viewer`, {
    ...{ waitUntil: "commit", timeout: WAIT_MS },
  });
  await areLive(page, 1);
  assert.deepEqual(complaints, []);
});

test("a mirror takes the fleet's servers, its login there and its own name from a file, and says what is wrong in it", {
  timeout: TEST_MS,
}, async (t) => {
  const nats = await natsServerFor(t, "authorization { user: lab, password: sesame }");
  const folder = await temporaryFolder();
  await writeFile(join(folder, "password"), "sesame\n");
  const credentials = { user: "lab", password_file: join(folder, "password") };
  await memberFor(t, { servers: [nats.url], name: "one", credentials });
  const yaml = (password: string) =>
    `fleet:\n  servers: [${nats.url}]\n  name: corridor\n  credentials: {user: lab, password_file: ${password}}\n`;
  await mkdir(join(folder, "etc"));
  await writeFile(join(folder, "etc", "password"), "sesame\n");
  await writeFile(join(folder, "etc", "corridor.yaml"), yaml("password")); // beside the file
  const { url } = await mirrorCli(t, folder, "etc/corridor.yaml");
  const signal = patience();
  for (;;) {
    const names = Object.keys((await (await fetch(`${url}/things/`, { signal })).json()) as object);
    if (names.sort().join() === "one-camera,one-stage") break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await writeFile(join(folder, "wrong.yaml"), "fleet: {servers: [], name: 5}\n");
  const wrong = await runCli(folder, "mirror", "wrong.yaml");
  assert.notEqual(wrong.code, 0);
  assert.match(wrong.stdout + wrong.stderr, /wrong\.yaml.*fleet/s);
});

async function changed(
  client: { onChange(listener: () => void): () => void },
  signal: AbortSignal,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    const stop = client.onChange(() => {
      stop();
      resolve();
    });
  });
}
