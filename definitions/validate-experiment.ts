import type { Catalogue } from './catalogue.ts';
import type { Problem } from './definition.ts';
import type { ExperimentDefinition } from './experiment.ts';
import { attributesBehind } from './references.ts';
import { canonicalJson } from './serialize.ts';

/** What is wrong between an experiment and the documents that it names. */
export function problemsOfExperiment(experiment: ExperimentDefinition, catalogue: Catalogue): Problem[] {
  return [
    ...problemsOfMetrics(experiment, catalogue),
    ...problemsOfTotals(experiment, catalogue),
    ...problemsOfLayer(experiment, catalogue),
    ...problemsOfFlag(experiment, catalogue),
    ...problemsOfAffectedAttributes(experiment, catalogue),
  ];
}

function problemsOfMetrics(experiment: ExperimentDefinition, catalogue: Catalogue): Problem[] {
  const { primary, secondary, guardrails } = experiment.metrics;
  const path = `experiment ${experiment.key}: metrics`;
  return [
    ...catalogue.missing('metric', primary, `${path}.primary`),
    ...secondary.flatMap((key, index) => catalogue.missing('metric', key, `${path}.secondary[${index}]`)),
    ...guardrails.flatMap(({ metric }, index) =>
      catalogue.missing('metric', metric, `${path}.guardrails[${index}].metric`),
    ),
  ];
}

/** A window or a cluster has totals; whether "the unit" did something means nothing of it. */
function problemsOfTotals({ key, design, metrics }: ExperimentDefinition, catalogue: Catalogue): Problem[] {
  if (design === undefined) return [];
  const named = [metrics.primary, ...metrics.secondary, ...metrics.guardrails.map(({ metric }) => metric)];
  return named.flatMap((name) => {
    const { type, cap, capPercentile } = catalogue.find('metric', name) ?? {};
    if (cap !== undefined || capPercentile !== undefined) {
      const message = `"${name}" has a cap for each user, but a ${design.type} design compares totals; leave the cap out`;
      return [{ path: `experiment ${key}: metrics`, message }];
    }
    if (type === undefined || type === 'count' || type === 'sum') return [];
    const message = `"${name}" is a ${type} of users, but a ${design.type} design compares totals; use a count or a sum`;
    return [{ path: `experiment ${key}: metrics`, message }];
  });
}

function problemsOfLayer(experiment: ExperimentDefinition, catalogue: Catalogue): Problem[] {
  const path = `experiment ${experiment.key}: layer`;
  const layer = catalogue.find('layer', experiment.layer);
  if (layer === undefined) {
    return experiment.layer === experiment.key ? [] : catalogue.missing('layer', experiment.layer, path);
  }
  if (layer.unit === experiment.unit) return [];
  const message = `splits by ${layer.unit}, the experiment by ${experiment.unit}; use a layer whose unit is ${experiment.unit}`;
  return [{ path, message }];
}

function problemsOfFlag(experiment: ExperimentDefinition, catalogue: Catalogue): Problem[] {
  const name = `experiment ${experiment.key}`;
  const flag = catalogue.find('flag', experiment.flag);
  if (flag === undefined) {
    const first = catalogue.firstExperimentOn(experiment.flag);
    if (first === undefined || first.key === experiment.key) return [];
    const message = `"${experiment.flag}" is used by the experiment "${first.key}" too; define the flag, so that both serve its variants`;
    return [{ path: `${name}: flag`, message }];
  }
  const problems: Problem[] = [];
  if (flag.control !== experiment.control) {
    const message = `is "${experiment.control}", but the flag's control is "${flag.control}"; make them the same`;
    problems.push({ path: `${name}: control`, message });
  }
  for (const [index, variant] of experiment.variants.entries()) {
    const path = `${name}: variants[${index}]`;
    const served = flag.variants.find((candidate) => candidate.key === variant.key);
    if (served === undefined) {
      const known = flag.variants.map((candidate) => candidate.key).join(', ');
      problems.push({
        path: `${path}.key`,
        message: `the flag "${flag.key}" has no variant "${variant.key}"; it has ${known}`,
      });
    } else if (canonicalJson(served.value) !== canonicalJson(variant.value)) {
      const message = `is not the value that the flag "${flag.key}" has for "${variant.key}" (${canonicalJson(served.value)}); make them the same`;
      problems.push({ path: `${path}.value`, message });
    }
  }
  return problems;
}

function problemsOfAffectedAttributes(experiment: ExperimentDefinition, catalogue: Catalogue): Problem[] {
  const affected = new Set(experiment.affects ?? []);
  const why = 'which the treatment can change ("affects"), so it would select units by their outcome';
  const targeted = [...attributesBehind(experiment.targeting, catalogue)].filter((attribute) =>
    affected.has(attribute),
  );
  const problems = targeted.map((attribute) => ({
    path: `experiment ${experiment.key}: targeting`,
    message: `reads "${attribute}", ${why}; target on what was known before`,
  }));
  const segmented = experiment.segments.flatMap((attribute, index) => {
    if (!affected.has(attribute)) return [];
    const path = `experiment ${experiment.key}: segments[${index}]`;
    return [{ path, message: `reads results by "${attribute}", ${why}; leave it out` }];
  });
  return [...problems, ...segmented];
}
