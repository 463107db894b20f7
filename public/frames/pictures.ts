import type {
  FromWorker,
  PictureReport,
  PictureSource,
  PictureStatus,
  SavedPicture,
  ToWorker,
  Wanted,
} from "./messages.ts";

/** What shows a picture is told of it. */
export interface PictureListener {
  onPicture(report: PictureReport): void;
  onStatus(status: PictureStatus): void;
  onConnected(isConnected: boolean): void;
}

/** A picture on a canvas. Nothing is received for it until `follow`. */
export interface ShownPicture {
  follow(wanted: Wanted): void;
  /** Costs nothing until it is followed again; what is on the canvas stays. */
  rest(): void;
  measure(isOn: boolean): void;
  /** Connects at once, where that is waited for. */
  retry(): void;
  save(): Promise<SavedPicture | undefined>;
  end(): void;
}

/** The worker in one piece, which the build puts into elements.js. */
declare const PICTURE_WORKER: string | undefined;

const SAVE_MS = 5000;

let worker: Worker | undefined;
let lastId = 0;
const listeners = new Map<number, PictureListener>();
const saves = new Map<number, (saved: SavedPicture | undefined) => void>();

/** Tells, as `version` with `detail`, which pages the server has. */
export const versions = new EventTarget();

let tellFirst = () => {};
/** Resolves when a picture is on the page. */
export const firstPicture = new Promise<void>((resolve) => {
  tellFirst = resolve;
});

/** Shows pictures on a canvas that nothing has been drawn on, until `end` is called. */
export function showPicture(
  canvas: HTMLCanvasElement,
  source: PictureSource,
  listener: PictureListener,
): ShownPicture {
  const id = ++lastId;
  listeners.set(id, listener);
  const offscreen = canvas.transferControlToOffscreen();
  send({ do: "show", id, source, canvas: offscreen }, [offscreen]);
  return {
    follow: (wanted) => send({ do: "follow", id, wanted }),
    rest: () => send({ do: "rest", id }),
    measure: (isOn) => send({ do: "measure", id, isOn }),
    retry: () => send({ do: "retry", id }),
    save: () => save(id),
    end: () => {
      listeners.delete(id);
      send({ do: "end", id });
    },
  };
}

/** Has all pictures connect at once, where they wait to: their server is back. */
export function retryPictures(): void {
  const [id] = listeners.keys();
  if (id !== undefined) send({ do: "retry", id }); // the worker has one connection for all
}

function save(id: number): Promise<SavedPicture | undefined> {
  const request = ++lastId;
  return new Promise((resolve) => {
    const timer = setTimeout(() => saves.get(request)?.(undefined), SAVE_MS);
    saves.set(request, (saved) => {
      clearTimeout(timer);
      saves.delete(request);
      resolve(saved);
    });
    send({ do: "save", id, request });
  });
}

/** Has the worker there when the first picture is to be shown. */
export function startPictures(): void {
  worker ??= startWorker();
}

function send(message: ToWorker, transfer: Transferable[] = []): void {
  worker ??= startWorker();
  worker.postMessage(message, transfer);
}

function startWorker(): Worker {
  const started = new Worker(workerAddress(), { type: "module", name: "pictures" });
  started.addEventListener("message", ({ data }: MessageEvent<FromWorker>) => hear(data));
  started.addEventListener("error", ({ message }) => {
    const reason = `The pictures of this page cannot be shown: ${message || "their worker did not start"}. Reload the page.`;
    for (const listener of listeners.values()) listener.onStatus({ state: "failed", reason });
  });
  return started;
}

/** A browser starts no worker of another origin: elements on such a page bring its text along. */
function workerAddress(): URL | string {
  if (typeof PICTURE_WORKER === "undefined") return new URL("./picture-worker.js", import.meta.url);
  return URL.createObjectURL(new Blob([PICTURE_WORKER], { type: "text/javascript" }));
}

function hear(message: FromWorker): void {
  switch (message.tell) {
    case "picture":
      tellFirst();
      listeners.get(message.report.id)?.onPicture(message.report);
      break;
    case "status":
      listeners.get(message.id)?.onStatus(message.status);
      break;
    case "connection":
      listeners.get(message.id)?.onConnected(message.isConnected);
      break;
    case "saved":
      saves.get(message.request)?.(message.saved);
      break;
    case "version":
      versions.dispatchEvent(new CustomEvent("version", { detail: message.version }));
  }
}
