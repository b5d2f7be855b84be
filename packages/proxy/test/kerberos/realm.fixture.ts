import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../free-port.fixture.ts'

export type Realm = AsyncDisposable & {
  readonly name: string
  readonly keytab: string
  /** For the environment of a client: where its tickets are. */
  readonly environment: NodeJS.ProcessEnv
  readonly logIn: (principal: string, ...options: readonly string[]) => void
}

/** A realm of its own with MIT's KDC on loopback, users with the password `secret`, and a keytab of `services`. */
export async function startRealm(
  name: string,
  users: readonly string[],
  services: readonly string[] = ['HTTP/localhost'],
): Promise<Realm> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-realm-'))
  const path = (file: string): string => join(folder, file)
  const port = await freePort()
  writeFileSync(path('krb5.conf'), clientConfig(name, port))
  writeFileSync(path('kdc.conf'), serverConfig(name, port, path))
  const environment = {
    ...process.env,
    KRB5_CONFIG: path('krb5.conf'),
    KRB5_KDC_PROFILE: path('kdc.conf'),
    KRB5CCNAME: `FILE:${path('tickets')}`,
    PATH: `${process.env['PATH']}:/usr/sbin`,
  }
  const call = (command: string, args: readonly string[], input = ''): void =>
    void execFileSync(command, args, { env: environment, input, stdio: ['pipe', 'ignore', 'pipe'] })
  call('kdb5_util', ['create', '-s', '-r', name, '-P', 'master'])
  const queries = [
    ...users.map((user) => `addprinc -pw secret ${user}`),
    ...services.flatMap((service) => [`addprinc -randkey ${service}`, `ktadd -k ${path('keytab')} ${service}`]),
  ]
  call('kadmin.local', ['-r', name], `${queries.join('\n')}\n`)
  const kdc = spawn('krb5kdc', ['-n', '-r', name], { env: environment, stdio: 'ignore' })
  await isListening(port)
  return {
    name,
    keytab: path('keytab'),
    environment,
    logIn: (principal, ...options) => call('kinit', [...options, principal], 'secret\n'),
    [Symbol.asyncDispose]: async () => {
      kdc.kill('SIGKILL')
      await once(kdc, 'exit')
      rmSync(folder, { recursive: true })
    },
  }
}

/** Clocks are one clock here, so that what runs out does so when it says. */
const clientConfig = (realm: string, port: number): string => `[libdefaults]
 default_realm = ${realm}
 dns_lookup_kdc = false
 dns_canonicalize_hostname = false
 qualify_shortname = ""
 clockskew = 1
[realms]
 ${realm} = {
  kdc = 127.0.0.1:${port}
 }
[domain_realm]
 localhost = ${realm}
`

const serverConfig = (realm: string, port: number, path: (file: string) => string): string => `[kdcdefaults]
 kdc_listen = 127.0.0.1:${port}
 kdc_tcp_listen = 127.0.0.1:${port}
[realms]
 ${realm} = {
  database_name = ${path('principal')}
  key_stash_file = ${path('stash')}
 }
`

async function isListening(port: number): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    const socket = connect(port, '127.0.0.1')
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.destroy()
    if (isOpen) return
    await sleep(20)
  }
  throw new Error(`no KDC listens on port ${port}`)
}
