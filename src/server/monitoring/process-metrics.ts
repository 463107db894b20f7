import { readdirSync } from "node:fs";
import { wallTime } from "../../base/clock.ts";
import { openFilesLimit } from "../http/limits.ts";
import type { MetricFamily } from "./prometheus-text.ts";

/** Memory, CPU time and files of this process, under the names that Prometheus' own clients use. */
export function processMetrics(): MetricFamily[] {
  const memory = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  const files = openFiles();
  const limit = openFilesLimit();
  const metrics: [string, MetricFamily["type"], string, number | undefined][] = [
    ["process_cpu_seconds_total", "counter", "CPU time, user and system.", (user + system) / 1e6],
    ["process_resident_memory_bytes", "gauge", "Resident memory.", memory.rss],
    ["process_open_fds", "gauge", "Open file descriptors.", files],
    ["process_max_fds", "gauge", "File descriptors allowed.", limit],
    [
      "process_start_time_seconds",
      "gauge",
      "Start, Unix time.",
      wallTime(performance.timeOrigin) / 1000,
    ],
    ["nodejs_heap_size_used_bytes", "gauge", "JavaScript heap in use.", memory.heapUsed],
    ["nodejs_external_memory_bytes", "gauge", "Memory outside the heap.", memory.external],
  ];
  return metrics.map(([name, type, help, value]) => ({
    name,
    type,
    help,
    samples: value === undefined || !Number.isFinite(value) ? [] : [{ value }],
  }));
}

function openFiles(): number | undefined {
  try {
    return readdirSync("/proc/self/fd").length - 1; // one is that of reading the folder
  } catch {
    return undefined; // no such folder: another system than Linux
  }
}
