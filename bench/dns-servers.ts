import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A resolver that refuses the names of a list and asks `UPSTREAM_PORT` for the others. */
export type Server = {
  readonly name: string
  readonly port: number
  /** With these names refused. */
  readonly command: (names: readonly string[]) => readonly string[]
}

export const FIRST_PORT = 5410
export const UPSTREAM_PORT: number = FIRST_PORT + 9
export const ALLOWED_NAMES = 2000
const MAIN = join(import.meta.dirname, '../packages/cli/src/main.ts')

const POLICY = `
sallyport: 1
name: bench
default: allow
dns: { refusal: refused }
rules:
  - { id: no-malware, action: deny, to: [{ feed: malware }] }
`

/** All with the same names; their files are written to `folder`. The first three are Sallyport. */
export function resolvers(folder: string): readonly Server[] {
  const write = fileIn(folder)
  const listAndPolicy = (names: readonly string[]): readonly [string, string] => [
    write('list.txt', names.length === 0 ? ['# none'] : names),
    write('policy.yaml', [POLICY]),
  ]
  const own = (kind: string, port: number) => (names: readonly string[]) => {
    const server = join(import.meta.dirname, 'dns-server.ts')
    return [process.execPath, server, ...listAndPolicy(names), String(port), kind]
  }
  return [
    {
      name: 'sallyport dns',
      port: FIRST_PORT,
      command: (names) => {
        const [list, policy] = listAndPolicy(names)
        const asked = ['--listen', `127.0.0.1:${FIRST_PORT}`, '--upstream', `127.0.0.1:${UPSTREAM_PORT}`]
        return [process.execPath, MAIN, 'dns', '--policy', policy, '--feed', `malware=${list}`, ...asked]
      },
    },
    {
      name: 'sallyport, addresses bound in the kernel',
      port: FIRST_PORT + 1,
      command: own('bound', FIRST_PORT + 1),
    },
    { name: 'sallyport without its hot path', port: FIRST_PORT + 2, command: own('plain', FIRST_PORT + 2) },
    {
      name: 'unbound',
      port: FIRST_PORT + 3,
      command: (names) => ['unbound', '-d', '-c', write('unbound.conf', unboundLines(FIRST_PORT + 3, folder, names))],
    },
    {
      name: 'dnsdist',
      port: FIRST_PORT + 4,
      command: (names) => {
        const list = write('dnsdist.names', names)
        const config = write('dnsdist.lua', dnsdistLines(FIRST_PORT + 4, list))
        return ['dnsdist', '--supervised', '--disable-syslog', '-C', config]
      },
    },
    {
      name: 'dnsmasq',
      port: FIRST_PORT + 5,
      command: (names) => ['dnsmasq', '-k', '-C', write('dnsmasq.conf', dnsmasqLines(FIRST_PORT + 5, names))],
    },
  ]
}

/** What all of them ask: an address of its own for each allowed name. */
export function upstreamCommand(folder: string): readonly string[] {
  const lines = [
    ...unboundHead(UPSTREAM_PORT, folder),
    ...Array.from({ length: ALLOWED_NAMES }, (_, at) => {
      return ` local-data: "w${at}.bench-allowed.com. 3600 IN A 198.18.${at >> 8}.${at & 255}"`
    }),
  ]
  return ['unbound', '-d', '-c', fileIn(folder)('upstream.conf', lines)]
}

export function fileIn(folder: string): (name: string, lines: readonly string[]) => string {
  return (name, lines) => {
    const path = join(folder, name)
    writeFileSync(path, `${lines.join('\n')}\n`)
    return path
  }
}

function unboundHead(port: number, folder: string): readonly string[] {
  return [
    'server:',
    ` interface: 127.0.0.1\n port: ${port}\n do-daemonize: no\n username: ""\n chroot: ""\n pidfile: ""`,
    ` directory: "${folder}"\n num-threads: 1\n use-syslog: no\n so-rcvbuf: 4m`,
  ]
}

function unboundLines(port: number, folder: string, names: readonly string[]): readonly string[] {
  return [
    ...unboundHead(port, folder),
    ' do-tcp: no\n module-config: "iterator"\n do-not-query-localhost: no',
    ...names.map((name) => ` local-zone: "${name}." always_refuse`),
    `forward-zone:\n name: "."\n forward-addr: 127.0.0.1@${UPSTREAM_PORT}`,
  ]
}

function dnsdistLines(port: number, list: string): readonly string[] {
  return [
    `setLocal("127.0.0.1:${port}")`,
    `newServer({address="127.0.0.1:${UPSTREAM_PORT}"}):setUp()`,
    'getPool(""):setCache(newPacketCache(100000))',
    'local blocked = newSuffixMatchNode()',
    `for line in io.lines("${list}") do if line ~= "" then blocked:add(newDNSName(line)) end end`,
    'addAction(SuffixMatchNodeRule(blocked), RCodeAction(DNSRCode.REFUSED))',
  ]
}

function dnsmasqLines(port: number, names: readonly string[]): readonly string[] {
  return [
    `port=${port}\nlisten-address=127.0.0.1\nbind-interfaces\nno-resolv\nno-hosts\nuser=root\npid-file`,
    `server=127.0.0.1#${UPSTREAM_PORT}\ncache-size=10000`,
    ...names.map((name) => `local=/${name}/`),
  ]
}
