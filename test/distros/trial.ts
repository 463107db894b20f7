import assert from "node:assert/strict";
import { inspectJpeg } from "../../src/frames/jpeg/jpeg.ts";
import { runToEnd } from "../native/program.ts";
import { RAW, SLOPES } from "../native/raw.ts";
import { LAND_MS } from "./limits.ts";
import { packedProgram, SERVE, THINGSCOPE, type UserLand } from "./user-land.ts";
import type { Tried } from "./user-lands.ts";

export const INSTALL = "node /opt/npm/bin/npm-cli.js install --silent /opt/pack/thingscope.tgz";
const WITH_ALL_ADDONS =
  "The addons (crc32, send-to-each, tcp-lowat) are loaded, and the V4L2 program runs.";
const SIZE = { width: 70, height: 50 };

interface Check {
  readonly name: string;
  readonly level: string;
  readonly message: string;
  readonly fix?: string;
}

/** What `thingscope doctor` says of the Node, of sharp and of the addons. */
export async function doctor(land: UserLand, command = `node ${THINGSCOPE}`): Promise<Check[]> {
  const { stdout, stderr } = await land.sh(`${command} doctor --json`);
  const text = stdout.toString();
  assert.match(text, /^\[/m, stderr);
  const checks = JSON.parse(text.slice(text.indexOf("["))) as Check[];
  return checks.filter(({ name }) => ["node", "sharp", "native"].includes(name));
}

/** Node, sharp, every addon and the program run; the server says nothing of them and sends a picture. */
export async function assertNothingIsLost(
  land: UserLand,
  command = `node ${THINGSCOPE}`,
  serve = `${command} ${SERVE}`,
): Promise<void> {
  const checks = await doctor(land, command);
  assert.deepEqual(
    checks.map(({ name, level }) => [name, level]),
    [
      ["node", "ok"],
      ["sharp", "ok"],
      ["native", "ok"],
    ],
    JSON.stringify(checks),
  );
  assert.equal(checks[2]?.message, WITH_ALL_ADDONS);
  assert.deepEqual(nativeLines(await servedPicture(land, serve)), []);
}

/** Serves the microscope and takes one picture of it. What the log said of warnings. */
export function servedPicture(land: UserLand, serve?: string): Promise<string[]> {
  return land.serving(assertSendsPicture, serve);
}

/** The camera of a server sends a picture, for which an emulated processor may need longer than a minute. */
export async function assertSendsPicture(url: string): Promise<void> {
  const signal = AbortSignal.timeout(LAND_MS);
  const ask = () => fetch(`${url}/camera/mjpeg_stream/snapshot?wait=60`, { signal });
  let answer = await ask();
  for (let i = 0; i < 10 && answer.status === 503; i++) answer = await ask();
  assert.equal(answer.status, 200);
  const { width, height } = inspectJpeg(new Uint8Array(await answer.arrayBuffer()));
  assert.ok(width >= 320 && height >= 240, `${width} x ${height}`);
}

export function nativeLines(log: readonly string[]): string[] {
  return log.filter((line) => /addon|V4L2 camera program|sharp/i.test(line));
}

/** What a person does who has a Node and no compiler: installs, asks the doctor, serves; and the program's own answers. */
export async function tryOut(land: UserLand, { arch, library }: Tried): Promise<void> {
  await assertIs(land, arch, library);
  await land.told(INSTALL);
  await assertNothingIsLost(land);
  const program = `node_modules/thingscope/prebuilds/linux-${arch}/v4l2-camera`;
  assert.deepEqual(Object.keys(JSON.parse(await land.told(`${program} list`))), ["devices"]);
  for (const format of ["RGB3", "UYVY", "GRBG", "Y10"]) {
    const raw = RAW[format]!(SLOPES, SIZE);
    const args = ["encode-test", format, "70x50", "--repeat", "1", "--quality", "90"];
    const there = await land.sh([program, ...args].join(" "), { input: raw });
    const here = await runToEnd([await packedProgram(), ...args], raw);
    assert.equal(there.code, 0, there.stderr);
    assert.ok(here.stdout.length > 300 && there.stdout.equals(here.stdout), format);
  }
}

/** It is the land that it is said to be, and has no compiler. */
export async function assertIs(land: UserLand, arch: string, library: string): Promise<void> {
  const asked = `[process.arch, process.report.getReport().header.glibcVersionRuntime ?? "musl"].join()`;
  assert.equal(await land.told(`node -p '${asked}'`), `${arch},${library}`);
  const compilers = await land.sh("command -v cc gcc clang make");
  assert.equal(compilers.stdout.toString(), "");
}
