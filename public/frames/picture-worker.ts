// Receives, decodes and draws the pictures of a page, so that the page itself has nothing to do with them.
import { FramesSocket, type SocketFrame } from "../../src/client/frames-socket.ts";
import type { FromWorker, PictureReport, ToWorker } from "./messages.ts";

const REPORT_MS = 200;

const sockets = new Map<string, FramesSocket>();
const pictures = new Map<number, Picture>();

addEventListener("message", ({ data }: MessageEvent<ToWorker>) => {
  if (data.do === "show") pictures.set(data.id, new Picture(data));
  else pictures.get(data.id)?.obey(data);
});

function tell(message: FromWorker): void {
  postMessage(message);
}

function socketAt(url: string): FramesSocket {
  const known = sockets.get(url);
  if (known) return known;
  const socket = new FramesSocket(url, {
    onConnected: (isConnected) => tell({ tell: "connection", isConnected }),
    onVersion: (version) => tell({ tell: "version", version }),
  });
  sockets.set(url, socket);
  return socket;
}

class Picture {
  readonly #id: number;
  readonly #canvas: OffscreenCanvas;
  readonly #context: OffscreenCanvasRenderingContext2D;
  readonly #show: Extract<ToWorker, { do: "show" }>;
  #leave: () => void = () => {};
  #reportedAt = 0;
  readonly #drawnAt: number[] = [];

  constructor(show: Extract<ToWorker, { do: "show" }>) {
    this.#show = show;
    this.#id = show.id;
    this.#canvas = show.canvas;
    this.#context = show.canvas.getContext("2d", { alpha: false })!;
    this.#follow();
  }

  obey(message: Exclude<ToWorker, { do: "show" }>): void {
    if (message.do === "pause") this.#leave();
    else if (message.do === "resume") this.#follow();
    else if (message.do === "end") {
      this.#leave();
      pictures.delete(this.#id);
    }
  }

  #follow(): void {
    this.#leave();
    const { source, width, fps } = this.#show;
    if (!("socket" in source)) return;
    this.#leave = socketAt(source.socket).follow(source.stream, {
      width,
      fps,
      onFrame: (frame) => this.#draw(frame),
      onStatus: (status) => tell({ tell: "status", id: this.#id, ...status }),
      onProblem: (reason) => tell({ tell: "status", id: this.#id, state: "failed", reason }),
    });
  }

  async #draw(frame: SocketFrame): Promise<void> {
    const blob = new Blob([frame.jpeg], { type: "image/jpeg" });
    const bitmap = await createImageBitmap(blob).catch(() => undefined);
    if (!bitmap) return; // its data is broken: the frame before it stays
    const canvas = this.#canvas;
    if (canvas.width !== bitmap.width || canvas.height !== bitmap.height) {
      canvas.width = bitmap.width;
      canvas.height = bitmap.height;
    }
    this.#context.drawImage(bitmap, 0, 0);
    bitmap.close();
    this.#report(frame);
  }

  #report({ jpeg: _, ...about }: SocketFrame): void {
    const now = performance.now();
    this.#drawnAt.push(now);
    while (now - this.#drawnAt[0]! > 2000) this.#drawnAt.shift();
    if (now - this.#reportedAt < REPORT_MS) return;
    this.#reportedAt = now;
    const span = now - this.#drawnAt[0]!;
    const rate = span > 0 ? ((this.#drawnAt.length - 1) * 1000) / span : 0;
    const report: PictureReport = { ...about, id: this.#id, rate };
    tell({ tell: "picture", ...report });
  }
}
