import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test, type TestContext } from 'node:test'
import { StateStore } from '../src/index.ts'
import { parsePostgresUrl } from '../src/state/postgres-address.ts'
import { PostgresDatabase } from '../src/state/postgres-database.ts'
import { SqliteDatabase } from '../src/state/sqlite-database.ts'
import { postgresPrograms, PostgresServer } from './postgres-server.ts'

const NOW = Date.parse('2026-10-01T12:00:00Z')

function directory(context: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'sallyport-state-'))
  context.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

suite('SQLite', () => {
  test('a migration that fails leaves the store at the version before it, whole', async (context) => {
    const path = join(directory(context), 'state.db')
    const first = ['CREATE TABLE a (x INTEGER)']
    await (await SqliteDatabase.open(path, [first]))[Symbol.asyncDispose]()
    const broken = ['CREATE TABLE b (x INTEGER)', 'CREATE TABLE a (x INTEGER)']
    await assert.rejects(SqliteDatabase.open(path, [first, broken]), { code: 'state-unavailable' })
    await using state = await SqliteDatabase.open(path, [first, ['CREATE TABLE b (y INTEGER)']])
    const tables = await state.all(`SELECT name FROM sqlite_master WHERE name IN ('a', 'b') ORDER BY name`)
    assert.deepEqual(
      tables.map(({ name }) => name),
      ['a', 'b'],
    )
  })

  test('a store of a later version, and a file that is none, are refused and stay as they are', async (context) => {
    const path = join(directory(context), 'state.db')
    await (await SqliteDatabase.open(path, [[], [], []]))[Symbol.asyncDispose]()
    await assert.rejects(SqliteDatabase.open(path, [[]]), { code: 'state-unavailable', message: /version 3/ })
    const text = join(path, '../text')
    writeFileSync(text, 'not a database, but a text that is long enough to be taken for one'.repeat(20))
    await assert.rejects(StateStore.open(text), { code: 'state-unavailable' })
  })

  test('only its owner may read it', async (context) => {
    const path = join(directory(context), 'state.db')
    await using state = await StateStore.open(path)
    await state.settings.set('x', 1, 'ann', NOW)
    for (const suffix of ['', '-wal']) assert.equal(statSync(path + suffix).mode & 0o077, 0)
  })

  test('what others ask while a transaction is open is neither in it nor undone with it', async () => {
    await using state = await SqliteDatabase.open(':memory:', [['CREATE TABLE a (x INTEGER)']])
    const undone = state.transaction(async (inside) => {
      await inside.run('INSERT INTO a VALUES (1)')
      await new Promise((resolve) => setImmediate(resolve))
      throw new Error('no')
    })
    const beside = state.run('INSERT INTO a VALUES (2)')
    await assert.rejects(undone, /no/)
    await beside
    assert.equal((await state.get('SELECT sum(x) AS sum FROM a'))?.['sum'], 2)
  })
})

