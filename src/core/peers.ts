/** A Thing of another server, as Things of this one operate it. */
export interface PeerThing {
  /** Its server and itself, `MEMBER/THING`. */
  readonly address: string;
  /** Where its files begin, for people and programs that read them over HTTP. */
  readonly url: string;
  /** @throws {ThingError} `NOT_READY` when nobody answers; with the other server's code and sentence when it refuses. */
  read(property: string, signal?: AbortSignal): Promise<unknown>;
  /** Runs an action to its end. @throws {ThingError} as `read` does; the signal's reason. */
  invoke(action: string, input: object, options?: PeerInvokeOptions): Promise<unknown>;
}

interface PeerInvokeOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told how far it is, 0 to 1. */
  readonly onProgress?: (fraction: number) => void;
}

/** Things of other servers. */
export interface Peers {
  /**
   * @param address - `MEMBER/THING`, or the Thing's URL on a member.
   * @throws {ThingError} `NOT_READY` when there is no such member now; as `PeerThing.read`.
   */
  thing(address: string, signal?: AbortSignal): Promise<PeerThing>;
}

/** How Things reach those of other servers: filled in by what connects the servers, which comes after the Things. */
export interface PeerAccess {
  /** Undefined outside a fleet. */
  peers?: Peers | undefined;
  /** This server's name among the others, `FLEET/MEMBER`; undefined outside a fleet. */
  member?: string | undefined;
  /** Called before this server leaves, while the others can still be told: what takes longer than 5 s is not waited for. */
  readonly beforeLeaving: Set<() => Promise<unknown>>;
}
