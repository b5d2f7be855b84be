import { fieldValues, icapRequestText, type Field, type Framing, type IcapHead } from '@sallyport/wire'
import type { BodySource } from '../http/body.ts'
import { Http1BodySource } from '../http/http1-body.ts'
import type { ProxyCore } from '../proxy-core.ts'
import { IcapConnections, type IcapConnection } from './icap-connections.ts'
import { icapHost, icapUrl, type IcapService } from './icap-service.ts'
import { writeChunk } from '../http/http1-body.ts'
import { closesAfter, readEncapsulated, readIcapHead } from './icap-talk.ts'
import { KeptBody } from './kept-body.ts'

type HeadName = 'req-hdr' | 'res-hdr'

export type IcapQuestion = {
  readonly heads: readonly (readonly [HeadName, string])[]
  readonly framing: Framing
  readonly source: BodySource
  /** Who asks: fields of the ICAP request. */
  readonly fields: readonly (readonly [string, string])[]
}

export type IcapAnswer =
  /** Goes on as it was: what was read for the server comes again. */
  | { readonly state: 'unmodified'; readonly source: BodySource }
  | {
      readonly state: 'changed'
      readonly heads: ReadonlyMap<HeadName, string>
      readonly source: BodySource
      readonly hasBody: boolean
      /** For a body that nobody reads to its end. */
      readonly release: () => void
    }
  /** `source` is null when a part of the body is gone. */
  | { readonly state: 'failed'; readonly explain: string; readonly source: BodySource | null }

type Capabilities = { readonly preview: number | null; readonly untilMs: number; readonly problem: string | null }

const LONGEST_KEPT_MS = 3_600_000
/** A server that could not be asked is left alone for so long. */
const FAILURE_KEPT_MS = 5000
const MOST_PREVIEW = 65_536

/** One service, asked about one message at a time over each of its connections. */
export class IcapClient {
  readonly #core: ProxyCore
  readonly #service: IcapService
  readonly #method: 'REQMOD' | 'RESPMOD'
  readonly #connections: IcapConnections
  #capabilities: Capabilities | null = null
  #asking: Promise<Capabilities> | null = null

  constructor(core: ProxyCore, service: IcapService, method: 'REQMOD' | 'RESPMOD') {
    this.#core = core
    this.#service = service
    this.#method = method
    this.#connections = new IcapConnections(service, core.limits.icapConnections, core.timeouts.connectMs)
  }

  close(): void {
    this.#connections.close()
  }

  async ask(question: IcapQuestion): Promise<IcapAnswer> {
    this.#core.counters.add('icapAsked')
    const kept = new KeptBody(question.source, question.framing, this.#core.limits.icapBytes)
    const { preview, problem } = await this.#capable()
    if (problem !== null) return this.#failed(problem, kept)
    const answer = await this.#attempt(question, kept, preview, true)
    // What is idle may be closed just when it is used; then the same is asked once more.
    return answer === 'stale' ? ((await this.#attempt(question, kept, preview, false)) as IcapAnswer) : answer
  }

  async #attempt(
    question: IcapQuestion,
    kept: KeptBody,
    preview: number | null,
    mayReuse: boolean,
  ): Promise<IcapAnswer | 'stale'> {
    const connection = await this.#connections.take(mayReuse)
    if (connection === null) return this.#failed('it cannot be reached', kept)
    const said = await this.#exchange(connection, question, kept, preview)
    if ('problem' in said) {
      this.#connections.release(connection, false)
      const isStale = connection.isReused && said.octets === 0 && kept.isWhole
      return isStale ? 'stale' : this.#failed(said.problem, kept)
    }
    if (said.status === 204) {
      this.#connections.release(connection, kept.isSent && !closesAfter(said))
      return kept.again() === null
        ? this.#failed('it cannot let pass what was not kept', kept)
        : { state: 'unmodified', source: kept.again()! }
    }
    return said.status === 200 ? this.#changed(connection, said, kept) : this.#refusedBy(connection, said, kept)
  }

  /** Sends the message as far as the server wants it; its last word. */
  async #exchange(
    connection: IcapConnection,
    question: IcapQuestion,
    kept: KeptBody,
    preview: number | null,
  ): Promise<Awaited<ReturnType<typeof readIcapHead>>> {
    const { bodyIdleMs, icapMs } = this.#core.timeouts
    const hasBody = question.framing.kind !== 'none'
    const first = hasBody ? await kept.first(preview ?? 0, bodyIdleMs) : Buffer.alloc(0)
    if (first === null) return { problem: 'the body did not come', octets: 1 }
    const isPreview = hasBody && preview !== null
    const fields = [
      ...question.fields,
      ...(kept.mayKeep ? [['Allow', '204'] as const] : []),
      ...(isPreview ? [['Preview', String(first.length)] as const] : []),
    ]
    const body = !hasBody ? 'null-body' : this.#method === 'REQMOD' ? 'req-body' : 'res-body'
    connection.socket.write(this.#text(this.#method, { ...question, fields, body }), 'latin1')
    if (!hasBody) return readIcapHead(connection, icapMs)
    if (isPreview) {
      await writeChunk(connection.socket, first, icapMs)
      connection.socket.write(kept.isAtEnd ? '0; ieof\r\n\r\n' : '0\r\n\r\n', 'latin1')
      const said = await readIcapHead(connection, icapMs)
      if ('problem' in said || said.status !== 100) return said
      if (kept.isSent) return { problem: 'it asks for more than there is', octets: 1 }
    }
    const problem = await this.#sendRest(connection, kept)
    return problem === null ? readIcapHead(connection, icapMs) : { problem, octets: 1 }
  }

  async #sendRest(connection: IcapConnection, kept: KeptBody): Promise<string | null> {
    const { bodyIdleMs, icapMs } = this.#core.timeouts
    // A server may answer before it has seen everything.
    while (connection.reader.held === 0) {
      const piece = await kept.next(bodyIdleMs)
      if (piece === 'end') {
        connection.socket.write('0\r\n\r\n', 'latin1')
        return null
      }
      if (piece === 'too-large') return `longer than the ${this.#core.limits.icapBytes} octets that are kept for it`
      if (typeof piece === 'string') return 'the body is not whole'
      if (!(await writeChunk(connection.socket, piece, icapMs))) return 'it does not take the body'
    }
    return null
  }

  async #changed(connection: IcapConnection, head: IcapHead, kept: KeptBody): Promise<IcapAnswer> {
    const read = await readEncapsulated(connection, head, this.#core.timeouts.icapMs)
    if (typeof read === 'string') {
      this.#connections.release(connection, false)
      return this.#failed(read, kept)
    }
    const source = new Http1BodySource(connection.reader, read.hasBody ? { kind: 'chunked' } : { kind: 'none' })
    let isReleased = false
    const release = (): void => {
      if (isReleased) return
      isReleased = true
      this.#connections.release(connection, kept.isSent && source.isEnd && !closesAfter(head))
    }
    if (!read.hasBody) release()
    return { state: 'changed', heads: read.heads, source, hasBody: read.hasBody, release }
  }

  #refusedBy(connection: IcapConnection, head: IcapHead, kept: KeptBody): IcapAnswer {
    this.#connections.release(connection, false)
    return this.#failed(`it answered with ${head.status}`, kept)
  }

