import { packagePath } from "../src/base/package-root.ts";
import { frameFile } from "./frames.ts";
import type { Sample } from "./load.ts";
import { runToEnd } from "./programs.ts";
import { LOAD_CORE, SERVER_CORE, startOurs } from "./servers.ts";

const FPS = 250;
const LISTENERS = 50;

/** N1: how soon those hear of a frame who wait for it in the server's process, over SSE and over WebSocket. */
export async function measureNotification(seconds: number): Promise<Sample> {
  const waiters = await timesOf(SERVER_CORE, "waiters.js", []);
  const frame = await frameFile(20_000);
  const server = await startOurs({ frame, fps: FPS, offeredFps: FPS }, "--notify");
  const rest = [String(LISTENERS), String(seconds)];
  const socketUrl = server.url.replace("http:", "ws:").replace("camera/live", "clock/ws");
  try {
    const sse = await timesOf(LOAD_CORE, "listeners.js", ["sse", `${server.url}/sizes`, ...rest]);
    const ws = await timesOf(LOAD_CORE, "listeners.js", ["ws", socketUrl, ...rest]);
    const expected = FPS * LISTENERS * seconds;
    if (sse.heard < 0.9 * expected || ws.heard < 0.9 * expected) {
      throw new Error(
        `Of ${expected} messages ${sse.heard} came by SSE, ${ws.heard} by WebSocket.`,
      );
    }
    return {
      waiters_p50_us: waiters.p50,
      waiters_p99_us: waiters.p99,
      sse_p50_us: sse.p50,
      sse_p99_us: sse.p99,
      ws_p50_us: ws.p50,
      ws_p99_us: ws.p99,
    };
  } finally {
    await server.stop();
  }
}

async function timesOf(core: number, script: string, rest: string[]) {
  const command = [process.execPath, packagePath("dist", "bench", script), ...rest];
  const { p50, p99, heard } = JSON.parse(await runToEnd(core, command));
  return { p50: Number(p50), p99: Number(p99), heard: Number(heard) };
}
