import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './free-port.ts'

const VERSIONS = '/usr/lib/postgresql'

/** Where Debian's package has its programs; null when it is not there. */
export function postgresPrograms(): string | null {
  const versions = existsSync(VERSIONS) ? readdirSync(VERSIONS) : []
  const newest = versions.toSorted((a, b) => Number(b) - Number(a))[0]
  const programs = newest === undefined ? null : join(VERSIONS, newest, 'bin')
  return programs !== null && existsSync(join(programs, 'initdb')) ? programs : null
}

/** A PostgreSQL server of its own, that trusts whoever comes by its socket and wants a password on its port. */
export class PostgresServer implements AsyncDisposable {
  static readonly PASSWORD = 'f0r-the-p0rt'
  readonly directory: string = mkdtempSync(join(tmpdir(), 'sallyport-postgres-'))
  readonly #programs: string
  /** PostgreSQL refuses to be root. */
  readonly #as: { readonly uid?: number; readonly gid?: number }
  #port = 0
  #schemas = 0
  #server: ChildProcess | null = null

  private constructor(programs: string) {
    this.#programs = programs
    this.#as = process.getuid!() === 0 ? account('postgres') : {}
  }

  /** `tls` are the paths of a certificate and its key. */
  static async open(tls?: { readonly cert: string; readonly key: string }): Promise<PostgresServer> {
    const server = new PostgresServer(postgresPrograms()!)
    const { directory } = server
    server.#port = await freePort()
    const password = join(directory, 'password')
    writeFileSync(password, PostgresServer.PASSWORD)
    for (const path of [directory, password]) server.#own(path)
    const given = ['-U', 'sallyport', '--auth-local=trust', '--auth-host=scram-sha-256', '-N', '-E', 'UTF8']
    execFileSync(
      join(server.#programs, 'initdb'),
      ['-D', join(directory, 'data'), ...given, '--locale=C', `--pwfile=${password}`],
      { ...server.#as, stdio: 'pipe', cwd: directory },
    )
    const settings = ['fsync = off', 'shared_buffers = 8MB', "listen_addresses = '127.0.0.1'"]
    if (tls !== undefined) settings.push('ssl = on', `ssl_cert_file = '${tls.cert}'`, `ssl_key_file = '${tls.key}'`)
    writeFileSync(join(directory, 'data/postgresql.auto.conf'), settings.join('\n'))
    for (const path of tls === undefined ? [] : [tls.cert, tls.key]) server.#own(path)
    await server.start()
    return server
  }

  get port(): number {
    return this.#port
  }

  async start(): Promise<void> {
    const { directory } = this
    const given = ['-D', join(directory, 'data'), '-p', String(this.#port), '-k', directory]
    this.#server = spawn(join(this.#programs, 'postgres'), given, { ...this.#as, cwd: directory })
    let said = ''
    for await (const text of this.#server.stderr!.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
      said += text
      if (said.includes('ready to accept connections')) {
        this.#server.stderr!.resume()
        return
      }
    }
    throw new Error(`PostgreSQL did not start: ${said}`)
  }

  /** At once, as a crash. */
  async stop(): Promise<void> {
    const server = this.#server
    this.#server = null
    if (server === null) return
    server.kill('SIGQUIT')
    if (server.exitCode === null) await once(server, 'exit')
  }

  /** An empty schema. */
  newUrl(): string {
    this.#schemas++
    return `postgres://sallyport@localhost:${this.#port}/postgres?host=${this.directory}&schema=s${this.#schemas}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
    rmSync(this.directory, { recursive: true, force: true })
  }

  #own(path: string): void {
    if (this.#as.uid !== undefined) chownSync(path, this.#as.uid, this.#as.gid!)
  }
}

function account(name: string): { readonly uid: number; readonly gid: number } {
  const [, , uid, gid] = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((line) => line.startsWith(`${name}:`))!
    .split(':')
  return { uid: Number(uid), gid: Number(gid) }
}
