import assert from "node:assert/strict";
import { test } from "node:test";
import { TEST_MS, WAIT_MS } from "../limits.ts";
import { pageModule } from "./page-module.ts";

interface Seats {
  take(): Promise<"free" | "full" | "left">;
  leave(): void;
}

const { Seats } = await pageModule<{
  Seats: new (name: string, onSurplus: () => void) => Seats;
}>("things/seats");

/** Pages of one browser, and which of them have a seat. */
class Pages {
  readonly seated = new Set<Seats>();
  readonly all: Seats[];

  constructor(name: string, count: number) {
    this.all = Array.from({ length: count }, () => {
      const page: Seats = new Seats(name, () => this.seated.delete(page));
      return page;
    });
  }

  async take(pages: readonly Seats[]): Promise<void> {
    await Promise.all(
      pages.map(async (page) => {
        if ((await page.take()) === "free") this.seated.add(page);
      }),
    );
  }

  close(): void {
    for (const page of this.all) page.leave();
  }
}

async function until(holds: () => boolean): Promise<void> {
  const end = Date.now() + WAIT_MS;
  while (!holds()) {
    assert.ok(Date.now() < end, "it never held");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test("of eight pages that ask at once three have a seat, and one that leaves makes room for another", {
  timeout: TEST_MS,
}, async (t) => {
  const pages = new Pages("at once", 8);
  t.after(() => pages.close());
  await pages.take(pages.all);
  await until(() => pages.seated.size === 3);
  const [first] = pages.seated;
  first!.leave();
  pages.seated.delete(first!);
  await pages.take(pages.all.filter((page) => !pages.seated.has(page)));
  await until(() => pages.seated.size === 3);
});

test("pages that were too busy to answer have their seats, and what is too much is given up", {
  timeout: TEST_MS,
}, async (t) => {
  const pages = new Pages("busy", 6);
  t.after(() => pages.close());
  for (const page of pages.all) {
    const taking = pages.take([page]);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300); // no answer is heard in time
    await taking;
  }
  await until(() => pages.seated.size === 3);
});
