import { SallyportError } from '@sallyport/policy'
import { reportFailure } from '../failure.ts'

/** `sallyport decide … | head -1` ends quietly when the reader goes away, as a filter should; a full disk is said, and is no "no". */
export function handleOutputErrors(asJson: boolean): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(process.exitCode ?? 0)
      if (stream === process.stderr) process.exit(process.exitCode ?? 2)
      const failure = new SallyportError('file-not-writable', `the output cannot be written (${error.code})`, {
        cause: error,
      })
      process.exit(reportFailure(failure, asJson))
    })
  }
}
