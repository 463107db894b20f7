import { setImmediate as nextTurn } from "node:timers/promises";
import inject from "light-my-request";
import type { Log } from "../../base/log.ts";
import { TD_TYPE } from "../../server/http/route.ts";
import type { JoiningServer } from "../../server/server-options.ts";
import type { OwnThings } from "./descriptions.ts";
import { clientWith } from "./requests.ts";

/**
 * Descriptions of all Things of a server, as it gives them over HTTP.
 * @param root - Where it begins for other machines.
 */
export function describedThings(server: JoiningServer, root: string, log: Log): OwnThings {
  const listener = server.listenerFor(clientWith("view"));
  const { host } = server;
  return {
    async describe() {
      const descriptions = new Map<string, string>();
      for (const name of host.things.keys()) {
        await nextTurn(); // others are served between two of a hundred Things
        const url = `${root}${server.prefix}/${name}/`;
        const headers = { host: new URL(url).host, accept: "application/td+json" };
        const { statusCode, payload } = await inject(listener, { method: "GET", url, headers });
        if (statusCode === 200) descriptions.set(name, withAddress(payload, url));
        else if (host.things.has(name)) log.warn(`The fleet does not list '${name}': ${payload}`);
      }
      return descriptions;
    },
    onChange(listener) {
      const stops = [host.onState(listener), host.onModel(listener)];
      return () => {
        for (const stop of stops) stop();
      };
    },
  };
}

/** Pages of other servers ask the Thing there. */
function withAddress(payload: string, url: string): string {
  const description = JSON.parse(payload);
  const links = [...description.links, { rel: "self", type: TD_TYPE, href: url }];
  return JSON.stringify({ ...description, links });
}
