import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp } from "node:fs/promises";
import { createServer, request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { MJPEGStream, ThingError, ThingHost, ThingServer } from "thingscope";
import { loadClass } from "../../src/cli/load-class.ts";
import { folderWith } from "../cli/run-cli.ts";
import { jpegOf } from "../frames/jpegs.ts";
import { TEST_MS } from "../limits.ts";
import { assertNamesIn, resultOf, rowsFrom, run } from "./coming-from.ts";

/** What labthings_fastapi.outputs says of itself, but for what is private. */
const NAMES =
  `labthings_fastapi.outputs labthings_fastapi.outputs.blob MJPEGStream MJPEGStreamDescriptor thing_server_interface
  ringbuffer_size condition reset stop ringbuffer_entry RingbufferEntry buffer_for_reading next_frame grab_frame next_frame_size
  frame_async_generator mjpeg_stream_response MJPEGStreamResponse add_frame notify_new_frame notify_stream_stopped viewer_page
  add_to_fastapi ValueError StopAsyncIteration ThingServer.from_things`.split(/\s+/);

const rows = rowsFrom("labthings-fastapi");
const frame = await jpegOf(32, 24);
const stream = new MJPEGStream();
const feeding = setInterval(() => stream.streaming && stream.addFrame(frame), 5);
after(() => clearInterval(feeding));

/** What a row's line may name, made anew for each. */
async function scope(now: string) {
  const folder = await mkdtemp(join(tmpdir(), "thingscope-"));
  const host = new ThingHost({ settingsFolder: folder });
  const error = await failureOf(now);
  return {
    MJPEGStream,
    console: { log() {} }, // what a test prints mixes with what it tells its runner
    stream,
    frame,
    host,
    port: 0,
    url: "/camera/stream",
    i: stream.lastFrameIndex,
    error,
  };
}

/** What the library throws where the row catches something. */
async function failureOf(now: string): Promise<unknown> {
  const stopped = new MJPEGStream();
  stopped.stop();
  try {
    await (now.includes("STREAM_STOPPED") ? stopped.nextFrame() : stream.ringbufferEntry(-1));
  } catch (error) {
    return error;
  }
  assert.fail("It should fail.");
}

test("each public name of labthings_fastapi.outputs has a row in docs/coming-from.md", () => {
  assertNamesIn(rows, NAMES);
});

for (const { wrote, now } of rows) {
  test(`instead of ${wrote.split("\n")[0]}: ${now.split("\n")[0]}`, {
    timeout: TEST_MS,
  }, async (t) => {
    if (stream.lastFrameIndex < 0) await stream.nextFrame();
    const names = await scope(now);
    if (now.startsWith("import ")) {
      const [, list = "", module = ""] = /^import \{ (.+) \} from "(.+)";$/.exec(now) ?? [];
      const exports: object = await import(module);
      for (const name of list.split(", ")) assert.ok(Reflect.get(exports, name), name);
    } else if (now.startsWith("export class ")) {
      const Camera = await cameraOf(now);
      assert.ok(Reflect.get(new Camera({}), "stream") instanceof MJPEGStream);
    } else if (now.includes("new ThingServer(host)")) {
      await served(now, names.host);
    } else if (now.includes("request, response")) {
      await answered(now);
    } else if (now.includes("signal")) {
      const reading = new AbortController();
      const console = { log: () => reading.abort() };
      await run(now, { ...names, signal: reading.signal, console });
      assert.ok(reading.signal.aborted);
    } else if (now.includes("error.code")) {
      assert.ok(names.error instanceof ThingError);
      assert.equal(await run(now, names), names.error.message);
    } else {
      const result = await resultOf(now, names);
      checkResult(now, result);
      if (now.startsWith("stream.notifyStreamStopped")) stream.reset();
      t.diagnostic(String(result).slice(0, 60));
    }
  });
}

function checkResult(now: string, result: unknown): void {
  if (now.startsWith("const jpeg") || now.startsWith("const { jpeg")) {
    assert.deepEqual(Buffer.from(result as Uint8Array), Buffer.from(frame));
  } else if (now.startsWith("const size")) assert.equal(result, frame.length);
  else if (now.startsWith("const i ")) assert.ok(Number(result) >= 0);
  else if (now.startsWith("const page"))
    assert.match(String(result), /<html[\s\S]*\/camera\/stream/);
  else if (now.startsWith("stream.reset")) assert.equal(stream.ringbufferSize, 20);
  else if (now.startsWith("stream.stop")) assert.equal(stream.streaming, false);
  else if (now.startsWith("new MJPEGStream")) assert.ok(result instanceof MJPEGStream);
  else if (now.startsWith("stream.addFrame"))
    assert.equal(Reflect.get(Object(result), "size"), frame.length);
  else if (now.startsWith("stream.onFrame")) assert.equal(typeof result, "function");
  else assert.match(now, /^stream\.notifyStreamStopped/);
}

async function cameraOf(classText: string) {
  const text = `import { MJPEGStream, stream, Thing } from "thingscope";\n${classText}\n`;
  const folder = await folderWith({ "camera.ts": text });
  return loadClass("./camera.ts:Camera", folder);
}

/** The row's server has the camera of the row before. */
async function served(now: string, host: ThingHost): Promise<void> {
  const Camera = await cameraOf(rows.find((row) => row.now.startsWith("export class"))!.now);
  const servers: ThingServer[] = [];
  const port = 0;
  class Noted extends ThingServer {
    constructor(of: ThingHost) {
      super(of);
      servers.push(this);
    }
  }
  const { url } = (await run(now.replace("await new", "return new"), {
    host,
    port,
    Camera,
    ThingServer: Noted,
  })) as { url: string };
  const page = await fetch(`${url}/camera/stream/viewer`);
  await servers[0]!.close();
  assert.equal(page.status, 200);
}

/** The row answers a real request, and its reader gets a frame. */
async function answered(now: string): Promise<void> {
  const server = createServer((request, response) => void run(now, { stream, request, response }));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert.ok(typeof address === "object" && address);
  const asked = httpRequest({ port: address.port, host: "127.0.0.1" }).end();
  const [response] = await once(asked, "response");
  assert.match(response.headers["content-type"], /^multipart\/x-mixed-replace/);
  await once(response, "data");
  asked.destroy();
  server.closeAllConnections();
  server.close();
}
