/** What is sent over a Thing's WebSocket, at most 64 KiB each. */
const MOST = 65_000;

const OPERATIONS = [
  ..."readproperty writeproperty readallproperties readmultipleproperties writeallproperties writemultipleproperties".split(
    " ",
  ),
  ..."observeproperty unobserveproperty observeallproperties unobserveallproperties invokeaction queryaction".split(
    " ",
  ),
  ..."cancelaction queryallactions subscribeevent unsubscribeevent subscribeallevents unsubscribeallevents".split(
    " ",
  ),
];

/** Each operation of the Web Thing Protocol with the worst that it takes, and with what it refuses. */
export function webThingMessages(names: readonly string[]): string[] {
  const long = "n".repeat(MOST - 1000);
  const many = Array.from({ length: 2500 }, (_, n) => names[n % Math.max(1, names.length)] ?? "x");
  const values = Object.fromEntries(Array.from({ length: 1500 }, (_, n) => [`v${n}`, []]));
  return OPERATIONS.flatMap((operation) =>
    [
      { name: long },
      { name: names[0], value: Array(15_000).fill([]), input: {} },
      { name: names[0], input: Array(15_000).fill({}) },
      { names: many, values },
      { name: "live_new_frame", lastNotificationID: long },
      { name: names[0], actionID: long },
      { name: names[0], correlationID: long },
      { name: { deep: deep() } },
    ].map((members) => JSON.stringify({ messageType: "request", operation, ...members })),
  ).concat(others());
}

/** The same of LabThings' dialect. */
export function labthingsMessages(names: readonly string[]): string[] {
  const many = Object.fromEntries(Array.from({ length: 5000 }, (_, n) => [`${n}`, 0]));
  const kinds = ["addPropertyObservation", "addActionObservation"];
  return kinds
    .flatMap((messageType) =>
      [many, { ["n".repeat(MOST - 1000)]: 0 }, { [names[0] ?? "x"]: deep() }].map((data) =>
        JSON.stringify({ messageType, data }),
      ),
    )
    .concat(others());
}

function others(): string[] {
  return [
    "[".repeat(MOST),
    `"${"x".repeat(MOST)}`,
    JSON.stringify({ messageType: "m".repeat(MOST - 100) }),
    JSON.stringify({ messageType: "request", operation: "o".repeat(MOST - 100) }),
    "",
  ];
}

function deep(): unknown {
  let value: unknown = 0;
  for (let n = 0; n < 2000; n++) value = [value];
  return value;
}
