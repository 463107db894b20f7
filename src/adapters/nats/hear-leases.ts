import type { NatsConnection } from "@nats-io/transport-node";
import { LEFT } from "./lease.ts";
import type { Roster } from "./roster.ts";
import { leaseSubjects, memberIn } from "./subjects.ts";

/** Tells a roster who renews its lease, and who leaves. @returns How to stop. */
export function hearLeases(connection: NatsConnection, fleet: string, roster: Roster): () => void {
  const subscription = connection.subscribe(leaseSubjects(fleet), {
    callback(error, message) {
      if (error) return;
      const member = memberIn(message.subject);
      if (message.data.length === 0) roster.left(member, message.headers?.get(LEFT));
      else roster.renewed(member, message.string());
    },
  });
  return () => subscription.unsubscribe();
}
