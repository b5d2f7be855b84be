import { setPriority } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'
import { SallyportError } from '@sallyport/policy'

export type ThreadAnswer<Answer> =
  { readonly answer: Answer } | { readonly failure: Pick<SallyportError, 'code' | 'message' | 'remedy'> }

/** Behind those who answer somebody, before those who use what nobody else does. */
const NICE = 10

/** The other end of `askThread`. */
export async function answerAsThread<Question, Answer>(answer: (question: Question) => Promise<Answer>): Promise<void> {
  lowerPriority()
  const said = await answer(workerData as Question).then(
    (given): ThreadAnswer<Answer> => ({ answer: given }),
    (error: unknown): ThreadAnswer<Answer> => {
      if (!(error instanceof SallyportError)) throw error
      return { failure: { code: error.code, message: error.message, remedy: error.remedy } }
    },
  )
  // oxlint-disable-next-line unicorn/require-post-message-target-origin
  parentPort!.postMessage(said)
}

/** On Linux of this thread alone; elsewhere it would be all of the process. */
function lowerPriority(): void {
  if (process.platform !== 'linux') return
  try {
    setPriority(NICE)
  } catch {
    // Its own priority may be lower already.
  }
}
