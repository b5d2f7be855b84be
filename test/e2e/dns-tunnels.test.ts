import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { needsRoot } from './lab.ts'

const MAIN = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url))

const POLICY = `
sallyport: 1
rules:
  - { id: web, action: allow, to: [www.example.org] }
`

type Tunnel = {
  readonly name: string
  /** Serves t.example.com on 127.0.0.2:53. */
  readonly server: string
  /** Uses the tunnel by way of the resolver at the address given. */
  readonly client: string
  readonly works: RegExp
}

const TUNNELS: readonly Tunnel[] = [
  {
    name: 'iodine',
    server: 'iodined -f -c -P secret -l 127.0.0.2 10.99.0.1 t.example.com',
    client: 'timeout 12 iodine -f -r -P secret "$1" t.example.com',
    works: /Connection setup complete/,
  },
  {
    name: 'dns2tcp',
    server: 'dns2tcpd -F -f dns2tcpd.conf',
    client: 'timeout 12 dns2tcpc -c -z t.example.com -k secret "$1"',
    works: /Available connection\(s\)/,
  },
]

const DNS2TCPD = `
listen = 127.0.0.2
port = 53
user = root
chroot = /tmp
domain = t.example.com
key = secret
resources = echo:127.0.0.1:7777
`

/** In a network of its own: first straight to the server of the tunnel, then by the resolver, which asks that server. */
const script = ({ server, client }: Tunnel): string => `
ip link set lo up
mount -t tmpfs tmpfs /dev/net 2>/dev/null || { mkdir -p /dev/net && mount -t tmpfs tmpfs /dev/net; }
mknod /dev/net/tun c 10 200
${server} >server.log 2>&1 &
server=$!
sleep 1
use() { ${client}; }
use 127.0.0.2 >direct.log 2>&1
"$1" "$2" dns --listen 127.0.0.1 --upstream 127.0.0.2 --policy policy.yaml --log queries.jsonl 2>resolver.log &
resolver=$!
for at in $(seq 150); do grep -q answering resolver.log && break; sleep 0.1; done
use 127.0.0.1 >refused.log 2>&1
kill $resolver $server
wait
`

suite('tunnels through DNS', { skip: needsRoot }, () => {
  for (const tunnel of TUNNELS) {
    test(`${tunnel.name} works straight to its server, and not by the resolver under default deny`, () => {
      const folder = mkdtempSync(join(tmpdir(), 'sallyport-tunnel-'))
      try {
        writeFileSync(join(folder, 'policy.yaml'), POLICY)
        writeFileSync(join(folder, 'dns2tcpd.conf'), DNS2TCPD)
        const inside = ['--net', '--mount', 'sh', '-c', script(tunnel), 'sh', process.execPath, MAIN]
        spawnSync('unshare', inside, { cwd: folder, timeout: 60_000 })
        const read = (file: string): string => readFileSync(join(folder, file), 'utf8')
        assert.match(read('direct.log'), tunnel.works)
        assert.doesNotMatch(read('refused.log'), tunnel.works)
        const queries = read('queries.jsonl')
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as { name: string; outcome: string; upstream: string | null })
        assert.ok(queries.length > 0)
        // Nothing of what the client wanted to carry out was asked of anybody.
        for (const { name, outcome, upstream } of queries) {
          assert.deepEqual([outcome, upstream], ['refused', null], name)
        }
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    })
  }
})
