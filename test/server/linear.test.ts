import assert from "node:assert/strict";
import { test } from "node:test";
import { Type } from "typebox";
import { ThingError } from "../../src/base/errors.ts";
import { silentLog } from "../../src/base/log.ts";
import { preview, visible } from "../../src/base/preview.ts";
import { redact } from "../../src/base/redact.ts";
import { redactText } from "../../src/base/redact-text.ts";
import { errorsIn } from "../../src/core/schema.ts";
import { LineTail } from "../../src/processes/line-tail.ts";
import { credentialsIn } from "../../src/server/access/login/credentials.ts";
import { mediaRangesIn } from "../../src/server/http/accept.ts";
import { parseJson } from "../../src/server/http/json.ts";
import { problemOf } from "../../src/server/http/problem.ts";
import { viewerPage } from "../../src/streams/viewer-page.ts";
import { TEST_MS } from "../limits.ts";

/** What makes patterns try again from each place: repeated, and followed by what does not fit. */
const PIECES = [
  ...[
    "a.",
    "a",
    "://a:",
    "a://",
    "x:",
    "@",
    '"',
    '\\"',
    '"\\',
    "'",
    "(",
    "[",
    "{",
    "1",
    "1_",
    "1e",
    "-",
    "+",
  ],
  ...[
    ".",
    "/",
    "//",
    " ",
    "\t",
    "\n",
    "<",
    ";",
    ",",
    ', "',
    "=",
    "q=",
    "%",
    "%41",
    "\0",
    "\u202e",
    "Bearer ",
    "?token=",
  ],
  ...["ts_", "thingscope-1", "[::", "a@", "a-", "0:"],
];

const FORMATS =
  "date time date-time duration uri uri-reference uri-template email hostname ipv4 ipv6 regex uuid json-pointer byte".split(
    " ",
  );

/** An author's, on which an engine that goes back takes exponential time, or the square of a text's length. */
const PATTERNS = [
  "^(a+)+$",
  "^(a|a)*$",
  "^(\\w+\\.?)+$",
  "(.*)*,$",
  "(a|b)*a(a|b){12}$",
  "\\s+$",
  "(x+x+)+y",
  "^(([a-z.])+.)+[A-Z]([a-z])+$",
  "\\b(1+_?)+\\b$",
];

/** Everything that reads text which a client, a camera or a child process has written. */
const READERS: Readonly<Record<string, (text: string) => unknown>> = {
  redactText,
  redact: (text) => redact({ text, more: { text } }),
  visible,
  preview,
  parseJson,
  credentialsIn: (text) => credentialsIn(`Basic ${text}`),
  mediaRangesIn,
  problemOf: (text) => problemOf(new ThingError("INVALID_INPUT", text), text),
  viewerPage,
  LineTail: (text) => new LineTail(silentLog, "x").push(text),
  ...Object.fromEntries(
    FORMATS.map((format) => {
      const schema = Type.String({ format });
      return [`format ${format}`, (text: string) => errorsIn(schema, text).length];
    }),
  ),
  ...Object.fromEntries(
    PATTERNS.map((pattern) => {
      const schema = Type.String({ pattern });
      return [`pattern ${pattern}`, (text: string) => errorsIn(schema, text).length];
    }),
  ),
  "patternProperties ^(a+)+$": (text) =>
    errorsIn(Type.Record(Type.String({ pattern: "^(a+)+$" }), Type.Null()), { [text]: null }),
};

const LENGTH = 8_000;
/** Below this many CPU milliseconds for the long text nothing can be said, and nothing need be. */
const NOTHING_MS = 4;

/** The least CPU time of several runs: others on this machine add to it, and take nothing away. */
function costOf(read: (text: string) => unknown, text: string): number {
  let least = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 3 && least > NOTHING_MS / 8; run++) {
    const before = process.cpuUsage();
    read(text);
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}

for (const [name, read] of Object.entries(READERS)) {
  test(`${name} takes time in proportion to the length of a text`, { timeout: TEST_MS }, () => {
    for (const piece of PIECES) {
      const textOf = (length: number) => `${piece.repeat(length / piece.length)}\u0001`;
      const long = costOf(read, textOf(8 * LENGTH));
      if (long < NOTHING_MS) continue;
      const short = costOf(read, textOf(LENGTH));
      assert.ok(
        long < 32 * Math.max(short, NOTHING_MS / 8),
        `${JSON.stringify(piece)}: ${short} ms for one length, ${long} ms for eight`,
      );
    }
  });
}
