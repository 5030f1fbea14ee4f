import type { Bounds } from '../experiment/result.ts';

const plain = new Intl.NumberFormat('en-GB', { maximumSignificantDigits: 5 });
const whole = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 0 });

export function count(value: number): string {
  return whole.format(value);
}

export function value(of: number): string {
  return of < 0 ? `−${plain.format(-of)}` : plain.format(of);
}

export function signed(of: number): string {
  return `${of < 0 ? '−' : '+'}${plain.format(Math.abs(of))}`;
}

export function percent(ratio: number, digits = 2): string {
  const shown = (100 * Math.abs(ratio)).toFixed(digits);
  return `${ratio < 0 && Number(shown) > 0 ? '−' : ''}${shown} %`;
}

export function signedPercent(ratio: number, digits = 2): string {
  return `${ratio < 0 ? '−' : '+'}${percent(Math.abs(ratio), digits)}`;
}

export function pValue(p: number): string {
  return p < 0.0001 ? '< 0.0001' : p.toFixed(4);
}

export function interval({ estimate, lower, upper }: Bounds, format: (of: number) => string): string {
  return `${format(estimate)} (${format(lower)} to ${format(upper)})`;
}

/**
 * The relative effect where it can be read, else the absolute one. The relative interval also bears the uncertainty of control's mean, so that
 * at the edge it may include 0 where the absolute one does not: then the absolute one is what was tested.
 */
export function effectText(absolute: Bounds, relative: Bounds | null): string {
  const excludes = ({ lower, upper }: Bounds): boolean => lower > 0 || upper < 0;
  if (relative === null || excludes(relative) !== excludes(absolute)) return `${interval(absolute, signed)} absolute`;
  return interval(relative, (ratio) => signedPercent(ratio));
}
