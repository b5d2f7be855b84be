import type { Framing, RequestHead, ResponseHead } from '@sallyport/wire'
import type { Refusal } from '../answers.ts'
import type { BodySink, BodySource } from './body.ts'
import type { HttpVersion, TakenOver } from './asker.ts'

export type ForwardedRequest = {
  readonly head: RequestHead
  readonly framing: Framing
  readonly version: HttpVersion
  readonly authority: string
  readonly path: string
  readonly via: string
  /** Whether the body was read before, so that nobody waits to be told to send it. */
  readonly isBodyRead: boolean
}

export type AnswerHead =
  | { readonly state: 'head'; readonly head: ResponseHead; readonly framing: Framing }
  | { readonly state: 'refused'; readonly refusal: Refusal; readonly isStale: boolean }
  /** Not an octet within the time for an answer; it may be asked for again. */
  | { readonly state: 'silent' }

/** `client`: for its next request, and for nobody else's. */
export type KeptUpstream = 'pool' | 'client' | 'no'

/** A server that takes one request, whatever version of HTTP it speaks. */
export type Answerer = {
  readonly version: HttpVersion
  readonly send: (request: ForwardedRequest) => BodySink
  /** The next head, interim ones too. */
  readonly nextHead: (request: ForwardedRequest) => Promise<AnswerHead>
  readonly body: (framing: Framing) => BodySource
  readonly takeOver: () => TakenOver
  /** After a whole exchange: the connection, or its place in it, may be used again. */
  readonly release: (keeps: KeptUpstream) => void
  readonly destroy: () => void
}
