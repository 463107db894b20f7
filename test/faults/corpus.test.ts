import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { isAbort, MJPEGStream, MjpegHttpSource, messageOf } from "thingscope";
import { MJPEGReader } from "../../src/client-for-node.ts";
import { TEST_MS, WAIT_MS } from "../limits.ts";
import { framesOf } from "../sources/reading.ts";
import { numberIn } from "../streams/pictures.ts";
import { CORPUS, type Sample } from "./camera-corpus.ts";

const LIMIT_MS = WAIT_MS;

/** What came of a stream: the numbers of its pictures, and the sentence with which it ended, if it did. */
interface Outcome {
  readonly numbers: readonly number[];
  readonly sentence: string;
}

/** A port at which a sample is sent, in pieces, and then ended. */
async function sent(t: TestContext, { bytes }: Sample): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket
      .on("error", () => {})
      .once("data", async () => {
        for (let at = 0; at < bytes.length; at += 1500) {
          socket.write(bytes.subarray(at, at + 1500));
          await new Promise(setImmediate);
        }
        socket.end();
      });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/x`;
}

async function outcomeOf(frames: AsyncIterable<{ jpeg: Uint8Array }>): Promise<Outcome> {
  const stream = new MJPEGStream();
  const numbers: number[] = [];
  try {
    for await (const { jpeg } of frames) {
      if (stream.offerFrame(jpeg)) numbers.push(numberIn(jpeg));
    }
    return { numbers, sentence: stream.pendingLosses.at(-1)?.why ?? "" };
  } catch (error) {
    assert.equal(isAbort(error), false, `It was still waiting after ${LIMIT_MS} ms.`);
    return { numbers, sentence: messageOf(error) };
  }
}

test("F49: what cameras and relays send is read, or refused with a sentence, by relay and reader; nothing crashes or hangs", {
  timeout: TEST_MS,
}, async (t) => {
  const wrong: string[] = [];
  for (const one of CORPUS) {
    const url = await sent(t, one);
    const signal = AbortSignal.timeout(LIMIT_MS);
    const relay = await outcomeOf(framesOf(new MjpegHttpSource(url), signal));
    const reader = await outcomeOf(new MJPEGReader(url, { every: true, reconnect: false, signal }));
    for (const [who, { numbers, sentence }] of Object.entries({ relay, reader })) {
      const said = `${who}, ${one.name}: ${numbers.length} pictures. ${sentence}`;
      assert.deepEqual(numbers, [...new Set(numbers)].sort(), `${said} Doubled or out of order.`);
      if (numbers.length !== one.pictures) wrong.push(said);
      if (numbers.length === 0 && sentence.length < 10) wrong.push(`${said} Without a sentence.`);
    }
  }
  assert.deepEqual(wrong, []);
  t.diagnostic(`${CORPUS.length} streams by 2 programs, no crash`);
});
