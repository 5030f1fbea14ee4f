import type { Design } from '../definitions/design.ts';

/** The total of one metric in one unit of a design: a window of a region, a cluster, or a region. */
export interface DesignedUnit {
  readonly metricKey: string;
  readonly variant: string;
  readonly region: string;
  /** Start of the window, ms since 1970 UTC; null where the design has no windows. */
  readonly windowStartMs: number | null;
  readonly total: number;
}

/**
 * The region and window that a unit's name tells, as the SDK writes it: `region@start`.
 *
 * @throws RangeError for a name that no SDK writes
 */
export function placeOfUnit(design: Design, unitId: string): Pick<DesignedUnit, 'region' | 'windowStartMs'> {
  if (design.type !== 'switchback') return { region: unitId, windowStartMs: null };
  const at = unitId.lastIndexOf('@');
  const windowStartMs = Number(unitId.slice(at + 1));
  if (at < 1 || !Number.isSafeInteger(windowStartMs) || windowStartMs % design.windowMs !== 0) {
    throw new RangeError(
      `scorecard: "${unitId}" is no window of ${design.windowMs} ms, as exposures of this switchback carry; a service may run an SDK that knows no switchbacks`,
    );
  }
  return { region: unitId.slice(0, at), windowStartMs };
}

/** Whether all of a window lies between the first enrolment and the time of the reading. Windows in which either happened are left out. */
export function isWholeWindow(
  design: Design,
  { windowStartMs }: Pick<DesignedUnit, 'windowStartMs'>,
  { fromMs, asOfMs }: { readonly fromMs: number; readonly asOfMs: number },
): boolean {
  if (design.type !== 'switchback' || windowStartMs === null) return true;
  return windowStartMs >= fromMs && windowStartMs + design.windowMs <= asOfMs;
}
