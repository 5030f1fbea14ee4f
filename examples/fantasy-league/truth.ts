/** What the simulation does, so that what the platform concludes can be checked against it. */
export const TRUTH = {
  /** Chance that the second provider takes a deposit that the first one failed. */
  retrySuccessRate: 0.45,
  /** The prompt keeps this share of users from the contest that they were about to join. */
  promptLossRatio: 0.45,
  /** The larger card makes this many more users join, as a share of those who would anyway. */
  cardGainRatio: 0.03,
  /** Share of the larger card's exposures on Android that get lost before they are published. */
  cardExposureLossRatio: 0.4,
} as const;
