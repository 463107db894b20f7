import type { ReactiveController, ReactiveControllerHost } from "lit";
import type { PictureReport, PictureStatus, Wanted } from "../../frames/messages.ts";
import { type ShownPicture, showPicture } from "../../frames/pictures.ts";
import { whyUnreachable } from "../../things/unreachable.ts";
import { type PictureState, pictureState } from "./picture-state.ts";
import { sourceOf } from "./stream-address.ts";

/** How often an age that grows is shown, ms. */
const TICK_MS = 200;
/** A size is asked for when it has been the same for so long, ms. */
const SETTLED_MS = 250;

interface Host extends ReactiveControllerHost, HTMLElement {}

/**
 * What an element shows of a stream. It is received while it can be seen: not while the element is out of sight or the tab is
 * hidden, and not while it is frozen.
 */
export class LivePicture implements ReactiveController {
  readonly #host: Host;
  readonly #sight = new IntersectionObserver((entries) => this.#sighted(entries), {
    rootMargin: "64px",
  });
  report: PictureReport | undefined;
  status: PictureStatus | undefined;
  isConnected: boolean | undefined;
  whyLost: string | undefined;
  #src = "";
  #picture: ShownPicture | undefined;
  #wanted: Wanted = {};
  #isInSight = false;
  #isFrozen = false;
  #isLeaving = false;
  #isFollowed = false;
  #settling: ReturnType<typeof setTimeout> | undefined;
  #tick: ReturnType<typeof setInterval> | undefined;
  readonly #look = () => this.#update();
  readonly #leave = () => this.#left(true);
  readonly #comeBack = () => this.#left(false);

  constructor(host: Host) {
    this.#host = host;
    host.addController(this);
  }

  get state(): PictureState {
    const { report, status, isConnected, whyLost } = this;
    return pictureState({
      report,
      status,
      isConnected,
      whyLost,
      now: performance.timeOrigin + performance.now(),
    });
  }

  get isFrozen(): boolean {
    return this.#isFrozen;
  }

  /** What is on the canvas stays, and nothing is received. */
  set isFrozen(isFrozen: boolean) {
    this.#isFrozen = isFrozen;
    this.#update();
    this.#host.requestUpdate();
  }

  /** Shows a stream on a canvas that nothing has been drawn on. */
  show(canvas: HTMLCanvasElement, src: string): void {
    this.end();
    this.#src = src;
    this.#isFrozen = false;
    this.#picture = showPicture(canvas, sourceOf(src), {
      onPicture: (report) => this.#told({ report }),
      onStatus: (status) => this.#told({ status }),
      onConnected: (isConnected) => this.#connected(isConnected),
    });
    this.#update();
  }

  /** What is asked of the stream from now on; the first time at once, then when it has settled. */
  want(wanted: Wanted): void {
    const { width, fps } = this.#wanted;
    if (width === wanted.width && fps === wanted.fps) return;
    this.#wanted = wanted;
    clearTimeout(this.#settling);
    if (!this.#isFollowed) return;
    this.#settling = setTimeout(() => {
      if (this.#isFollowed) this.#picture?.follow(this.#wanted);
    }, SETTLED_MS);
  }

  measure(isOn: boolean): void {
    this.#picture?.measure(isOn);
  }

  save() {
    return this.#picture?.save();
  }

  retry(): void {
    this.#picture?.retry();
  }

  end(): void {
    this.#isFollowed = false;
    this.#picture?.end();
    this.#picture = undefined;
    this.report = undefined;
    this.status = undefined;
    this.isConnected = undefined;
    this.whyLost = undefined;
    this.#src = "";
    clearTimeout(this.#settling);
    clearInterval(this.#tick);
  }

  hostConnected(): void {
    this.#sight.observe(this.#host);
    document.addEventListener("visibilitychange", this.#look);
    addEventListener("pagehide", this.#leave);
    addEventListener("pageshow", this.#comeBack);
  }

  hostDisconnected(): void {
    this.end();
    this.#sight.disconnect();
    this.#isInSight = false;
    document.removeEventListener("visibilitychange", this.#look);
    removeEventListener("pagehide", this.#leave);
    removeEventListener("pageshow", this.#comeBack);
  }

  #left(isLeaving: boolean): void {
    this.#isLeaving = isLeaving;
    this.#update();
  }

  #sighted(entries: readonly IntersectionObserverEntry[]): void {
    this.#isInSight = entries.at(-1)?.isIntersecting ?? false;
    this.#update();
  }

  #connected(isConnected: boolean): void {
    this.#told({ isConnected });
    if (isConnected) this.whyLost = undefined;
    else if (this.whyLost === undefined) void this.#askWhyLost(this.#src);
  }

  /** Once for each loss: the server is not asked at each attempt. */
  async #askWhyLost(src: string): Promise<void> {
    const whyLost = await whyUnreachable(src);
    if (src !== this.#src || this.isConnected !== false) return;
    this.whyLost = whyLost;
    this.#host.requestUpdate();
  }

  #told(change: Partial<Pick<LivePicture, "report" | "status" | "isConnected">>): void {
    Object.assign(this, change);
    if (change.isConnected) this.status = undefined; // it tells anew
    this.#host.requestUpdate();
  }

  /** Follows the stream, or ends that. */
  #update(): void {
    const isSeen = this.#isInSight && !document.hidden && !this.#isLeaving;
    const isFollowed = this.#picture !== undefined && isSeen && !this.#isFrozen;
    if (isFollowed === this.#isFollowed) return;
    this.#isFollowed = isFollowed;
    clearInterval(this.#tick);
    if (!isFollowed) {
      this.#picture?.rest();
      return;
    }
    this.#picture?.follow(this.#wanted);
    this.#tick = setInterval(() => this.#showAge(), TICK_MS);
  }

  /** A picture that comes tells its age itself. */
  #showAge(): void {
    const { drawnAt = 0 } = this.report ?? {};
    if (performance.timeOrigin + performance.now() - drawnAt > 2 * TICK_MS)
      this.#host.requestUpdate();
  }
}
