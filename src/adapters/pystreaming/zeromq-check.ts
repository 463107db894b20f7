import type { Check } from "../../base/checks.ts";
import { messageOf } from "../../base/errors.ts";
import { zeroMQ } from "./zeromq.ts";

/** Can pystreaming's wire be spoken? */
export const zeroMQCheck: Check = {
  name: "zeromq",
  async run() {
    try {
      return {
        level: "ok",
        message: `zeromq speaks pystreaming's wire (libzmq ${zeroMQ().version}).`,
      };
    } catch (error) {
      const [reason] = messageOf(error).split(". Install it");
      return {
        level: "warn",
        message: `${reason}. Everything else works without it.`,
        fix: "npm install zeromq",
      };
    }
  },
};
