import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { SallyportError } from '@sallyport/policy'

/** Where a PostgreSQL database is, and how its server proves who it is. */
export type PostgresAddress = {
  /** A name, an address, or the directory of a Unix socket. */
  readonly host: string
  readonly port: number
  readonly user: string
  readonly database: string
  readonly schema: string
  readonly tls: { readonly ca?: string; readonly cert?: string; readonly key?: string } | null
}

const PARAMETERS = ['host', 'user', 'schema', 'sslmode', 'sslrootcert', 'sslcert', 'sslkey'] as const
type Parameter = (typeof PARAMETERS)[number]
const SSL_MODES = ['verify-full', 'disable']
const EXAMPLE = 'Example: postgres://sallyport@db.example/sallyport?sslrootcert=/etc/sallyport/db-ca.pem'

export function isPostgresUrl(text: string): boolean {
  return /^postgres(ql)?:/i.test(text)
}

/**
 * `postgres://USER@HOST[:PORT]/DATABASE?schema=…&sslmode=…&sslrootcert=…`, or `postgres:///DATABASE?host=/DIRECTORY&user=USER` for
 * a Unix socket. TLS that verifies the server's name is the default off this host. Throws `usage`, also for a password:
 * every process of a host may read the arguments of another.
 */
export function parsePostgresUrl(text: string): PostgresAddress {
  const url = URL.parse(text)
  // The text is not repeated: what is wrong with it may be a password in it.
  if (url === null || !isPostgresUrl(text)) throw refused('is no URL')
  if (url.password !== '' || url.searchParams.has('password'))
    throw refused(
      'has a password in it',
      'Give it as PGPASSWORD, or in a file as PGPASSFILE; systemd: LoadCredential=.',
    )
  const given = parametersOf(url)
  const host = given.host ?? decodeURIComponent(url.hostname).replace(/^\[(.*)\]$/, '$1')
  const user = given.user ?? decodeURIComponent(url.username)
  const database = decodeURIComponent(url.pathname.slice(1))
  const schema = given.schema ?? 'public'
  if (host === '' || user === '' || database === '' || database.includes('/'))
    throw refused('must name a user, a host and a database')
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema)) throw refused(`has the schema "${schema}": it is 1 to 63 of a-z, 0-9, _`)
  const port = url.port === '' ? 5432 : Number(url.port)
  return { host, port, user, database, schema, tls: tlsOf(host, given) }
}

function parametersOf({ searchParams }: URL): { readonly [name in Parameter]?: string } {
  const unknown = [...searchParams.keys()].find((name) => !(PARAMETERS as readonly string[]).includes(name))
  if (unknown !== undefined) throw refused(`has the parameter "${unknown}"; there are ${PARAMETERS.join(', ')}`)
  return Object.fromEntries(searchParams)
}

function tlsOf(host: string, given: { readonly [name in Parameter]?: string }): PostgresAddress['tls'] {
  const isHere =
    host.startsWith('/') || host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
  const mode = given.sslmode ?? (isHere && given.sslrootcert === undefined ? 'disable' : 'verify-full')
  if (!SSL_MODES.includes(mode)) throw refused(`has sslmode "${mode}"; there are ${SSL_MODES.join(', ')}`)
  if (mode === 'disable') return null
  const { sslrootcert: ca, sslcert: cert, sslkey: key } = given
  return {
    ...(ca === undefined ? {} : { ca: read(ca) }),
    ...(cert === undefined ? {} : { cert: read(cert) }),
    ...(key === undefined ? {} : { key: read(key) }),
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new SallyportError('usage', `${path}, named in the URL of the state database, cannot be read`, { cause })
  }
}

function refused(what: string, remedy = EXAMPLE): SallyportError {
  return new SallyportError('usage', `the URL of the state database ${what}`, { remedy })
}
