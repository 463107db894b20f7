import assert from "node:assert/strict";
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Camera, type FrameSource } from "thingscope";
import type { FilersServer } from "thingscope/filers";
import { decodeRgb } from "thingscope/frames";
import { PIXEL_FORMATS, toPixelFormat } from "../../src/frames/pixels/pixel-formats.ts";
import { filersFor } from "../adapters/filers/network.ts";
import { assertNamesIn, rowsFrom } from "../docs/coming-from.ts";
import { jpegOf } from "../frames/jpegs.ts";
import { TEST_MS } from "../limits.ts";
import { eventually } from "../streams/watching.ts";
import { folderFor } from "../things/recorder-server.ts";
import { installedModule } from "./programs.ts";
import { startPython } from "./python-program.ts";

/** Thirty pictures of 640x480 a second, by the clock. */
class SteadyCamera extends Camera {
  protected override source(): FrameSource {
    return {
      async *frames(signal) {
        const jpegs = await Promise.all(
          [40, 60, 80].map((quality) => jpegOf(640, 480, { quality })),
        );
        const began = performance.now();
        for (let n = 0; !signal.aborted; n++) {
          await sleep(Math.max(0, began + (n * 1000) / 30 - performance.now()));
          yield { jpeg: jpegs[n % jpegs.length]! };
        }
      },
    };
  }
}

/** Filers' own client, in a package that carries it: scripts/setup fetches it, for its author states no licence. */
const FILERS_OWN = "annolid.realtime.play_network";
/** The module that has it, and ours, which was written from the description of the wire. */
const CLIENTS = [FILERS_OWN, "filers_client"];

/** The program at the end of Filers' client, with this port in place of its own. */
async function filersOwnProgram(t: TestContext, port: number): Promise<string> {
  const text = await readFile(installedModule(FILERS_OWN), "utf8");
  assert.equal(text.split("port=5002").length, 2);
  const path = join(await folderFor(t), "own_program.py");
  await writeFile(path, text.replace("port=5002", `port=${port}`));
  return path;
}

const countsIn = (lines: readonly string[]) =>
  lines.flatMap((line) => /'count': (\d+)/.exec(line)?.[1] ?? []).map(Number);

test("Filers' client and ours get 30 pictures of 640x480 a second, while one of them is killed", {
  timeout: TEST_MS,
}, async (t) => {
  const { port, server } = await filersFor(t, {}, { camera: new SteadyCamera() });
  const program = await filersOwnProgram(t, port);
  const [kept, killed] = [startPython(t, program), startPython(t, program)];
  const ours = startPython(t, "filers_client.py", String(port), "10");
  await eventually(() => countsIn(killed.lines).length > 60);
  killed.child.kill("SIGKILL");
  for (const { lines, ended } of [kept, ours]) {
    const { code, errors } = await ended;
    assert.equal(code, 0, errors);
    const counts = countsIn(lines);
    t.diagnostic(`${counts.length} pictures in 10 s, ${server.frames_skipped} skipped`);
    assert.ok(counts.length > 200, `${counts.length} pictures in 10 s`);
    const missing = counts.at(-1)! - counts[0]! + 1 - counts.length;
    assert.ok(missing >= 0 && missing <= server.frames_skipped, `${missing} are missing`);
    assert.deepEqual(
      counts,
      [...new Set(counts)].sort((a, b) => a - b),
      "in order, each once",
    );
    assert.ok(!lines.some((line) => line.includes("exception")), lines.join("\n"));
  }
  await eventually(() => server.clients.length === 0);
  // Filers' client closes with pictures unread: the kernel then drops what it has not yet sent of the good-bye.
  const { half_message = 0, ...others } = server.faults;
  assert.deepEqual(others, {});
  assert.ok(half_message <= 1, `${half_message} have left in the middle of a message`);
});

