import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { FileCollection, files, property, Thing, ThingHost, ThingServer } from "thingscope";
import { Type } from "typebox";
import { TEST_MS } from "../../limits.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

/** Fails to open at first; then it lists its file when it is let, as a folder on a slow disk does. */
class SlowShelf extends Thing {
  @files("Files", { name: "recordings" }) readonly files = new FileCollection();
  readonly #path: string;
  #isFirst = true;
  readonly isAsked: Promise<void>;
  #asked: () => void = () => {};
  release: () => void = () => {};

  @property("All of them", Type.Array(Type.Any()), { readOnly: true })
  get recordings() {
    return this.files.list;
  }

  constructor(path: string) {
    super();
    this.#path = path;
    this.isAsked = new Promise((resolve) => {
      this.#asked = resolve;
    });
  }

  override async open(): Promise<void> {
    this.files.path = `/${this.name}/recordings`;
    if (this.#isFirst) {
      this.#isFirst = false;
      throw new Error("The disk is gone.");
    }
    await new Promise<void>((resolve) => {
      this.release = resolve;
      this.#asked();
    });
    this.files.put({ path: this.#path, mediaType: "text/plain", size: 1, createdAt: 1 });
  }
}

for (const way of ["/shelf/recordings", "/recordings"]) {
  test(`a file of a Thing that still opens is waited for at ${way}, and is not said to be missing where it could not open`, {
    timeout: TEST_MS,
  }, async (t) => {
    const path = join(await temporaryFolder("thingscope-opening-"), "note.txt");
    await writeFile(path, "x");
    const { id } = new FileCollection().put({
      ...{ path, mediaType: "text/plain", size: 1, createdAt: 1 },
    });
    const host = new ThingHost();
    const shelf = new SlowShelf(path);
    host.add("shelf", shelf);
    const server = new ThingServer(host);
    t.after(() => server.close());
    const { url } = await server.listen({ port: 0 });
    const gone = await fetch(`${url}${way}/${id}`);
    assert.equal(gone.status, 503);
    assert.match(await gone.text(), /The disk is gone\./);
    const opening = fetch(`${url}/things/shelf/open`, { method: "POST" });
    await shelf.isAsked;
    const early = fetch(`${url}${way}/${id}`);
    await fetch(`${url}/health`); // behind it
    shelf.release();
    const answer = await early;
    assert.deepEqual([answer.status, await answer.text()], [200, "x"]);
    await opening;
    assert.equal((await fetch(`${url}${way}/unknown`)).status, 404);
  });
}
