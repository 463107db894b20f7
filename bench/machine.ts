import { readFileSync } from "node:fs";
import { cpus, loadavg, release, type as systemName } from "node:os";
import { packagePath } from "../src/base/package-root.ts";
import { versionOf } from "./programs.ts";

/** What the figures were measured on. */
export interface Machine {
  readonly date: string;
  readonly cpu: string;
  readonly cores: number;
  readonly kernel: string;
  readonly node: string;
  readonly thingscope: string;
  readonly ustreamer: string;
  readonly gstreamer: string;
  /** What web servers ours is compared with. */
  readonly web: string;
  /** Of the last minute: above 0.5 something else runs here, and the figures are worth less. */
  readonly loadBefore: number;
}

export async function describeMachine(): Promise<Machine> {
  const processors = cpus();
  const { version } = JSON.parse(readFileSync(packagePath("package.json"), "utf8"));
  return {
    date: new Date().toISOString().slice(0, 10),
    cpu: processors[0]?.model.trim() ?? "unknown CPU",
    cores: processors.length,
    kernel: `${systemName()} ${release()}`,
    node: process.versions.node,
    thingscope: String(version),
    ustreamer: `ustreamer ${await versionOf("ustreamer")}`,
    gstreamer: await versionOf("gst-launch-1.0"),
    web: webPeers(),
    loadBefore: loadavg()[0] ?? 0,
  };
}

function webPeers(): string {
  const text = (file: string) =>
    readFileSync(packagePath("test", "interop", "programs", file), "utf8");
  const { dependencies } = JSON.parse(text("package.json"));
  const version = (name: string) =>
    new RegExp(`^${name}==(.+)$`, "m").exec(text("requirements.txt"))?.[1];
  return `node-wot ${dependencies["@node-wot/core"]}; labthings-fastapi ${version("labthings-fastapi")} under uvicorn ${version("uvicorn")}`;
}
