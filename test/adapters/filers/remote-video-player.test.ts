import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { type FilersImage, type FilersMetadata, RemoteVideoPlayer } from "thingscope/filers";
import { MessageReader, messageBytes } from "../../../src/adapters/filers/framing.ts";
import { imageFromPlanes } from "../../../src/frames/pixels/from-planes.ts";
import { jpegOf } from "../../frames/jpegs.ts";
import { TEST_MS } from "../../limits.ts";
import { memoryHeld, memoryHeldWithin } from "../../memory.ts";
import { eventually } from "../../streams/watching.ts";
import { filersFor } from "./network.ts";

const timeout = TEST_MS;

/** Remembers what it is told. */
class Player extends RemoteVideoPlayer {
  readonly exceptions: [message: string, trace: string, fromThread: boolean][] = [];
  readonly states: boolean[] = [];
  readonly images: [FilersImage, FilersMetadata][] = [];

  override processException(message: string, trace: string, fromThread: boolean): void {
    this.exceptions.push([message, trace, fromThread]);
  }

  override processRecordingState(isRecording: boolean): void {
    this.states.push(isRecording);
  }

  override processImage(image: FilersImage, metadata: FilersMetadata): void | Promise<void> {
    this.images.push([image, metadata]);
  }
}

/** A foreign server: each connection gets what `answer` writes to it. @returns Its port, and the commands that it got. */
async function foreign(t: TestContext, answer: (socket: Socket) => void) {
  const commands: string[] = [];
  const server = createServer((socket) => {
    const reader = new MessageReader({ text: 1000, binary: 0 });
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      for (const { text } of reader.messages(chunk)) commands.push(text.toString());
    });
    t.after(() => socket.destroy());
    answer(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  return { port: (server.address() as { port: number }).port, commands };
}

function playerOf(
  t: TestContext,
  port: number,
  options: { maxImageBytes?: number; stallMs?: number } = {},
): Player {
  const player = new Player({ server: "localhost", port, timeout: 0.01, ...options });
  t.after(() => player.stopListener());
  return player;
}

test("it plays what a FilersServer sends, each frame as it was", { timeout }, async (t) => {
  const { camera, port, server } = await filersFor(t);
  const player = playerOf(t, port);
  player.startListener();
  player.startListener(); // it listens already
  player.play();
  await eventually(() => camera.mjpeg_stream.demand.active);
  for (let n = 1; n <= 5; n++) {
    camera.mjpeg_stream.addFrame(await jpegOf(32, 24));
    await eventually(() => player.images.length === n);
  }
  assert.deepEqual(player.states, [true]);
  assert.deepEqual(
    player.images.map(([{ size, pixelFormat }, { count }]) => [size, pixelFormat, count]),
    [0, 1, 2, 3, 4].map((count) => [[32, 24], "rgb24", count]),
  );
  server.stop_network_recording();
  await eventually(() => player.states.length === 2);
  player.stop();
  await player.stopListener();
  await player.stopListener();
  await eventually(() => server.clients.length === 0);
  assert.deepEqual([player.states, player.exceptions], [[true, false], []]);
  player.startListener(); // and again
  await eventually(() => server.clients.length === 1);
});

/** As tree_config writes them for Filers' own server. */
const GOLDEN = Buffer.concat([
  messageBytes("- started_recording\n- - yuv420p\n  - 2\n  - 2\n  - 29.97\n"),
  messageBytes(
    "- image\n- - - 4\n    - 1\n    - 1\n    - 0\n  - !!binary |\n    eXV2NDIwcA==\n  - - 2\n    - 2\n  - - 2\n    - 1\n    - 1\n    - 0\n  - t: 12.345678\n",
    6,
  ),
  Buffer.from([235, 16, 235, 16, 128, 128]),
  messageBytes('- exception\n- - \'no: "x"\'\n  - "Traceback:\\n  File 1\\n"\n'),
  messageBytes("- stopped_recording\n- null\n"),
  messageBytes("- something_new\n- null\n"),
  messageBytes("- stopped_playing\n- null\n"),
]);

test("it reads what Filers writes, in whatever pieces it comes", { timeout }, async (t) => {
  const { port, commands } = await foreign(t, async (socket) => {
    for (const byte of GOLDEN) socket.write(Uint8Array.of(byte));
  });
  const player = playerOf(t, port);
  player.startListener();
  player.play();
  await eventually(() => player.states.length === 2);
  assert.deepEqual(player.states, [true, false]);
  assert.deepEqual(player.exceptions, [['no: "x"', "Traceback:\n  File 1\n", false]]);
  const [[image, metadata] = []] = player.images;
  assert.deepEqual(metadata, { t: 12.345678 });
  assert.equal(image?.pixelFormat, "yuv420p");
  assert.deepEqual([...imageFromPlanes(image!).data].slice(0, 6), [255, 255, 255, 0, 0, 0]);
  await player.stopListener();
  await eventually(() => commands.length === 2);
  assert.deepEqual(commands, ['["started_playing",null]\n', '["stopped_playing",null]\n']);
});

test("while a picture is worked on nothing is read, and none is worked on beside it", {
  timeout,
}, async (t) => {
  const { port } = await foreign(t, (socket) => {
    for (let n = 0; n < 5; n++) {
      const text = `["image",[[1],"gray",[1,1],[1],{"t":${n}}]]`;
      socket.write(Buffer.concat([messageBytes(text, 1), Buffer.from([n])]));
    }
  });
  const order: string[] = [];
  class Worker extends Player {
    override async processImage(_: FilersImage, { t }: FilersMetadata): Promise<void> {
      order.push(`begins ${t}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
      order.push(`ends ${t}`);
    }
  }
  const worker = new Worker({ server: "127.0.0.1", port });
  t.after(() => worker.stopListener());
  worker.startListener();
  await eventually(() => order.length === 10);
  assert.deepEqual(
    order,
    [0, 1, 2, 3, 4].flatMap((n) => [`begins ${n}`, `ends ${n}`]),
  );
});

test("a server that is not there, or leaves, is told of once", { timeout }, async (t) => {
  const { port } = await foreign(t, (socket) => socket.end());
  const left = playerOf(t, port);
  left.startListener();
  await eventually(() => left.exceptions.length === 1);
  const [[message, trace, fromThread] = []] = left.exceptions;
  assert.match(
    message ?? "",
    /^The connection to the Filers server localhost:\d+ was lost: Remote client was closed\.$/,
  );
  assert.match(trace ?? "", /remote-video-player/);
  assert.equal(fromThread, true);
  const nobody = playerOf(t, 1);
  nobody.startListener();
  await eventually(() => nobody.exceptions.length === 1);
  assert.match(nobody.exceptions[0]?.[0] ?? "", /was lost: .*ECONNREFUSED/);
  await nobody.stopListener();
});

test("what a server sends in bad faith ends the connection with a sentence, and takes no memory", {
  timeout: TEST_MS,
}, async (t) => {
  const bomb = `- &a [x,x,x]\n- [${Array(5000).fill("*a").join(",")}]`;
  const attacks: Record<string, [Uint8Array, RegExp]> = {
    "4 GB": [Buffer.from("00000010ffffffff", "hex"), /4294967295 bytes of binary data; at most/],
    "4 GB of text": [Buffer.from("ffffffff00000000", "hex"), /4294967295 bytes of text/],
    "YAML bomb": [messageBytes(bomb), /not valid YAML: Excessive alias count/],
    "no list": [messageBytes("hello"), /list of a name and a value/],
    "a lie": [messageBytes('["image",[[9],"gray",[1,1],[1],{}]]'), /does not fit the 0 bytes/],
    "half a header": [Buffer.from("000000", "hex"), /Remote client was closed/],
  };
  const before = await memoryHeld();
  for (const [what, [bytes, sentence]] of Object.entries(attacks)) {
    const { port } = await foreign(t, (socket) => {
      if (what === "half a header") socket.end(bytes);
      else socket.write(bytes);
    });
    const player = playerOf(t, port);
    player.startListener();
    await eventually(() => player.exceptions.length === 1);
    assert.match(player.exceptions[0]?.[0] ?? "", sentence, what);
    assert.equal(player.exceptions[0]?.[2], true);
  }
  const grown = ((await memoryHeldWithin(before + 5e6)) - before) / 1e6;
  assert.ok(grown < 5, `${grown} MB more are held`);
});

test("a message that has begun and does not go on is given up; between messages a server may be silent", {
  timeout,
}, async (t) => {
  const silent = await foreign(t, () => {});
  const patient = playerOf(t, silent.port, { stallMs: 100 });
  patient.startListener();
  const { port } = await foreign(t, (socket) => socket.write(Buffer.from("00000010", "hex")));
  const player = playerOf(t, port, { stallMs: 100 });
  player.startListener();
  await eventually(() => player.exceptions.length === 1);
  assert.match(player.exceptions[0]?.[0] ?? "", /was lost: timed out\./);
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.deepEqual(patient.exceptions, []);
});

test("a picture that is too large is refused by its length alone", { timeout }, async (t) => {
  const { port } = await foreign(t, (socket) =>
    socket.write(Buffer.from("0000001000000400", "hex")),
  );
  const player = playerOf(t, port, { maxImageBytes: 1000 });
  player.startListener();
  await eventually(() => player.exceptions.length === 1);
  assert.match(
    player.exceptions[0]?.[0] ?? "",
    /1024 bytes of binary data; at most 65536 and 1000/,
  );
});