interface Happened {
  readonly what: string;
  readonly state?: boolean;
  readonly format?: string;
  readonly size?: number[];
  readonly digest?: string;
  readonly message?: string;
}

/** The scenario's program, as a player that is told what to do. */
function playerFor(t: TestContext, port: number, client: string) {
  const { child, lines, ended } = startPython(t, "filers_scenario.py", String(port), client);
  const happened = () =>
    lines.filter((line) => line.startsWith("{")).map((line): Happened => JSON.parse(line));
  const after = async (what: string, count = 1) => {
    const found = () => happened().filter((one) => one.what === what);
    await eventually(() => found().length >= count);
    return found();
  };
  return { tell: (word: string) => tell(child, word), happened, after, ended };
}

function tell(child: ChildProcessWithoutNullStreams, word: string): void {
  child.stdin.write(`${word}\n`);
}

for (const format of PIXEL_FORMATS) {
  test(`Filers' client and ours have the very bytes of a frame, as ${format}`, {
    timeout: TEST_MS,
  }, async (t) => {
    const { port, camera, server } = await filersFor(t, { pixel_format: format });
    const players = CLIENTS.map((client) => playerFor(t, port, client));
    for (const player of players) player.tell("play");
    await eventually(() => haveAsked(server) === 2 && camera.mjpeg_stream.demand.active);
    const jpeg = await jpegOf(641, 479); // rows that end in the middle of any group
    camera.mjpeg_stream.addFrame(jpeg);
    const { data } = toPixelFormat(await decodeRgb(jpeg), format);
    const digest = createHash("sha256").update(data).digest("hex");
    for (const player of players) {
      const [image] = await player.after("image");
      assert.deepEqual([image?.size, image?.format, image?.digest], [[641, 479], format, digest]);
      player.tell("end");
      assert.equal((await player.ended).code, 0);
    }
  });
}

test("Filers' client and ours are told of the recording's state, and of their own mistakes", {
  timeout: TEST_MS,
}, async (t) => {
  const { port, camera, server } = await filersFor(t, { recording: false });
  const players = CLIENTS.map((client) => playerFor(t, port, client));
  const requested = () => eventually(() => haveAsked(server) === 2);
  for (const player of players) player.tell("play");
  await requested();
  for (const player of players) {
    player.tell("play");
    const [mistake] = await player.after("exception");
    assert.equal(mistake?.message, "Client already notified that it is playing");
  }
  for (let turn = 1; turn <= 3; turn++) {
    server.start_network_recording();
    await eventually(() => camera.mjpeg_stream.demand.active);
    camera.mjpeg_stream.addFrame(await jpegOf(64, 48));
    for (const player of players) await player.after("image", turn);
    server.stop_network_recording();
    for (const player of players) {
      await player.after("recording", 2 * turn);
      player.tell("play");
    }
    await requested();
  }
  for (const player of players) {
    player.tell("stop");
    player.tell("end");
    assert.equal((await player.ended).code, 0);
    assert.deepEqual(
      player.happened().map(({ what, state }) => state ?? what),
      ["exception", ...[1, 2, 3].flatMap(() => [true, "image", false]), "ended"],
    );
  }
});

const haveAsked = ({ clients }: FilersServer) =>
  clients.filter(({ state }) => state !== "idle").length;

test("every public name of Filers' client has a row in docs/coming-from.md", async () => {
  const [text = ""] = (await readFile(installedModule(FILERS_OWN), "utf8")).split("if __name__");
  const defined = text.matchAll(
    /^(?: {4})?(?:class |def )?([a-z]\w+)(?:\(| =|: (?:str|int|float) =)/gim,
  );
  const names = [...defined]
    .map(([, name = ""]) => name)
    .filter((name) => !/^(get|orig)_/.test(name));
  assert.ok(names.includes("process_image") && names.includes("timeout"), names.join());
  assertNamesIn(rowsFrom("Filers and RemoteVideoPlayer"), [...new Set(names)]);
});
