import assert from "node:assert/strict";
import { test } from "node:test";
import type { EndpointRequest } from "../../src/core/endpoint.ts";
import type { FrameSink } from "../../src/frames/frame-source.ts";
import { PushedFrames } from "../../src/sources/pushed-frames.ts";
import { TEST_MS } from "../limits.ts";
import { picture } from "../streams/pictures.ts";

/** A request with one picture as its body. */
function request(jpeg: Uint8Array, signal: AbortSignal): EndpointRequest {
  return {
    ...{ params: {}, query: new URLSearchParams(), client: { address: "127.0.0.1" }, signal },
    headers: { "content-length": String(jpeg.length) },
    readBytes: async (reader) => reader.read(jpeg),
    readMessages: async () => {},
  };
}

test("programs that gave up while no picture was taken keep no camera from beginning", {
  timeout: TEST_MS,
}, async () => {
  const frames = new PushedFrames({
    ...{ maxFrameBytes: 1_000_000, maxFps: 100, called: () => "Camera 'door'" },
    ...{ wake: () => {}, onPusher: () => {} },
  });
  for (let n = 0; n < 15_000; n++) {
    const client = new AbortController();
    const refused = frames.receive(request(picture(0), client.signal));
    client.abort(new Error("The client has gone."));
    await assert.rejects(refused);
  }
  const taken: Uint8Array[] = [];
  const sink: FrameSink = {
    ...{ hasRoom: true, isSilent: false, room: () => undefined, lost: () => {} },
    take: ({ jpeg }) => taken.push(Buffer.from(jpeg)) > 0,
  };
  const over = new AbortController();
  const answered = frames.receive(request(picture(1), over.signal));
  const running = frames.run(sink, over.signal);
  assert.deepEqual((await answered).body, { pictures: 1, dropped: 0 });
  over.abort();
  await running;
  assert.deepEqual(taken, [Buffer.from(picture(1))]);
});
