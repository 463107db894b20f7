import { Thing } from "../core/thing.ts";

/** Stands in for a Thing whose constructor failed, so that it is listed with the reason and the others are served. */
export class UnmadeThing extends Thing {
  static override readonly title = "A Thing that could not be made";
  readonly #cause: Error;

  /** @param cause - Its sentence is the reason why this Thing cannot open. */
  constructor(cause: Error) {
    super();
    this.#cause = cause;
  }

  override open(): void {
    throw this.#cause;
  }
}
