import { messageOf, ThingError } from "../../base/errors.ts";

/** How an option is given where the address was said: on the command line unless told otherwise. */
export type OptionText = (name: "host" | "port", value: string | number) => string;

const onTheCommandLine: OptionText = (name, value) => `--${name} ${value}`;

/** Why a server cannot listen there, as a sentence, from what the kernel says of it. */
export function listenProblem(
  error: NodeJS.ErrnoException,
  host: string,
  port: number,
  option: OptionText = onTheCommandLine,
): ThingError {
  switch (error.code) {
    case "EADDRINUSE":
      return new ThingError(
        "PORT_IN_USE",
        `Port ${port} of ${host} is in use by another program. Stop that one, or choose another port: ${option("port", port + 1)}.`,
        { cause: error },
      );
    case "EACCES":
      return new ThingError(
        "PORT_IN_USE",
        `Port ${port} of ${host} may not be used by this user. Choose one from 1024: ${option("port", 5000)}.`,
        { cause: error },
      );
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return new ThingError(
        "BAD_ARGUMENT",
        `This machine has no address '${host}'. Choose one that it has: ${option("host", "127.0.0.1")}.`,
        { cause: error },
      );
    default:
      return new ThingError(
        "PORT_IN_USE",
        `Port ${port} of ${host} cannot be used: ${messageOf(error)}.`,
        { cause: error },
      );
  }
}
