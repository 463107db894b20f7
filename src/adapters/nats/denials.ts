import type { NatsConnection } from "@nats-io/transport-node";
import { countedLimit } from "../../base/limit-hits.ts";
import type { Nats } from "./library.ts";
import { ToldOnce } from "./told-once.ts";

/** Tokens of a subject that say which permission is missing: `thingscope.FLEET.MEMBER.ROLE`. */
const TOKENS = 4;

const deniedLimit = countedLimit("fleet_subjects_denied");

/** By these JetStream is asked for more of a bucket: it sends no more than 2 MB without. */
const FLOW = "$JS.FC.";
const FLOW_DENIED =
  "NATS does not let this login publish $JS.FC.>, so that only the first 2 MB of the fleet's descriptions are read. Allow it that, as docs/fleet.md says.";

/** What NATS does not let this server do, each told once: also when it has connected again. */
export class Denials {
  /** The sentence for what was denied last on the present connection. */
  sentence: string | undefined;
  readonly #told: ToldOnce;

  constructor(tell: (sentence: string) => void) {
    this.#told = new ToldOnce(tell);
  }

  /** Until the connection ends. What JetStream is asked is told by whoever asked. */
  async hear(connection: NatsConnection, library: Nats): Promise<void> {
    this.sentence = undefined;
    for await (const { operation, subject } of denialsOf(connection, library)) {
      deniedLimit.hit();
      if (isFlow(subject)) this.#note(FLOW, FLOW_DENIED);
      else if (!subject.startsWith("$"))
        this.#noteOwn(operation === "publish" ? "publish" : "subscribe to", subject);
    }
  }

  #noteOwn(verb: string, subject: string): void {
    const sentence = `NATS does not let this server ${verb} ${subject}. Allow its login all subjects of its own, ${ownSubjects(subject)}, those of JetStream, and _INBOX.>.`;
    this.#note(`${verb} ${subject.split(".").slice(0, TOKENS).join(".")}`, sentence);
  }

  #note(what: string, sentence: string): void {
    this.sentence = sentence;
    this.#told.note(what, sentence);
  }
}

/** Tells a client that NATS keeps it from reading all of a bucket. What else it may not is told by whatever it asks. */
export async function hearFlowDenied(
  connection: NatsConnection,
  library: Nats,
  tell: (sentence: string) => void,
): Promise<void> {
  for await (const { subject } of denialsOf(connection, library)) {
    if (!isFlow(subject)) continue;
    tell(FLOW_DENIED);
    return;
  }
}

async function* denialsOf(connection: NatsConnection, { errors }: Nats) {
  for await (const status of connection.status())
    if (status.type === "error" && status.error instanceof errors.PermissionViolationError)
      yield status.error;
}

function isFlow(subject: string): boolean {
  return subject.startsWith(FLOW);
}

function ownSubjects(subject: string): string {
  const [root, fleet, member] = subject.split(".");
  return root === "thingscope" && member ? `${root}.${fleet}.${member}.>` : "thingscope.>";
}
