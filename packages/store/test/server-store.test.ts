import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FlowRecord } from '@sallyport/flow'
import { SallyportError } from '@sallyport/policy'
import { drainSpool, FlowSpool, FlowStore, parseFilter, parseServerAddress, type ServerAddress } from '../src/index.ts'
import { openEmbedded } from '../src/engine/open-embedded.ts'
import { openServer } from '../src/engine/open-server.ts'
import { clusterLayout } from '../src/schema/layout.ts'
import { LATER_COLUMNS, MIGRATIONS, PROJECTIONS } from '../src/schema/migrations.ts'
import { beginning } from '../src/schema/relayout.ts'
import { makeEarlierStore } from './earlier-store.ts'
import { startClickHouse, type ClickHouseProcess } from './start-clickhouse.ts'
import { freePort } from './free-port.ts'
import { ALLOWED } from './stored-flows.ts'

const NOW = Date.parse('2026-10-01T12:00:00Z')

function record(port: number): FlowRecord {
  return { time: '2026-10-01T10:00:00.000Z', domain: 'a.example', port, transport: 'tcp', verdict: ALLOWED }
}

function directory(context: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'sallyport-server-'))
  context.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

async function server(
  context: TestContext,
  settings: Parameters<typeof startClickHouse>[0],
): Promise<ClickHouseProcess> {
  const started = await startClickHouse(settings)
  context.after(() => started.kill())
  return started
}

const count = async (store: FlowStore): Promise<number> =>
  (await store.top('verdict', [], 10)).reduce((sum, { flows }) => sum + flows, 0)

const unavailable =
  (pattern: RegExp, code = 'store-away') =>
  (error: unknown) =>
    error instanceof SallyportError &&
    error.code === code &&
    pattern.test(error.message) &&
    !/secret/.test(error.message)

test('a wrong password is refused and not shown', async (context) => {
  const { port } = await server(context, { data: directory(context) })
  const address = parseServerAddress(`http://ann:secretive@127.0.0.1:${port}/flows`)
  await assert.rejects(FlowStore.open(address), unavailable(/AUTHENTICATION_FAILED/))
})

test('a certificate is believed when its authority is named, else the server is not asked', async (context) => {
  const folder = directory(context)
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  execFileSync(
    'openssl',
    `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout ${key} -out ${cert} -days 2 -subj /CN=x -addext subjectAltName=IP:127.0.0.1`.split(
      ' ',
    ),
    { stdio: 'ignore' },
  )
  const { url } = await server(context, { data: join(folder, 'data'), tls: { key, cert } })
  using store = await FlowStore.open(parseServerAddress(`${url}/flows?ca=${cert}`))
  assert.equal(await count(store), 0)
  await assert.rejects(FlowStore.open(parseServerAddress(`${url}/flows`)), unavailable(/self-signed/))
})

test('what the server stored and could not say is not stored again', async (context) => {
  const { port, url } = await server(context, { data: directory(context) })
  using store = await FlowStore.open(parseServerAddress(`${url}/flows`))
  // Answers of the server are lost, first to each statement of a batch, then to none.
  const relay = await lossyRelay(context, port)
  using through = await FlowStore.open(parseServerAddress(url.replace(`:${port}`, `:${relay.port}`) + '/flows'))
  relay.lose(1)
  const flow = { flow: { time: NOW, domain: 'a.example', transport: 'tcp' }, verdict: null, about: {} } as const
  const batch = {
    id: 'once',
    flows: [flow, flow],
    drops: [{ time: new Date(NOW).toISOString(), reason: 'damaged', count: 3 }],
  } as never
  assert.equal(await through.ingest(batch, NOW), true)
  assert.ok(relay.lost() > 0)
  assert.equal(await count(store), 2)
  assert.deepEqual(await store.drops(0), { damaged: 3 })
})

test('a server that says nothing is given up after the time that the address says', async (context) => {
  const silent = createServer(() => {})
  silent.listen(0, '127.0.0.1')
  await once(silent, 'listening')
  context.after(() => silent.close())
  const { port } = silent.address() as AddressInfo
  const begun = performance.now()
  await assert.rejects(
    FlowStore.open(parseServerAddress(`http://ann:secret@127.0.0.1:${port}/?timeout=1`)),
    unavailable(/imeout/),
  )
  assert.ok(performance.now() - begun >= 900)
})

