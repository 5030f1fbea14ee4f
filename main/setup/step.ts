/** Something that has to be there before the platform runs. To add one, write it beside this file and put it into `setupSteps`. */
export interface SetupStep {
  /** Such as `control store`. */
  readonly name: string;
  /** What is missing, in words; nothing: it is all there. Changes nothing. Rejects where that cannot be told. */
  missing(): Promise<readonly string[]>;
  /** Makes what is missing. Once more changes nothing. */
  make(): Promise<void>;
}

export interface StepOutcome {
  readonly name: string;
  /** `missing` only where nothing was to be changed. */
  readonly state: 'there' | 'made' | 'missing' | 'failed';
  /** What was missing or was made; where it failed, why. */
  readonly details: readonly string[];
}

/** Goes through all steps in order; one that fails does not stop the others. With `isCheck` nothing is changed. */
export async function runSetup(steps: readonly SetupStep[], isCheck: boolean): Promise<readonly StepOutcome[]> {
  const outcomes: StepOutcome[] = [];
  for (const step of steps) outcomes.push(await take(step, isCheck));
  return outcomes;
}

async function take(step: SetupStep, isCheck: boolean): Promise<StepOutcome> {
  const { name } = step;
  try {
    const missing = await step.missing();
    if (missing.length === 0) return { name, state: 'there', details: [] };
    if (isCheck) return { name, state: 'missing', details: missing };
    await step.make();
    return { name, state: 'made', details: missing };
  } catch (error) {
    return { name, state: 'failed', details: [reasonOf(error)] };
  }
}

/** Drivers put the reasons of several addresses into one error without words of its own. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(reasonOf).join(', ');
  return error instanceof Error ? error.message : String(error);
}
