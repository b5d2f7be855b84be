import { SallyportError } from '@sallyport/policy'
import type { RunOutcome, RunRequest } from './run-request.ts'

/** An ordinary user's run: a user and network namespace of its own. */
export async function runInNamespace(_request: RunRequest, _path: string): Promise<RunOutcome> {
  throw new SallyportError('no-privileges', '`run` as an ordinary user is not there yet', { remedy: 'Run it as root.' })
}
