/** Draws that are the same for the same seed. */
export interface SeededRandom {
  /** Uniform on [0, 1). */
  uniform(): number;
  normal(): number;
  exponential(mean: number): number;
  /** 1 with probability `rate`, else 0. */
  bernoulli(rate: number): number;
}

/** sfc32 (PractRand), seeded through splitmix32. */
export function seededRandom(seed: number): SeededRandom {
  let state = seed | 0;
  const split = (): number => {
    state = (state + 0x9e3779b9) | 0;
    let z = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return z ^ (z >>> 15);
  };
  let a = split();
  let b = split();
  let c = split();
  let d = split();
  const uniform = (): number => {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + t;
    return (t >>> 0) / 4_294_967_296;
  };
  for (let i = 0; i < 15; i += 1) uniform();
  return {
    uniform,
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    exponential: (mean) => -mean * Math.log(1 - uniform()),
    bernoulli: (rate) => (uniform() < rate ? 1 : 0),
  };
}
