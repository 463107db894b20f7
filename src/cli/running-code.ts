import { Session } from "node:inspector";

/** How long the main thread may take to say it, ms: it does so within an instant, or is not in JavaScript. */
const WITHIN_MS = 2000;
const FRAMES = 5;
/** The name of a Thing whose method runs. */
const THING_NAME =
  'typeof this === "object" && this !== null && typeof this.thingState === "function" ? this.name : ""';

interface CallFrame {
  callFrameId: string;
  functionName: string;
  location: { scriptId: string; lineNumber: number };
}

interface Evaluated {
  result?: { value?: unknown };
}

/** What the main thread runs just now, in a sentence; it is stopped for a moment to say so. Call it in another thread. */
export async function describeRunningCode(): Promise<string> {
  const session = new Session();
  let isOver = false;
  try {
    session.connectToMainThread();
    return await new Promise<string>((resolve) => {
      setTimeout(() => resolve("It is in native code, which cannot be identified."), WITHIN_MS);
      const scripts = new Map<string, string>();
      session.on("Debugger.scriptParsed", ({ params }) => scripts.set(params.scriptId, params.url));
      session.on("Debugger.paused", ({ params }) => {
        if (isOver) return;
        const frames = (params.callFrames as CallFrame[]).slice(0, FRAMES);
        void Promise.all(frames.map((frame) => described(session, frame, scripts))).then(
          (lines) => {
            if (!isOver) session.post("Debugger.resume");
            resolve(`It runs ${lines.join(", called by ")}.`);
          },
        );
      });
      // What is asked of a session that has ended is answered, too, by an error.
      session.post("Debugger.enable", () => isOver || session.post("Debugger.pause"));
    });
  } catch (error) {
    return `The running code cannot be identified: ${error}.`;
  } finally {
    isOver = true;
    session.disconnect();
  }
}

async function described(
  session: Session,
  { callFrameId, functionName, location }: CallFrame,
  scripts: ReadonlyMap<string, string>,
): Promise<string> {
  const thing = await new Promise<string>((resolve) => {
    const question = { callFrameId, expression: THING_NAME, throwOnSideEffect: true };
    session.post("Debugger.evaluateOnCallFrame", question, (_, answer?: Evaluated) => {
      const value = answer?.result?.value;
      resolve(typeof value === "string" && value !== "" ? ` of Thing '${value}'` : "");
    });
  });
  const url = scripts.get(location.scriptId) ?? "";
  const place = `${url.replace("file://", "").replace(/\?.*/, "")}:${location.lineNumber + 1}`;
  return `${functionName || "(anonymous)"}${thing} (${place})`;
}
