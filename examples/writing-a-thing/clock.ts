import { delay, MJPEGStream, stream, Thing } from "thingscope";
import { feed, renderSvg } from "thingscope/frames";

export class Clock extends Thing {
  @stream("The time of day") readonly live = new MJPEGStream();
  readonly #feeding = feed(this.live, { frames: pictures });

  override close() {
    return this.#feeding.stop();
  }
}

async function* pictures(signal: AbortSignal) {
  for (; ; await delay(100, signal)) {
    const text = `<text x="9" y="40" fill="white">${new Date().toISOString()}</text>`;
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 240 60">${text}</svg>`;
    yield { jpeg: await renderSvg(svg, { width: 480, height: 120 }) };
  }
}
