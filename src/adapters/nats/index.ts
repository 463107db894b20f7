export type { JoiningServer, ServerFleet } from "../../server/server-options.ts";
export { Fleet } from "./fleet.ts";
export { FleetClient } from "./fleet-client.ts";
export { FleetOptions } from "./options.ts";
export type { PresentMember } from "./roster.ts";