const skip = postgresPrograms() === null && 'the Debian package postgresql is not there'
suite('PostgreSQL', { skip }, () => {
  let server: PostgresServer
  before(async () => (server = await PostgresServer.open()))
  after(() => server[Symbol.asyncDispose]())
  const database = (url: string, ...migrations: readonly (readonly string[])[]): PostgresDatabase =>
    new PostgresDatabase(parsePostgresUrl(url), migrations.length === 0 ? undefined : migrations)

  test('many that start at once migrate once', async () => {
    const url = server.newUrl()
    const all = Array.from({ length: 6 }, () =>
      database(url, ['CREATE TABLE a (x INTEGER)'], ['INSERT INTO a VALUES (1)']),
    )
    await using scope = new AsyncDisposableStack()
    for (const each of all) scope.use(each)
    const seen = await Promise.all(all.map((each) => each.get('SELECT count(*) AS rows FROM a')))
    assert.deepEqual(
      seen,
      Array.from({ length: 6 }, () => ({ rows: 1 })),
    )
  })

  test('a migration that fails leaves nothing of it, and a later version is refused', async () => {
    const url = server.newUrl()
    const first = ['CREATE TABLE a (x INTEGER)']
    await using broken = database(url, first, ['CREATE TABLE b (x INTEGER)', 'CREATE TABLE a (x INTEGER)'])
    await assert.rejects(broken.all('SELECT 1'), /already exists/)
    await using mended = database(url, first, ['CREATE TABLE b (y INTEGER)'])
    assert.deepEqual(await mended.all('SELECT y FROM b'), [])
    await using earlier = database(url, first)
    await assert.rejects(earlier.all('SELECT 1'), { code: 'state-unavailable', message: /version 2/ })
  })

  test('a server that goes away is a code, and is asked again when it is back; nothing half done is kept', async () => {
    await using state = database(server.newUrl(), ['CREATE TABLE a (x INTEGER)'])
    await state.run('INSERT INTO a VALUES (1)')
    const cut = state.transaction(async (inside) => {
      await inside.run('INSERT INTO a VALUES (2)')
      await server.stop()
      await inside.run('INSERT INTO a VALUES (3)')
    })
    await assert.rejects(cut, { code: 'state-unavailable' })
    await assert.rejects(state.all('SELECT x FROM a'), { code: 'state-unavailable' })
    await server.start()
    assert.deepEqual(await state.all('SELECT x FROM a'), [{ x: 1 }])
  })

  test('a server that accepts and never answers is given up', { timeout: 30_000 }, async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1')
    await new Promise((resolve) => silent.once('listening', resolve))
    const { port } = silent.address() as { port: number }
    await using state = database(`postgres://a@127.0.0.1:${port}/b`)
    await assert.rejects(state.all('SELECT 1'), { code: 'state-unavailable' })
    silent.close()
  })

  test('a password comes from the environment or a file, and is in no message', async (context) => {
    const url = `postgres://sallyport@127.0.0.1:${server.port}/postgres?schema=by_password`
    const file = join(directory(context), 'pgpass')
    const asks = async (environment: Record<string, string>): Promise<unknown> => {
      Object.assign(process.env, environment)
      try {
        await using state = database(url, [])
        return await state.get('SELECT 1 AS one').catch((error: Error) => error)
      } finally {
        for (const name of Object.keys(environment)) delete process.env[name]
      }
    }
    writeFileSync(file, `127.0.0.1:*:*:sallyport:${PostgresServer.PASSWORD}\n`, { mode: 0o600 })
    assert.deepEqual(await asks({ PGPASSWORD: PostgresServer.PASSWORD }), { one: 1 })
    assert.deepEqual(await asks({ PGPASSFILE: file }), { one: 1 })
    chmodSync(file, 0o644)
    assert.match(String(await asks({ PGPASSFILE: file })), /may be read by others/)
    const refused = (await asks({ PGPASSWORD: 'wr0ng-one' })) as Error & { code: string }
    assert.equal(refused.code, 'state-unavailable')
    assert.doesNotMatch(`${refused.message} ${String(refused.cause)}`, /wr0ng-one/)
  })

  test('TLS verifies who the server is, and is never left out', async (context) => {
    const at = directory(context)
    const [cert, key] = [join(at, 'cert.pem'), join(at, 'key.pem')]
    const subject = ['-subj', '/CN=db.test', '-addext', 'subjectAltName=DNS:localhost']
    const made = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key, '-out', cert]
    execFileSync('openssl', ['req', '-x509', '-days', '2', ...made, ...subject], { stdio: 'pipe' })
    execFileSync('chmod', ['-R', 'a+rX', at])
    execFileSync('chmod', ['600', key])
    await using withTls = await PostgresServer.open({ cert, key })
    process.env['PGPASSWORD'] = PostgresServer.PASSWORD
    context.after(() => delete process.env['PGPASSWORD'])
    const answer = async (port: number, host: string): Promise<unknown> => {
      await using state = database(
        `postgres://sallyport@${host}:${port}/postgres?sslmode=verify-full&sslrootcert=${cert}`,
        [],
      )
      const sql = 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()'
      return await state.get(sql).catch((error: Error) => error.message)
    }
    assert.deepEqual(await answer(withTls.port, 'localhost'), { ssl: true })
    assert.match(String(await answer(withTls.port, '127.0.0.1')), /altnames/)
    assert.match(String(await answer(server.port, 'localhost')), /does not support SSL/)
  })
})

suite('the URL of a PostgreSQL database', () => {
  test('off this host TLS is the default, here it is not', () => {
    const tlsOf = (url: string): unknown => parsePostgresUrl(url).tls
    assert.deepEqual(tlsOf('postgres://a@db.example/b'), {})
    for (const host of ['localhost', '127.0.0.1', '[::1]']) assert.equal(tlsOf(`postgres://a@${host}/b`), null)
    assert.equal(tlsOf('postgres:///b?host=/run/postgresql&user=a'), null)
    assert.equal(tlsOf('postgres://a@db.example/b?sslmode=disable'), null)
    assert.equal(parsePostgresUrl('postgres://a@[::1]:5433/b').port, 5433)
  })

  test('a password in it is refused without repeating it; so is what it may not say', () => {
    const refusal = (url: string): string => {
      try {
        parsePostgresUrl(url)
        return ''
      } catch (error) {
        return `${(error as Error).message} ${(error as { remedy?: string }).remedy}`
      }
    }
    assert.match(refusal('postgres://a:s3cret@db.example/b'), /password.*PGPASSFILE/)
    assert.doesNotMatch(refusal('postgres://a:s3cret@db.example/b'), /s3cret/)
    assert.doesNotMatch(refusal('postgres://a:s3cret @ db.example/b'), /s3cret/)
    assert.match(refusal('postgres://db.example/b'), /must name a user/)
    assert.match(
      refusal('postgres://a@db.example/b?sslmode=require'),
      /sslmode "require"; there are verify-full, disable/,
    )
    assert.match(refusal('postgres://a@db.example/b?schema=x;drop'), /schema "x;drop"/)
    assert.match(refusal('postgres://a@db.example/b?ssl=true'), /parameter "ssl"/)
    assert.match(refusal('/var/lib/state.db'), /is no URL/)
  })
})
