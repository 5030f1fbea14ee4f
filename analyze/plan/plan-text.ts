import type { PlannedStopping } from '../../estimators/planning/plan.ts';
import { alignedTable } from '../report/aligned-table.ts';
import { count, percent, signed, signedPercent, value } from '../report/numbers.ts';
import type { Arrivals } from './arrivals.ts';
import type { PlannedClusters } from './clusters.ts';
import type { Plan, Size } from './plan.ts';

/** A plan as sentences and tables for a terminal. */
export function planText(plan: Plan): string {
  const { baseline, varianceRemovedRatio, clusters, arrivals, effect, needed, detectable, powerAtUnits } = plan;
  const removed =
    varianceRemovedRatio > 0 ? `, ${percent(varianceRemovedRatio, 1)} of the variance removed by covariates` : '';
  const parts = [
    `baseline: mean ${value(baseline.mean)}, standard deviation ${value(baseline.standardDeviation)} (${baseline.source})${removed}`,
    `${stoppingText(plan.stopping)}, two-sided alpha ${plan.alpha}, power ${percent(plan.power, 0)}`,
  ];
  if (clusters !== null) parts.push(clustersText(clusters));
  if (arrivals !== null) parts.push(arrivalsText(arrivals, nounOf(clusters)));
  if (effect !== null && needed !== null) {
    const relative = effect.relative === null ? '' : ` (${signedPercent(effect.relative)})`;
    parts.push(`To find an effect of ${signed(effect.absolute)}${relative}: ${sizeText(needed, clusters)}`);
    parts.push(stoppingTable(plan));
  }
  if (powerAtUnits !== null) parts.push(`Power at these ${nounOf(clusters)}: ${percent(powerAtUnits, 1)}`);
  if (detectable.length > 0) parts.push(detectableTable(plan));
  if (effect === null && detectable.length === 0)
    parts.push(
      'Give --mde for the units that an effect needs, or --units or --daily-units for the effects that can be found.',
    );
  parts.push(...plan.warnings.map((warning) => `Warning: ${warning}`));
  return parts.join('\n\n');
}

function sizeText({ units, unitsByArm, days }: Size, clusters: PlannedClusters | null): string {
  const arms = unitsByArm.map(count).join(' + ');
  const within = clusters === null ? '' : `, about ${count(Math.round(units * clusters.unitsPerCluster))} units`;
  return `${count(units)} ${nounOf(clusters)} (${arms})${within}${days === null ? '' : `, ${count(days)} days`}`;
}

/** What is randomized. */
function nounOf(clusters: PlannedClusters | null): string {
  return clusters === null ? 'units' : 'clusters';
}

function clustersText(clusters: PlannedClusters): string {
  const { clusterCount, unitsPerCluster, sizeVariationRatio, intraclusterCorrelation, designEffect } = clusters;
  const known = clusterCount === null ? '' : `${count(clusterCount)} clusters `;
  return [
    `clusters are randomized: ${known}of ${value(unitsPerCluster)} units on average, whose sizes vary by ${percent(sizeVariationRatio, 0)}`,
    ...(intraclusterCorrelation === null ? [] : [`intracluster correlation ${value(intraclusterCorrelation)}`]),
    ...(designEffect === null
      ? []
      : [
          `design effect ${value(designEffect)}: a unit tells as much as ${value(1 / designEffect)} of an independent one`,
        ]),
  ].join('; ');
}

function arrivalsText({ unitsByDay, laterDailyUnits, maturityDays }: Arrivals, noun: string): string {
  const come = [1, 7, 14, 28]
    .filter((day) => day <= unitsByDay.length)
    .map((day) => `${count(unitsByDay[day - 1] ?? 0)} by day ${day}`);
  const counts = maturityDays > 0 ? `; each counts ${value(maturityDays)} days after it came` : '';
  return `${noun} came: ${come.join(', ')}, at last ${value(laterDailyUnits)} new ones a day${counts}`;
}

function stoppingTable({ neededByStopping, clusters, dailyUnits, arrivals }: Plan): string {
  const head = ['looking', nounOf(clusters), ...(dailyUnits === null && arrivals === null ? [] : ['days'])];
  const rows = neededByStopping.map(({ stopping, units, days }) => [
    stoppingText(stopping),
    count(units),
    ...(dailyUnits === null && arrivals === null ? [] : [days === null ? 'never' : count(days)]),
  ]);
  return alignedTable(head, rows);
}

function detectableTable({ detectable, clusters }: Plan): string {
  const rows = detectable.map(({ days, units, absolute, relative }) => [
    days === null ? '' : count(days),
    count(units),
    absolute === null ? 'none' : signed(absolute),
    relative === null ? '' : signedPercent(relative),
  ]);
  return alignedTable(['days', nounOf(clusters), 'smallest effect found', 'relative'], rows);
}

export function stoppingText(stopping: PlannedStopping): string {
  switch (stopping.rule) {
    case 'fixed-horizon':
      return 'once, at the end (fixed)';
    case 'always-valid':
      return stopping.tunedForCount === undefined
        ? 'whenever one likes (always-valid)'
        : `whenever one likes (always-valid, --tuned-for ${stopping.tunedForCount})`;
    case 'group-sequential':
      return `at ${stopping.looks} looks (group-sequential)`;
  }
}
