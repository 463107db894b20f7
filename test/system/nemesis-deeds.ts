import assert from "node:assert/strict";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { WAIT_MS } from "../limits.ts";
import { type Account, accountOf } from "../recording/accounts.ts";
import { exportedAccountOf } from "./judge.ts";
import type { Random } from "./power-cut.ts";
import type { Deed, RecorderProcess } from "./recorder-process.ts";
import { type Listed, RecordingsClient } from "./recordings-client.ts";

/** What is recorded by the way, in the time that another recording has, too. */
export const SIDE = "side";
/** So many may have come before a recording begins, while it was asked for. */
const FEW_FRAMES = 30;
/** Those who have the folder. */
const RECORDERS = ["recorder", "other"];

/** What people do with the files of a recorder while it records: export, delete, start again, take the disk away. */
export class FileDeeds {
  /** Of what was deleted. */
  readonly deleted: Account[] = [];
  readonly #recorder: RecorderProcess;
  readonly #random: Random;

  constructor(recorder: RecorderProcess, random: Random) {
    this.#recorder = recorder;
    this.#random = random;
  }

  /** Asks for an export and does not wait for it: what comes next may hit it. */
  async export(replace: boolean): Promise<void> {
    const all = await this.#client.list();
    const names = new Set(all.map(({ name }) => name));
    const format = this.#random() < 0.5 ? "mp4" : "webm";
    const wanted = all.filter((file) => isFilm(file, ".mkv"));
    const files = wanted.filter(({ name }) => !names.has(name.replace("mkv", format)));
    const file = this.#oneOf(files);
    if (file) await this.#client.begin("export", { id: file.id, format, replace });
    await sleep(this.#random() * 1500);
  }

  /** Deletes a file that is closed, and remembers what was in it. One that is exported just now stays. */
  async delete(): Promise<void> {
    const all = (await this.#client.list()).filter((file) => isFilm(file));
    const file = this.#oneOf(all);
    if (!file) return;
    const path = join(this.#recorder.folder, file.name);
    const stem = stemOf(file.name);
    const account = file.name.endsWith(".mkv") ? accountOf(path) : exportedAccountOf(path);
    const had = await account;
    const client = this.#client;
    const statuses =
      this.#random() < 0.5
        ? [await client.delete(file)]
        : await Promise.all(RECORDERS.map((thing) => client.delete(file, thing)));
    const told = `DELETE ${file.name}: ${statuses}`;
    const isDeleted = statuses.includes(204);
    for (const status of statuses)
      assert.ok([204, 409, ...(isDeleted ? [404] : [])].includes(status), told);
    const names = await readdir(this.#recorder.folder);
    assert.equal(names.includes(file.name), !isDeleted, told);
    for (const thing of RECORDERS) {
      const listed = (await client.list(thing)).map(({ name }) => name);
      assert.ok(!isDeleted || !listed.includes(file.name), `${thing} lists it: ${told}`);
    }
    const isLeft = names.some((name) => /\.(mkv|mp4|webm)$/.test(name) && stemOf(name) === stem);
    if (isDeleted && !isLeft) this.deleted.push({ ...had, path: `${path} (deleted)` });
  }

  /** Records by the way in files of half a second, of which the newest two are kept, with their ledgers. */
  async keepTwoFiles(): Promise<void> {
    const name = `${SIDE}-${Math.floor(this.#random() * 1e6)}`;
    const input = { name, split: 0.5, max_files: 2 };
    const { captured } = this.#recorder;
    assert.equal(await this.#client.run("start_recording", input), "completed");
    const before = captured.length;
    await sleep(2000 + this.#random() * 1000);
    assert.equal(await this.#client.run("stop_recording"), "completed");
    const own = (await readdir(this.#recorder.folder)).filter((one) => one.startsWith(`${name}-`));
    const [films, ledgers] = [".mkv", ".ledger.jsonl"].map((end) =>
      own
        .filter((one) => one.endsWith(end))
        .map((one) => Number(one.slice(name.length + 1, -end.length)))
        .sort((a, b) => a - b),
    );
    const told = `${own.join() || "nothing"} of ${captured.length - before} frames`;
    assert.deepEqual(films, ledgers, told);
    const isRow = films!.every((number, n) => n === 0 || number === films![n - 1]! + 1);
    const isAny = films!.length > 0 || captured.length - before < FEW_FRAMES;
    assert.ok(films!.length <= 2 && isRow && isAny, told);
  }

  /** What is recorded goes on in a recording with little room. That ends when it is used up, by exports too, and says so. */
  async giveLittleRoom(): Promise<void> {
    const { deeds } = this.#recorder;
    const before = deeds.length;
    this.#recorder.say("little room");
    const end = performance.now() + WAIT_MS;
    const isLack = ({ ended, refused }: Deed) =>
      /the quota of [\d.]+ MB/.test(ended ?? refused ?? "");
    while (!deeds.slice(before).some(isLack)) {
      const told = JSON.stringify(deeds.slice(before));
      assert.ok(performance.now() < end, `no recording has ended by its quota: ${told}`);
      await sleep(50);
    }
  }

  /** Eight at once. One begins, and one stop ends it. */
  async startAtOnce(): Promise<void> {
    const starts = await this.#eightStarts();
    assert.equal(starts.filter((one) => one === "completed").length, 1, starts.join("\n"));
    for (const one of starts) assert.match(one, /^completed$|is already recording|still writing/);
    await sleep(this.#random() * 500);
    assert.equal(await this.#client.run("stop_recording"), "completed");
    assert.match(await this.#client.run("stop_recording"), /is not recording/);
  }

  /** Eight at once while the disk fails. One begins or is told of this fault, in its words; and nothing of it is left in the way of the next. */
  async startOnFailingDisk(failing: Promise<void>, fault: string): Promise<void> {
    const [starts] = await Promise.all([this.#eightStarts(), failing]);
    const begun = starts.filter((one) => !/is already recording|still writing/.test(one));
    assert.ok(begun.length > 0, starts.join("\n"));
    for (const one of begun) {
      const isTold = /^error: 'side-\d+\.mkv' ended as soon as it had begun: /.test(one);
      assert.ok(one === "completed" || (isTold && one.includes(fault)), starts.join("\n"));
    }
    assert.match(await this.#client.run("stop_recording"), /^completed$|is not recording/);
    await this.startAtOnce();
  }

  #eightStarts(): Promise<string[]> {
    const client = this.#client;
    const input = { name: `${SIDE}-${Math.floor(this.#random() * 1e6)}` };
    return Promise.all(Array.from({ length: 8 }, () => client.run("start_recording", input)));
  }

  /** The folder is gone for a while, and what was recorded in its place meanwhile is put into it. */
  async takeFolder(): Promise<void> {
    const { folder } = this.#recorder;
    const [away, meanwhile] = [`${folder}-away`, `${folder}-meanwhile`];
    await rename(folder, away);
    await sleep(1000 + this.#random() * 1500);
    await mkdir(meanwhile);
    while (!(await isBack(away, folder))) await moveAll(folder, meanwhile);
    await moveAll(meanwhile, folder);
    await rm(meanwhile, { recursive: true, force: true });
    await sleep(1500); // the recorder sees what there is
  }

  get #client(): RecordingsClient {
    return new RecordingsClient(new URL(this.#recorder.url).origin);
  }

  #oneOf(files: readonly Listed[]): Listed | undefined {
    return files[Math.floor(this.#random() * files.length)];
  }
}

/** Whether nobody has made another folder in its place. */
function isBack(away: string, folder: string): Promise<boolean> {
  return rename(away, folder).then(
    () => true,
    () => false,
  );
}

async function moveAll(from: string, to: string): Promise<void> {
  const names = await readdir(from).catch(() => []);
  for (const name of names.filter((one) => one !== ".lock")) {
    await rename(join(from, name), join(to, name)).catch(() => {}); // it was removed meanwhile
  }
  await rm(join(from, ".lock"), { force: true });
}

function isFilm({ name, growing, ended }: Listed, end = ""): boolean {
  return name.startsWith("take-") && name.endsWith(end) && !growing && ended !== undefined;
}

function stemOf(name: string): string {
  return name.replace(/\.\w+$/, "");
}
