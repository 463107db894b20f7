import assert from "node:assert/strict";
import { test } from "node:test";
import * as thingscope from "thingscope";
import * as filers from "thingscope/filers";
import * as frames from "thingscope/frames";
import { filersFor, PlainClient } from "../adapters/filers/network.ts";
import { jpegOf } from "../frames/jpegs.ts";
import { TEST_MS } from "../limits.ts";
import { eventually } from "../streams/watching.ts";
import { rowsFrom, run } from "./coming-from.ts";

const ROWS = rowsFrom("Filers and RemoteVideoPlayer");

/** The line beside one that begins so. */
function besides(wrote: string): string {
  const row = ROWS.find((one) => one.wrote.startsWith(wrote));
  assert.ok(row, `docs/coming-from.md has no row for ${wrote}`);
  return row.now;
}

test("a script that is rewritten line by line plays as the one of Filers does", {
  timeout: TEST_MS,
}, async (t) => {
  const { camera, port } = await filersFor(t);
  const states: boolean[] = [];
  const errors: string[] = [];
  const pictures: [filers.FilersImage, filers.FilersMetadata][] = [];
  assert.equal(await run(besides("from remote"), {}), filers.RemoteVideoPlayer);
  const scope = { ...filers, ...thingscope, ...frames, pictures, states, errors };
  const Player = await run(besides("class Player"), scope);
  const made = besides("player = Player").replace("10000", String(port));
  const player = (await run(made, { ...scope, Player })) as filers.RemoteVideoPlayer;
  t.after(() => player.stopListener());
  const line = (wrote: string, more: object = {}) =>
    run(besides(wrote), { ...scope, player, ...more });
  assert.deepEqual(await line("player.server"), ["localhost", port, 0.01]);
  await line("player.start_listener()");
  await line("player.play()");
  await eventually(() => camera.mjpeg_stream.demand.active);
  camera.mjpeg_stream.addFrame(await jpegOf(32, 24));
  await line("player.process_in_main_thread()");
  await eventually(() => pictures.length === 1);
  assert.deepEqual([states, errors], [[true], []]);
  const [image, metadata] = pictures[0]!;
  assert.deepEqual(await line("image.get_size", { image }), [[32, 24], "rgb24"]);
  assert.deepEqual(await line("image.get_linesizes", { image }), [image.lineSizes, image.planes]);
  assert.deepEqual(await line("SWScale", { image }), image.planes[0]);
  assert.equal(
    await line("metadata", { metadata }),
    camera.mjpeg_stream.heldFrame(0).capturedAt / 1000,
  );
  await line("player.stop()");
  await line("player.stop_listener");
});

test("the lines for who speaks the wire himself do so", { timeout: TEST_MS }, async (t) => {
  const { port, server } = await filersFor(t, { recording: false });
  const { socket } = new PlainClient(t, port);
  const line = (wrote: string, more: object = {}) => run(besides(wrote), { ...filers, ...more });
  await line("RemoteData().send_msg", { socket });
  await eventually(() => server.clients[0]?.state === "requested");
  const reader = new filers.MessageReader({ text: 1000, binary: 1000 });
  const chunk = filers.messageBytes("- started_playing\n- null\n");
  const started = { name: "started_playing", value: null };
  assert.deepEqual(await line("msg_len, msg_buff", { reader, chunk }), [started]);
  const text = Buffer.from("[image, [[1], gray, [1, 1], [1], {t: 1}]]");
  const head = (await line("msg, value", { text, binary: Buffer.alloc(1) })) as filers.ImageHead;
  assert.deepEqual([head.pixelFormat, head.metadata], ["gray", { t: 1 }]);
  assert.equal(await line("yaml_dumps"), '["stopped_playing",null]\n');
  assert.deepEqual(
    await line("yaml_loads", { text: Buffer.from("- started_playing\n-\n") }),
    started,
  );
  const player = { exceptions: [{ fromThread: true }] };
  assert.equal(await line("except connection_errors", { player }), true);
});
