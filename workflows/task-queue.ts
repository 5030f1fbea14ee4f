/** The task queue on which workers and clients meet, unless they are told another. */
export const DEFAULT_TASK_QUEUE = 'umpire';
