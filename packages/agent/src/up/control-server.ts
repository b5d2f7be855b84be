import { once } from 'node:events'
import { chmodSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { SallyportError, schemaProblem } from '@sallyport/policy'
import * as z from 'zod'
import {
  ApplySchema,
  ChangesSchema,
  ConfirmSchema,
  MAX_BODY_BYTES,
  RefreshFeedSchema,
  RollbackSchema,
} from './control-protocol.ts'
import type { HostControl } from './host-control.ts'

type Handle = (body: unknown) => unknown

/** Answers `apply`, `confirm`, `rollback`, `status` and what versions changed, and `feeds/refresh` on a socket that only its owner may open. */
export async function serveControl(
  path: string,
  control: HostControl,
  status: () => object,
  refreshFeed: (name: string, author: string) => Promise<object>,
): Promise<AsyncDisposable> {
  const routes: Readonly<Record<string, Handle>> = {
    'GET /status': () => status(),
    'GET /versions': () => control.versions(),
    'POST /versions/changes': async (body) => ({ diff: await control.changes(ChangesSchema.parse(body).version) }),
    'POST /apply': (body) => control.apply(ApplySchema.parse(body)),
    'POST /confirm': (body) => control.confirm(ConfirmSchema.parse(body).author),
    'POST /rollback': (body) => {
      const { author, version } = RollbackSchema.parse(body)
      return control.rollback(author, version)
    },
    'POST /feeds/refresh': (body) => {
      const { author, name } = RefreshFeedSchema.parse(body)
      return refreshFeed(name, author)
    },
  }
  const server = createServer((request, response) => void answer(routes, request, response))
  // A socket that a killed process left would be in the way; a living one has the store open, so that we are not here.
  rmSync(path, { force: true })
  const mask = process.umask(0o177)
  try {
    server.listen(path)
    await once(server, 'listening')
  } finally {
    process.umask(mask)
  }
  chmodSync(path, 0o600)
  return {
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function answer(
  routes: Readonly<Record<string, Handle>>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const handle = routes[`${request.method} ${request.url}`]
    if (handle === undefined) return send(response, 404, failure('usage', 'no such request', ''))
    const body = request.method === 'POST' ? await readJson(request) : null
    send(response, 200, (await handle(body)) as object)
  } catch (error) {
    if (error instanceof SallyportError) return send(response, 400, failure(error.code, error.message, error.remedy))
    if (error instanceof z.ZodError) return send(response, 400, failure('usage', schemaProblem(error), ''))
    const isInput = error instanceof SyntaxError
    const text = error instanceof Error ? error.message : String(error)
    send(response, isInput ? 400 : 500, failure(isInput ? 'usage' : 'internal', text, ''))
  }
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > MAX_BODY_BYTES) throw new SallyportError('file-too-large', `more than ${MAX_BODY_BYTES} bytes`)
    chunks.push(chunk)
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8'))
}

function failure(code: string, message: string, remedy: string): object {
  return { error: { code, message, remedy } }
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
