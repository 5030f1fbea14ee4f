/** Which device each known user is hashed by. Bounded; the oldest links go first, and linking again brings them back. */
export class IdentityLinks {
  static readonly #MAX_LINKS = 500_000;
  readonly #devices = new Map<string, string>();

  /** `null`: the user is hashed by himself. */
  set(userId: string, hashedDeviceId: string | null): void {
    this.#devices.delete(userId);
    if (hashedDeviceId === null) return;
    this.#devices.set(userId, hashedDeviceId);
    if (this.#devices.size <= IdentityLinks.#MAX_LINKS) return;
    const [oldest] = this.#devices.keys();
    if (oldest !== undefined) this.#devices.delete(oldest);
  }

  /** Every user who is linked. */
  userIds(): string[] {
    return [...this.#devices.keys()];
  }

  readonly deviceOf = (userId: string): string | undefined => this.#devices.get(userId);
}
