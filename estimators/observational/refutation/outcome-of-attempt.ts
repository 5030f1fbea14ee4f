/** What an attempt to refute an estimate came to. Undecided: too few units, or a difference too small, to tell. */
export type OutcomeOfAttempt = 'passed' | 'failed' | 'undecided';