test('while the server is away the spool keeps up to its bound; then flows in are flows stored and flows dropped', async (context) => {
  const [data, spoolDirectory] = [directory(context), directory(context)]
  const first = await startClickHouse({ data })
  const address = parseServerAddress(`${first.url}/flows`)
  using store = await FlowStore.open(address)
  using spool = FlowSpool.open({ directory: spoolDirectory, segmentBytes: 20_000, maxBytes: 100_000 })
  let appended = 0
  const append = (flows: number): void => {
    for (let n = 0; n < flows; n++) spool.append(record(appended++))
    spool.flush()
  }
  append(200)
  await drainSpool(spoolDirectory, store)
  await first.kill()
  for (let hour = 0; hour < 10; hour++) append(100)
  await assert.rejects(drainSpool(spoolDirectory, store), unavailable(/does not answer/))
  const { spooled, dropped } = spool.counters()
  assert.ok(dropped['spool-full'] > 0)
  assert.equal(spooled + dropped['spool-full'], appended)
  const again = await server(context, { data, port: first.port })
  await drainSpool(spoolDirectory, store)
  // Room again: the spool looks once a second.
  await sleep(1100)
  append(1)
  spool[Symbol.dispose]()
  await drainSpool(spoolDirectory, store)
  assert.ok(again.port > 0)
  const drops = await store.drops(0)
  assert.equal((await count(store)) + (drops['spool-full'] ?? 0), appended)
  assert.deepEqual(readdirSync(spoolDirectory), [])
})

test('a server that is killed at any point of a batch has it once in the end', async (context) => {
  const [data, spoolDirectory] = [directory(context), directory(context)]
  let running = await startClickHouse({ data })
  context.after(() => running.kill())
  const address = parseServerAddress(`${running.url}/flows?timeout=20`)
  using store = await FlowStore.open(address)
  const [rounds, flows] = [3, 1500]
  for (let round = 0; round < rounds; round++) {
    {
      using spool = FlowSpool.open({ directory: spoolDirectory, segmentBytes: 80_000 })
      for (let n = 0; n < flows; n++) spool.append(record(n))
    }
    const killing = sleep(10 + round * 60).then(() => running.kill())
    await drainSpool(spoolDirectory, store).catch(() => {})
    await killing
    running = await startClickHouse({ data, port: running.port })
    while (readdirSync(spoolDirectory).length > 0) await drainSpool(spoolDirectory, store)
  }
  assert.equal(await count(store), rounds * flows)
  assert.equal((await store.list(parseFilter(['port:7'], NOW), { limit: 100 })).flows.length, rounds)
})

test('the first host of a new version has a server lay out what it holds, and does not wait for it', async (context) => {
  const data = join(directory(context), 'data')
  await makeEarlierStore(data, 6, 100_000)
  const { url } = await server(context, { data })
  const address = parseServerAddress(`${url}/default`)
  for (const round of [1, 2]) {
    using store = await FlowStore.open(address)
    assert.equal((await store.top('user', [], 10)).length, 4)
    assert.equal(await store.relayout(), null)
    using engine = await openServer(address)
    const [begun] = await engine.query(
      `SELECT uniqExact(command) AS n FROM system.mutations WHERE table = 'flows' AND command LIKE '%MATERIALIZE%'`,
      {},
    )
    assert.equal(begun?.['n'], PROJECTIONS.length + LATER_COLUMNS.length, `round ${round}`)
  }
})

