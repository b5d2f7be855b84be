import type { ErrorCode } from '@sallyport/policy'

/** An error with the HTTP status that says it. */
export class ApiError extends Error {
  readonly status: number
  readonly code: ErrorCode
  readonly remedy: string

  constructor(status: number, code: ErrorCode, message: string, remedy: string) {
    super(message)
    this.status = status
    this.code = code
    this.remedy = remedy
  }
}
