import { SallyportError, schemaProblem } from '@sallyport/policy'
import * as z from 'zod'
import { ApiError } from './api-error.ts'

/** What is said of an error to who asks. What failed inside is no business of theirs: `onFailure` has it. */
export function asApiError(error: unknown, onFailure: (error: unknown) => void): ApiError {
  if (error instanceof ApiError) return error
  if (error instanceof SallyportError)
    return new ApiError(error.exitCode === 2 ? 400 : 503, error.code, error.message, error.remedy)
  if (error instanceof z.ZodError) return new ApiError(400, 'usage', schemaProblem(error), 'See /api/v1/openapi.json.')
  const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500
  if (status < 500) return new ApiError(status, 'usage', (error as Error).message, '')
  onFailure(error)
  return new ApiError(500, 'internal', 'the request failed', 'The log of `sallyport up` says more.')
}
