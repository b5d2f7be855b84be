import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { deserialize, serialize } from 'node:v8'
import { SallyportError, type ErrorCode } from '@sallyport/policy'
import type { FlowStore } from '../flow-store.ts'

/** What others may ask of a store that one process has open. */
export const SHARED = [
  'list',
  'top',
  'factGroups',
  'flowsByHour',
  'drops',
  'past',
  'export',
  'ingest',
  'batchesAfter',
] as const
export type FlowQueries = Pick<FlowStore, (typeof SHARED)[number]>
export type SharedCall = { readonly method: (typeof SHARED)[number]; readonly args: readonly unknown[] }

/** The status of an answer that says an error with its code. */
export const CODED = 422
export type CodedFailure = { readonly code: ErrorCode; readonly message: string; readonly remedy: string }

const MAX_BODY_BYTES = 2 ** 28

export function storeSocket(stateDirectory: string): string {
  return join(stateDirectory, 'store.sock')
}

/**
 * The store for other processes of its owner: one call a request, as structured clones (node:v8). Who may open the socket may
 * read the store's files as well.
 */
export async function serveStore(path: string, store: FlowQueries): Promise<AsyncDisposable> {
  const server = createServer((request, response) => {
    void answer(store, request).then(
      (result) => response.end(serialize(result)),
      (error: unknown) => refuse(response, error),
    )
  })
  // The lock of the store's directory is ours, so nobody else answers there.
  rmSync(path, { force: true })
  const mask = process.umask(0o177)
  try {
    server.listen(path)
    await once(server, 'listening')
  } finally {
    process.umask(mask)
  }
  return {
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** An error with a code is the asker's to tell, as if the store were its own. */
function refuse(response: ServerResponse, error: unknown): void {
  if (error instanceof SallyportError) {
    const { code, message, remedy } = error
    response.writeHead(CODED).end(serialize({ code, message, remedy } satisfies CodedFailure))
  } else response.writeHead(500).end(error instanceof Error ? error.message : String(error))
}

async function answer(store: FlowQueries, request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > MAX_BODY_BYTES) throw new RangeError(`more than ${MAX_BODY_BYTES} bytes`)
    chunks.push(chunk)
  }
  const { method, args } = deserialize(Buffer.concat(chunks)) as SharedCall
  if (!SHARED.includes(method)) throw new RangeError(`${String(method)} is not shared`)
  return Reflect.apply(store[method], store, args) as Promise<unknown>
}
