import type { FromWorker, PictureReport, PictureSource, ToWorker } from "./messages.ts";

/** What the element that shows a picture is told of it. */
export interface PictureListener {
  onPicture(report: PictureReport): void;
  onStatus(status: { state: string; reason?: string; since?: string }): void;
}

let worker: Worker | undefined;
let lastId = 0;
const listeners = new Map<number, PictureListener>();

/** Shows pictures on a canvas that nothing has been drawn on, until `end` is called. */
export function showPictures(
  canvas: HTMLCanvasElement,
  source: PictureSource,
  listener: PictureListener,
): { pause(): void; resume(): void; end(): void } {
  const id = ++lastId;
  listeners.set(id, listener);
  const offscreen = canvas.transferControlToOffscreen();
  send({ do: "show", id, source, canvas: offscreen }, [offscreen]);
  return {
    pause: () => send({ do: "pause", id }),
    resume: () => send({ do: "resume", id }),
    end: () => {
      listeners.delete(id);
      send({ do: "end", id });
    },
  };
}

function send(message: ToWorker, transfer: Transferable[] = []): void {
  worker ??= startWorker();
  worker.postMessage(message, transfer);
}

function startWorker(): Worker {
  const started = new Worker(new URL("./picture-worker.js", import.meta.url), { type: "module" });
  started.addEventListener("message", ({ data }: MessageEvent<FromWorker>) => {
    if (data.tell === "picture") listeners.get(data.id)?.onPicture(data);
    if (data.tell === "status") listeners.get(data.id)?.onStatus(data);
  });
  return started;
}
