import { abortable, ignoreAbort, withDeadline } from "../../base/abort.ts";
import type { HostedThing } from "../../core/hosted-thing.ts";
import type { MJPEGStream } from "../../streams/mjpeg-stream.ts";
import type { SourceStatus } from "../../streams/source-state.ts";
import { JSON_TYPE, type Route } from "../http/route.ts";
import { SourceStatusSchema } from "../td/schemas.ts";
import { streamHealthOf } from "./health.ts";

const OUTCOME_MS = 20_000;

/** What a stream's source does, and the request that tries one that has failed again at once: the viewer's Retry. */
export function sourceRoutes(
  hosted: HostedThing,
  stream: MJPEGStream,
  path: string,
  called: string,
): Route[] {
  const response = { status: 200, contentType: JSON_TYPE, schema: SourceStatusSchema };
  return [
    {
      method: "GET",
      path: `${path}/state`,
      role: "view",
      summary: `State of the source of ${called}, and why it delivers no frames`,
      response,
      handle: async () => ({ status: 200, body: statusNow(hosted, stream) }),
    },
    {
      method: "POST",
      path: `${path}/retry`,
      role: "view", // as looking does, it starts a source; more often than twice a second it does nothing
      summary: `Retry the source of ${called} now, without waiting for the next attempt, and return its state`,
      response,
      handle: async ({ signal }) => {
        const release = stream.demand.take();
        try {
          stream.source.retry();
          await withDeadline(OUTCOME_MS, signal, (either) => outcome(stream, either)).catch(
            ignoreAbort, // it is still starting: that is told
          );
          return { status: 200, body: statusNow(hosted, stream) }; // as long as it is wanted: then it is idle again
        } finally {
          release();
        }
      },
    },
  ];
}

function statusNow(hosted: HostedThing, stream: MJPEGStream): SourceStatus {
  const { state, reason, since } = streamHealthOf(stream, hosted);
  return { state, ...(reason !== undefined && { reason }), ...(since !== undefined && { since }) };
}

/** Resolves when the source is neither being started nor about to be. */
async function outcome({ source }: MJPEGStream, signal: AbortSignal): Promise<void> {
  await new Promise(setImmediate); // demand reaches it in this tick
  let end = () => {};
  const over = new Promise<void>((resolve) => {
    const look = () => {
      if (!source.isTrying) resolve();
    };
    end = source.onChange(look);
    look();
  });
  await abortable(over, signal).finally(end);
}
