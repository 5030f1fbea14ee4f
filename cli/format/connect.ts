import type { ConnectReport, ExperimentReport } from '../../connect/connect.ts';
import type { Finding } from '../../connect/finding.ts';
import { table } from './table.ts';

/** What was found in a warehouse, for a terminal. */
export function connectText(report: ConnectReport): string {
  const { source, engine, queries, experiments, findings, isUsable } = report;
  const columns = queries.flatMap(({ key, columns: each }) => each.map(({ name, typeName }) => [key, name, typeName]));
  const parts = [
    `${source}: ${engine}, read-only`,
    table(['query', 'column', 'type'], columns, 'no query could be read'),
    ...experiments.map(experimentText),
    findingsText(findings),
    isUsable ? usableText(report) : 'not usable yet: mend the errors above',
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

/** One finding a line, errors first; nothing where there is none. */
export function findingsText(findings: readonly Finding[]): string {
  const errorsFirst = findings.toSorted((a, b) => Number(b.severity === 'error') - Number(a.severity === 'error'));
  return errorsFirst.map(({ severity, path, message }) => `${severity}: ${path}: ${message}`).join('\n');
}

function experimentText({ key, asOf, assignments, facts }: ExperimentReport): string {
  const { rows, units, unitsByVariant, firstAt, lastAt } = assignments;
  const variants = Object.entries(unitsByVariant).map(([variant, count]) => `${variant} ${count}`);
  const lines = [
    `${key}, as of ${asOf}`,
    `  ${units} units by ${rows} rows${firstAt === null ? '' : `, ${firstAt} to ${lastAt ?? ''}`}: ${variants.join(', ') || 'none'}`,
    ...facts.map(
      (each) =>
        `  ${each.key}: ${each.rows} rows of ${each.unitsWithRows} of these units${each.firstAt === null ? '' : `, ${each.firstAt} to ${each.lastAt ?? ''}`}`,
    ),
  ];
  return lines.join('\n');
}

function usableText({ experiments }: ConnectReport): string {
  const [first] = experiments;
  if (first === undefined) return 'usable; add an experiment to the file to judge it';
  return `usable; judge an experiment with --scorecard ${first.key}`;
}
