import { readFileSync } from 'node:fs'
import { nearest, SallyportError } from '@sallyport/policy'

/** A ClickHouse server, or any server of a cluster, that answers over HTTP. */
export type ServerAddress = {
  /** Scheme, host and port alone. */
  readonly origin: string
  readonly user: string
  readonly password: string
  readonly database: string
  /** As the servers call it in `remote_servers`. */
  readonly cluster: string | null
  readonly timeoutMs: number
  /** PEM, for servers that the system does not trust, and to be known by them. */
  readonly tls: { readonly ca?: Buffer; readonly cert?: Buffer; readonly key?: Buffer }
}

const PARAMETERS = ['database', 'cluster', 'timeout', 'ca', 'cert', 'key'] as const
const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/
const MAX_TIMEOUT_S = 3600

/** Anything else is a directory. */
export function isServerAddress(text: string): boolean {
  return /^(https?:|@)/i.test(text)
}

/**
 * `https://USER:PASSWORD@HOST:8443/DATABASE?cluster=NAME`, or `@FILE` with it: others see what stands on a command line. Reads the
 * files it names. Throws `usage`, without the password.
 */
export function parseServerAddress(text: string): ServerAddress {
  return ofUrl(text.startsWith('@') ? read(text.slice(1)).toString().trim() : text)
}

function ofUrl(text: string): ServerAddress {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol) || url.hostname === '')
    throw wrong('the address of the store is no URL of http or https')
  for (const name of url.searchParams.keys()) {
    if ((PARAMETERS as readonly string[]).includes(name)) continue
    const near = nearest(name, PARAMETERS)
    throw wrong(`"${name}" is no parameter of a store's address${near === null ? '' : `; did you mean ${near}?`}`)
  }
  const parameter = (name: (typeof PARAMETERS)[number]): string | null => url.searchParams.get(name)
  const timeout = parameter('timeout') ?? '60'
  if (!/^\d{1,4}$/.test(timeout) || Number(timeout) < 1 || Number(timeout) > MAX_TIMEOUT_S)
    throw wrong(`timeout is a number of seconds from 1 to ${MAX_TIMEOUT_S}, not "${timeout}"`)
  const path = decode(url.pathname.slice(1).replace(/\/$/, ''))
  const cluster = parameter('cluster')
  if (
    (parameter('cert') === null) !== (parameter('key') === null) ||
    (parameter('cert') !== null && parameter('ca') === null)
  )
    throw wrong('cert, key and ca are given together')
  return {
    origin: url.origin,
    user: decode(url.username) || 'default',
    password: decode(url.password),
    database: checked('database', parameter('database') ?? (path === '' ? 'sallyport' : path)),
    cluster: cluster === null ? null : checked('cluster', cluster),
    timeoutMs: Number(timeout) * 1000,
    tls: Object.fromEntries(
      (['ca', 'cert', 'key'] as const).flatMap((name) => {
        const file = parameter(name)
        return file === null ? [] : [[name, read(file)]]
      }),
    ),
  }
}

function checked(what: string, name: string): string {
  if (NAME.test(name)) return name
  throw wrong(`"${name}" is no name of a ${what}: letters, digits, "_", "-" and "."`)
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw wrong('the address of the store has a "%" that begins no escape')
  }
}

function read(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (cause) {
    throw new SallyportError('usage', `${file} cannot be read`, { cause })
  }
}

function wrong(message: string): SallyportError {
  return new SallyportError('usage', message, { remedy: 'Write https://USER@HOST:8443/DATABASE?cluster=NAME.' })
}
