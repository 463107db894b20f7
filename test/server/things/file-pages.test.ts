import assert from "node:assert/strict";
import { test } from "node:test";
import { FileCollection, files, property, Thing, ThingHost, ThingServer } from "thingscope";
import { Type } from "typebox";
import { TEST_MS } from "../../limits.ts";

class Shelf extends Thing {
  @files("Files", { name: "recordings" }) readonly files = new FileCollection();

  @property("All of them", Type.Array(Type.Any()), { readOnly: true })
  get recordings() {
    return this.files.list;
  }

  override open(): void {
    this.files.path = `/${this.name}/recordings`;
  }

  /** Two files of each moment. */
  put(from: number, to: number): void {
    for (let n = from; n < to; n++) {
      const createdAt = 1000.25 * Math.floor(n / 2);
      this.files.put({ path: `/nowhere/${n}.txt`, mediaType: "text/plain", size: 1, createdAt });
    }
  }
}

interface Listed {
  readonly id: string;
  readonly name: string;
}

async function shelfOf(t: import("node:test").TestContext) {
  const host = new ThingHost();
  const shelf = new Shelf();
  host.add("shelf", shelf);
  const server = new ThingServer(host);
  const { url } = await server.listen({ port: 0 });
  t.after(() => server.close());
  shelf.put(0, 25);
  return { shelf, url };
}

/** The pages from an address on, as their Links lead. */
async function* pagesFrom(address: string): AsyncGenerator<Listed[]> {
  for (let next: string | undefined = address; next; ) {
    const answer: Response = await fetch(next);
    assert.equal(answer.status, 200);
    yield (await answer.json()) as Listed[];
    const link: string | undefined = /<([^>]+)>; rel="next"/.exec(
      answer.headers.get("link") ?? "",
    )?.[1];
    next = link && new URL(link, next).href;
  }
}

for (const path of ["/shelf/recordings", "/recordings"]) {
  test(`${path} in pages has each file once, in the order of the whole list`, {
    timeout: TEST_MS,
  }, async (t) => {
    const { url } = await shelfOf(t);
    const whole = (await (await fetch(url + path)).json()) as Listed[];
    assert.equal(whole.length, 25);
    const pages: Listed[][] = [];
    for await (const page of pagesFrom(`${url}${path}?limit=4`)) pages.push(page);
    assert.deepEqual(
      pages.map(({ length }) => length),
      [4, 4, 4, 4, 4, 4, 1],
    );
    assert.deepEqual(pages.flat(), whole);
  });
}

test("who follows the links sees each older file once, whatever comes and goes meanwhile", {
  timeout: TEST_MS,
}, async (t) => {
  const { shelf, url } = await shelfOf(t);
  const before = shelf.files.list.map(({ id }) => id);
  const seen: Listed[] = [];
  for await (const page of pagesFrom(`${url}/shelf/recordings?limit=5`)) {
    seen.push(...page);
    shelf.files.forget(`/nowhere/${page.at(-1)!.name}`); // where the next page begins
    shelf.put(25 + seen.length, 27 + seen.length); // newer than all
  }
  assert.deepEqual(
    seen.map(({ id }) => id),
    before,
  );
});

test("a page that is none is refused with a sentence", { timeout: TEST_MS }, async (t) => {
  const { url } = await shelfOf(t);
  for (const query of ["limit=0", "limit=x", "after=1", "after=1_%2e%2e", "after="]) {
    const answer = await fetch(`${url}/shelf/recordings?${query}`);
    assert.equal(answer.status, 400, query);
    assert.match(((await answer.json()) as { detail: string }).detail, /is not valid: give/);
  }
});
