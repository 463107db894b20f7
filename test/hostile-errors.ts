/** An error whose member cannot be read. */
function unreadable(member: string): Error {
  const fail = () => {
    throw new Error("It cannot even be read.");
  };
  return Object.defineProperty(new Error("x"), member, { get: fail });
}

function withMember(member: string, value: unknown): Error {
  return Object.defineProperty(new Error("x"), member, { value });
}

function revoked(target: object): object {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

function trapped(): object {
  const trap = () => {
    throw new Error("trapped");
  };
  return new Proxy(new Error("x"), { get: trap, getPrototypeOf: trap, has: trap, ownKeys: trap });
}

function ownCause(): Error {
  const error: Error = new Error("It is its own cause.");
  error.cause = error;
  return error;
}

const throwing = () => {
  throw new Error("no text");
};

/** What the worst Thing throws, by what is wrong with it. */
export const HOSTILE: Readonly<Record<string, () => unknown>> = {
  null: () => null,
  undefined: () => undefined,
  symbol: () => Symbol("s"),
  bigint: () => 5n,
  function: () => throwing,
  "no prototype": () => Object.create(null),
  "toString throws": () => ({ toString: throwing }),
  "toPrimitive throws": () => ({ [Symbol.toPrimitive]: throwing }),
  "5 MB of text": () => "x".repeat(5e6),
  "a message of 5 MB": () => new Error("x".repeat(5e6)),
  "a stack of 5 MB": () => withMember("stack", "x".repeat(5e6)),
  "its own cause": ownCause,
  "revoked proxy": () => revoked({}),
  "revoked error": () => revoked(new Error("x")),
  "proxy whose traps throw": trapped,
  "message throws": () => unreadable("message"),
  "name throws": () => unreadable("name"),
  "stack throws": () => unreadable("stack"),
  "code throws": () => unreadable("code"),
  "message is a symbol": () => withMember("message", Symbol("m")),
  "message is an object": () => withMember("message", { toString: throwing }),
  "name is a symbol": () => withMember("name", Symbol("n")),
  "name is an object": () => withMember("name", {}),
  "stack is an object": () => withMember("stack", { a: 1n }),
};
