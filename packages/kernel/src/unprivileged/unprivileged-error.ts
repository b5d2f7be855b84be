export type UnprivilegedErrorCode =
  'tun-closed' | 'user-namespaces-off' | 'tool-missing' | 'start-failed' | 'network-failed' | 'command-failed'

/** What keeps an ordinary user from a namespace of their own, with what to do about it. */
export class UnprivilegedError extends Error {
  readonly code: UnprivilegedErrorCode
  readonly remedy: string

  constructor(code: UnprivilegedErrorCode, message: string, remedy: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'UnprivilegedError'
    this.code = code
    this.remedy = remedy
  }
}
