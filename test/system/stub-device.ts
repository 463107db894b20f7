import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { TestContext } from "node:test";
import { packagePath } from "../../src/base/package-root.ts";
import { jpegOf } from "../frames/jpegs.ts";

/** A device whose programs are stubs on the path of this process, until the test ends. */
export class StubDevice {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** @param script - In test/system/programs. @param names - What the programs are called. */
  static async create(
    t: TestContext,
    script: string,
    names: readonly string[],
  ): Promise<StubDevice> {
    const folder = await mkdtemp(join(tmpdir(), "thingscope-stub-"));
    const stub = packagePath("test", "system", "programs", script);
    for (const name of names) {
      const lines = `#!/bin/sh\nexec '${process.execPath}' '${stub}' ${name} "$@"\n`;
      await writeFile(join(folder, name), lines, { mode: 0o755 });
    }
    await writeFile(join(folder, "frame.jpg"), await jpegOf(64, 48));
    await writeFile(join(folder, "still.jpg"), await jpegOf(128, 96));
    const { PATH } = process.env;
    Object.assign(process.env, { PATH: `${folder}${delimiter}${PATH}`, STUB_FOLDER: folder });
    t.after(async () => {
      process.env.PATH = PATH;
      await rm(folder, { recursive: true, force: true });
    });
    return new StubDevice(folder);
  }

  /** Plugs it in, with these values. */
  plug(values: Readonly<Record<string, unknown>> = {}): Promise<void> {
    return writeFile(join(this.#folder, "device.json"), JSON.stringify(values));
  }

  unplug(): Promise<void> {
    return rm(join(this.#folder, "device.json"), { force: true });
  }

  async values(): Promise<Record<string, unknown>> {
    return JSON.parse(await readFile(join(this.#folder, "device.json"), "utf8"));
  }

  /** The words of each call that had the device, oldest first. */
  async calls(): Promise<string[][]> {
    const text = await readFile(join(this.#folder, "calls"), "utf8").catch(() => "");
    return text
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  }
}
