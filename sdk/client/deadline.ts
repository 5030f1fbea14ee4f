/** A time on the machine's own clock, which is the one that gRPC compares deadlines with, whatever clock the client was given. */
export function deadlineIn(ms: number): Date {
  return new Date(performance.timeOrigin + performance.now() + ms);
}
