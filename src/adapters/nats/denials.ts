import type { NatsConnection } from "@nats-io/transport-node";
import { countedLimit } from "../../base/limit-hits.ts";
import type { Nats } from "./library.ts";
import { ToldOnce } from "./told-once.ts";

/** Tokens of a subject that say which permission is missing: `thingscope.FLEET.MEMBER.ROLE`. */
const TOKENS = 4;

const deniedLimit = countedLimit("fleet_subjects_denied");

/** What NATS does not let this server do, each told once: also when it has connected again. */
export class Denials {
  /** The sentence for what was denied last on the present connection. */
  sentence: string | undefined;
  readonly #told: ToldOnce;

  constructor(tell: (sentence: string) => void) {
    this.#told = new ToldOnce(tell);
  }

  /** Until the connection ends. What JetStream is asked is told by whoever asked. */
  async hear(connection: NatsConnection, { errors }: Nats): Promise<void> {
    this.sentence = undefined;
    for await (const status of connection.status()) {
      const error = status.type === "error" ? status.error : undefined;
      if (!(error instanceof errors.PermissionViolationError)) continue;
      deniedLimit.hit();
      if (error.subject.startsWith("$")) continue;
      this.#note(error.operation === "publish" ? "publish" : "subscribe to", error.subject);
    }
  }

  #note(verb: string, subject: string): void {
    const sentence = `NATS does not let this server ${verb} ${subject}. Allow its login all subjects of its own, ${ownSubjects(subject)}, those of JetStream, and _INBOX.>.`;
    this.sentence = sentence;
    this.#told.note(`${verb} ${subject.split(".").slice(0, TOKENS).join(".")}`, sentence);
  }
}

function ownSubjects(subject: string): string {
  const [root, fleet, member] = subject.split(".");
  return root === "thingscope" && member ? `${root}.${fleet}.${member}.>` : "thingscope.>";
}
