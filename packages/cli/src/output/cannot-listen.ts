import { SallyportError } from '@sallyport/policy'

type Who = {
  readonly code: ConstructorParameters<typeof SallyportError>[0]
  readonly name: string
  /** The command that shows who listens. */
  readonly show: string
}

const WHY: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the address is taken',
  EADDRNOTAVAIL: 'this host does not have the address',
  EACCES: 'ports below 1024 need root or CAP_NET_BIND_SERVICE',
}

/** What the system says of an address to listen on, in words; any other error as it is. */
export function cannotListen(error: unknown, { code, name, show }: Who): unknown {
  const why = WHY[error instanceof Error && 'code' in error ? String(error.code) : '']
  if (why === undefined) return error
  return new SallyportError(code, `the ${name} cannot listen: ${why}`, {
    cause: error,
    remedy: `\`${show}\` shows who listens; choose another address or port with --listen.`,
  })
}
