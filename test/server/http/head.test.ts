import assert from "node:assert/strict";
import { type IncomingMessage, request } from "node:http";
import { test } from "node:test";
import { TEST_MS, WAIT_MS } from "../../limits.ts";
import { recorderFor } from "../../things/recorder-server.ts";
import { watchedMicroscopeFor } from "../demo-server.ts";

/** What a server finds out only while it makes an answer, HEAD may leave out. RFC 9110, 9.3.2. */
const OF_THE_CONTENT = /^(content-length|transfer-encoding|etag|link|x-.*)$/;
/** What differs from one moment to the next. */
const OF_THE_MOMENT = /^(date|x-frame-.*|x-timestamp|link|connection|keep-alive)$/;

/** Status and headers of an answer, whose body is not waited for. */
function headersOf(port: number, method: string, path: string, accept: string) {
  return new Promise<IncomingMessage>((resolve, reject) => {
    const target = { host: "127.0.0.1", port, method, path, headers: { accept }, agent: false };
    const sent = request(target, (response) => {
      response.destroy();
      resolve(response);
    });
    sent.on("error", reject).setTimeout(WAIT_MS, () => sent.destroy(new Error(`${path} hangs`)));
    sent.end();
  });
}

test("HEAD has the status and the headers of GET at every path of the table", {
  timeout: TEST_MS,
}, async (t) => {
  const microscope = await watchedMicroscopeFor(t);
  const recording = await recorderFor(t);
  await recording.host.get("recorder").invoke("capture_still", { settle: false }).ended;
  const ids: Record<string, string> = {
    "/recordings/": recording.recorder.recordings[0]?.id ?? "",
    "/directory/things/": "nothing-here",
    "/frames/": "0",
    "/viewer/": "viewer.css",
  };
  const faults: string[] = [];
  let compared = 0;
  for (const { server, port } of [microscope, recording]) {
    for (const { method, path, response, hasETag } of server.routes) {
      // A wait for news has its own answer to HEAD: whether one may wait.
      if (method !== "GET" || response.emptyWhen) continue;
      const known = Object.entries(ids).find(([part]) => path.includes(`${part}:`))?.[1];
      const filled = path.replace(/:(\w+)/, known ?? "unknown").replace(/:(\w+)/, "poster");
      const accept = response.contentType ?? "*/*";
      const get = await headersOf(port, "GET", filled, accept);
      const head = await headersOf(port, "HEAD", filled, accept);
      compared += 1;
      if (get.statusCode !== head.statusCode)
        faults.push(`${filled}: GET ${get.statusCode}, HEAD ${head.statusCode}`);
      for (const name of new Set([...Object.keys(get.headers), ...Object.keys(head.headers)])) {
        const [wanted, found] = [get.headers[name], head.headers[name]].map(String);
        if (wanted === found || OF_THE_MOMENT.test(name)) continue;
        if (found === "undefined" && OF_THE_CONTENT.test(name)) continue;
        if (name === "content-length" && !hasETag) continue; // it may change while it is asked for
        faults.push(`${filled}: ${name} is ${wanted} for GET, ${found} for HEAD`);
      }
    }
  }
  assert.deepEqual(faults, []);
  assert.ok(compared > 150, String(compared));
});
