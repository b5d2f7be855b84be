/** One call after the other: what was read first never takes the place of what was read last. */
export function inTurn<Args extends readonly unknown[]>(
  read: (...args: Args) => Promise<void>,
): (...args: Args) => Promise<void> {
  let last: Promise<void> = Promise.resolve()
  return (...args) => (last = last.catch(() => {}).then(() => read(...args)))
}
