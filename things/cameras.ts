import {
  action,
  event,
  type Invocation,
  property,
  Thing,
  ThingError,
  ThingEvent,
} from "thingscope";
import {
  type CameraNews,
  type CameraRegister,
  findNetworkCameras,
  type ListedCamera,
  registerOf,
  watchCameras,
} from "thingscope/discovery";
import { type Static, Type } from "typebox";

const Mode = Type.Object({
  format: Type.String({ description: "The device's word for it: MJPG, YUYV" }),
  width: Type.Integer({ unit: "px" }),
  height: Type.Integer({ unit: "px" }),
  rates: Type.Array(Type.Number({ unit: "Hz" }), { description: "Fastest first" }),
});

const Listed = Type.Object({
  id: Type.String({ description: "Serial number and USB port, or address: it stays the same" }),
  kind: Type.String({ description: "v4l2, raspberry-pi, genicam, onvif or thingscope" }),
  title: Type.String({ description: "What its maker calls it" }),
  address: Type.String({ description: "Where it is, or was last: /dev/video0, or a URL" }),
  connected: Type.Boolean({ description: "Whether it is plugged in" }),
  thing: Type.Union([Type.String(), Type.Null()], {
    description: "Name of the Thing that it is; null if this server does not serve it",
  }),
  problem: Type.Optional(Type.String({ description: "Why it cannot be used, and what to do" })),
  modes: Type.Array(Mode),
  config: Type.Object(
    { class: Type.String(), kwargs: Type.Record(Type.String(), Type.Unknown()) },
    { description: "The entry of a configuration that serves it" },
  ),
});
type Listed = Static<typeof Listed>;

const Told = Type.Object({
  id: Type.String(),
  title: Type.String(),
  thing: Type.Union([Type.String(), Type.Null()], { description: "Name of the Thing that it is" }),
});

/** Options of Cameras. */
export interface CamerasOptions {
  /** Given by `thingscope serve` where it serves the cameras that it finds. */
  readonly register?: CameraRegister;
}

const SEARCH_MS = 2000;
const NOT_SERVED =
  "This server has the Things of its configuration. Remove the Thing there, then reload it.";

/** Which cameras are plugged into this machine, and who comes and goes. */
export class Cameras extends Thing {
  static override readonly title: string = "Cameras";
  static override readonly types: readonly string[] = ["Cameras"];
  static override readonly description: string =
    "The cameras of this computer, with an event for each that is plugged in or unplugged.";
  readonly #given: CameraRegister | undefined;
  #register: CameraRegister | undefined;
  #endTold: () => void = () => {};

  constructor({ register }: CamerasOptions = {}) {
    super();
    this.#given = register;
  }

  @property("The cameras of this computer", Type.Array(Listed), {
    readOnly: true,
    observable: true,
  })
  get cameras(): Listed[] {
    return (this.#register?.cameras ?? []).map(listed);
  }

  @event("A camera was plugged in, or can be used now", Told)
  readonly camera_found = new ThingEvent<Static<typeof Told>>();

  @event("A camera was unplugged", Told)
  readonly camera_lost = new ThingEvent<Static<typeof Told>>();

  override async open(): Promise<void> {
    this.#register = this.#given ?? registerOf(watchCameras({ log: this.log }));
    this.#endTold = this.#register.onChange((news) => this.#tell(news));
    await this.#register.start();
  }

  override close(): void {
    this.#endTold();
    this.#register?.stop();
  }

  @action("Look for cameras now, for two seconds if also on the network", {
    input: Type.Object({
      network: Type.Optional(
        Type.Boolean({ description: "Whether cameras of the network are listed, too" }),
      ),
    }),
    output: Type.Array(Listed),
  })
  async rescan({ network }: { network?: boolean }, { signal }: Invocation): Promise<Listed[]> {
    const [found] = await Promise.all([
      network ? findNetworkCameras({ ms: SEARCH_MS, signal }) : [],
      this.#register?.scan(),
    ]);
    signal.throwIfAborted();
    const remote = found.flatMap(({ cameras }) => cameras);
    const others = remote.map((camera) => listed({ ...camera, connected: true, thing: null }));
    return [...this.cameras, ...others];
  }

  @action("Remove the Thing of a camera that is not plugged in", {
    input: Type.Object({ thing: Type.String() }),
  })
  async forget({ thing }: { thing: string }): Promise<void> {
    if (!this.#register?.forget) throw new ThingError("BAD_ARGUMENT", NOT_SERVED);
    await this.#register.forget(thing);
    this.changed("cameras");
  }

  #tell({ found, lost }: CameraNews): void {
    this.changed("cameras");
    for (const camera of lost) this.camera_lost.emit(told(camera));
    for (const camera of found) this.camera_found.emit(told(camera));
  }
}

function told({ id, title, thing }: ListedCamera): Static<typeof Told> {
  return { id, title, thing };
}

function listed(camera: ListedCamera): Listed {
  const { id, kind, title, address, connected, thing, problem, modes, config } = camera;
  return {
    ...{ id, kind, title, address, connected, thing, ...(problem !== undefined && { problem }) },
    modes: modes.map((mode) => ({ ...mode, rates: [...mode.rates] })),
    config: { class: config.class, kwargs: { ...config.kwargs } },
  };
}
