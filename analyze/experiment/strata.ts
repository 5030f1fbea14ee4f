import { postStratified, type Stratum } from '../../estimators/variance/post-stratification.ts';
import type { CupedSeveralResult } from '../../estimators/variance/cuped-several.ts';
import type { Warehouse } from '../../warehouse/port.ts';
import { AnalyzeError } from '../analyze-error.ts';
import { byArm, momentsOfGroup, readLinearized, type MetricMoments } from './metric-moments.ts';
import { relationOf, type Reading } from './metric-relation.ts';
import { STRATUM } from './units.ts';

/** A metric of the whole file, whose arms are compared within strata; covariates adjust within each of them. */
export async function readStrata(
  warehouse: Warehouse,
  reading: Reading,
  column: string,
): Promise<ReadonlyMap<null, MetricMoments>> {
  const { metric, request } = reading;
  if (request.design.kind !== 'user')
    throw new AnalyzeError(
      '--post-stratify is for units that are randomized by themselves, not for clusters or windows',
    );
  if (metric.type === 'ratio' || metric.type === 'quantile')
    throw new AnalyzeError(
      `metric ${metric.expression}: a ${metric.type} has no number per unit to compare within the values of "${column}"; leave --post-stratify out for it`,
    );
  const { arms } = momentsOfGroup(new Map((await readLinearized(warehouse, reading)).map(byArm)));
  const linearized = await readLinearized(warehouse, { ...reading, groupBy: STRATUM });
  const strata = new Map<string, MetricMoments>();
  for (const name of await namesOf(warehouse, reading)) {
    const ofStratum = linearized.filter(({ group }) => group === name);
    strata.set(name, momentsOfGroup(new Map(ofStratum.map(byArm))));
  }
  const adjusted = (control: string, arm: string): CupedSeveralResult => {
    const compared = [...strata].map(([name, moments]) =>
      stratumOf(name, moments, { control, arm, column }, request.file),
    );
    return { ...postStratified(compared), thetas: [] };
  };
  return new Map([[null, { arms, adjusted }]]);
}

/** All of them, also those that are too small to be read: they are refused, and not left out unseen. */
async function namesOf(warehouse: Warehouse, reading: Reading): Promise<readonly string[]> {
  const rows = await warehouse.query<{ name: string }>({
    sql: `SELECT DISTINCT grp AS name FROM (${relationOf({ ...reading, groupBy: STRATUM })}) AS relation ORDER BY name`,
    parameters: {},
  });
  return rows.map(({ name }) => name);
}

interface Compared {
  readonly control: string;
  readonly arm: string;
  readonly column: string;
}

function stratumOf(name: string, { arms, adjusted }: MetricMoments, compared: Compared, file: string): Stratum {
  const { control: label, arm, column } = compared;
  const [control, treatment] = [arms.get(label), arms.get(arm)];
  const missing = control === undefined ? label : arm;
  if (control === undefined || treatment === undefined)
    throw new AnalyzeError(
      `${file}, column "${column}": where it is "${name}", arm "${missing}" has fewer than 2 units; join it with another value, or leave --post-stratify out`,
    );
  const pair = adjusted === null ? { control, treatment } : adjusted(label, arm);
  return { name, control: pair.control, treatment: pair.treatment };
}
