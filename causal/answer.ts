import { conclude, refused, type Background } from './conclude.ts';
import type { MethodOptions } from './methods/method.ts';
import { Refusal } from './refusal.ts';
import type { AskedQuestion, CausalReport } from './report/report.ts';
import { estimationOf, optionsOf, prepare, refutationOf, segmentsOf } from './steps.ts';
import type { RawStudy } from './study/raw-column.ts';

export interface AnswerOptions extends Partial<Omit<Background, 'options'>> {
  readonly method?: Partial<MethodOptions>;
  /** What is being done, and which share of all of it is done. */
  readonly onProgress?: (step: string, share: number) => void;
}

/**
 * Answers a question from units with their covariates as of time zero: propensity, overlap and trimming, every method, balance, attempts to refute it,
 * sensitivity, segments and a verdict. The same units, question and seed give the same answer, to the last digit.
 *
 * What has no honest answer is a report with the status `refused`, not an error.
 */
export function answer(raw: RawStudy, asked: AskedQuestion, given: AnswerOptions = {}): CausalReport {
  const { method, onProgress = () => undefined, flow = [], dataQuality = [], reproduce = {} } = given;
  const background: Background = { options: optionsOf(asked, method), flow, dataQuality, reproduce };
  try {
    onProgress('estimating', 0);
    const prepared = prepare(raw, asked, background.options);
    const estimation = estimationOf(prepared, asked);
    onProgress('trying to refute it', 0.3);
    const refutation = refutationOf(prepared, (done, of) => onProgress('trying to refute it', 0.3 + (0.5 * done) / of));
    onProgress('segments', 0.8);
    const segmented = segmentsOf(prepared, raw);
    onProgress('done', 1);
    return conclude(asked, background, estimation, refutation, segmented);
  } catch (error) {
    if (error instanceof Refusal) return refused(asked, background, error.message);
    throw error;
  }
}
