import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { RESOLVER } from './guarded-network.ts'
import type { Lab } from './open-lab.ts'

/** A certificate (`cert.pem`, `key.pem`), keys of SSH (`host`, `user`), and what a client of SSH needs (`ssh.conf`). */
export function writeKeys({ directory }: Lab): void {
  const quiet = { cwd: directory, stdio: 'ignore' } as const
  const names = 'subjectAltName=DNS:allowed.test,DNS:shared-a.test,DNS:*.test,IP:198.51.100.10'
  const made = ['-keyout', 'key.pem', '-out', 'cert.pem', '-subj', '/CN=allowed.test', '-days', '2', '-addext', names]
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...made], quiet)
  for (const name of ['host', 'user']) execFileSync('ssh-keygen', ['-qt', 'ed25519', '-N', '', '-f', name], quiet)
  writeFileSync(join(directory, 'ssh.conf'), SSH)
  writeFileSync(join(directory, 'resolv.conf'), `nameserver ${RESOLVER}\n`)
}

/** Starts a command whose look-ups go to the world's resolver, whatever this machine's do. */
export const WITH_RESOLVER: readonly string[] = [
  'unshare',
  '--mount',
  'sh',
  '-c',
  'mount --bind resolv.conf /etc/resolv.conf && exec "$@"',
  'sh',
]

const SSH = `Host *
  User root
  IdentityFile user
  StrictHostKeyChecking no
  UserKnownHostsFile /dev/null
  LogLevel ERROR
  BatchMode yes
  ConnectTimeout 4
`
