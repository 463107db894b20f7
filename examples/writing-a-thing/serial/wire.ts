import { once } from "node:events";
import { ReadlineParser, type SerialPort, type SerialPortMock } from "serialport";
import { ThingError, withDeadline } from "thingscope";

const ANSWERS_WITHIN_MS = 500;
const MOST_WAITING = 100;

/** The wire to an instrument that answers each line with one line: one question at a time, the others wait. */
export class Wire {
  readonly #port: SerialPort | SerialPortMock;
  readonly #lines: ReadlineParser;
  /** Ends when the last question has its answer, or none. */
  #turn: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(port: SerialPort | SerialPortMock) {
    this.#port = port;
    this.#lines = port.pipe(new ReadlineParser({ delimiter: "\n" }));
  }

  /** @param signal - Ends the wait for its turn. A question that was asked has its answer read: the next answer is the next one's. */
  ask(question: string, signal?: AbortSignal): Promise<string> {
    if (this.#waiting >= MOST_WAITING)
      throw new ThingError("TOO_BUSY", `${MOST_WAITING} questions wait already. Ask later.`);
    this.#waiting += 1;
    const answer = this.#turn.then(() => {
      this.#waiting -= 1;
      signal?.throwIfAborted();
      return this.#exchange(question);
    });
    this.#turn = answer.catch(() => {}); // whoever asked is told
    return answer;
  }

  async #exchange(question: string): Promise<string> {
    const never = new AbortController().signal;
    try {
      return await withDeadline(ANSWERS_WITHIN_MS, never, async (signal) => {
        const line = once(this.#lines, "data", { signal });
        this.#port.write(`${question}\n`);
        const [answer] = await line;
        return String(answer).trim();
      });
    } catch (cause) {
      const sentence = `There was no answer to '${question}' within ${ANSWERS_WITHIN_MS} ms.`;
      throw new ThingError("NOT_READY", sentence, { cause });
    }
  }
}
