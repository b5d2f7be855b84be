import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const execute = promisify(execFile)

export type RealServer = AsyncDisposable & { readonly endpoint: { readonly address: string; readonly port: number } }

/** A free port for a server that cannot tell which one it took. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** unbound with these lines in its `server:` section, on a free port of 127.0.0.1. */
export async function unbound(...lines: readonly string[]): Promise<RealServer> {
  const port = await freePort()
  return await start(port, (folder) => {
    const settings = [
      'server:',
      ` interface: 127.0.0.1@${port}`,
      ` port: ${port}`,
      ' do-daemonize: no',
      ' username: ""',
      ' chroot: ""',
      ' pidfile: ""',
      ` directory: "${folder}"`,
      ' num-threads: 1',
      ' use-syslog: no',
      ' verbosity: 0',
      ' module-config: "iterator"',
      ' do-not-query-localhost: no',
      ...lines.map((line) => ` ${line}`),
    ]
    writeFileSync(join(folder, 'unbound.conf'), settings.join('\n') + '\n')
    return ['unbound', '-d', '-p', '-c', join(folder, 'unbound.conf')]
  })
}

/** dnsmasq with these options, on a free port of 127.0.0.1. */
export async function dnsmasq(...options: readonly string[]): Promise<RealServer> {
  const port = await freePort()
  const fixed = [
    '-k',
    '-C',
    '/dev/null',
    '-p',
    String(port),
    '-a',
    '127.0.0.1',
    '-z',
    '-R',
    '-h',
    '-u',
    'root',
    '-x',
    '',
  ]
  return await start(port, () => ['dnsmasq', ...fixed, ...options])
}

/** nsd with the zones whose files, named after them, are in `zones`, on a free port of 127.0.0.1. */
export async function nsd(zones: string, names: readonly string[]): Promise<RealServer> {
  const port = await freePort()
  return await start(port, (folder) => {
    const settings = [
      `server:\n ip-address: 127.0.0.1@${port}\n port: ${port}\n username: ""\n pidfile: ""\n database: ""`,
      ` zonesdir: "${zones}"\n xfrdfile: "${folder}/xfrd"\n zonelistfile: "${folder}/zones"\n xfrdir: "${folder}"`,
      ' server-count: 1\nremote-control:\n control-enable: no',
      ...names.map((name) => `zone:\n name: "${name}"\n zonefile: "${name}"`),
    ]
    writeFileSync(join(folder, 'nsd.conf'), settings.join('\n') + '\n')
    return ['nsd', '-d', '-c', join(folder, 'nsd.conf')]
  })
}

async function start(port: number, commandIn: (folder: string) => readonly string[]): Promise<RealServer> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-server-'))
  const [program, ...args] = commandIn(folder)
  const child = spawn(program!, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: `${process.env['PATH']}:/usr/sbin` },
  })
  const said: string[] = []
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk.toString()))
  let exited = false
  child.once('exit', () => (exited = true))
  const end = async (): Promise<void> => {
    if (!exited) {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
    rmSync(folder, { recursive: true, force: true })
  }
  for (let attempt = 0; attempt < 100 && !exited; attempt++) {
    const asked = await execute('dig', [
      '@127.0.0.1',
      '-p',
      String(port),
      '+tries=1',
      '+time=1',
      'version.bind',
      'CH',
      'TXT',
    ]).catch(() => null)
    if (asked !== null) return { endpoint: { address: '127.0.0.1', port }, [Symbol.asyncDispose]: end }
    await new Promise((next) => setTimeout(next, 50))
  }
  await end()
  throw new Error(`${program} did not start: ${said.join('')}`)
}

/** The standard output of a tool. */
export async function output(program: string, ...args: readonly string[]): Promise<string> {
  return (await execute(program, args, { timeout: 20_000 })).stdout
}