  #failed(why: string, kept: KeptBody): IcapAnswer {
    return { state: 'failed', explain: `${icapUrl(this.#service)}: ${why}`, source: kept.again() }
  }

  async #capable(): Promise<Capabilities> {
    const known = this.#capabilities
    if (known !== null && known.untilMs > performance.now()) return known
    this.#asking ??= this.#askOptions().finally(() => (this.#asking = null))
    this.#capabilities = await this.#asking
    return this.#capabilities
  }

  /** RFC 3507 §4.10. */
  async #askOptions(): Promise<Capabilities> {
    const failed = (problem: string): Capabilities => ({
      preview: null,
      untilMs: performance.now() + FAILURE_KEPT_MS,
      problem,
    })
    const connection = await this.#connections.take(false)
    if (connection === null) return failed('it cannot be reached')
    const question = { heads: [], fields: [], body: 'null-body' } as const
    connection.socket.write(this.#text('OPTIONS', question), 'latin1')
    const said = await readIcapHead(connection, this.#core.timeouts.icapMs)
    if ('problem' in said) {
      this.#connections.release(connection, false)
      return failed(said.problem)
    }
    this.#connections.release(connection, !closesAfter(said) && (numberIn(said.fields, 'content-length') ?? 0) === 0)
    if (said.status !== 200) return failed(`it answered OPTIONS with ${said.status}`)
    const methods = fieldValues(said.fields, 'methods').join().toUpperCase()
    if (!methods.includes(this.#method)) return failed(`it does not do ${this.#method}`)
    const most = numberIn(said.fields, 'max-connections')
    if (most !== null) this.#connections.limit(most)
    const preview = numberIn(said.fields, 'preview')
    const keptMs = Math.min((numberIn(said.fields, 'options-ttl') ?? 3600) * 1000, LONGEST_KEPT_MS)
    return {
      preview: preview === null ? null : Math.min(preview, MOST_PREVIEW),
      untilMs: performance.now() + Math.max(keptMs, FAILURE_KEPT_MS),
      problem: null,
    }
  }

  #text(
    method: 'REQMOD' | 'RESPMOD' | 'OPTIONS',
    question: Pick<IcapQuestion, 'heads' | 'fields'> & { readonly body: 'req-body' | 'res-body' | 'null-body' },
  ): string {
    return icapRequestText({ ...question, method, url: icapUrl(this.#service), host: icapHost(this.#service) })
  }
}

function numberIn(fields: readonly Field[], name: string): number | null {
  const [value] = fieldValues(fields, name)
  return value !== undefined && /^\d{1,9}$/.test(value) ? Number(value) : null
}
