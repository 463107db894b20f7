import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import type { TestContext } from "node:test";
import { jpegOf } from "../frames/jpegs.ts";
import { rtpJpeg } from "./rtp-jpeg.ts";

/** A request as it came. */
export interface RtspRequest {
  readonly method: string;
  readonly url: string;
  readonly head: string;
}

/** In place of the usual answer: a status line and more after `RTSP/1.0 `; `silence`, `close`; undefined: the usual one. */
type Answer = string | undefined;

export const SDP = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=odd\r\nt=0 0\r\n";
export const JPEG_VIDEO =
  "m=video 0 RTP/AVP 26\r\nc=IN IP4 0.0.0.0\r\na=control:trackID=1\r\na=framerate:25\r\n";
const PERIOD_MS = 40;

/** An RTSP server with JPEGs of 64 x 48, 25 a second, which answers as the test wants it. */
export class OddRtspServer {
  readonly port: number;
  /** What is answered in place of the usual answer. */
  answer: (request: RtspRequest, socket: Socket) => Answer = () => undefined;
  /** Whether it sends pictures after PLAY. */
  isPlaying = true;
  #afterPlay: (socket: Socket) => void = () => {};
  sdp = SDP + JPEG_VIDEO;
  /** Whether this packet of a picture is lost on its way. */
  loses: (picture: number, packet: number) => boolean = () => false;
  readonly requests: RtspRequest[] = [];
  readonly sockets = new Set<Socket>();

  private constructor(port: number) {
    this.port = port;
  }

  static async start(t: TestContext, port = 0): Promise<OddRtspServer> {
    const listening = createServer((socket) => server.#serve(socket)).listen(port, "127.0.0.1");
    await once(listening, "listening");
    const address = listening.address();
    assert.ok(typeof address === "object" && address);
    const server = new OddRtspServer(address.port);
    t.after(() => {
      for (const socket of server.sockets) socket.destroy();
      listening.close();
    });
    return server;
  }

  get url(): string {
    return `rtsp://127.0.0.1:${this.port}/cam`;
  }

  /** What it does soon after its answer to PLAY. */
  afterPlay(act: (socket: Socket) => void): void {
    this.#afterPlay = act;
  }

  #serve(socket: Socket): void {
    this.sockets.add(socket);
    let waiting = Buffer.alloc(0);
    socket
      .on("error", () => {})
      .on("close", () => this.sockets.delete(socket))
      .on("data", (bytes) => {
        waiting = Buffer.concat([waiting, bytes]);
        for (;;) {
          if (waiting[0] === 0x24) {
            if (waiting.length < 4 || waiting.length < 4 + waiting.readUInt16BE(2)) return;
            waiting = waiting.subarray(4 + waiting.readUInt16BE(2));
            continue;
          }
          const end = waiting.indexOf("\r\n\r\n");
          if (end < 0) return;
          this.#reply(waiting.subarray(0, end).toString("latin1"), socket);
          waiting = waiting.subarray(end + 4);
        }
      });
  }

  #reply(head: string, socket: Socket): void {
    const [method = "", url = ""] = head.split(" ");
    const request = { method, url, head };
    this.requests.push(request);
    const answer = this.answer(request, socket) ?? this.#usual(request, socket);
    if (answer === "close") socket.end();
    else if (answer !== "silence") {
      const cseq = /^CSeq:\s*(\d+)/im.exec(head)?.[1] ?? "0";
      const [first = "", rest = ""] = answer.split(/\r\n([\s\S]*)/);
      socket.write(`RTSP/1.0 ${first}\r\nCSeq: ${cseq}\r\n${rest || "\r\n"}`, "latin1");
    }
  }

  #usual({ method, url, head }: RtspRequest, socket: Socket): string {
    if (method === "OPTIONS")
      return "200 OK\r\nPublic: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER\r\n\r\n";
    if (method === "DESCRIBE")
      return `200 OK\r\nContent-Base: ${url}/\r\nContent-Type: application/sdp\r\nContent-Length: ${this.sdp.length}\r\n\r\n${this.sdp}`;
    if (method === "SETUP") {
      const ports = /client_port=(\d+)-(\d+)/.exec(head);
      Object.assign(socket, { clientPort: Number(ports?.[1] ?? 0) });
      const transport = ports
        ? `RTP/AVP;unicast;client_port=${ports[1]}-${ports[2]};server_port=20000-20001;ssrc=00001234`
        : "RTP/AVP/TCP;unicast;interleaved=0-1;ssrc=00001234";
      return `200 OK\r\nTransport: ${transport}\r\nSession: 12345678;timeout=60\r\n\r\n`;
    }
    if (method === "PLAY") setImmediate(() => void this.#play(socket));
    return "200 OK\r\nSession: 12345678\r\n\r\n";
  }

  async #play(socket: Socket): Promise<void> {
    this.#afterPlay(socket);
    const jpeg = await jpegOf(64, 48, { chromaSubsampling: "4:2:0" });
    if (socket.destroyed) return;
    const port: number = Reflect.get(socket, "clientPort") ?? 0;
    const datagrams = createSocket("udp4").on("error", () => {});
    let [number, firstSequence] = [0, 1];
    const timer = setInterval(() => {
      if (!this.isPlaying) return;
      const packets = rtpJpeg(jpeg, { number, firstSequence });
      for (const [index, packet] of packets.entries()) {
        if (this.loses(number, index)) continue;
        if (port > 0) datagrams.send(packet, port, "127.0.0.1");
        else
          socket.write(
            Buffer.concat([
              Buffer.from([0x24, 0, packet.length >> 8, packet.length & 255]),
              packet,
            ]),
          );
      }
      number++;
      firstSequence += packets.length;
    }, PERIOD_MS);
    socket.once("close", () => {
      clearInterval(timer);
      datagrams.close();
    });
  }
}
