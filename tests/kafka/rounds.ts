/** How often a fault is injected: a few times by default, more with UMPIRE_FAULT_ROUNDS. */
export function faultRounds(byDefault: number): number {
  const asked = Number(process.env['UMPIRE_FAULT_ROUNDS'] ?? byDefault);
  if (!Number.isInteger(asked) || asked < 1) throw new RangeError('UMPIRE_FAULT_ROUNDS must be a whole number from 1');
  return asked;
}
