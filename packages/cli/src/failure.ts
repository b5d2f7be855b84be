import { SallyportError } from '@sallyport/policy'
import { InvalidPolicy } from './input/policy-files.ts'
import { styled } from './output/style.ts'

/** Prints the error for a person, or as JSON for a program, and answers with the exit code. */
export function reportFailure(error: unknown, asJson: boolean): number {
  const known = error instanceof SallyportError ? error : defect(error)
  if (asJson) process.stderr.write(`${JSON.stringify(failureFacts(known))}\n`)
  else process.stderr.write(describeFailure(known))
  return known.exitCode
}

function failureFacts(error: SallyportError): object {
  const { code, message, remedy } = error
  return { error: { code, message, remedy, ...(error instanceof InvalidPolicy ? { problems: error.problems } : {}) } }
}

function describeFailure(error: SallyportError): string {
  const head = `${styled('red', 'sallyport:', process.stderr)} ${error.message}\n`
  if (error instanceof InvalidPolicy) return `${error.texts.join('\n')}\n${head}`
  return `${head}  ${error.remedy}\n`
}

function defect(error: unknown): SallyportError {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return new SallyportError('internal', `unexpected: ${text}`, { cause: error })
}
