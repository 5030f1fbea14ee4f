import path from 'node:path';
import type { Analysis } from '../../analyze/analysis.ts';
import { analyzeFile } from '../../analyze/analyze-file.ts';
import { formatAnalysis } from '../../analyze/format-analysis.ts';
import { repositoryFile } from '../../parts/repository-root.ts';

/** Earnings in 1978 by treatment, with earnings in 1975 as the covariate from before: what `umpire analyze` does. */
export async function analyzeNsw(): Promise<{ readonly analysis: Analysis; readonly text: string }> {
  const analysis = await analyzeFile({
    file: path.relative(process.cwd(), repositoryFile('examples/data/nsw_mixtape.csv')),
    outcome: 're78',
    treatment: 'treat',
    covariate: 're75',
  });
  return { analysis, text: formatAnalysis(analysis) };
}
