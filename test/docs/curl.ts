/**
 * Does what a `curl` command of a page says, with fetch: curl itself may not be installed.
 * @throws for an option that no page uses.
 */
export function curl(command: string): Promise<Response> {
  const [program, ...words] = wordsOf(command);
  const request: { method?: string; headers: Record<string, string>; body?: string } = {
    headers: {},
  };
  let url = "";
  while (words.length > 0) {
    const word = words.shift() ?? "";
    if (word === "-N") continue; // what it is for, printing at once, is no matter here
    if (word === "-o")
      words.shift(); // nor is where the answer goes
    else if (word === "-I") request.method = "HEAD";
    else if (word === "-u") {
      request.headers.Authorization = `Basic ${Buffer.from(words.shift() ?? "").toString("base64")}`;
    } else if (word === "-X") request.method = words.shift() ?? "";
    else if (word === "-d") request.body = words.shift() ?? "";
    else if (word === "-H") {
      const [name = "", value = ""] = (words.shift() ?? "").split(/: /);
      request.headers[name] = value;
    } else if (word.startsWith("http")) url = word;
    else throw new Error(`The command has '${word}', which test/docs/curl.ts does not know.`);
  }
  if (program !== "curl" || !url) throw new Error(`This is no curl command: ${command}`);
  return fetch(url, request);
}

/** The words of a command line; quotes keep one together. */
export function wordsOf(command: string): string[] {
  const words = command.replaceAll("\\\n", " ").match(/'[^']*'|"[^"]*"|[^\s'"]+/g) ?? [];
  return words.map((word) => word.replace(/^(['"])(.*)\1$/s, "$2"));
}
