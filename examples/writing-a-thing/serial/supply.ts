import { once } from "node:events";
import { SerialPort, type SerialPortMock } from "serialport";
import { event, messageOf, setting, Thing, ThingError, ThingEvent } from "thingscope";
import { Type } from "typebox";
import { Wire } from "./wire.ts";

const Volts = { unit: "V", minimum: 0 };

export class PowerSupply extends Thing {
  static override readonly title = "Power supply";
  readonly #path: string;
  #port: SerialPort | SerialPortMock | undefined;
  #wire: Wire | undefined;
  #volts = 0;

  @event("The supply has switched itself off", Type.Object({ volts: Type.Number() }))
  readonly tripped = new ThingEvent<{ volts: number }>();

  @setting("Voltage", Type.Number(Volts), { get: "readVolts", set: "setVolts", observable: true })
  get voltage(): number {
    return this.#volts;
  }

  constructor({ path }: { path: string }) {
    super();
    this.#path = path;
  }

  override async open() {
    const port = this.newPort(this.#path);
    this.#port = port;
    port.on("close", (why?: Error) => why && this.context.disconnected(messageOf(why)));
    port.on("error", (error) => this.context.disconnected(messageOf(error)));
    port.open();
    await once(port, "open");
    this.#wire = new Wire(port);
    const most = Number(await this.#ask("MAX?"));
    this.changeSchema("voltage", Type.Number({ ...Volts, maximum: most }));
  }

  override async close() {
    const port = this.#port;
    this.#wire = undefined;
    this.#port = undefined;
    if (!port?.isOpen) return;
    const closed = once(port, "close");
    port.close();
    await closed;
  }

  async readVolts(signal: AbortSignal): Promise<number> {
    this.#volts = Number(await this.#ask("VOLT?", signal));
    return this.#volts;
  }

  async setVolts(volts: number, signal: AbortSignal): Promise<void> {
    const answer = await this.#ask(`VOLT ${volts}`, signal);
    if (answer === "TRIP") this.tripped.emit({ volts });
    if (answer !== "OK")
      throw new ThingError("INVALID_INPUT", `The supply refuses ${volts} V: ${answer}.`);
    this.#volts = volts;
  }

  /** A test puts another port here. */
  protected newPort(path: string): SerialPort | SerialPortMock {
    return new SerialPort({ path, baudRate: 9600, autoOpen: false });
  }

  /** After a time-out nobody knows whose answer comes next: the port is opened anew. */
  async #ask(question: string, signal?: AbortSignal): Promise<string> {
    if (!this.#wire) throw new ThingError("NOT_READY", "The port is not open.");
    try {
      return await this.#wire.ask(question, signal);
    } catch (error) {
      if (error instanceof ThingError && error.code === "NOT_READY")
        this.context.disconnected(`${error.message} Is the supply switched on?`);
      throw error;
    }
  }
}
