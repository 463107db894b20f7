/**
 * The parts of a multipart stream of JPEGs, as they arrive: `{ headers, jpeg }`. It ends with the stream.
 *
 * An `<img>` shows such a stream too, but cannot say which frame it shows, nor that the stream has ended.
 *
 * @param {string | URL} url
 * @param {AbortSignal} signal Leaves the stream.
 * @throws {Error} with the server's own sentence when it refuses.
 */
export async function* framesOf(url, signal) {
  const address = new URL(url, document.baseURI);
  address.searchParams.set("advance", "0"); // each part complete: no waiting for the next one's headers
  const response = await fetch(address, { signal, cache: "no-store" });
  if (response.status === 401) location.reload(); // shows where to log in
  if (!response.ok) throw new Error(await refusal(response));
  const parser = new PartParser();
  const reader = response.body.getReader();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    yield* parser.push(value);
  }
}

async function refusal(response) {
  const problem = await response.json().catch(() => ({}));
  return problem.detail ?? `The server answered ${response.status} ${response.statusText}.`;
}

/** Each part: a boundary line, headers with Content-Length, an empty line, the JPEG, a line end. */
class PartParser {
  #chunks = [];
  #length = 0;
  #wanted = 1;

  *push(chunk) {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    while (this.#length >= this.#wanted) {
      const part = this.#take();
      if (!part) return;
      yield part;
    }
  }

  #take() {
    const bytes = this.#joined();
    const end = endOfHeaders(bytes);
    if (end < 0) {
      this.#wanted = bytes.length + 1;
      return undefined;
    }
    const headers = readHeaders(bytes.subarray(0, end));
    const length = Number(headers.get("content-length"));
    if (!(length > 0)) throw new Error("The stream is not one that this page understands.");
    this.#wanted = end + length + 2;
    if (bytes.length < this.#wanted) return undefined;
    const jpeg = bytes.slice(end, end + length);
    this.#chunks = [bytes.subarray(this.#wanted)];
    this.#length = bytes.length - this.#wanted;
    this.#wanted = 1;
    return { headers, jpeg };
  }

  #joined() {
    if (this.#chunks.length === 1) return this.#chunks[0];
    const bytes = new Uint8Array(this.#length);
    let at = 0;
    for (const chunk of this.#chunks) {
      bytes.set(chunk, at);
      at += chunk.length;
    }
    this.#chunks = [bytes];
    return bytes;
  }
}

/** Where the empty line after the headers ends, -1 when it has not come yet. */
function endOfHeaders(bytes) {
  for (let at = bytes.indexOf(13); at >= 0; at = bytes.indexOf(13, at + 1)) {
    if (bytes[at + 1] === 10 && bytes[at + 2] === 13 && bytes[at + 3] === 10) return at + 4;
  }
  return -1;
}

function readHeaders(bytes) {
  const lines = new TextDecoder("latin1").decode(bytes).split("\r\n");
  return new Map(
    lines
      .filter((line) => line.includes(": "))
      .map((line) => {
        const colon = line.indexOf(": ");
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 2)];
      }),
  );
}
