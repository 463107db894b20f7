import { type FSWatcher, watch } from "node:fs";
import { realpath } from "node:fs/promises";
import { messageOf, ThingError } from "../../base/errors.ts";
import { localIdentities } from "../../discovery/camera-identities.ts";
import { looksLikeCamera } from "../../discovery/node-details.ts";
import { SYSTEM_ROOTS, type SystemRoots } from "../../discovery/roots.ts";
import { nodeOf, titleOf } from "../../discovery/v4l2-cameras.ts";
import { type VideoNode, videoNodes } from "../../discovery/video-nodes.ts";

/** Nodes come with a burst of changes, and get their group after they were made, ms. */
const SETTLE_MS = 100;

/** Where a configured camera is now: whatever number it has got, it is the one that it was first. */
export class V4l2Node {
  readonly #device: string | undefined;
  readonly #roots: SystemRoots;
  /** Its serial number or its port, once it was there. */
  #id: string | undefined;
  #title: string | undefined;

  /** @param device - A path in /dev, or the id of a `FoundCamera`; the first camera that there is, if absent. */
  constructor(device: string | undefined, roots: SystemRoots = SYSTEM_ROOTS) {
    this.#device = device;
    this.#roots = roots;
    if (device !== undefined && !device.startsWith("/")) this.#id = device;
  }

  /** What its maker calls it; undefined until it was found, or where the system does not say. */
  get title(): string | undefined {
    return this.#title;
  }

  /** @throws {ThingError} `DISCONNECTED` when it is not plugged in. */
  async find(): Promise<string> {
    if (this.#id === undefined) return this.#findFirst();
    try {
      return this.#noted(await nodeOf(this.#id, { roots: this.#roots }));
    } catch (cause) {
      throw new ThingError("DISCONNECTED", messageOf(cause), { cause });
    }
  }

  /** Calls `listener` soon after cameras have come or gone. @returns How to end that. */
  watch(listener: () => void): () => void {
    let timer: NodeJS.Timeout | undefined;
    let watcher: FSWatcher | undefined;
    try {
      watcher = watch(this.#roots.dev, { persistent: false }, (_, name) => {
        if (name !== null && !/^video|^v4l/.test(name)) return;
        clearTimeout(timer);
        timer = setTimeout(listener, SETTLE_MS).unref();
      });
      watcher.on("error", () => watcher?.close()); // it is still looked for in a while
    } catch {
      // no inotify to spare: it is looked for every two seconds
    }
    return () => {
      clearTimeout(timer);
      watcher?.close();
    };
  }

  async #findFirst(): Promise<string> {
    const nodes = (await videoNodes(this.#roots)).filter(looksLikeCamera);
    const path = this.#device === undefined ? nodes[0]?.path : await this.#existing(this.#device);
    if (path === undefined) throw disconnected("No camera is plugged in. Plug one in.");
    const found = nodes.find((node) => node.path === path);
    if (!found) return path;
    this.#id = localIdentities.identify(nodes).get(found);
    return this.#noted(found);
  }

  #noted(node: VideoNode): string {
    this.#title = titleOf(node);
    return node.path;
  }

  async #existing(device: string): Promise<string> {
    try {
      return await realpath(device);
    } catch (cause) {
      throw disconnected(
        `There is no camera at ${device}. Plug it in, or correct 'device': thingscope cameras lists those that are there.`,
        cause,
      );
    }
  }
}

function disconnected(sentence: string, cause?: unknown): ThingError {
  return new ThingError("DISCONNECTED", sentence, { cause });
}
