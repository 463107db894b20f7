import { RawConnection } from "./raw-client.ts";

/** What every client of this folder says after its round. */
export interface Round {
  readonly title: unknown;
  readonly gain: unknown;
  readonly sum: unknown;
  readonly event: unknown;
  readonly frames: number;
}

const JSON_BODY = "Content-Type: application/json; charset=utf-8";
const IDS = [
  "Request-Id: |8d4f2c1e-4f0a1b2c3d4e5f60.1.",
  "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00",
  "Correlation-Context: user=demo",
];

/**
 * A round with the bytes that System.Net.Http.HttpClient of .NET 8 sends for GetFromJsonAsync, PutAsJsonAsync with
 * ExpectContinue, PostAsJsonAsync and GetStreamAsync, diagnostics on.
 */
export async function dotnetRound(url: string, signal: AbortSignal): Promise<Round> {
  const { host } = new URL(url);
  const open = () => new RawConnection(url, signal);
  const kept = open();
  const request = (line: string, ...fields: string[]) =>
    `${[`${line} HTTP/1.1`, `Host: ${host}`, ...fields, ...IDS].join("\r\n")}\r\n\r\n`;
  const get = async (path: string) => {
    kept.write(request(`GET ${path}`, "Accept: application/json"));
    return JSON.parse((await kept.answer()).body.toString());
  };
  /** JsonContent is written as it is serialized, and so in chunks. */
  const post = async (path: string, value: unknown) => {
    kept.write(request(`POST ${path}`, "Transfer-Encoding: chunked", JSON_BODY));
    kept.write(`${chunk(JSON.stringify(value))}0\r\n\r\n`);
    return kept.answer();
  };

  const { title } = await get("/instrument/");
  kept.write(
    request(
      "PUT /instrument/gain",
      "Expect: 100-continue",
      "Transfer-Encoding: chunked",
      JSON_BODY,
    ),
  );
  const interim = await kept.answer();
  kept.write(`${chunk("2.5")}0\r\n\r\n`);
  const written = await kept.answer();
  if (interim.status !== 100 || written.status !== 204)
    throw new Error(`${interim.head}${written.head}`);
  const gain = await get("/instrument/gain");

  const invoked = await post("/instrument/add", { a: 2, b: 3 });
  const { href } = JSON.parse(invoked.body.toString());
  let invocation = await get(new URL(href).pathname);
  while (!["completed", "failed", "error"].includes(invocation.status))
    invocation = await get(new URL(href).pathname);

  const events = open();
  events.write(request("GET /instrument/moved", "Accept: text/event-stream"));
  await events.until("\r\n\r\n");
  await post("/instrument/move", { x: 7 });
  await events.until("data:");
  const event = JSON.parse((await events.until("\n")).toString());
  events.socket.destroy();

  const frames = await takeFrames(open(), request("GET /camera/mjpeg_stream"));
  kept.socket.end();
  return { title, gain, sum: invocation.output, event, frames };
}

async function takeFrames(stream: RawConnection, request: string): Promise<number> {
  stream.write(request);
  await stream.until("\r\n\r\n");
  for (let frames = 0; ; ) {
    await stream.until("Content-Length: ");
    const length = Number.parseInt((await stream.until("\r\n\r\n")).toString(), 10);
    const jpeg = await stream.take(length);
    if (!jpeg.subarray(0, 2).equals(Buffer.of(0xff, 0xd8))) throw new Error("not a JPEG");
    frames += 1;
    if (frames < 3) continue;
    stream.socket.destroy();
    return frames;
  }
}

function chunk(text: string): string {
  return `${Buffer.byteLength(text).toString(16).toUpperCase()}\r\n${text}\r\n`;
}
