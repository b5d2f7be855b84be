import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { run, startServing, type Folder, type Serving } from './serving.fixture.ts'

export const POLICY = 'sallyport: 1\nname: lab\nrules:\n  - { id: lab, action: allow, to: [127.0.0.1] }\n'

type RunningProxy = Serving & {
  readonly port: number
  readonly curl: (...query: readonly string[]) => Promise<string>
}

export async function startProxy(files: Folder, ...args: readonly string[]): Promise<RunningProxy> {
  return startProxyBy([], files, ...args)
}

/** By a command that runs it, such as one that sets limits. */
export async function startProxyBy(
  by: readonly string[],
  files: Folder,
  ...args: readonly string[]
): Promise<RunningProxy> {
  writeFileSync(files.path('policy.yaml'), POLICY)
  const [policy, spool] = [files.path('policy.yaml'), files.path('spool')]
  const usual = ['--listen', '127.0.0.1:0', '--policy', policy, '--upstream', '127.0.0.1:1', '--record', spool]
  const proxy = await startServing(['proxy', '--json', ...usual, ...args], by)
  const { port } = proxy.endpoints[0]!
  const curl = async (...query: readonly string[]): Promise<string> =>
    (await run('curl', ['-sS', '-m', '60', '-w', ' %{http_code}', '-x', `http://127.0.0.1:${port}`, ...query])).stdout
  return { ...proxy, port, curl }
}

export async function startServer(
  answer: (response: ServerResponse) => void = (response) => void response.end('served'),
): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((_, response) => answer(response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
    },
  }
}
