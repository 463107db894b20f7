// The program that stands in for the V4L2 program, with a v4l2-ctl and a gst-launch-1.0 of our own, since their device would be a real one.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { V4l2Answer } from "../../../src/sources/v4l2/messages.ts";
import { patience, TEST_MS } from "../../limits.ts";
import { collector } from "../../native/program.ts";
import { picture } from "../../streams/pictures.ts";
import { eventually } from "../../streams/watching.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

const PROGRAM = fileURLToPath(
  new URL("../../../src/sources/v4l2/fallback-program.js", import.meta.url),
);
const CTL = `#!/bin/sh
echo "$*" >> "$LOG"
case "$3" in
-D) printf 'Driver Info:\\n\\tDriver name      : test\\n' ;;
-L) printf '                 string 0x0098f904 (str)    : min=0 max=9 step=1 value=x\\n'
    printf '                 button 0x0098f900 (button) : flags=write-only\\n' ;;
--list-formats-ext) printf "\\t[0]: 'MJPG' (Motion-JPEG)\\n\\t\\tSize: Discrete 64x48\\n" ;;
esac
`;
const GST = `#!/bin/sh
echo gst >> "$LOG"
cat "$PICTURE" "$PICTURE" "$PICTURE"
case "$*" in *num-buffers*) ;; *) exec sleep 60 ;; esac
`;

async function begun(t: TestContext) {
  const folder = await temporaryFolder();
  const file = (name: string) => join(folder, name);
  await writeFile(file("v4l2-ctl"), CTL, { mode: 0o755 });
  await writeFile(file("gst-launch-1.0"), GST, { mode: 0o755 });
  await writeFile(file("picture.jpg"), picture(1));
  const env = {
    PATH: `${folder}:${process.env.PATH}`,
    LOG: file("log"),
    PICTURE: file("picture.jpg"),
  };
  const args = [PROGRAM, "stream", "/dev/null"];
  const child = spawn(process.execPath, args, {
    ...{ env: { ...process.env, ...env }, stdio: ["pipe", "pipe", "inherit"] },
    ...{ signal: patience(), killSignal: "SIGKILL" },
  });
  t.after(() => child.kill("SIGKILL"));
  child.on("error", () => {}); // it is ended by the test's limit
  const { reader, all } = collector();
  child.stdout?.on("data", (chunk: Buffer) => reader.read(chunk));
  let number = 0;
  const ask = async (command: string): Promise<V4l2Answer> => {
    const own = ++number;
    child.stdin?.write(`${own} ${command}\n`);
    const answers = () => all.messages.flatMap((one) => (one.type === "answer" ? one.answer : []));
    await eventually(() => answers().some(({ answer }) => answer === own));
    return answers().find(({ answer }) => answer === own)!;
  };
  const log = async () => (await readFile(file("log"), "utf8")).trimEnd().split("\n");
  return { ask, all, log };
}

test("a text is set as it is, and one that v4l2-ctl would read as several controls is refused", {
  timeout: TEST_MS,
}, async (t) => {
  const { ask, log } = await begun(t);
  const text = 0x0098f904;
  assert.equal((await ask(`set ${text}=`)).ok, true);
  assert.equal((await ask(`set ${text}=a%20%3Db`)).ok, true);
  assert.equal((await ask(`set ${0x0098f900}=`)).ok, true);
  const refused = await ask(`set ${text}=a%2Cbrightness=9`);
  assert.deepEqual([refused.ok, refused.error?.errno], [false, "EINVAL"]);
  const set = (await log()).filter((line) => line.includes(" -c "));
  assert.deepEqual(
    set.map((line) => line.split(" -c ")[1]),
    ["string=", "string=a =b", "button=1"],
  );
});

test("a still of a camera that does not stream leaves it so", { timeout: TEST_MS }, async (t) => {
  const { ask, all, log } = await begun(t);
  const { ok, away_ms } = await ask("still MJPG 64x48");
  assert.deepEqual([ok, away_ms], [true, null]);
  assert.equal(all.frames.filter(({ info }) => info.still === 1).length, 1);
  assert.equal((await ask("describe")).ok, true);
  assert.equal((await log()).filter((line) => line === "gst").length, 1);
});
