/**
 * A time on the machine's own wall clock, which is the one that gRPC compares deadlines with, whatever clock the client was given. A
 * monotonic clock would not do: it stands still while a machine is suspended, and every deadline after that would have passed already.
 */
export function deadlineIn(ms: number): Date {
  const deadline = new Date();
  deadline.setTime(deadline.getTime() + ms);
  return deadline;
}
