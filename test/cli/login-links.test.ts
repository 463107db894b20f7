import assert from "node:assert/strict";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import decodeQR from "qr/decode.js";
import { ThingHost, ThingServer } from "thingscope";
import { ThingError } from "../../src/base/errors.ts";
import { silentLog } from "../../src/base/log.ts";
import { redact } from "../../src/base/redact.ts";
import { redactText } from "../../src/base/redact-text.ts";
import { qrCode, sayHowToLogIn } from "../../src/cli/login-links.ts";
import type { ProcessLog } from "../../src/cli/pino-log.ts";
import { ClientError } from "../../src/client/client-error.ts";
import { MjpegHttpSource } from "../../src/sources/mjpeg-http.ts";

/** A log at a terminal, or none, that remembers what it was told. */
function logOf(isShown: boolean): ProcessLog & { shown: string[]; said: string[] } {
  const [shown, said]: string[][] = [[], []];
  return {
    ...silentLog,
    isShown,
    shown: shown!,
    said: said!,
    say: (message) => said!.push(message),
    show: (text) => shown!.push(text),
    written: async () => {},
  };
}

async function serverWithLogin(): Promise<ThingServer> {
  const settingsFolder = await mkdtemp(join(tmpdir(), "thingscope-"));
  return new ThingServer(new ThingHost({ settingsFolder }), { login: {} });
}

test("a terminal is shown links with a code each; a log that is kept is told of none", async () => {
  const server = await serverWithLogin();
  const place = { url: "http://127.0.0.1:5000/api", host: "0.0.0.0" };
  const terminal = logOf(true);
  sayHowToLogIn(server, place, terminal);
  const codes = [...terminal.shown.join("\n").matchAll(/#code=([\w-]{32})/g)].map(([, one]) => one);
  assert.ok(codes.length >= 1 && new Set(codes).size === codes.length);
  assert.match(terminal.shown[1]!, /^ {2}http:\/\/127\.0\.0\.1:5000\/api\/login\?to=\/api\/#code=/);
  assert.deepEqual(terminal.said, []);
  const file = logOf(false);
  sayHowToLogIn(server, place, file);
  assert.deepEqual(file.shown, []);
  assert.match(file.said.join(), /tokens create/);
});

test("a phone reads the code off the terminal", () => {
  const link = `https://192.168.178.123:5000/login?to=/camera/mjpeg_stream/viewer#code=${"x".repeat(32)}`;
  const lines = qrCode(link)
    .split("\n")
    .map((line) => [...line.trim().replace(/^.*?107m/, "")].filter((c) => " ▀▄█".includes(c)));
  assert.ok(lines.length <= 24, `${lines.length} lines: a terminal has 24`);
  const [width, scale] = [lines[0]!.length, 4];
  const data = new Uint8Array(4 * (width * scale) * (2 * lines.length * scale)).fill(255);
  for (let y = 0; y < 2 * lines.length * scale; y++) {
    for (let x = 0; x < width * scale; x++) {
      const half = Math.floor(y / scale);
      const block = lines[half >> 1]![Math.floor(x / scale)]!;
      const isBlack = block === "█" || block === (half % 2 === 0 ? "▀" : "▄");
      if (isBlack) data.fill(0, 4 * (y * width * scale + x), 4 * (y * width * scale + x) + 3);
    }
  }
  const image = { width: width * scale, height: 2 * lines.length * scale, data };
  assert.equal(decodeQR(image), link);
});

test("codes, signatures, tokens and cookies are hidden wherever they stand in a line", () => {
  const secret = "Fna_nfSZcZy-_gEbBO3GtlvD1BsNqoHi";
  for (const text of [
    `http://a/login#code=${secret}`,
    `/camera/live?by=x&signature=${secret}`,
    `Authorization: Bearer ${secret}`,
    `made ts_${secret}.`,
    `Cookie: thingscope-5000=${secret}; a=b`,
    `rtsp://u:${secret}@camera/x`,
    `'http://u:pass/${secret}@camera:99999/x' is no address`,
    `rtsp://u:a#${secret}?@camera and rtsp://u:b/${secret}@camera`,
    `http://u:5000${secret}/x@camera`,
  ]) {
    assert.ok(!redactText(text).includes(secret), text);
  }
  const fields = redact({ headers: { authorization: secret, cookie: secret } });
  assert.ok(!JSON.stringify(fields).includes(secret));
});

test("no sentence of an error shows a password, whatever is wrong with the address that it quotes", async () => {
  const secret = "S3cret";
  for (const url of [
    `http://u:${secret}@127.0.0.1:99999/x`,
    `http://u:a/${secret}@127.0.0.1/x`,
    `htp://u:${secret}@127.0.0.1/x`,
  ]) {
    assert.throws(() => new MjpegHttpSource(url), {
      code: "BAD_CONFIG",
      message: /^'ht+p:\/\/u:\[hidden\]@127.0.0.1[:/]/,
    });
    const { message } = new ThingError("BAD_CONFIG", `'${url}' is no address.`);
    assert.ok(!message.includes(secret) && message.includes("127.0.0.1"), message);
    const client = new ClientError("UNREACHABLE", `${url} cannot be reached.`).message;
    assert.ok(!client.includes(secret), client);
    const { faults } = new ThingError("INVALID_INPUT", "It does not fit.", {
      faults: [{ type: "x", loc: ["url"], msg: `'${url}' does not fit` }],
    });
    assert.ok(!faults[0]!.msg.includes(secret), faults[0]!.msg);
  }
  const shown = [
    "http://user:password@host/path", // our advice
    "http://127.0.0.1:5000/camera/?by=a@b",
    "http://[::1]:5000/a@b",
    "rtsp://camera:554/a and b@c",
  ];
  for (const text of shown) assert.equal(new ThingError("BAD_ARGUMENT", text).message, text);
});
