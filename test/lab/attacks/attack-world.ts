import { copyFileSync, chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { RESOLVER } from '../guarded-network.ts'
import { writeKeys } from '../lab-files.ts'
import { startServices, type Arrivals } from '../lab-services.ts'
import type { Lab, Started } from '../open-lab.ts'
import { SERVERS } from './attack-servers.ts'

const RANGE = [10, 20, 50, 59, 60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 71, 72, 73, 74].map(
  (host) => `198.51.100.${host}`,
)
export const METADATA = '169.254.169.254'
/** 198.51.100.20, as a translator's prefix writes it. */
export const NAT64 = '64:ff9b::c633:6414'

export const WORLD_ADDRESSES: readonly string[] = [
  ...[RESOLVER, ...RANGE].map((each) => `${each}/24`),
  '2001:db8:1::10/64',
  '2001:db8:1::20/64',
  `${METADATA}/32`,
  `${NAT64}/128`,
]

export type AttackWorld = {
  readonly arrivals: Arrivals
  /** What the world's resolver was asked. */
  readonly questions: () => string
}

/** Every server that an attack talks to; all of them are there under every policy. */
export async function openAttackWorld(lab: Lab): Promise<AttackWorld> {
  writeFiles(lab)
  const inWorld = [RESOLVER, ...RANGE].slice(1)
  const ports = (list: readonly string[], port: number): readonly string[] => list.map((each) => `${each} ${port}`)
  const six = ['2001:db8:1::10', '2001:db8:1::20']
  const tls = [10, 20, 50, 71, 73, 74].map((host) => `198.51.100.${host}`).concat(six)
  const started = new Map<string, Started>()
  const questions = await Promise.all(
    Object.entries(SERVERS).map(async ([name, { command, ready }]) => {
      const server = lab.start('world', ['sh', '-c', command], { env: { RESOLVER } })
      started.set(name, server)
      let output = ''
      for (const stream of [server.child.stdout!, server.child.stderr!])
        stream.on('data', (text: string) => (output += text))
      await server.says(ready)
      return () => (name === 'resolver' ? output : '')
    }),
  )
  const arrivals = await startServices(lab, 'world', {
    dns: { at: '198.51.100.72', zone: {} },
    http: [...ports([...inWorld.slice(0, 3), ...six, METADATA, NAT64], 80)],
    https: { at: ports(tls, 443), cert: 'cert.pem', key: 'key.pem' },
    tcp: ['198.51.100.69 443', '198.51.100.10 4444', '198.51.100.20 4444', '198.51.100.20 445', '198.51.100.20 1883'],
    udp: ['198.51.100.69 443', '198.51.100.20 7000', '198.51.100.10 7000'],
  })
  return { arrivals, questions: () => questions.map((each) => each()).join('') }
}

function writeFiles(lab: Lab): void {
  const { directory } = lab
  const at = (name: string): string => join(directory, name)
  writeKeys(lab)
  writeFileSync(at('secret'), 'canary\n')
  for (const program of ['fetch', 'tool', 'copy']) copyFileSync('/usr/bin/curl', at(program))
  mkdirSync(at('ftp'), { mode: 0o755 })
  copyFileSync(at('secret'), at('ftp/secret'))
  // The folder that a chrooted anonymous user gets must not be his.
  chmodSync(directory, 0o755)
  mkdirSync('/run/sshd', { recursive: true })
  for (const [name, lines] of Object.entries(FILES)) writeFileSync(at(name), `${lines.join('\n')}\n`, { mode: 0o755 })
}

const FILES: Readonly<Record<string, readonly string[]>> = {
  redirect: [
    '#!/bin/sh',
    // Closed with something unread, a connection is reset.
    'while read -r line && [ ${#line} -gt 1 ]; do :; done',
    `printf 'HTTP/1.1 302 Found\\r\\nLocation: http://%s/latest/\\r\\nContent-Length: 0\\r\\nConnection: close\\r\\n\\r\\n' ${METADATA}`,
  ],
  shell: ['#!/bin/sh', 'cat secret', 'read back', 'echo $back >&2'],
  'sshd.conf': [
    'ListenAddress 198.51.100.61:443',
    'ListenAddress 198.51.100.10:22',
    'PermitRootLogin prohibit-password',
    'StrictModes no',
    'UsePAM no',
    'PidFile none',
  ],
  'dns2tcpd.conf': [
    'listen = 198.51.100.59',
    'port = 53',
    'user = root',
    'chroot = /tmp',
    'domain = d.tunnel.test',
    'key = secret',
    'resources = echo:127.0.0.1:7777',
  ],
  'stunnel-server.conf': [
    'foreground = yes',
    'pid =',
    '[ssh]',
    'cert = cert.pem',
    'key = key.pem',
    'accept = 198.51.100.64:443',
    'connect = 198.51.100.61:443',
  ],
  'stunnel-client.conf': [
    'foreground = yes',
    'pid =',
    '[ssh]',
    'client = yes',
    'accept = 127.0.0.1:8443',
    'connect = 198.51.100.64:443',
  ],
  'ftpd.conf': [
    'listen=YES',
    'listen_address=198.51.100.67',
    'background=NO',
    'anonymous_enable=YES',
    'write_enable=NO',
    'seccomp_sandbox=NO',
    'no_anon_password=YES',
    'secure_chroot_dir=/run/sshd',
    'ftp_username=daemon',
  ],
  torrc: [
    'SocksPort 0',
    'ORPort 198.51.100.63:443 IPv4Only',
    'Address 198.51.100.63',
    'BridgeRelay 1',
    'PublishServerDescriptor 0',
    'AssumeReachable 1',
    'ExitRelay 0',
    'DataDirectory tor-bridge',
    'ContactInfo none',
    'Log notice stdout',
  ],
  'tor-client': [
    'SocksPort 0',
    'UseBridges 1',
    'Bridge 198.51.100.63:443',
    'DataDirectory tor-client-data',
    'Log notice stdout',
  ],
}
