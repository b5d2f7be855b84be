import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { findCgroupMount, PIN_ROOT } from '@sallyport/kernel'
import { needsRoot, OPEN_CHECKOUT } from './lab.ts'

const MAIN = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url))
const NOBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', 'env', 'HOME=/tmp']
const OPEN_TUN = 'mount -t tmpfs tmpfs /dev/net && mknod /dev/net/tun c 10 200 && chmod 666 /dev/net/tun'

/** A machine that differs from this one in one thing, for as long as the command runs. */
const inMachine = (difference: string): readonly string[] => [
  'unshare',
  '--mount',
  OPEN_CHECKOUT,
  'sh',
  '-c',
  `${difference} && exec "$@"`,
  'sh',
]

/** A user namespace that may hold no other, left without the capabilities that made it so. */
const WITHOUT_NAMESPACES = [
  'unshare',
  '--user',
  '--map-current-user',
  '--keep-caps',
  'sh',
  '-c',
  'echo 0 > /proc/sys/user/max_user_namespaces && exec setpriv --inh-caps=-all --ambient-caps=-all "$@"',
  'sh',
]

type Refused = {
  readonly args: readonly string[]
  readonly status: 2 | 3
  readonly says: RegExp
  readonly prefix?: readonly string[]
}

suite('a run that cannot begin says so once and leaves nothing behind', { skip: needsRoot }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-refused-'))
  chmodSync(directory, 0o755)
  after(() => rmSync(directory, { recursive: true }))
  const policy = (name: string, content: string | Uint8Array): readonly string[] => {
    const path = join(directory, name)
    writeFileSync(path, content)
    return ['--policy', path]
  }
  const huge = policy('huge.yaml', '')
  truncateSync(join(directory, 'huge.yaml'), 100 * 2 ** 20)
  const cycle =
    'sallyport: 1\nname: p\ndefine: { destinations: { a: [b], b: [a] } }\nrules: [{ id: r, action: allow, to: [a] }]\n'
  const byUser =
    'sallyport: 1\nname: p\nrules: [{ id: r, action: allow, from: [{ user: nobody-of-that-name }], to: [10.0.0.0/8] }]\n'
  const allow = ['--allow', '192.0.2.1']

  const cases: Readonly<Record<string, Refused>> = {
    'a truncated policy': {
      args: policy('cut.yaml', 'sallyport: 1\nrules:\n  - { id: a, act'),
      status: 2,
      says: /cut\.yaml:3:/,
    },
    'a binary policy': {
      args: policy('binary.yaml', Uint8Array.of(127, 69, 76, 70, 0)),
      status: 2,
      says: /binary\.yaml/,
    },
    'an absent file': { args: ['--policy', join(directory, 'absent.yaml')], status: 2, says: /absent\.yaml/ },
    'a file of 100 MB': { args: huge, status: 2, says: /huge\.yaml has 100 MiB; at most 16 MiB/ },
    'sets in a cycle': { args: policy('cycle.yaml', cycle), status: 2, says: /a.*b.*a/ },
    'an unknown user': { args: policy('user.yaml', byUser), status: 2, says: /nobody-of-that-name/ },
    'no BTF': {
      args: allow,
      status: 3,
      says: /shows no BTF.*\n.*CONFIG_DEBUG_INFO_BTF/,
      prefix: inMachine('mount -t tmpfs tmpfs /sys/kernel/btf'),
    },
    'no cgroup v2': {
      args: allow,
      status: 3,
      says: /cgroup/,
      prefix: inMachine(
        'for m in $(awk \'$9 == "cgroup2" || $8 == "cgroup2" { print $5 }\' /proc/self/mountinfo); do umount -l $m; done',
      ),
    },
    'no capabilities': {
      args: allow,
      status: 3,
      says: /lacks CAP_SETPCAP, CAP_NET_ADMIN, CAP_SYS_ADMIN\n.*container/,
      prefix: ['setpriv', '--bounding-set=-all', '--inh-caps=-all'],
    },
    'no user namespaces for an ordinary user': {
      args: allow,
      status: 3,
      says: /user namespace.*\n.*max_user_namespaces/,
      prefix: [...inMachine(OPEN_TUN), ...NOBODY, ...WITHOUT_NAMESPACES],
    },
    'a closed /dev/net/tun for an ordinary user': {
      args: allow,
      status: 3,
      says: /\/dev\/net\/tun.*\n.*(chmod 666|modprobe tun)/,
      prefix: [...inMachine('mount -t tmpfs tmpfs /dev/net'), ...NOBODY],
    },
    'no pasta for an ordinary user': {
      args: allow,
      status: 3,
      says: /pasta.*\n.*apt-get install passt/,
      prefix: [...inMachine(`${OPEN_TUN} && mount --bind /dev/null "$(command -v pasta)"`), ...NOBODY],
    },
  }

  for (const [what, { args, status, says, prefix = [] }] of Object.entries(cases)) {
    test(what, () => {
      const before = footprint()
      const command = args.includes('--') ? [] : ['--', 'true']
      const [program = '', ...rest] = [...prefix, process.execPath, MAIN, 'run', ...args, ...command]
      const ended = spawnSync(program, rest, { encoding: 'utf8', timeout: 30_000 })
      assert.equal(ended.status, status, ended.stderr)
      assert.match(ended.stderr, says)
      assert.equal(ended.stdout, '')
      assert.equal(ended.stderr.match(/^sallyport: /gm)?.length, 1, ended.stderr)
      assert.deepEqual(footprint(), before)
    })
  }
})

/** What a run makes on a machine: its cgroup, its maps and programs, its rules, its processes. */
function footprint(): object {
  const cgroups = join(findCgroupMount(), 'sallyport')
  const commands = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' }).split('\n')
  return {
    cgroups: existsSync(cgroups) ? readdirSync(cgroups).filter((name) => name.startsWith('run-')) : [],
    pins: existsSync(PIN_ROOT) ? readdirSync(PIN_ROOT) : [],
    rules: execFileSync('iptables-save', { encoding: 'utf8' }).replace(/^#.*\n/gm, ''),
    processes: commands.filter((line) => line.includes(MAIN) || /^pasta\b/.test(line)),
  }
}
