import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { needsRoot } from './lab.ts'

const MAIN = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url))

const policy = (tunnels: string): string => `
sallyport: 1
default: allow
dns: { tunnels: ${tunnels} }
rules: []
`

/** In between, as in any network: dns2tcpd and iodined answer for t.example.com behind it. */
const UNBOUND = `
server:
  interface: 192.0.2.2
  access-control: 0.0.0.0/0 allow
  do-daemonize: no
  username: ""
  chroot: ""
  pidfile: ""
  use-syslog: no
  module-config: "iterator"
  do-not-query-localhost: no
forward-zone:
  name: "t.example.com"
  forward-addr: 127.0.0.2
`
const DNS2TCPD = `
listen = 127.0.0.2
port = 53
user = root
chroot = /tmp
domain = t.example.com
key = secret
resources = echo:127.0.0.1:7777
`

/** A client with the resolver, and a network far away with the servers; then what is done in the first. */
const script = (server: string, client: string): string => `
mount -t tmpfs tmpfs /dev/net 2>/dev/null || { mkdir -p /dev/net && mount -t tmpfs tmpfs /dev/net; }
mknod /dev/net/tun c 10 200
unshare --net sleep 100 & far=$!
there() { nsenter --net=/proc/$far/ns/net "$@"; }
until_said() { for at in $(seq 200); do grep -q "$1" "$2" 2>/dev/null && return; sleep 0.1; done; }
until [ "$(readlink /proc/$far/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.1; done
ip link set lo up; there ip link set lo up
ip link add near type veth peer name far netns $far
ip addr add 192.0.2.1/24 dev near; ip link set near up
there ip addr add 192.0.2.2/24 dev far; there ip link set far up
there unbound -d -c unbound.conf >unbound.log 2>&1 &
there ${server} >server.log 2>&1 &
"$1" "$2" dns --listen 127.0.0.1 --upstream 192.0.2.2 --policy policy.yaml --log queries.jsonl 2>resolver.log &
until_said answering resolver.log
${client}
`

const IODINE = [
  'iodined -f -c -P secret -l 127.0.0.2 10.99.0.1 t.example.com',
  `timeout 60 iodine -f -r -P secret 127.0.0.1 t.example.com >client.log 2>&1 &
until_said 'setup complete' client.log
ping -c 30 -i 0.1 -W 1 -s 400 10.99.0.1 >ping.log`,
] as const
const DNS2TCP = [
  'dns2tcpd -F -f dns2tcpd.conf',
  'timeout 20 dns2tcpc -c -z t.example.com -k secret 127.0.0.1 >client.log 2>&1',
] as const

type Line = {
  readonly event: 'query' | 'tunnel'
  readonly outcome?: string
  readonly upstream?: string | null
  readonly zone?: string
  readonly reason?: string
  readonly tunnel?: { readonly zone: string } | null
}
type Found = { readonly lines: readonly Line[]; readonly told: number; readonly read: (file: string) => string }

async function tunnel([server, client]: readonly [string, string], tunnels: string): Promise<Found> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-tunnel-'))
  try {
    writeFileSync(join(folder, 'policy.yaml'), policy(tunnels))
    writeFileSync(join(folder, 'unbound.conf'), UNBOUND)
    writeFileSync(join(folder, 'dns2tcpd.conf'), DNS2TCPD)
    const inside = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc', 'sh', '-c']
    const child = spawn('unshare', [...inside, script(server, client), 'sh', process.execPath, MAIN], {
      cwd: folder,
      stdio: 'ignore',
      timeout: 60_000,
    })
    await once(child, 'exit')
    const files = ['queries.jsonl', 'resolver.log', 'client.log', 'ping.log']
    const texts = new Map(files.map((file) => [file, textOf(join(folder, file))]))
    const lines = texts
      .get('queries.jsonl')!
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Line)
    return { lines, told: lines.findIndex(({ event }) => event === 'tunnel'), read: (file) => texts.get(file)! }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

suite('tunnels through DNS where every name is allowed', { skip: needsRoot, concurrency: true }, () => {
  test('iodine works, and is told', async () => {
    const { lines, told, read } = await tunnel(IODINE, 'flag')
    assert.match(read('ping.log'), /[1-9]\d* received/)
    assert.deepEqual([lines[told]?.zone, lines[told]?.reason], ['example.com', 'rare-types'])
    assert.match(read('resolver.log'), /look-ups of 127\.0\.0\.1 below example\.com look like a tunnel/)
    const after = lines.slice(told + 1)
    assert.ok(after.length > 0)
    for (const { tunnel: flagged } of after) assert.equal(flagged?.zone, 'example.com')
  })

  test('where tunnels are refused, iodine carries nothing once it is told', async () => {
    const { lines, told, read } = await tunnel(IODINE, 'refuse')
    assert.doesNotMatch(read('ping.log'), /\b30 received/)
    const after = lines.slice(told + 2)
    assert.ok(told >= 0 && after.length > 0)
    for (const { outcome, upstream } of after) assert.deepEqual([outcome, upstream], ['refused', null])
  })

  test('dns2tcp is told by its first words, and does not get further: letters reach no server as it wrote them', async () => {
    const { lines, told, read } = await tunnel(DNS2TCP, 'flag')
    assert.deepEqual([lines[told]?.zone, lines[told]?.reason], ['example.com', 'dns2tcp'])
    assert.doesNotMatch(read('client.log'), /Available connection\(s\)/)
  })
})
