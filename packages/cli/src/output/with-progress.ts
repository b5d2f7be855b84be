import type { FactGroup, ReadableGroups } from '@sallyport/store'

const BACK_AND_CLEAR = '\r\u001b[K'

/** The same groups; on a terminal, how much of the flows' time they are of is said in a line that goes when they end. */
export async function* withProgress(recorded: ReadableGroups): AsyncGenerator<Iterable<FactGroup>> {
  const isShown = process.stderr.isTTY
  try {
    for await (const groups of recorded) {
      yield groups
      if (isShown) process.stderr.write(`${BACK_AND_CLEAR}${Math.floor(recorded.progress * 100)} % of the flows`)
    }
  } finally {
    if (isShown) process.stderr.write(BACK_AND_CLEAR)
  }
}
