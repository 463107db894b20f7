import type { Bonjour } from "bonjour-service";

/**
 * Multicast DNS by bonjour-service, which is loaded now.
 * @param onError - Called for what goes wrong later, such as a port that may not be used.
 * @param networkAddress - This machine's address on the network; the default network's if absent.
 */
export async function openBonjour(
  onError: (error: unknown) => void,
  networkAddress?: string,
): Promise<Bonjour> {
  const { default: Constructor } = await import("bonjour-service");
  // On Linux a socket that is bound to one address hears no multicast; the interface is chosen by its membership.
  const options = networkAddress ? { interface: networkAddress, bind: "0.0.0.0" } : {};
  const bonjour: Bonjour = Reflect.construct(Constructor, [options, onError]);
  onSocketError(bonjour, onError);
  return bonjour;
}

/** The library tells of a port that it may not use by an event that ends a process which does not listen to it. */
function onSocketError(bonjour: Bonjour, listener: (error: unknown) => void): void {
  const server: unknown = Reflect.get(bonjour, "server");
  const mdns: unknown = typeof server === "object" && server && Reflect.get(server, "mdns");
  if (typeof mdns !== "object" || mdns === null || !("on" in mdns)) return;
  if (typeof mdns.on === "function") mdns.on("error", listener);
}
