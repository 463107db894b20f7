/** For what hangs, not for what is slow: an installation under emulation takes 2 to 6 minutes, ms. */
export const LAND_MS = 30 * 60_000;
/** The same for an image for another processor, which is compiled under emulation, ms. */
export const EMULATED_BUILD_MS = 3 * LAND_MS;
