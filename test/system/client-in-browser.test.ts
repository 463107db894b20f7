import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { packagePath } from "../../src/base/package-root.ts";
import { openLab } from "../client/instrument.ts";
import { TEST_MS } from "../limits.ts";
import { picture } from "../streams/pictures.ts";
import { openPage } from "./chromium.ts";

/** The origin of a web server that gives the package's compiled files, as anybody's page would have them. */
async function servePackage(t: TestContext): Promise<string> {
  const server = createServer(async (request, response) => {
    const path = request.url === "/" ? undefined : packagePath("dist", "src", request.url ?? "");
    const type = path ? "text/javascript" : "text/html";
    const body = path ? await readFile(path).catch(() => undefined) : "<!doctype html>";
    response.writeHead(body === undefined ? 404 : 200, { "Content-Type": type }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** What the page does, with the client and the instrument's address. */
const STORY = `async (url) => {
  const { ThingClient, frameSizes } = await import("/client/index.js");
  const told = [];
  const client = await ThingClient.connect(url);
  await client.properties.exposure.write(33);
  const exposure = await client.read("exposure");
  const lines = [];
  const output = await client.actions.scan({ steps: 3 }, { onLog: (line) => lines.push(line.message) });
  const refused = await client.write("exposure", 7000).catch((error) => error.message);
  const picture = await client.actions.picture();
  const moves = client.events.moved.subscribe();
  await moves.opened;
  await client.actions.move({ x: 5 });
  const { value: moved } = await moves.next();
  moves.close();
  const frames = [];
  for await (const { run, index, numberedBy, capturedAt, receivedAt, jpeg } of client.frames("live")) {
    frames.push({ run, index, numberedBy, age: receivedAt - capturedAt, bytes: jpeg.length });
    if (frames.length === 3) break;
  }
  const sizes = client.frameSizes("live");
  const { value: size } = await sizes.next();
  sizes.close();
  return { exposure, output, lines, refused, text: await picture.text(), moved, frames, size };
}`;

test("a page of another, allowed origin uses the client as a script in Node does", {
  timeout: TEST_MS,
}, async (t) => {
  const origin = await servePackage(t);
  await using lab = await openLab({ allowedOrigins: [origin] });
  const { live } = lab.instrument;
  let n = 0;
  const filming = setInterval(() => live.addFrame(picture(n++, 2000)), 20);
  t.after(() => clearInterval(filming));
  const { page } = await openPage(t);
  await page.goto(origin);
  const seen = await page.evaluate(`(${STORY})(${JSON.stringify(lab.url)})`);
  const { frames, size, ...rest } = seen as {
    frames: Record<string, unknown>[];
    size: Record<string, unknown>;
  };
  assert.deepEqual(rest, {
    exposure: 33,
    output: [1, 2, 3],
    lines: ["step 1", "step 2", "step 3"],
    refused:
      "Property 'exposure' of Thing 'instrument' was not set: it should be less than or equal to 1000, but is 7000.",
    text: "a picture",
    moved: { x: 5 },
  });
  assert.equal(frames.length, 3);
  for (const { run, numberedBy, bytes, age } of frames) {
    assert.deepEqual([run, numberedBy, bytes], [live.run, "server", 2000]);
    assert.ok(Math.abs(Number(age)) < 5000, `${age} ms old`);
  }
  assert.equal(size.size, 2000);
});
