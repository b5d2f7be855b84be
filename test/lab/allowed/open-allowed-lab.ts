import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openGuardedNetwork, RESOLVER } from '../guarded-network.ts'
import { writeKeys } from '../lab-files.ts'
import { startServices } from '../lab-services.ts'
import type { Lab } from '../open-lab.ts'
import { LARGE_BYTES } from './clients.ts'

const SERVER = '198.51.100.10'
const SERVER6 = '2001:db8:1::10'

const SSHD = `ListenAddress ${SERVER}
PermitRootLogin prohibit-password
StrictModes no
UsePAM no
PidFile none
`
const FTPD = `listen=YES
listen_address=${SERVER}
background=NO
anonymous_enable=YES
seccomp_sandbox=NO
no_anon_password=YES
secure_chroot_dir=/run/sshd
ftp_username=daemon
`

/** A server of web pages, SSH and FTP that is allowed, behind a router that forwards. */
export async function openAllowedLab(): Promise<Lab> {
  const lab = await openGuardedNetwork()
  const at = (name: string): string => join(lab.directory, name)
  writeKeys(lab)
  writeFileSync(at('large'), Buffer.alloc(LARGE_BYTES, 'sallyport '))
  writeFileSync(at('sshd.conf'), SSHD)
  writeFileSync(at('ftpd.conf'), FTPD)
  mkdirSync(at('ftp'), { mode: 0o755 })
  writeFileSync(at('ftp/secret'), 'canary\n')
  copyFileSync(at('user.pub'), at('authorized'))
  mkdirSync('/run/sshd', { recursive: true })
  await lab.run('router', ['sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1'])
  const ssh = [
    '/usr/sbin/sshd',
    '-D',
    '-e',
    '-f',
    'sshd.conf',
    '-h',
    at('host'),
    '-o',
    `AuthorizedKeysFile=${at('authorized')}`,
  ]
  const sshd = lab.start('world', ssh)
  lab.start('world', ['vsftpd', 'ftpd.conf', `-oanon_root=${at('ftp')}`])
  await sshd.says('listening')
  const both = (port: number): readonly string[] => [`${SERVER} ${port}`, `${SERVER6} ${port}`]
  await startServices(lab, 'world', {
    dns: { at: RESOLVER, zone: { 'allowed.test': [SERVER, SERVER6] } },
    http: both(80),
    https: { at: both(443), cert: 'cert.pem', key: 'key.pem' },
  })
  return lab
}
