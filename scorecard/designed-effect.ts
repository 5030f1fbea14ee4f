import type { Design } from '../definitions/design.ts';
import { readClusters } from '../estimators/designs/cluster.ts';
import { readSwitchback } from '../estimators/designs/switchback.ts';
import type { Effect } from '../estimators/effect.ts';
import type { DesignedUnit } from './designed-units.ts';

/** Variant against control, with the windows or clusters as units. */
export interface DesignedComparison {
  readonly effect: Effect & { readonly degreesOfFreedom: number };
  readonly controlMean: number;
  /** Of control's mean. */
  readonly controlStandardError: number;
  readonly variantMean: number;
  readonly controlUnits: number;
  readonly variantUnits: number;
  readonly method: string;
}

/** With fewer units in an arm there is no interval, whatever the rule. */
export const MINIMUM_DESIGNED_UNITS = 6;
/** With so many regions the time is held fixed too: it explains much, and costs few degrees of freedom. */
const REGIONS_FOR_TIME_EFFECTS = 4;

/** With fewer windows for each region and time, levels would take most of what there is to compare. */
const UNITS_FOR_A_LEVEL = 3;

/** Null with too few units in an arm, or where none varies within its arm. */
export function compareDesigned(
  design: Design,
  units: readonly DesignedUnit[],
  arms: { readonly control: string; readonly variant: string },
): DesignedComparison | null {
  const own = units.filter(({ variant }) => variant === arms.control || variant === arms.variant);
  const treated = own.filter(({ variant }) => variant === arms.variant).length;
  if (Math.min(treated, own.length - treated) < MINIMUM_DESIGNED_UNITS) return null;
  if (!variesWithinAnArm(own)) return null;
  return design.type === 'switchback'
    ? switchback(own, arms.variant, design.windowMs)
    : clusters(own, arms.variant, design.type);
}

function variesWithinAnArm(units: readonly DesignedUnit[]): boolean {
  const first = new Map<string, number>();
  return units.some(({ variant, total }) => {
    const known = first.get(variant);
    if (known === undefined) first.set(variant, total);
    return known !== undefined && known !== total;
  });
}

function switchback(units: readonly DesignedUnit[], variant: string, windowMs: number): DesignedComparison {
  const observations = units.map(({ region, windowStartMs, total, variant: arm }) => {
    if (windowStartMs === null) throw new RangeError(`scorecard: a unit of ${region} has no window`);
    return { region, windowStartMs, isTreated: arm === variant, total };
  });
  const regions = new Set(units.map(({ region }) => region)).size;
  const levels = regions + new Set(units.map(({ windowStartMs }) => windowStartMs)).size;
  const isLarge = regions >= REGIONS_FOR_TIME_EFFECTS && units.length >= UNITS_FOR_A_LEVEL * levels;
  const fixedEffects = isLarge
    ? 'region-and-time'
    : regions > 1 && units.length >= UNITS_FOR_A_LEVEL * regions
      ? 'region'
      : 'none';
  const { effect, control, treatment, controlStandardError, method } = readSwitchback(observations, {
    windowMs,
    fixedEffects,
  });
  return {
    effect,
    controlMean: control.mean,
    controlStandardError,
    variantMean: treatment.mean,
    controlUnits: control.windowCount,
    variantUnits: treatment.windowCount,
    method: `switchback: ${method}`,
  };
}

function clusters(units: readonly DesignedUnit[], variant: string, type: 'cluster' | 'geo'): DesignedComparison {
  const sums = units.map(({ region, total, variant: arm }) => {
    return { cluster: region, isTreated: arm === variant, count: 1, total };
  });
  const { effect, control, treatment, controlStandardError, method } = readClusters(sums);
  return {
    effect,
    controlMean: control.mean,
    controlStandardError,
    variantMean: treatment.mean,
    controlUnits: control.clusterCount,
    variantUnits: treatment.clusterCount,
    method: `${type === 'geo' ? 'regions' : 'clusters'} as units: ${method}`,
  };
}
