// Sends raw pictures over the wire of Filers: `node sender.js ours|limit WIDTH HEIGHT FPS`. `ours` decodes the JPEGs of a
// camera; `limit` has the pixels already and writes them to the socket, as plain as TCP can be. Prints its port.
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { setTimeout as after } from "node:timers/promises";
import { FilersServer, messageBytes, messageText } from "../../src/adapters/filers/index.ts";
import { encodeJpeg, type RawImage } from "../../src/frames.ts";
import { Camera, type FrameSource, now, ThingHost } from "../../src/index.ts";

const [kind = "ours", ...numbers] = process.argv.slice(2);
const [width = 1920, height = 1080, fps = 30] = numbers.map(Number);

/** Something soft with edges in it: a JPEG of it is as large as a camera's. */
function picture(): RawImage {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      data[at++] = (x * 255) / width;
      data[at++] = (y * 255) / height;
      data[at++] = 128 + 100 * Math.sin(x / 20) * Math.cos(y / 30);
    }
  }
  return { data, width, height, channels: 3 };
}

/** So many turns a second, without drift. */
async function* turns(signal: AbortSignal): AsyncGenerator<number> {
  const began = performance.now();
  for (let turn = 0; !signal.aborted; turn++) {
    await after(Math.max(0, began + (turn * 1000) / fps - performance.now()));
    yield turn;
  }
}

class SteadyCamera extends Camera {
  readonly #jpeg: Uint8Array;

  constructor(jpeg: Uint8Array) {
    super();
    this.#jpeg = jpeg;
  }

  protected override source(): FrameSource {
    const jpeg = this.#jpeg;
    return {
      async *frames(signal) {
        for await (const _ of turns(signal)) yield { jpeg, capturedAt: now() };
      },
    };
  }
}

async function ours(): Promise<number> {
  const host = new ThingHost();
  const filers = new FilersServer({ port: 0 });
  host.add("camera", new SteadyCamera(await encodeJpeg(picture())));
  host.add("filers", filers);
  await host.open();
  return filers.port;
}

async function limit(): Promise<number> {
  const { data } = picture();
  const server = createServer(async (socket: Socket) => {
    socket.on("error", () => {});
    const gone = new AbortController();
    socket.once("close", () => gone.abort());
    for await (const count of turns(gone.signal)) {
      const metadata = { t: now() / 1000, count };
      const planes = [data.length, 0, 0, 0];
      const value = [planes, "rgb24", [width, height], [3 * width, 0, 0, 0], metadata];
      socket.write(messageBytes(messageText("image", value), data.length));
      socket.write(data);
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

console.log(`port ${await (kind === "ours" ? ours() : limit())}`);