suite('the statements for a cluster', () => {
  const layout = clusterLayout('fleet', 'flows')
  const statements = [...MIGRATIONS.flatMap((migration) => migration(layout)), beginning(layout)]

  test('are ClickHouse to its own parser', async () => {
    using engine = openEmbedded()
    const faces = ['flows', 'top_hourly'].map((table) => layout.shards!.face(table, 'cityHash64(batch)'))
    for (const statement of [...statements, ...faces])
      assert.equal((await engine.query('SELECT formatQuery({statement:String}) AS text', { statement })).length, 1)
  })

  test('define every table on all servers, replicated', () => {
    for (const statement of statements) {
      if (statement.startsWith('INSERT')) continue
      assert.match(statement, /^(CREATE|ALTER|DROP|TRUNCATE) [A-Z ]*\w+ ON CLUSTER `fleet`/)
      if (statement.startsWith('CREATE TABLE'))
        assert.match(statement, /ENGINE = Replicated\w*MergeTree\b[^]*[( ]replicated_deduplication_window/)
    }
  })
})

suite('the address of a server', () => {
  test('has defaults, and escapes', () => {
    const { tls, ...address } = parseServerAddress('https://ann:p%40ss@ch.example:8443/egress?cluster=fleet&timeout=5')
    assert.deepEqual(address, {
      origin: 'https://ch.example:8443',
      user: 'ann',
      password: 'p@ss',
      database: 'egress',
      cluster: 'fleet',
      timeoutMs: 5000,
    } satisfies Omit<ServerAddress, 'tls'>)
    assert.deepEqual(tls, {})
    assert.deepEqual(parseServerAddress('http://localhost:8123').database, 'sallyport')
    assert.deepEqual(parseServerAddress('http://localhost:8123/db?database=x').database, 'x')
  })
  test('may stand in a file', (context) => {
    const file = join(directory(context), 'address')
    writeFileSync(file, 'http://ann:secret@localhost:8123/db\n')
    assert.equal(parseServerAddress(`@${file}`).password, 'secret')
  })
  for (const text of [
    'http://',
    'https://h/a`b',
    'https://h/?cluster=a`b',
    'http://h/?clustre=a',
    'http://h/?timeout=0',
    'http://h/?ca=/none/such',
    'http://h/%zz',
    'http://h/?cert=/etc/hostname',
    '@/none/such',
  ])
    test(`is refused with what is wrong: ${text}`, () =>
      assert.throws(
        () => parseServerAddress(text),
        (error) => error instanceof SallyportError && error.code === 'usage',
      ))
})

test(
  'a server of another age is named, with what is needed',
  { skip: existsSync('/usr/sbin/clickhouse-server') ? false : 'there is no clickhouse-server of Debian' },
  async (context) => {
    const { port } = await debianServer(context)
    const url = `http://ann:it%20is%20secret@127.0.0.1:${port}`
    await assert.rejects(FlowStore.open(parseServerAddress(`${url}/flows`)), unavailable(/18\.16/, 'store-unavailable'))
    await assert.rejects(
      FlowStore.open(parseServerAddress(`${url.replace('it%20is%20', 'no')}/flows`)),
      unavailable(/193|Wrong password/),
    )
  },
)

/** Debian's ClickHouse: 18.16, as a real server on its real HTTP port. */
async function debianServer(context: TestContext): Promise<{ readonly port: number }> {
  const folder = directory(context)
  const [port, tcp] = [await freePort(), await freePort()]
  mkdirSync(join(folder, 'data'))
  writeFileSync(
    join(folder, 'config.xml'),
    `<yandex><logger><level>none</level></logger><http_port>${port}</http_port><tcp_port>${tcp}</tcp_port><listen_host>127.0.0.1</listen_host>
    <path>${folder}/data/</path><tmp_path>${folder}/data/tmp/</tmp_path><users_config>users.xml</users_config><mark_cache_size>1000000</mark_cache_size>
    <default_profile>default</default_profile><default_database>default</default_database></yandex>`,
  )
  writeFileSync(
    join(folder, 'users.xml'),
    `<yandex><profiles><default/></profiles><quotas><default/></quotas><users><ann><password>it is secret</password>
    <networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></ann></users></yandex>`,
  )
  const child = spawn('/usr/sbin/clickhouse-server', [`--config-file=${folder}/config.xml`], { stdio: 'ignore' })
  const ended = once(child, 'exit')
  context.after(async () => {
    child.kill('SIGKILL')
    await ended
  })
  for (let tries = 0; tries < 100; tries++) {
    const socket = connect(port, '127.0.0.1')
    const state = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'close').then(() => false),
    ]).catch(() => false)
    socket.destroy()
    if (state) return { port }
    await sleep(100)
  }
  throw new Error('clickhouse-server does not listen')
}

type Relay = { readonly port: number; readonly lose: (answers: number) => void; readonly lost: () => number }

/** Hands over what clients say, and breaks their connection in place of the next answers, once the server has given them. */
async function lossyRelay(context: TestContext, to: number): Promise<Relay> {
  let [left, lost] = [0, 0]
  const sockets = new Set<Socket>()
  const relay = createServer((client) => {
    const server = connect(to, '127.0.0.1')
    for (const socket of [client, server]) sockets.add(socket.on('error', () => {}))
    let sentInsert = false
    client.on('data', (bytes) => {
      sentInsert ||= bytes.includes('INSERT')
      server.write(bytes)
    })
    server.on('data', (bytes) => {
      if (sentInsert && left > 0) {
        left--
        lost++
        client.resetAndDestroy()
        return server.destroy()
      }
      client.write(bytes)
    })
    client.on('close', () => server.destroy())
    server.on('close', () => client.destroy())
  })
  relay.listen(0, '127.0.0.1')
  await once(relay, 'listening')
  context.after(() => {
    for (const socket of sockets) socket.destroy()
    relay.close()
  })
  return { port: (relay.address() as AddressInfo).port, lose: (answers) => void (left = answers), lost: () => lost }
}
