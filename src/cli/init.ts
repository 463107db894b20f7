import { readFile, writeFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { codeOf, reasonOf, ThingError } from "../base/errors.ts";
import { makeFolders } from "../base/make-folders.ts";
import { packagePath } from "../base/package-root.ts";
import { shellWord } from "../base/preview.ts";
import { isRecord } from "../base/values.ts";
import { type ProjectVersions, projectFiles } from "./init-files.ts";
import { placeOf } from "./package-place.ts";

/**
 * Writes a project with one Thing and its test into a folder, which is made if need be. A file that exists stays as it is.
 * @returns What was written and what was kept, and what to do next, in lines.
 * @throws {ThingError} `BAD_ARGUMENT` for a folder that cannot be written into.
 */
export async function initProject(given: string): Promise<string> {
  const folder = resolve(given);
  const lines: string[] = [];
  let missing: ProjectVersions | undefined;
  try {
    await makeFolders(folder);
    const versions = await versionsFor(folder);
    for (const [name, text] of projectFiles(versions))
      lines.push(await written(join(folder, name), text, name));
    if (!(await isOfInit(join(folder, "package.json")))) missing = versions;
  } catch (cause) {
    throw new ThingError(
      "BAD_ARGUMENT",
      `A project could not be written into ${folder}: ${reasonOf(cause)}. Choose another folder: thingscope init FOLDER.`,
      { cause },
    );
  }
  const inFolder = given.startsWith("-") ? `./${given}` : given;
  const enter = folder === process.cwd() ? "" : `cd ${shellWord(inFolder)} && `;
  return [...lines, "", "Next:", ...(missing ? stepsBeside(enter, missing) : steps(enter))].join(
    "\n",
  );
}

function steps(enter: string): string[] {
  return [
    `  ${enter}npm install`,
    "  npm test        runs the test of the Thing",
    "  npm run check   checks types and the configuration",
    "  npm start       serves the Thing at http://127.0.0.1:5000",
    "  npm run dev     does so again whenever its files change",
  ];
}

/** In a project of the user's own, whose scripts stay as they are. */
function stepsBeside(enter: string, { dependencies, devDependencies }: ProjectVersions): string[] {
  const listed = (packages: Readonly<Record<string, string>>) =>
    Object.entries(packages)
      .map(([name, version]) => shellWord(`${name}@${version}`))
      .join(" ");
  return [
    `  ${enter}npm install ${listed(dependencies)}`,
    `  npm install --save-dev ${listed(devDependencies)}`,
    "  npx tsx --test lamp.test.ts          runs the test of the Thing",
    "  npx tsc --noEmit                     checks types",
    "  npx thingscope check thingscope.yaml checks the configuration",
    "  npx thingscope serve thingscope.yaml serves the Thing at http://127.0.0.1:5000",
  ];
}

/** Whether it brings this package, and has the scripts. */
async function isOfInit(path: string): Promise<boolean> {
  const text = await readFile(path, "utf8").catch(() => "");
  const { dependencies, scripts } = { ...(parsed(text) as Record<string, unknown>) };
  const isIn = (name: string, members: unknown) => isRecord(members) && name in members;
  return isIn("thingscope", dependencies) && isIn("check", scripts);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function written(path: string, text: string, name: string): Promise<string> {
  try {
    await writeFile(path, text, { flag: "wx" });
    return `wrote ${name}`;
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
    return `kept ${name}, which exists already`;
  }
}

/** Those that this package itself is made with: they work together. */
async function versionsFor(folder: string): Promise<ProjectVersions> {
  const own: unknown = JSON.parse(await readFile(packagePath("package.json"), "utf8"));
  const version = (kind: string, name: string) => {
    const listed = isRecord(own) ? own[kind] : undefined;
    return String((isRecord(listed) && listed[name]) ?? "latest");
  };
  // An installed package has no development dependencies.
  const isInstalled = isRecord(own) && own.projectVersions;
  const [needed, development] = isInstalled
    ? ["projectVersions", "projectVersions"]
    : ["dependencies", "devDependencies"];
  return {
    name:
      basename(folder)
        .toLowerCase()
        .replace(/[^a-z0-9-]+/g, "-")
        .replace(/^-+|-+$/g, "") || "lab",
    dependencies: {
      thingscope: await placeOf(packagePath(), isRecord(own) ? String(own.version) : "0"),
      typebox: version(needed, "typebox"),
    },
    devDependencies: {
      "@types/node": version(development, "@types/node"),
      tsx: version("dependencies", "tsx"),
      typescript: version(development, "typescript"),
    },
  };
}
