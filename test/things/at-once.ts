import assert from "node:assert/strict";
import { readdir, readlink } from "node:fs/promises";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { ThingHost, ThingServer } from "thingscope";
import { verifyRecording } from "thingscope/recording";
import { Recorder, RecorderGroup } from "thingscope/things";
import { ThingClient } from "../../src/client/index.ts";
import { eventually } from "../streams/watching.ts";
import { folderFor, QuickCamera } from "./recorder-server.ts";

interface Listed {
  readonly id: string;
  readonly name: string;
}

/** What came of an operation: its value, or the code of its error. */
export type Outcome = { readonly value: unknown } | { readonly code: string; readonly why: string };

/** Two recorders of one camera and one folder, and their group, served: what clients do to them at once, and what must hold then. */
export class Bench {
  readonly folder: string;
  readonly recorders: readonly Recorder[];
  readonly group: RecorderGroup;
  readonly camera: QuickCamera;
  readonly server: ThingServer;
  readonly url: string;
  /** Whether `invoke` waits for the end of an action, and not only for the answer to its request. */
  waits = true;
  readonly #clients: Readonly<Record<string, ThingClient>>;

  static async for(t: TestContext, folder?: string): Promise<Bench> {
    const at = folder ?? (await folderFor(t));
    const host = new ThingHost({ settingsFolder: await folderFor(t) });
    const camera = new QuickCamera();
    host.add("camera", camera);
    const recorders = ["one", "two"].map((name) => {
      const recorder = new Recorder({ folder: at, reserve_mb: 1, pre_s: 0.1, post_s: 0.1 });
      host.add(name, recorder, { slots: { camera: "camera" } });
      return recorder;
    });
    const group = new RecorderGroup({ folder: at });
    host.add("group", group, { slots: { recorders: ["one", "two"] } });
    const server = new ThingServer(host);
    const { url } = await server.listen({ port: 0 });
    t.after(() => server.close());
    const names = ["one", "two", "group"];
    const clients = await Promise.all(names.map((name) => ThingClient.connect(`${url}/${name}/`)));
    const named = Object.fromEntries(names.map((name, n) => [name, clients[n]!]));
    return new Bench({ folder: at, recorders, group, camera, server, url, clients: named });
  }

  private constructor(
    all: Pick<Bench, "folder" | "recorders" | "group" | "camera" | "server" | "url"> & {
      clients: Readonly<Record<string, ThingClient>>;
    },
  ) {
    this.folder = all.folder;
    this.recorders = all.recorders;
    this.group = all.group;
    this.camera = all.camera;
    this.server = all.server;
    this.url = all.url;
    this.#clients = all.clients;
  }

  /** Runs an action over HTTP. Never rejects. */
  async invoke(thing: string, action: string, input: object = {}): Promise<Outcome> {
    if (!this.waits) return this.#post(`/${thing}/${action}`, input);
    try {
      return { value: await this.#clients[thing]!.invoke(action, input) };
    } catch (error) {
      return codeOf(error);
    }
  }

  async #post(path: string, input: object): Promise<Outcome> {
    const headers = { "Content-Type": "application/json" };
    const body = JSON.stringify(input);
    const { status } = await fetch(`${this.url}${path}`, { method: "POST", headers, body });
    return { value: status };
  }

  async write(thing: string, property: string, value: unknown): Promise<Outcome> {
    try {
      return { value: await this.#clients[thing]!.write(property, value) };
    } catch (error) {
      return codeOf(error);
    }
  }

  async list(path: string): Promise<Listed[]> {
    return (await (await fetch(`${this.url}${path}`)).json()) as Listed[];
  }

  /** The status of a request for the newest recording, or the one before; 404 when there is none. */
  async ofNewest(method: string, path: string, n = 0): Promise<number> {
    const file = (await this.list("/recordings"))[n];
    const answer = await fetch(`${this.url}${path}/${file?.id ?? "none"}`, { method });
    await answer.arrayBuffer();
    return answer.status;
  }

  /** Ends what goes on as a client would. */
  async quiet(): Promise<void> {
    await this.invoke("group", "stop_recording");
    for (const name of ["one", "two"]) {
      await this.invoke(name, "stop_recording");
      await this.write(name, "armed", false);
    }
    await eventually(() => !this.recorders.some(({ busy }) => busy) && !this.group.busy);
  }

  /** That nothing records on, all lists have what the folder has, and every file is whole. */
  async assertSound(): Promise<void> {
    await this.quiet();
    assert.deepEqual(
      this.recorders.map(({ state }) => state),
      ["idle", "idle"],
    );
    assert.equal(this.camera.mjpeg_stream.demand.count, 0, "somebody still wants frames");
    await assertWhole(this.folder);
    const there = (await readdir(this.folder)).filter((name) => /\.(mkv|jpg)$/.test(name));
    const manifests = (await readdir(this.folder)).filter((name) => name.endsWith(".json"));
    for (const [path, names] of [
      ["/one/recordings", there],
      ["/two/recordings", there],
      ["/group/manifests", manifests],
      ["/recordings", [...there, ...manifests]],
    ] as const) {
      const listed = (await this.list(path)).map(({ name }) => name).toSorted();
      assert.deepEqual(listed, names.toSorted(), path);
    }
  }
}

/** That each recording in a folder verifies, each ledger has one, nothing is half made, and this process has none of it open. */
export async function assertWhole(folder: string): Promise<void> {
  const names = await readdir(folder);
  assert.deepEqual(
    names.filter((name) => name.endsWith(".part")),
    [],
  );
  const stems = (end: string) =>
    names.filter((name) => name.endsWith(end)).map((name) => name.slice(0, -end.length));
  assert.deepEqual(stems(".ledger.jsonl").toSorted(), stems(".mkv").toSorted());
  for (const stem of stems(".mkv")) {
    const { ok, sentence } = await verifyRecording(join(folder, `${stem}.mkv`));
    assert.ok(ok, sentence);
  }
  assert.deepEqual(await openIn(folder), []);
}

/** Files of a folder that this process has open. */
export async function openIn(folder: string): Promise<string[]> {
  const open = await readdir("/proc/self/fd");
  const paths = await Promise.all(
    open.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => "")),
  );
  return paths.filter((path) => path.startsWith(`${folder}/`) && !path.endsWith(".lock"));
}

export function codeOf(error: unknown): { code: string; why: string } {
  const { code = "NONE", message = String(error) } = error as { code?: string; message?: string };
  return { code, why: message };
}
