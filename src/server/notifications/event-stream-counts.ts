/** How readers of server-sent notifications fare, of a whole server. */
export class EventStreamCounts {
  /** Connected now. */
  readers = 0;
  /** Dropped because they read too slowly. */
  dropped = 0;
  /** Came back, or late, for notifications that were no longer held. */
  gaps = 0;
}
