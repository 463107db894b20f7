import { Type } from "typebox";
import { silentLog } from "../../base/log.ts";
import { acceptedOptions } from "../options.ts";
import { admittedHost } from "../wire-address.ts";

const Options = Type.Object({
  host: Type.Optional(Type.String({ minLength: 1 })),
  insecure: Type.Optional(Type.Boolean()),
  insecure_no_login: Type.Optional(Type.Boolean()),
  insecure_logs: Type.Optional(Type.Boolean()),
  port: Type.Optional(Type.Integer({ minimum: 0, maximum: 65_535 })),
  latency_ms: Type.Optional(Type.Integer({ minimum: 20, maximum: 8000 })),
  max_mb_per_s: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 1000 })),
  lonely_s: Type.Optional(Type.Number({ minimum: 5 })),
});

/** What a ThorVisionServer is made with. */
export interface ThorVisionServerOptions {
  /** `127.0.0.1` when absent. */
  readonly host?: string;
  /** Lets another address than loopback be listened on: this wire knows no login. */
  readonly insecure?: boolean;
  /** Lets the port be opened although the server has a login: whoever reaches it sees the cameras. `insecure` includes it. */
  readonly insecure_no_login?: boolean;
  /** Lets everybody who reaches the port read the server's log files, too, though the server has a login. */
  readonly insecure_logs?: boolean;
  /** Of HTTP: 8000. 0 takes a free one. */
  readonly port?: number;
  /** How long SRT may send lost packets again: 120. The client's own, 500 as a rule, holds if it is longer. */
  readonly latency_ms?: number;
  /** What one stream may send at most, in million bytes a second: 20, the most that a receiver of GStreamer can follow. */
  readonly max_mb_per_s?: number;
  /** After how many seconds without a caller a stream ends: 600. */
  readonly lonely_s?: number;
}

/**
 * The options with what was left out.
 * @throws {ThingError} `BAD_ARGUMENT` that names each fault.
 */
export function completed(options: ThorVisionServerOptions): Required<ThorVisionServerOptions> {
  const all = {
    ...{ host: "127.0.0.1", port: 8000 },
    ...{ insecure: false, insecure_no_login: false, insecure_logs: false },
    ...{ latency_ms: 120, max_mb_per_s: 20, lonely_s: 600 },
    ...acceptedOptions(Options, options, "A ThorVisionServer"),
  };
  admittedHost("ThorVision", all, silentLog);
  return all;
}
