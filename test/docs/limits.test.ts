import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import "thingscope";
import "thingscope/fleet";
import "thingscope/frames";
import "thingscope/mqtt";
import "thingscope/recording";
import "../../src/adapters/mirror/index.ts";
import "../../src/cli/fleet-origin.ts";
import "../../src/cli/pino-log.ts";
import { limitHits } from "../../src/base/limit-hits.ts";
import { packagePath } from "../../src/base/package-root.ts";
import { ask } from "../server/requests.ts";
import { bearer, secured } from "../server/secured.ts";
import { pageText } from "./page.ts";

interface Row {
  readonly what: string;
  readonly bound: string;
  readonly setting: string;
  readonly atTheBound: string;
  readonly metric: string;
}

const HEADING = "| what | bound | setting | at the bound | metric |";

const rows: readonly Row[] = pageText("limits.md")
  .split("\n")
  .filter((line) => line.startsWith("| ") && line !== HEADING)
  .map((line) => {
    const cells = line.slice(2, -2).split(" | ");
    const [what = "", bound = "", setting = "", atTheBound = "", metric = ""] = cells;
    return { what, bound, setting, atTheBound, metric };
  });

test("every row of docs/limits.md says what, how much, where it is set, and what happens", () => {
  assert.ok(rows.length > 50);
  for (const { what, bound, setting, atTheBound } of rows) {
    for (const cell of [what, bound, setting, atTheBound]) assert.ok(cell.trim(), what);
    assert.match(bound, /\d/, what);
  }
});

const UNITS: Readonly<Record<string, number>> = {
  KiB: 2 ** 10,
  Ki: 2 ** 10,
  MiB: 2 ** 20,
  Mi: 2 ** 20,
  kB: 1e3,
  MB: 1e6,
  s: 1000,
  min: 60_000,
};

test("a bound that docs/limits.md says is fixed is the constant that it names", () => {
  let compared = 0;
  for (const { what, bound, setting } of rows) {
    const [, name, file] = /`(\w+)` in `([\w./-]+)`/.exec(setting) ?? [];
    if (!name || !file) continue;
    const source = readFileSync(packagePath(file), "utf8");
    const found = new RegExp(`\\b${name}\\b *[=:] *([\\d_.e*+() ]+)[;,]`).exec(source);
    assert.ok(source.includes(name), `${file} has no ${name}: ${what}`);
    if (!found) continue; // one made of several numbers
    const value = evaluated(found[1]!);
    const [, digits = "", unit = ""] = /^([\d,.]+) ?([A-Za-z]*)/.exec(bound) ?? [];
    const isPower = bound.startsWith("2^");
    const number = isPower ? 2 ** Number(bound.slice(2)) : Number(digits.replaceAll(",", ""));
    const factor = UNITS[unit] ?? (unit === "days" ? 86_400 : 1);
    const scale = unit === "s" && name.endsWith("_S") ? 1 : factor;
    assert.equal(value, number * scale, `${what}: ${name} in ${file}`);
    compared += 1;
  }
  assert.ok(compared > 30, `${compared} rows name a constant that can be read`);
});

test("every metric that docs/limits.md names is in /metrics, and every counted limit is in docs/limits.md", async (t) => {
  const { port, tokens } = await secured(t, { webhooks: { allowedHosts: ["127.0.0.1"] } });
  const { text } = await ask(port, { path: "/metrics", headers: bearer(tokens.view) });
  const named = new Set(rows.flatMap(({ metric }) => [...metric.matchAll(/`([^`]+)`/g)]));
  for (const [, metric = ""] of named) {
    const wanted = metric.startsWith("limit=") ? `thingscope_limit_hits_total{${metric}}` : metric;
    assert.ok(text.includes(wanted), `/metrics has no ${wanted}`);
  }
  const page = pageText("limits.md");
  for (const name of limitHits().keys()) assert.ok(page.includes(`\`limit="${name}"\``), name);
});

/** The value of digits, `*`, `**` and brackets, which is all that the pattern above lets through. */
function evaluated(expression: string): number {
  return Number(new Function(`return ${expression}`)());
}
