import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { packagePath } from "../src/base/package-root.ts";
import { filesIn, importedFile, importsOf, packageOf } from "./sources.ts";

const PAGE = readFileSync(packagePath("docs", "internals", "architecture.md"), "utf8");

/** Lowest first; folders of one floor side by side. From the list in docs/internals/architecture.md. */
const FLOORS = (/```floors\n([^`]+)```/.exec(PAGE)?.[1] ?? "")
  .trim()
  .split("\n")
  .map((line) => [...line.matchAll(/src\/(\w+)\//g)].map((match) => match[1]!));

/** Package to the files and folders that may import it. From the table in docs/internals/architecture.md. */
const DOORS = new Map(
  [...PAGE.matchAll(/^\| ([\w:, @/-]+) \| (.*`(?:src|public)\/.*) \|$/gm)].flatMap(
    ([, packages, places]) => {
      const doors = [...places!.matchAll(/`([^`]+)`/g)].map((match) => match[1]!);
      return packages!.split(", ").map((name): [string, string[]] => [name, doors]);
    },
  ),
);

/** Room to the rooms of its floor that it may look at. From the tables in docs/internals/architecture.md, lowest first; a floor's own files look at all. */
const ROOMS = new Map(
  [...PAGE.matchAll(/^\| `(src\/\w+\/[\w/]*)` \| .* \|(.*)\|$/gm)].map(
    ([, room, sees]): [string, string[]] => [room!, sees!.match(/[\w/]+/g) ?? []],
  ),
);

const roomOf = (file: string) => file.slice(0, file.lastIndexOf("/") + 1);
const folderOf = (path: string) => path.split("/").slice(0, 2).join("/");
const HAVE_ROOMS = [...new Set([...ROOMS.keys()].map(folderOf))];
const floorOf = (folder: string) => FLOORS.findIndex((floor) => floor.includes(folder));
const src = filesIn("src");
const written = filesIn(
  "src",
  "things",
  "public",
  "native",
  "test",
  "examples",
  "bench",
  "scripts",
);

test("every folder of src/ has a floor in docs/internals/architecture.md, and every floor a folder's name", () => {
  assert.ok(
    FLOORS.length >= 8,
    "The list of floors in docs/internals/architecture.md cannot be read.",
  );
  const folders = readdirSync(packagePath("src"), { withFileTypes: true });
  for (const { name } of folders.filter((entry) => entry.isDirectory())) {
    assert.notEqual(
      floorOf(name),
      -1,
      `src/${name}/ is on no floor: place it in docs/internals/architecture.md`,
    );
  }
});

test("imports only look down", () => {
  // The files beside the floors are lists of public names.
  for (const file of src.filter(({ path }) => folderOf(path) !== path)) {
    for (const specifier of importsOf(file).filter((name) => name.startsWith("."))) {
      const from = file.path.split("/");
      const to = importedFile(file.path, specifier).split("/");
      const isDown = from[1] === to[1] || floorOf(to[1]!) < floorOf(from[1]!);
      const why = `${file.path} imports ${specifier}. ${from[1]}/ may not know ${to[1]}/: see docs/internals/architecture.md`;
      assert.ok(to[0] === "src" && isDown, why);
      const areAdapters = from[1] === "adapters" && to[1] === "adapters";
      const areSiblings = areAdapters && from.length > 3 && to.length > 3;
      if (areSiblings) assert.equal(from[2], to[2], `${why} (adapters do not know each other)`);
    }
  }
});

test("every folder of a floor that has rooms is one of those in docs/internals/architecture.md, and rooms look at what their row names", () => {
  const rooms = [...ROOMS.keys()];
  const seen = new Map(rooms.map((room) => [room, new Set<string>()]));
  assert.deepEqual(HAVE_ROOMS, ["src/server", "src/frames", "src/recording"]);
  for (const file of src.filter(({ path }) => HAVE_ROOMS.includes(folderOf(path)))) {
    const from = roomOf(file.path);
    assert.ok(
      seen.has(from),
      `${from} has no row in docs/internals/architecture.md: say what is in it`,
    );
    for (const specifier of importsOf(file).filter((name) => name.startsWith("."))) {
      const to = roomOf(importedFile(file.path, specifier));
      if (folderOf(to) === folderOf(from) && to !== from) seen.get(from)?.add(to);
    }
  }
  for (const [room, sees] of ROOMS) {
    const named = sees.includes("all") ? rooms : sees.map((name) => `${folderOf(room)}/${name}/`);
    const there = [...seen.get(room)!];
    assert.deepEqual(
      there.filter((other) => !named.includes(other)),
      [],
      `${room} looks at more than its row in docs/internals/architecture.md says`,
    );
    if (!sees.includes("all")) assert.deepEqual(there.sort(), named.sort(), `the row of ${room}`);
    const above = there.filter((other) => rooms.indexOf(other) > rooms.indexOf(room));
    assert.deepEqual(above, [], `${room} looks up: rooms may look at rows above theirs alone`);
  }
});

test("every folder of public/ is a room of docs/internals/dashboard.md, and imports what its row names, and of src/ what runs in browsers", () => {
  const page = readFileSync(packagePath("docs", "internals", "dashboard.md"), "utf8");
  const rows = [...page.matchAll(/^\| `public\/(\w*)\/?` \| .* \|(.*)\|$/gm)].map(
    ([, room = "", sees = ""]): [string, string[]] => [room, sees.match(/\w+/g) ?? []],
  );
  const rooms = rows.map(([room]) => room);
  const [, below = ""] = /last column, (.*?)\n\n/s.exec(page) ?? [];
  const ofSrc = [...below.matchAll(/`(src\/[^`]+)`/g)].map(([, path]) => path!);
  assert.ok(rooms.length >= 10 && ofSrc.length >= 3, "the table of rooms cannot be read");
  const roomIn = (path: string) => (path.split("/").length > 2 ? path.split("/")[1]! : "");
  for (const file of filesIn("public").filter(({ path }) => /\.ts$/.test(path))) {
    const room = roomIn(file.path);
    assert.ok(rooms.includes(room), `${file.path} is in no room of docs/internals/dashboard.md`);
    const [, sees = []] = rows.find(([name]) => name === room)!;
    for (const specifier of importsOf(file).filter((name) => name.startsWith("."))) {
      const to = importedFile(file.path, specifier);
      const other = roomIn(to);
      const isNamed = other === room || sees.includes("all") || sees.includes(other);
      const isFine = to.startsWith("public/")
        ? isNamed && rooms.indexOf(other) <= rooms.indexOf(room)
        : ofSrc.some((path) => to.startsWith(path));
      assert.ok(isFine, `${file.path} imports ${to}: see the rooms of docs/internals/dashboard.md`);
    }
  }
});

