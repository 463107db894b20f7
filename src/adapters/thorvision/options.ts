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
  idle_timeout_s: Type.Optional(Type.Number({ minimum: 5 })),
});

/** Options of a ThorVisionServer. */
export interface ThorVisionServerOptions {
  /** Default `127.0.0.1`. */
  readonly host?: string;
  /** Allows an address off loopback, although this protocol has no login. */
  readonly insecure?: boolean;
  /** Opens the port although the server has a login: any client that reaches it sees the cameras. `insecure` includes it. */
  readonly insecure_no_login?: boolean;
  /** Lets every client that reaches the port read the server's log files, although the server has a login. */
  readonly insecure_logs?: boolean;
  /** HTTP port. Default 8000; 0 takes a free port. */
  readonly port?: number;
  /** How long SRT may resend lost packets, ms. Default 120; the client's own value, usually 500, applies if it is longer. */
  readonly latency_ms?: number;
  /** Largest data rate of a stream, MB/s. Default 20, the most that a GStreamer receiver can follow. */
  readonly max_mb_per_s?: number;
  /** How long a stream without a caller is kept, s. Default 600. */
  readonly idle_timeout_s?: number;
}

/**
 * The options, completed with defaults.
 * @throws {ThingError} `BAD_ARGUMENT` that names each invalid option.
 */
export function withDefaults(options: ThorVisionServerOptions): Required<ThorVisionServerOptions> {
  const all = {
    ...{ host: "127.0.0.1", port: 8000 },
    ...{ insecure: false, insecure_no_login: false, insecure_logs: false },
    ...{ latency_ms: 120, max_mb_per_s: 20, idle_timeout_s: 600 },
    ...acceptedOptions(Options, options, "A ThorVisionServer"),
  };
  admittedHost("ThorVision", all, silentLog);
  return all;
}
