import { lookup as lookupHost } from "node:dns";
import { BlockList, isIP, type LookupFunction } from "node:net";

/** Where clouds keep a machine's secrets, and hosts of the kind: nothing that this package talks to is there. */
const METADATA = new BlockList();
for (const address of ["169.254.169.254", "169.254.170.2", "169.254.170.23", "100.100.100.200"]) {
  METADATA.addAddress(address, "ipv4"); // and as ::ffff:a.b.c.d
  METADATA.addAddress(`64:ff9b::${address}`, "ipv6");
  METADATA.addAddress(`::${address}`, "ipv6");
}
for (const address of ["fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254"]) {
  METADATA.addAddress(address, "ipv6");
}

/**
 * Whether a host is a literal address at which clouds keep secrets, in any spelling that a `URL` leaves of it. For a name it is
 * false: `checkedLookup` looks at what that leads to.
 */
export function isMetadataAddress(host: string): boolean {
  const address = host.replace(/^\[|\]$/g, "").replace(/%.*$/, "");
  const version = isIP(address);
  return version !== 0 && METADATA.check(address, version === 6 ? "ipv6" : "ipv4");
}

/** The system's look-up, for `lookup` of a connection: what it found is what is connected to, unless clouds keep secrets there. */
export const checkedLookup: LookupFunction = (host, options, callback) => {
  lookupHost(host, options, (error, address, family) => {
    const found = Array.isArray(address) ? address.map((entry) => entry.address) : [address];
    const isForbidden = !error && found.some((one) => isMetadataAddress(one));
    const refused = isForbidden
      ? new Error(`its name resolves to ${found.join(", ")}, where a cloud keeps its secrets`)
      : error;
    callback(refused, address, family);
  });
};
