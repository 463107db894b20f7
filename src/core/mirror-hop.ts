/** A Thing that another one shows the pictures of, and passes the values of on. */
export interface MirrorHop {
  /** `id` of its Thing Description. */
  readonly id: string;
  /** Where its Thing Description is. */
  readonly href: string;
}
