/** Where the system's own file systems and configuration are; another folder in a test. */
export interface SystemRoots {
  readonly sys: string;
  readonly dev: string;
  readonly proc: string;
  readonly etc: string;
}

/** Those of this machine. */
export const SYSTEM_ROOTS: SystemRoots = { sys: "/sys", dev: "/dev", proc: "/proc", etc: "/etc" };
