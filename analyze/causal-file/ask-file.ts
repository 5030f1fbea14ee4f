import { answer } from '../../causal/answer.ts';
import type { MethodOptions } from '../../causal/methods/method.ts';
import type { AskedQuestion, CausalReport } from '../../causal/report/report.ts';
import { withScratchWarehouse } from '../input/scratch-warehouse.ts';
import { loadStudy, type FileRoles } from './load-study.ts';

export interface FileQuestion extends FileRoles {
  readonly outcomeUnit: string;
  readonly method: AskedQuestion['method'];
  readonly estimand: AskedQuestion['estimand'];
  readonly alpha: number;
  readonly seed: number;
  readonly options: Partial<MethodOptions>;
}

/**
 * Answers a causal question from a CSV or Parquet file with one row for each unit.
 *
 * @throws AnalyzeError where the file cannot be read as asked; what has no honest answer is a report that says so
 */
export async function askFile(
  question: FileQuestion,
  onProgress: (step: string, share: number) => void = () => undefined,
): Promise<CausalReport> {
  const { raw, fileRowCount, withoutTreatment, withoutOutcome } = await withScratchWarehouse((warehouse) =>
    loadStudy(warehouse, question),
  );
  const { file, treatment, treated, outcome, outcomeUnit, covariates, segments, method, estimand, alpha, seed } =
    question;
  const left = [
    ...(withoutTreatment > 0
      ? [`${withoutTreatment} of ${fileRowCount} rows have no ${treatment} and were left out`]
      : []),
    ...(withoutOutcome > 0 ? [`${withoutOutcome} of ${fileRowCount} rows have no ${outcome} and were left out`] : []),
  ];
  const asked: AskedQuestion = {
    treatment: `${treatment} = ${treated ?? 1}`,
    outcome,
    outcomeUnit,
    covariates,
    segments,
    method,
    estimand,
    alpha,
    seed,
  };
  return answer(raw, asked, {
    method: question.options,
    dataQuality: left,
    reproduce: { file, placeboOutcomes: question.placeboOutcomes, negativeControls: question.negativeControls },
    onProgress,
  });
}
