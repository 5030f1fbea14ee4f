/** `1 row`, `1,200 rows`. */
export function count(number: number, noun: string): string {
  return `${number.toLocaleString('en-US')} ${noun}${number === 1 ? '' : 's'}`;
}

/** `12 %`, `0.03 %`. */
export function share(part: number, whole: number): string {
  return whole === 0 ? '0 %' : `${Number(((100 * part) / whole).toPrecision(2))} %`;
}

export function iso(time: Date | null): string | null {
  return time === null ? null : time.toISOString();
}
