import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pageFile } from "../../base/page-files.ts";
import { endpoint, stream } from "../../core/decorators.ts";
import type { EndpointResponse } from "../../core/endpoint.ts";
import { Thing } from "../../core/thing.ts";
import { ThingHost } from "../../core/thing-host.ts";
import { encodeJpeg } from "../../frames/codec/codec.ts";
import type { RawImage } from "../../frames/pixels/pixel-formats.ts";
import { swapped } from "../../frames/pixels/pixel-formats.ts";
import { viewerOf } from "../../server/http/pages.ts";
import { ThingServer } from "../../server/thing-server.ts";
import { MJPEGStream } from "../../streams/mjpeg-stream.ts";

/** Options of `display`. */
export interface DisplayOptions {
  /** Whether raw pictures are BGR, as in OpenCV. Default RGB. */
  readonly BGR?: boolean | undefined;
  /** Ends the display, like Escape. */
  readonly signal?: AbortSignal | undefined;
  /** Port of the page. Default: a free one. */
  readonly port?: number | undefined;
  /** Called with the page's URL once it is open. Default: prints it. */
  readonly onOpen?: ((url: string) => void) | undefined;
}

/** Long enough for the page to show that the display has ended. */
const CLOSE_DELAY_MS = 1000;

let shared: Display | undefined;

/**
 * Shows a frame on a page, which the first call opens: pystreaming's `display`. Only this machine can reach the page.
 *
 * @param frame - Pixels or a JPEG, or a promise of either, such as a packet's `arr`.
 * @throws {DOMException} `AbortError` once Escape has been pressed on the page or `signal` has aborted; the next call opens a
 *   new page. {ThingError} `BAD_SHAPE`, `BAD_FRAME`, `PORT_IN_USE`.
 */
export async function display(
  frame: Uint8Array | RawImage | Promise<Uint8Array | RawImage>,
  options: DisplayOptions = {},
): Promise<void> {
  // A display that another loop's signal has ended is not this loop's.
  if (shared?.ended && shared.signal !== options.signal) shared = undefined;
  shared ??= new Display(options);
  try {
    await shared.show(await frame, options);
  } catch (error) {
    if (shared?.ended) shared = undefined;
    throw error;
  }
}

/** A page that shows frames until Escape is pressed on it. */
class Display {
  readonly #options: DisplayOptions;
  readonly #window = new DisplayWindow(() => this.#end(CLOSE_DELAY_MS));
  #opening: Promise<void> | undefined;
  #server: ThingServer | undefined;
  #folder: string | undefined;
  #ended = false;
  #closing: Promise<void> | undefined;

  constructor(options: DisplayOptions = {}) {
    this.#options = options;
  }

  /** The signal that ends it. */
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
      frame instanceof Uint8Array ? frame : await encodeJpeg(BGR ? bgrToRgb(frame) : frame);
    if (this.#ended) throw new DOMException("The display has ended.", "AbortError");
    this.#window.window.addFrame(jpeg);
  }

  async #open(): Promise<void> {
    const { signal, port = 0, onOpen = printUrl } = this.#options;
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

  @stream("The frames that the program shows")
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
    const { html: text, headers } = viewerOf("window", "../");
    const script = '<script type="module" src="display.js"></script></head>';
    return { ...html(text.replace("</head>", () => script)), headers };
  }

  @endpoint("GET", "display.js", "view", "The script of the page")
  script(): EndpointResponse {
    return {
      contentType: "text/javascript; charset=utf-8",
      body: pageFile("display.js"),
    };
  }

  @endpoint("GET", "ended", "view", "The page that is shown when the display has ended")
  endedPage(): EndpointResponse {
    return html(pageFile("display-ended.html").toString());
  }

  @endpoint("POST", "end", "operate", "Ends the display, like Escape")
  end(): EndpointResponse {
    this.#onEnd();
    return { contentType: "application/json", body: {} };
  }
}

function html(body: string): EndpointResponse {
  return { contentType: "text/html; charset=utf-8", body };
}

function printUrl(url: string): void {
  console.log(`The display is at ${url} (Escape ends it).`);
}

/** Converts a BGR picture, as in OpenCV, to RGB. */
function bgrToRgb(image: RawImage): RawImage {
  const { data, channels } = image;
  return channels === 1 ? image : { ...image, data: swapped(data, channels) };
}
