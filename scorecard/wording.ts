/** A ratio as a percentage, such as `12.3 %`. */
export function percent(ratio: number): string {
  return `${trimmed(100 * ratio)} %`;
}

/** A change as a percentage, such as `+12.3 %`. */
export function signedPercent(ratio: number): string {
  return `${ratio >= 0 ? '+' : '−'}${trimmed(Math.abs(100 * ratio))} %`;
}

/** A p-value as readers want it: small ones by their order only. */
export function pValueText(pValue: number): string {
  if (pValue >= 0.001) return `p = ${pValue.toFixed(3)}`;
  return pValue > 0 ? `p = ${pValue.toExponential(0)}` : 'p < 1e-300';
}

function trimmed(value: number): string {
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
