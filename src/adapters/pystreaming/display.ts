import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pageFile } from "../../base/page-files.ts";
import { endpoint, stream } from "../../core/decorators.ts";
import type { EndpointResponse } from "../../core/endpoint.ts";
import { Thing } from "../../core/thing.ts";
import { ThingHost } from "../../core/thing-host.ts";
import { encodeJpeg } from "../../frames/pixels/codec.ts";
import type { RawImage } from "../../frames/pixels/pixel-formats.ts";
import { swapped } from "../../frames/pixels/pixel-formats.ts";
import { ThingServer } from "../../server/thing-server.ts";
import { MJPEGStream } from "../../streams/mjpeg-stream.ts";
import { viewerPage } from "../../streams/viewer-page.ts";

/** How frames are shown. */
export interface DisplayOptions {
  /** Whether a raw picture has blue first, as OpenCV has it; red is first unless given. */
  readonly BGR?: boolean | undefined;
  /** Ends the display, as Escape does. */
  readonly signal?: AbortSignal | undefined;
  /** Port of the page; one that is free unless given. */
  readonly port?: number | undefined;
  /** Told where the page is when it is there; printed unless given. */
  readonly onOpen?: ((url: string) => void) | undefined;
}

/** Long enough for the page to say that it has ended. */
const FAREWELL_MS = 1000;

let shared: Display | undefined;

/**
 * Shows a frame on a page, which the first call opens: pystreaming's `display`. The page is for this machine alone.
 *
 * @param frame - Pixels, or a JPEG; a promise of either, such as a packet's `arr`.
 * @throws {DOMException} `AbortError` once Escape has been pressed on the page, or `signal` has aborted; the next call opens
 *   another. {ThingError} `BAD_SHAPE`, `BAD_FRAME`, `PORT_IN_USE`.
 */
export async function display(
  frame: Uint8Array | RawImage | Promise<Uint8Array | RawImage>,
  options: DisplayOptions = {},
): Promise<void> {
  // One that was ended by the signal of another loop is none of this one's.
  if (shared?.ended && shared.signal !== options.signal) shared = undefined;
  shared ??= new Display(options);
  try {
    await shared.show(await frame, options);
  } catch (error) {
    if (shared?.ended) shared = undefined;
    throw error;
  }
}

/** A page that shows the frames that it is given, until Escape is pressed on it. */
class Display {
  readonly #options: DisplayOptions;
  readonly #window = new DisplayWindow(() => this.#end(FAREWELL_MS));
  #opening: Promise<void> | undefined;
  #server: ThingServer | undefined;
  #folder: string | undefined;
  #ended = false;
  #closing: Promise<void> | undefined;

  constructor(options: DisplayOptions = {}) {
    this.#options = options;
  }

  /** What ends it beside Escape. */
  get signal(): AbortSignal | undefined {
    return this.#options.signal;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Shows a frame, opening the page before the first. @throws {DOMException} `AbortError` once it has ended. */
  async show(frame: Uint8Array | RawImage, { BGR = false }: DisplayOptions = {}): Promise<void> {
    this.#opening ??= this.#open();
    await this.#opening;
    const jpeg =
      frame instanceof Uint8Array ? frame : await encodeJpeg(BGR ? redFirst(frame) : frame);
    if (this.#ended) throw new DOMException("The display has ended.", "AbortError");
    this.#window.window.addFrame(jpeg);
  }

  async #open(): Promise<void> {
    const { signal, port = 0, onOpen = say } = this.#options;
    if (signal?.aborted) this.#ended = true;
    if (this.#ended) return;
    this.#folder = await mkdtemp(join(tmpdir(), "thingscope-display-"));
    const host = new ThingHost({ settingsFolder: this.#folder });
    host.add("display", this.#window);
    this.#server = new ThingServer(host);
    const { url } = await this.#server.listen({ port });
    signal?.addEventListener("abort", () => this.#end(0), { once: true });
    onOpen(`${url}/display/page`);
  }

  #end(afterMs: number): void {
    this.#ended = true;
    this.#closing ??= this.#close(afterMs);
  }

  async #close(afterMs: number): Promise<void> {
    await this.#opening?.catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    await this.#server?.close();
    if (this.#folder) await rm(this.#folder, { recursive: true, force: true });
  }
}

class DisplayWindow extends Thing {
  static override readonly title = "Display";
  readonly #onEnd: () => void;

  @stream("What the program shows")
  readonly window = new MJPEGStream();

  constructor(onEnd: () => void) {
    super();
    this.#onEnd = onEnd;
  }

  override close(): void {
    this.window.stop();
  }

  @endpoint("GET", "page", "view", "The window")
  page(): EndpointResponse {
    const script = '<script type="module" src="display.js"></script></head>';
    return html(viewerPage("window").replace("</head>", () => script));
  }

  @endpoint("GET", "display.js", "view", "What Escape does")
  script(): EndpointResponse {
    return {
      contentType: "text/javascript; charset=utf-8",
      body: pageFile("display.js"),
    };
  }

  @endpoint("GET", "ended", "view", "What is shown when it has ended")
  endedPage(): EndpointResponse {
    return html(pageFile("display-ended.html").toString());
  }

  @endpoint("POST", "end", "operate", "Ends the program's frames, as Escape does")
  end(): EndpointResponse {
    this.#onEnd();
    return { contentType: "application/json", body: {} };
  }
}

function html(body: string): EndpointResponse {
  return { contentType: "text/html; charset=utf-8", body };
}

function say(url: string): void {
  console.log(`The display is at ${url} (Escape ends it).`);
}

/** A picture whose blue comes first, as OpenCV has it, with red first. */
function redFirst(image: RawImage): RawImage {
  const { data, channels } = image;
  return channels === 1 ? image : { ...image, data: swapped(data, channels) };
}