test("no file imports itself by a detour, types included", () => {
  const graph = new Map(
    src.map((file) => [
      file.path,
      importsOf(file)
        .filter((name) => name.startsWith("."))
        .map((name) => importedFile(file.path, name)),
    ]),
  );
  const done = new Set<string>();
  const visit = (path: string, above: readonly string[]) => {
    assert.ok(!above.includes(path), `A circle of imports: ${[...above, path].join(" -> ")}`);
    if (done.has(path)) return;
    for (const next of graph.get(path) ?? []) visit(next, [...above, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
});

test("a dependency has one door", () => {
  assert.ok(DOORS.has("ajv") && DOORS.has("pino"), "The table of doors cannot be read.");
  for (const file of [...src, ...filesIn("public")]) {
    for (const name of importsOf(file).map(packageOf)) {
      const doors = name === undefined ? undefined : DOORS.get(name);
      const isOpen = !doors || doors.some((door) => file.path.startsWith(door));
      assert.ok(isOpen, `${file.path} imports ${name}, whose door is ${doors?.join(" or ")}`);
    }
  }
});

test("every dependency has a door, or is told to have none", () => {
  const { dependencies, optionalDependencies } = JSON.parse(
    readFileSync(packagePath("package.json"), "utf8"),
  );
  const names = Object.keys({ ...dependencies, ...optionalDependencies });
  const free = ["typebox", "node-api-headers"];
  assert.deepEqual(
    names.filter((name) => !DOORS.has(name) && !free.includes(name)),
    [],
    "A line in the table of doors of docs/internals/architecture.md is missing.",
  );
});

test("frames/ runs in browsers, but for frames/codec; core/ knows no HTTP", () => {
  for (const file of src) {
    const node = importsOf(file).filter((name) => name.startsWith("node:"));
    const isBrowserSafe = /^src\/frames\/(?!codec\/)/.test(file.path);
    if (isBrowserSafe) assert.deepEqual(node, [], `${file.path} needs Node`);
    if (!file.path.startsWith("src/core/")) continue;
    assert.deepEqual(
      node.filter((name) => /:(http|https|net)$/.test(name)),
      [],
      file.path,
    );
  }
});

test("things/ and examples/ are made from the public name alone", () => {
  for (const file of filesIn("things", "examples")) {
    const [folder] = file.path.split("/");
    for (const specifier of importsOf(file)) {
      const isOwn =
        specifier.startsWith(".") && importedFile(file.path, specifier).startsWith(`${folder}/`);
      const isPublic =
        specifier === "typebox" ||
        /^thingscope(\/(frames|recording|discovery|things|pythiags|package\.json))?$/.test(
          specifier,
        );
      // What its reader installs beside the package, and what tests of Things take from it.
      const isReaders =
        (specifier === "serialport" && file.path.startsWith("examples/writing-a-thing/serial/")) ||
        (specifier === "thingscope/testing" && file.path.endsWith(".test.ts"));
      const isFine = isOwn || isPublic || isReaders || specifier.startsWith("node:");
      assert.ok(
        isFine,
        `${file.path} imports ${specifier}. What the package's public names lack is missing from src/index.ts, src/frames.ts, src/recording.ts or src/discovery.ts`,
      );
    }
  }
});

test("no file is longer than 300 lines", () => {
  for (const { path, text } of written) {
    const lines = text.split("\n").length - 1;
    assert.ok(lines <= 300, `${path} has ${lines} lines: give one of its ideas a file of its own`);
  }
});

test("exports have names, and folders say what is in them", () => {
  for (const { path, text } of src) {
    assert.doesNotMatch(text, /^export default /m, `${path} has a default export`);
    assert.doesNotMatch(text, /^export \*/m, `${path} exports *: name what it exports`);
    assert.doesNotMatch(path, /\/(utils?|helpers?|common|types|misc)\//, path);
  }
});

test("every outcome that a slow reader can have stands in docs/internals/architecture.md, and no other", () => {
  const declared = src.flatMap(({ text }) =>
    [...text.matchAll(/\bslowReaders\("(\w+)", "(\w+)"\)/g)].map(
      ([, reader, outcome]) => `${reader} ${outcome}`,
    ),
  );
  const [, section = ""] = PAGE.split("## Slow readers\n");
  const rows = section
    .split("\n## ")[0]!
    .matchAll(/^\|.*\|.*\|.*\| `(\w+)`.*\| `(\w+)`.*\| (.*) \|$/gm);
  const told = [...rows].map(([, outcome, reader, where]) => {
    const file = /^`(.*?)`/.exec(where!)![1]!;
    assert.ok(
      src.some(({ path }) => path === file),
      file,
    );
    return `${reader} ${outcome}`;
  });
  assert.deepEqual([...new Set(told)].sort(), [...new Set(declared)].sort());
});
