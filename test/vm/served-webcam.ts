import { setTimeout as sleep } from "node:timers/promises";
import { ThingClient } from "../../src/client/index.ts";
import { patience } from "../limits.ts";
import { openFiles, programsOn } from "./processes.ts";
import { sequenceIn } from "./webcam/pictures.ts";
import type { VirtualWebcam } from "./webcam/virtual-webcam.ts";

interface Listed {
  readonly title: string;
  readonly thing: string | null;
}

const LOOK_MS = 50;

/** A webcam as a client of the server has it that found it. */
export class ServedWebcam {
  readonly webcam: VirtualWebcam;
  readonly thing: ThingClient;
  readonly #server: number;
  /** Newest frame that came, by the camera's number. */
  #newest = -1;
  #reading = new AbortController();

  private constructor(webcam: VirtualWebcam, thing: ThingClient, server: number) {
    this.webcam = webcam;
    this.thing = thing;
    this.#server = server;
  }

  /** @param title - What the camera calls itself. @param server - Process id of the server. */
  static async of(webcam: VirtualWebcam, title: string, url: string, server: number) {
    const response = await fetch(`${url}/cameras/cameras`, { signal: patience() });
    const listed = (await response.json()) as Listed[];
    const own = listed.find((camera) => camera.title.includes(title));
    if (!own?.thing) throw new Error(`${title} is not a Thing: ${JSON.stringify(listed)}`);
    const thing = await ThingClient.connect(`${url}/${own.thing}/`, { signal: patience() });
    return new ServedWebcam(webcam, thing, server);
  }

  /** Watches it from now on, as somebody does for whom it has to stream. */
  watch(): void {
    this.#reading = new AbortController();
    const { signal } = this.#reading;
    void (async () => {
      for await (const { jpeg } of this.thing.frames("mjpeg_stream", { signal, reconnect: true }))
        this.#newest = sequenceIn(jpeg) ?? this.#newest;
    })().catch(() => {}); // what does not come is missed by `frameAfter`
  }

  unwatch(): void {
    this.#reading.abort();
  }

  /** Resolves when frame `sequence` of the camera, or a later one, has come; with how long that took, ms. */
  async frameAfter(sequence: number): Promise<number> {
    return until(() => this.#newest >= sequence);
  }

  /** The same for some frame that the camera sends from now on. */
  nextFrame(): Promise<number> {
    return this.frameAfter(this.webcam.sent);
  }

  async state(): Promise<string> {
    const { state } = (await this.thing.read("state", { signal: patience() })) as { state: string };
    return state;
  }

  /** Process ids of what the server has started for the camera. */
  programs(): number[] {
    return programsOn(this.webcam.node, this.#server);
  }

  openFiles(): Map<string, number> {
    return openFiles(this.#server);
  }
}

/** @returns How long it took until it held, ms. @throws {DOMException} when it takes longer than a test waits. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<number> {
  const began = performance.now();
  const signal = patience();
  while (!(await holds())) await sleep(LOOK_MS, undefined, { signal });
  return performance.now() - began;
}
