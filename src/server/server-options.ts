import type { RequestListener } from "node:http";
import type { ThingHost } from "../core/thing-host.ts";
import type { LoginOptions } from "./access/login/login.ts";
import type { AccessPolicy } from "./access/policy.ts";
import type { TlsFiles } from "./access/tls/certificate-files.ts";
import type { RemoteThings } from "./directory/remote-things.ts";
import type { Identity } from "./http/identity.ts";
import type { FleetHealth } from "./monitoring/fleet-health.ts";
import type { NotificationHub } from "./notifications/thing-notifications.ts";
import type { WebhookOptions } from "./webhooks/webhooks.ts";

/** How a server is addressed, and by whom. */
export interface ServerOptions {
  /** Before every path, e.g. `/api/v3`. */
  readonly apiPrefix?: string;
  /** Things whose pictures pages of other origins may show: their names, or all of them. */
  readonly embed?: readonly string[] | "all";
  /** Names under which this server may be addressed, beside loopback, IP addresses and the machine's own name. */
  readonly allowedHosts?: readonly string[];
  /** Origins whose pages may call this server. */
  readonly allowedOrigins?: readonly string[];
  /** Addresses and networks of proxies whose word counts on how, and by whom, the server was addressed; loopback when absent. */
  readonly trustedProxies?: readonly string[];
  /** Whoever uses the server has to log in. */
  readonly login?: LoginOptions;
  /** Allows addresses off loopback, without any login. */
  readonly insecureNoAuth?: boolean;
  /**
   * Tells the local network of the Things by multicast DNS (`_wot._tcp`): true, or this machine's address on the
   * network to tell. Needs the package bonjour-service.
   */
  readonly mdns?: boolean | string;
  /** Lets clients have URLs of these hosts called when something happens. Off unless given. */
  readonly webhooks?: WebhookOptions;
  /** For https: certificate and key in PEM. */
  readonly tls?: TlsFiles;
  /** Connections at once: 1000 when absent; never more than 3/4 of the files that the process may open. */
  readonly maxConnections?: number;
  /** Other servers, whose Things the directory lists, too. */
  readonly fleet?: ServerFleet;
  /** Other systems that the server is connected with. */
  readonly bridges?: readonly ServerBridge[];
}

/** What connects a server with another system while it listens. */
export interface ServerBridge {
  /** Called when the server listens. */
  join(server: JoiningServer): void;
  close(): Promise<void>;
}

/** What connects a server with others. */
export interface ServerFleet extends ServerBridge {
  readonly roster: RemoteThings;
  /** Descriptions of the server's own Things, with whatever other way in there is. */
  described(description: Record<string, unknown>): Record<string, unknown>;
  /** How the fleet does, for `/health`. */
  health(): FleetHealth;
}

/** A server, as what connects it with others needs it. */
export interface JoiningServer {
  readonly host: ThingHost;
  /** Before every path. */
  readonly prefix: string;
  /** What all Things tell by themselves. */
  readonly notifications: NotificationHub;
  /** Where it listens; undefined before `listen`. */
  readonly bound:
    | { readonly host: string; readonly port: number; readonly isSecure: boolean }
    | undefined;
  /** Whether clients have to log in. */
  readonly hasLogin: boolean;
  /** Who may talk to it, before anybody has logged in. */
  readonly access: Pick<AccessPolicy, "allowHost" | "allowOrigins">;
  /**
   * A path of a stream's pictures with what lets anybody read them for 29 days at least; the path itself where nobody has to
   * log in. It is the same for a day.
   */
  picturePath(path: string): string;
  /**
   * Answers requests that do not come over the server's own sockets, as those that do; streams are refused.
   * @param identity - Whose they are.
   */
  listenerFor(identity: Identity): RequestListener;
}
