import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** A source of random numbers that gives the same ones for the same seed: mulberry32. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Well-formed beginnings, to be bent: most random bytes are refused at the first. */
const REQUESTS = [
  "GET /lamp/level HTTP/1.1\r\nHost: localhost\r\n\r\n",
  "GET /lamp/level HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\nLast-Event-ID: 2026-01-31T09:30:00.123456Z\r\n\r\n",
  'PUT /lamp/label HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n"seven"',
  'POST /lamp/add HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nd\r\n{"a":1,"b":2}\r\n0\r\n\r\n',
  "GET /lamp/live/frames/1?wait=1 HTTP/1.1\r\nHost: localhost\r\n\r\n",
  "OPTIONS * HTTP/1.1\r\nHost: localhost\r\nOrigin: null\r\n\r\n",
].map((text) => Buffer.from(text));

const upgrade = (path: string, protocol: string) =>
  `GET ${path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${protocol}\r\n`;
const DIALECTS = ["", "Sec-WebSocket-Protocol: webthingprotocol\r\n"];
const MESSAGES = [
  '{"messageType":"addPropertyObservation","data":{"level":true}}',
  '{"messageType":"request","messageID":"c370da58-69ae-4e83-bb5a-ac6cfb2fed54","operation":"readproperty","name":"level"}',
];

/** Connects, says something random to the HTTP port or to a WebSocket, and hangs up. Resolves when the connection is gone. */
export async function sayRandomly(port: number, random: () => number): Promise<void> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {}); // a reset is an answer too
  socket.resume();
  const gone = once(socket, "close");
  if (random() < 0.5) socket.end(bent(one(REQUESTS, random), random));
  else {
    await upgraded(socket, "/lamp/ws", one(DIALECTS, random));
    socket.end(bent(frame(one(MESSAGES, random)), random));
  }
  const cut = setTimeout(() => socket.destroy(), 2000);
  await gone;
  clearTimeout(cut);
}

/** A WebSocket that has said the first half of a message, and keeps still. */
export async function halfAFrame(port: number, path = "/lamp/ws"): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  socket.resume();
  await upgraded(socket, path, "");
  const whole = frame("x".repeat(60_000));
  socket.write(whole.subarray(0, whole.length / 2));
  return socket;
}

async function upgraded(socket: Socket, path: string, protocol: string): Promise<void> {
  socket.write(upgrade(path, protocol));
  await Promise.race([once(socket, "data"), once(socket, "close")]);
}

/** A text message as a client frames it, masked with zeros. */
function frame(text: string): Buffer {
  const payload = Buffer.from(text);
  const short = Buffer.from([0x81, 0x80 | payload.length, 0, 0, 0, 0]);
  const long = Buffer.from([0x81, 0xfe, payload.length >> 8, payload.length & 0xff, 0, 0, 0, 0]);
  return Buffer.concat([payload.length < 126 ? short : long, payload]);
}

/** Bytes with some of them changed, cut, repeated, or all replaced. */
function bent(bytes: Buffer, random: () => number): Buffer {
  const below = (limit: number) => Math.floor(random() * limit);
  if (random() < 0.3) return Buffer.from(Array.from({ length: 1 + below(500) }, () => below(256)));
  const copy = Buffer.from(bytes);
  for (let n = below(6); n > 0; n--) copy[below(copy.length)] = below(256);
  const cut = copy.subarray(0, 1 + below(copy.length));
  return random() < 0.3 ? Buffer.concat([copy, cut]) : random() < 0.5 ? cut : copy;
}

function one<T>(all: readonly T[], random: () => number): T {
  return all[Math.floor(random() * all.length)]!;
}
