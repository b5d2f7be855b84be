import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { IcapService } from '@sallyport/proxy'
import { freePort } from '../free-port.fixture.ts'

export const hasCIcap = (): boolean => spawnSync('sh', ['-c', 'command -v c-icap'], { stdio: 'ignore' }).status === 0

export type IcapLab = AsyncDisposable & { readonly service: IcapService }

/** Debian's c-icap with its echo service, which gives back what it gets, or lets pass what it has seen the beginning of. */
export async function startCIcap(): Promise<IcapLab> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-icap-'))
  const port = await freePort()
  const conf = join(folder, 'c-icap.conf')
  const lines = [
    `PidFile ${folder}/pid`,
    `CommandsSocket ${folder}/ctl`,
    `Port 127.0.0.1:${port}`,
    'StartServers 1\nMaxServers 1\nMinSpareThreads 2\nMaxSpareThreads 4\nThreadsPerChild 8',
    `TmpDir ${folder}\nServerLog ${folder}/server.log\nAccessLog ${folder}/access.log`,
    'ModulesDir /usr/lib/x86_64-linux-gnu/c_icap\nServicesDir /usr/lib/x86_64-linux-gnu/c_icap',
    'LoadMagicFile /etc/c-icap/c-icap.magic\nService echo srv_echo.so',
  ]
  const triplet = process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu'
  writeFileSync(conf, `${lines.join('\n').replaceAll('x86_64-linux-gnu', triplet)}\n`)
  const child = spawn('c-icap', ['-N', '-f', conf], { stdio: 'ignore' })
  for (let tries = 0; tries < 100; tries++) {
    const socket = connect({ port, host: '127.0.0.1' })
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.on('error', () => {}).destroy()
    if (isOpen) break
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return {
    service: { host: '127.0.0.1', port, path: '/echo' },
    [Symbol.asyncDispose]: async () => {
      const gone = once(child, 'exit')
      child.kill('SIGTERM')
      const late = setTimeout(() => child.kill('SIGKILL'), 3000)
      await gone
      clearTimeout(late)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export const OPTIONS =
  'ICAP/1.0 200 OK\r\nMethods: REQMOD, RESPMOD\r\nPreview: 64\r\nAllow: 204\r\nISTag: "lab"\r\nEncapsulated: null-body=0\r\n\r\n'

export type FakeIcap = AsyncDisposable & {
  readonly service: IcapService
  readonly asked: string[]
  readonly connections: () => number
}

/**
 * A server that answers each request as told, once its heads and its preview or its whole body have come. `null`: it closes.
 * OPTIONS are answered as usual unless `answer` does.
 */
export async function startFakeIcap(
  answer: (request: string, socket: Socket) => string | null | undefined,
): Promise<FakeIcap> {
  const asked: string[] = []
  const sockets = new Set<Socket>()
  let connections = 0
  const server = createServer((socket) => {
    connections++
    sockets.add(socket)
    socket.on('error', () => {})
    let text = ''
    socket.on('data', (piece: Buffer) => {
      text += piece.toString('latin1')
      const isDone =
        text.startsWith('OPTIONS') || /null-body=\d+\r\n/.test(text)
          ? text.includes('\r\n\r\n')
          : /(^|\r\n)0(; ieof)?\r\n\r\n$/.test(text)
      if (!isDone) return
      const request = text
      text = ''
      asked.push(request)
      const own = answer(request, socket)
      const said = own === undefined && request.startsWith('OPTIONS') ? OPTIONS : own
      if (said === null) socket.destroy()
      else if (said !== undefined) socket.write(Buffer.from(said, 'latin1'))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    service: { host: '127.0.0.1', port: (server.address() as AddressInfo).port, path: '/scan' },
    asked,
    connections: () => connections,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** An answer of 200 with heads and a body in one chunk. */
export function adapted(heads: readonly (readonly ['req-hdr' | 'res-hdr', string])[], body: string | null): string {
  let offset = 0
  const parts = heads.map(([name, text]) => {
    const part = `${name}=${offset}`
    offset += text.length
    return part
  })
  const kind = body === null ? 'null-body' : heads.at(-1)![0] === 'req-hdr' ? 'req-body' : 'res-body'
  const chunks =
    body === null ? '' : `${body.length === 0 ? '' : `${body.length.toString(16)}\r\n${body}\r\n`}0\r\n\r\n`
  return `ICAP/1.0 200 OK\r\nISTag: "lab"\r\nEncapsulated: ${[...parts, `${kind}=${offset}`].join(', ')}\r\n\r\n${heads.map(([, text]) => text).join('')}${chunks}`
}
