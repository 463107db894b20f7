import { access, constants } from "node:fs/promises";
import { delay } from "../base/abort.ts";
import { deviceTrouble } from "../base/device-trouble.ts";
import { codeOf, messageOf, ThingError } from "../base/errors.ts";
import { type CameraIdentities, localIdentities } from "./camera-identities.ts";
import type { LocalCamera } from "./camera-watch.ts";
import { type DetailsOf, detailsOf, looksLikeCamera, type NodeDetails } from "./node-details.ts";
import { SYSTEM_ROOTS, type SystemRoots } from "./roots.ts";
import { type VideoNode, videoNodes } from "./video-nodes.ts";

/** Where V4L2 cameras are looked for. */
export interface V4l2Options {
  readonly roots?: SystemRoots;
  readonly identities?: CameraIdentities;
  /** Asks a node what it can do. */
  readonly details?: DetailsOf;
  /** How long a list waits for its answer, ms: 4000. */
  readonly answerMs?: number;
}

/** A V4L2 camera, and what sysfs tells of it. */
export interface V4l2Camera extends LocalCamera {
  readonly kind: "v4l2";
  readonly node: VideoNode;
}

/** How long a list waits for the modes of a camera, ms. The program that asks may hang in its driver, beyond even SIGKILL. */
const ANSWER_MS = 4000;

/**
 * Lists the V4L2 cameras of this machine. A node is asked for its modes once for each time that it is plugged in; for one that
 * did not answer, no later list waits: a driver that hangs is one camera's matter.
 */
export class V4l2Cameras {
  readonly #roots: SystemRoots;
  readonly #identities: CameraIdentities;
  readonly #ask: DetailsOf;
  readonly #answerMs: number;
  readonly #asked = new Map<string, NodeDetails>();
  /** Questions that are not answered yet. */
  readonly #asking = new Map<string, Promise<NodeDetails | undefined>>();
  /** Those that did not answer in time. */
  readonly #late = new Set<string>();

  constructor({
    roots = SYSTEM_ROOTS,
    identities = localIdentities,
    details = detailsOf,
    answerMs = ANSWER_MS,
  }: V4l2Options = {}) {
    this.#roots = roots;
    this.#identities = identities;
    this.#ask = details;
    this.#answerMs = answerMs;
  }

  /** All that are there now, by number. */
  async list(): Promise<V4l2Camera[]> {
    const nodes = await videoNodes(this.#roots);
    const looked = await Promise.all(nodes.map((node) => this.#look(node)));
    const there = new Set(nodes.map(instanceOf));
    for (const known of [this.#asked, this.#late])
      for (const key of known.keys()) if (!there.has(key)) known.delete(key);
    const cameras = looked.filter(({ details }) => details.isCamera);
    const ids = this.#identities.identify(cameras.map(({ node }) => node));
    return cameras.map(({ node, details, problem }): V4l2Camera => {
      const id = ids.get(node)!;
      const title = titleOf(node);
      return {
        ...{ id, kind: "v4l2", title, address: node.path, modes: details.modes },
        ...{ node, instance: instanceOf(node) },
        config: { class: "thingscope/things:V4L2Camera", kwargs: { device: id } },
        ...(problem !== undefined && { problem }),
      };
    });
  }

  async #look(
    node: VideoNode,
  ): Promise<{ node: VideoNode; details: NodeDetails; problem?: string }> {
    const guessed = { isCamera: looksLikeCamera(node), modes: [] };
    const problem = await problemOf(node);
    if (problem) return { node, details: guessed, problem };
    return { node, details: (await this.#detailsOf(node)) ?? guessed };
  }

  async #detailsOf(node: VideoNode): Promise<NodeDetails | undefined> {
    const key = instanceOf(node);
    const known = this.#asked.get(key);
    if (known) return known;
    const asking = this.#asking.get(key) ?? this.#begin(key, node.path);
    if (this.#late.has(key)) return undefined;
    const end = new AbortController();
    const tooLate = delay(this.#answerMs, end.signal).then(
      () => void this.#late.add(key),
      () => undefined,
    );
    return Promise.race([asking, tooLate]).finally(() => end.abort());
  }

  #begin(key: string, path: string): Promise<NodeDetails | undefined> {
    const asking = this.#ask(path)
      .then((details) => {
        if (details) this.#asked.set(key, details);
        return details;
      })
      .finally(() => this.#asking.delete(key));
    this.#asking.set(key, asking);
    return asking;
  }
}

/**
 * The device file of a camera.
 * @param device - Its path, or the id of a `FoundCamera`: then it is found under any number.
 * @throws {ThingError} `NOT_READY` when no camera of this id is plugged in; it names those that are.
 */
export async function cameraNode(device: string, options: V4l2Options = {}): Promise<string> {
  return device.startsWith("/") ? device : (await nodeOf(device, options)).path;
}

/** The node of the camera with that id. @throws {ThingError} as `cameraNode` does. */
export async function nodeOf(id: string, options: V4l2Options = {}): Promise<VideoNode> {
  const { roots = SYSTEM_ROOTS, identities = localIdentities } = options;
  identities.expect(id);
  const nodes = (await videoNodes(roots)).filter(looksLikeCamera);
  const ids = identities.identify(nodes);
  const found = nodes.find((node) => ids.get(node) === id);
  if (found) return found;
  const others = [...ids.values()].join(", ") || "none";
  const same = [...ids.values()].filter((other) => other.startsWith(`${id}@`)).join(", ");
  if (same)
    throw new ThingError(
      "NOT_READY",
      `Several cameras may be '${id}', so the port tells which one is meant. Name one of these in its place: ${same}.`,
    );
  throw new ThingError(
    "NOT_READY",
    `The camera '${id}' is not plugged in. These are: ${others}. Plug it in, or correct its id: thingscope cameras lists them.`,
  );
}

/** What its maker calls it. */
export function titleOf({ usb, name }: VideoNode): string {
  return usb?.name || name;
}

/** Another one each time that a camera is plugged in, even if it gets the same number. */
function instanceOf({ node, device, usb }: VideoNode): string {
  return `${node} ${device} ${usb?.port ?? ""} ${usb?.plugged ?? ""}`;
}

async function problemOf({ path }: VideoNode): Promise<string | undefined> {
  try {
    await access(path, constants.R_OK | constants.W_OK);
    return undefined;
  } catch (error) {
    if (codeOf(error) === "ENOENT") {
      return `The system has this camera, but there is no device file ${path}: in a container, pass it on (docker run --device ${path}).`;
    }
    return deviceTrouble(error) ?? messageOf(error);
  }
}
