/** Three numbers: a place, a direction or a colour. */
export const add = (a, b) => [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
export const subtract = (a, b) => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
export const times = (a, k) => [a[0] * k, a[1] * k, a[2] * k];
export const tint = (a, b) => [a[0] * b[0], a[1] * b[1], a[2] * b[2]];
export const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
export const cross = (a, b) => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];
export const unit = (a) => times(a, 1 / Math.hypot(...a));
export const blend = (a, b, k) => add(times(a, 1 - k), times(b, k));
export const reflect = (ray, normal) => subtract(ray, times(normal, 2 * dot(ray, normal)));
export const clamp = (value, low = 0, high = 1) => Math.min(high, Math.max(low, value));
export const step = (from, to, value) => {
  const t = clamp((value - from) / (to - from));
  return t * t * (3 - 2 * t);
};

/** Numbers from 0 to 1 that are the same on every run. */
export function randomFrom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 4294967296;
  };
}

const LATTICE = Float32Array.from({ length: 65536 }, randomFrom(5));

/** Smooth noise from 0 to 1 over a plane. */
export function noise(x, y) {
  const column = Math.floor(x);
  const row = Math.floor(y);
  const s = step(0, 1, x - column);
  const t = step(0, 1, y - row);
  const at = (i, j) => LATTICE[((column + i) & 255) + (((row + j) & 255) << 8)];
  return (at(0, 0) * (1 - s) + at(1, 0) * s) * (1 - t) + (at(0, 1) * (1 - s) + at(1, 1) * s) * t;
}

/** Octaves of it, turned against each other so that no grid shows. */
export function octaves(x, y, count, gain = 0.5) {
  let sum = 0;
  let strength = 0.5;
  for (let octave = 0; octave < count; octave++) {
    sum += noise(x, y) * strength;
    [x, y] = [1.6 * x - 1.2 * y + 17.3, 1.2 * x + 1.6 * y - 9.1];
    strength *= gain;
  }
  return sum;
}

/** Directions of a camera at `eye`: for (u, v) from -1 to 1, v in units of half the picture's width. */
export function cameraAt(eye, target, opening) {
  const forward = unit(subtract(target, eye));
  const right = unit(cross(forward, [0, 1, 0]));
  const up = cross(right, forward);
  return (u, v) => unit(add(forward, add(times(right, u * opening), times(up, v * opening))));
}
