const STATE_MS = 1000;
const OUTCOME_MS = 25_000;

/**
 * The one state that a page shows, beside whatever picture it shows: a picture that says why there are no frames is never "Live",
 * also while the source flaps and the server has just said that it streams.
 * @param shows "frame", "reason" for the picture that stands for frames, or undefined before the first.
 */
export function stateOf({ isLost, source, shows, isStale }) {
  if (isLost) return "lost";
  if (shows === "frame") return isStale ? "stale" : "streaming";
  if (source.isFaulty) return source.state;
  return shows === "reason" || source.state === "opening" ? "opening" : "connecting";
}

/** What the source of a stream does and why it gives no frames, as the server tells: a picture cannot tell that. */
export class StreamSource {
  /** `idle`, `opening`, `streaming`, `stalled`, `disconnected`, `failed`; undefined until the server has told. */
  state;
  /** One sentence. */
  reason;
  isRetrying = false;
  #url;
  #toldAt = performance.now();
  #isThere = true;

  /** @param {string} url Of the stream. */
  constructor(url) {
    this.#url = url;
    void this.#follow();
  }

  get isFaulty() {
    return this.reason !== undefined;
  }

  /** A frame has come: or, with a reason, the picture that stands for frames. */
  tell(reason) {
    this.#toldAt = performance.now();
    if (reason === undefined) this.state = "streaming";
    else if (!this.isFaulty) {
      this.state = "failed"; // until the server has answered
      void this.#askWhich(reason);
    }
    this.reason = reason;
  }

  /** Whether it has failed, stalled or is disconnected: the picture says only why. */
  async #askWhich(reason) {
    const toldAt = this.#toldAt;
    await this.#ask("state").catch(() => {});
    if (this.isFaulty || this.#toldAt !== toldAt) return;
    this.state = "failed";
    this.reason = reason;
  }

  /** Has it tried again at once. */
  async retry() {
    this.isRetrying = true;
    try {
      await this.#ask("retry", { method: "POST" });
    } catch (error) {
      this.reason = error.message;
    }
    this.isRetrying = false;
  }

  /** Frames tell that the source streams: the server is asked while none come. */
  async #follow() {
    while (this.#isThere) {
      await new Promise((resolve) => setTimeout(resolve, STATE_MS));
      const isSilent = performance.now() - this.#toldAt > STATE_MS;
      if (isSilent && !document.hidden && !this.isRetrying)
        await this.#ask("state").catch(() => {});
    }
  }

  async #ask(what, options = {}) {
    const signal = AbortSignal.timeout(OUTCOME_MS);
    const toldAt = this.#toldAt;
    const response = await fetch(`${this.#url}/${what}`, { signal, ...options });
    this.#isThere = response.status !== 404; // where another server shows the stream with this page
    const answer = await response.json();
    if (!response.ok) throw new Error(answer.detail);
    if (this.#toldAt !== toldAt && !this.isFaulty) return; // a frame has come since: the answer is older
    this.state = answer.state;
    this.reason = answer.reason;
  }
}
