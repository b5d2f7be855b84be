/** Rejects when `work` throws, rejects or takes longer than `ms`. */
export async function withinDeadline<Result>(ms: number, work: () => Result | Promise<Result>): Promise<Result> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new DeadlineExceeded(ms)), ms)
  try {
    return await Promise.race([work(), late])
  } finally {
    clearTimeout(timer)
  }
}

class DeadlineExceeded extends Error {
  constructor(ms: number) {
    super(`not done within ${ms} ms`)
    this.name = 'DeadlineExceeded'
  }
}
