import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FeedStore, subscription, updateSubscription, type Subscription, type Updated } from '../../src/index.ts'
import type { FetchBounds } from '../../src/index.ts'
import type { FeedSource } from '@sallyport/policy'

export type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** A web server on loopback with one answer at a time, and a store of its own. */
export class ListServer implements AsyncDisposable {
  readonly directory: string = mkdtempSync(join(tmpdir(), 'sallyport-feeds-'))
  readonly store: FeedStore = new FeedStore(join(this.directory, 'store'))
  readonly requests: IncomingMessage[] = []
  nowMs: number = Date.parse('2026-11-25T00:00:00Z')
  answer: Answer = (_, response) => void response.end('')
  readonly #server = createServer((request, response) => {
    this.requests.push(request)
    response.on('error', () => {})
    this.answer(request, response)
  })

  static async open(): Promise<ListServer> {
    const lists = new ListServer()
    lists.#server.listen(0, '127.0.0.1')
    await once(lists.#server, 'listening')
    return lists
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/list.txt`
  }

  feed(source: FeedSource = {}): Subscription {
    return subscription('bad', { url: this.url, ...source })
  }

  serve(body: string | Uint8Array, headers: Record<string, string> = {}): void {
    this.answer = (_, response) => void response.writeHead(200, headers).end(body)
  }

  update(
    feed: Subscription = this.feed(),
    bounds?: FetchBounds,
    popular: ReadonlySet<string> = new Set(['popular.example']),
  ): Promise<Updated> {
    return updateSubscription(feed, { store: this.store, nowMs: this.nowMs, popular, bounds })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    rmSync(this.directory, { recursive: true, force: true })
  }
}

export function names(count: number, prefix = 'n'): string {
  return Array.from({ length: count }, (_, at) => `${prefix}${at}.example\n`).join('')
}
