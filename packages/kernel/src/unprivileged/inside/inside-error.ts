export class InsideError extends Error {
  readonly code: 'start-failed' | 'command-failed' | 'tool-missing'

  constructor(code: InsideError['code'], message: string) {
    super(message)
    this.name = 'InsideError'
    this.code = code
  }
}
