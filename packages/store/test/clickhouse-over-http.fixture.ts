import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer as createPlainServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'

/**
 * The engine of ClickHouse (chdb) behind ClickHouse's HTTP interface: no package has a server of this century. Statements, settings,
 * parameters and data reach the engine as they came. A cluster is one shard, `fleet`, in this process: Distributed tables are
 * real, and what this engine cannot have, ON CLUSTER and replicas, is taken out of a statement before it runs.
 */
type Settings = {
  readonly data: string
  readonly port: number
  /** Files of PEM. */ readonly tls?: { readonly cert: string; readonly key: string }
}
type Result = { readonly bytes: () => Uint8Array }
type Session = {
  readonly queryBindAsync: (text: string, params: object, options: { format: string }) => Promise<Result>
}

const CONFIG = `<clickhouse><tcp_port>9000</tcp_port><remote_servers><fleet><shard><internal_replication>true</internal_replication>
<replica><host>127.0.0.1</host><port>9000</port></replica></shard></fleet></remote_servers></clickhouse>`
const NO_SETTINGS = new Set([
  'query',
  'query_id',
  'database',
  'default_format',
  'wait_end_of_query',
  'session_id',
  'role',
  'enable_http_compression',
])

const { data, port, tls } = JSON.parse(process.argv[2]!) as Settings
const work = join(data, 'http')
mkdirSync(work, { recursive: true })
process.on('SIGTERM', () => process.exit(0))
process.chdir(work)
writeFileSync('config.xml', CONFIG)
const { Session } = createRequire(import.meta.url)('chdb') as {
  Session: new (path: string, options: object) => Session
}
const session = new Session(data, { connectionArgs: ['--max_threads=2'] })
const run = async (text: string): Promise<Uint8Array> =>
  (await session.queryBindAsync(text, {}, { format: 'TSV' })).bytes()

/** The session has one database and one set of settings: requests follow each other. */
let before: Promise<unknown> = Promise.resolve()
const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const body = await buffer(request)
  const answered = before.then(() => execute(request, body))
  before = answered.catch(() => {})
  try {
    response.end(await answered)
  } catch (error) {
    const said = error instanceof Error ? error.message.replace(/^Query failed: /, '') : String(error)
    const code = /Code: (\d+)/.exec(said)?.[1] ?? '1000'
    response.writeHead(code === '516' ? 403 : 500, { 'x-clickhouse-exception-code': code }).end(`${said}\n`)
  }
}
const server =
  tls === undefined
    ? createPlainServer(answer)
    : createTlsServer({ cert: readFileSync(tls.cert), key: readFileSync(tls.key) }, answer)
server.listen(port, '127.0.0.1', () => process.send?.((server.address() as { port: number }).port))

async function execute(request: IncomingMessage, body: Buffer): Promise<Uint8Array> {
  const url = new URL(request.url ?? '/', 'http://localhost')
  const { authorization = '', 'x-clickhouse-user': user, 'x-clickhouse-key': password } = request.headers
  const login = Buffer.from(authorization.replace('Basic ', ''), 'base64').toString()
  if (login !== 'ann:it is secret' && `${String(user)}:${String(password)}` !== 'ann:it is secret')
    throw new Error('Code: 516. DB::Exception: Authentication failed. (AUTHENTICATION_FAILED)')
  const form = (request.headers['content-type'] ?? '').startsWith('multipart')
    ? await new Response(Uint8Array.from(body), {
        headers: { 'content-type': request.headers['content-type']! },
      }).formData()
    : new FormData()
  const given = [...url.searchParams, ...form].map(([name, value]) => [name, String(value)] as const)
  await run(`USE ${url.searchParams.get('database') ?? 'default'}`)
  for (const [name, value] of given) if (!NO_SETTINGS.has(name)) await run(`SET ${name} = '${escaped(value)}'`)
  const statement = url.searchParams.get('query')
  if (statement === null) return run(alone(String(form.get('query') ?? body.toString())))
  const file = join(work, 'rows')
  writeFileSync(file, body)
  return run(statement.replace(/ FORMAT (\w+)\s*$/, ` FROM INFILE '${file}' COMPRESSION 'none' FORMAT $1`))
}

function alone(statement: string): string {
  return statement
    .replaceAll(/ ON CLUSTER `fleet`/g, '')
    .replaceAll('ENGINE = Replicated', 'ENGINE = ')
    .replaceAll(
      /(?<!non_)replicated_deduplication_window = (\d+), replicated_deduplication_window_seconds = \d+/g,
      'non_replicated_deduplication_window = $1',
    )
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")
}
