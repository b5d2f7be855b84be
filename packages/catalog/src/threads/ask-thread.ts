import { Worker } from 'node:worker_threads'
import { SallyportError } from '@sallyport/policy'
import type { ThreadAnswer } from './answer-as-thread.ts'

/**
 * One question for a thread that ends with its answer: whoever is served by this thread does not wait meanwhile, and the memory that
 * the work took is given back as a whole. Throws what the thread threw; aborted, it ends the thread.
 */
export async function askThread<Answer>(file: URL, question: unknown, signal?: AbortSignal): Promise<Answer> {
  signal?.throwIfAborted()
  const thread = new Worker(file, { workerData: question })
  const end = (): void => void thread.terminate()
  signal?.addEventListener('abort', end)
  try {
    const said = await new Promise<ThreadAnswer<Answer> | null>((resolve, reject) => {
      let given: ThreadAnswer<Answer> | null = null
      thread.once('message', (message: ThreadAnswer<Answer>) => (given = message))
      thread.once('error', reject)
      // Only then is its memory free.
      thread.once('exit', () => resolve(given))
    })
    signal?.throwIfAborted()
    if (said === null) throw new Error('a thread ended without an answer')
    if ('answer' in said) return said.answer
    const { code, message, remedy } = said.failure
    throw new SallyportError(code, message, { remedy })
  } finally {
    signal?.removeEventListener('abort', end)
  }
}
