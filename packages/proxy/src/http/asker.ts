import type { Framing, RequestHead, ResponseHead } from '@sallyport/wire'
import type { Refusal } from '../answers.ts'
import type { Peer } from '../client/client.ts'
import type { ByteSocket } from '../sockets/byte-socket.ts'
import type { OpenRecord } from '../log/open-record.ts'
import type { BodySink, BodySource } from './body.ts'

export type HttpVersion = '1.0' | '1.1' | '2.0'

/** What is to become of the connection after a request; `taken`: it was a tunnel, or is closed already. */
export type AfterRequest = 'keep' | 'close' | 'taken'

/** A connection that both sides use for something else from now on, and what had come on it already. */
export type TakenOver = { readonly socket: ByteSocket; readonly held: Buffer }

/** One request of a client and the way back to it, whatever version of HTTP it came in. */
export type Asker = {
  readonly peer: Peer
  readonly version: HttpVersion
  readonly head: RequestHead
  readonly framing: Framing
  readonly body: BodySource
  readonly isGone: boolean
  readonly whenGone: (then: () => void) => Disposable
  /** The client waits for 100 (Continue), and has sent nothing of its body. */
  readonly sendContinue: () => void
  /** An answer that is none yet (RFC 9110 §15.2). */
  readonly interim: (head: ResponseHead, version: HttpVersion) => Promise<unknown>
  /** Null when the client is gone. */
  readonly answer: (head: ResponseHead, framing: Framing, version: HttpVersion) => Promise<BodySink | null>
  readonly takeOver: (head: ResponseHead, version: HttpVersion) => Promise<TakenOver>
  readonly refuse: (no: Refusal, record: OpenRecord) => Promise<AfterRequest>
  /** Ends an answer that cannot be whole, so that it does not look so. */
  readonly cut: () => void
  /** After a whole answer. `isWhole`: so was the request. */
  readonly after: (isWhole: boolean) => AfterRequest
}
