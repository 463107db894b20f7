import { createServer } from "node:net";
import type { Check } from "../../base/checks.ts";
import { messageOf } from "../../base/errors.ts";
import { listenOn } from "../wire-address.ts";

/** The default port of Filers' network recorder and of a FilersServer. */
export const FILERS_PORT = 10_000;

/** Can a FilersServer listen on Filers' port? */
export const filersCheck: Check = {
  name: "filers",
  async run() {
    const server = createServer();
    try {
      const found = await listenOn(server, "127.0.0.1", FILERS_PORT);
      return { level: "ok", message: `Port ${found} is free for a FilersServer.` };
    } catch (error) {
      return {
        level: "warn",
        message: `A FilersServer cannot use its default port: ${messageOf(error).split(". ")[0]}.`,
        fix: `Give each FilersServer a port of its own in the configuration: port: ${FILERS_PORT + 1}`,
      };
    } finally {
      server.close();
    }
  },
};
