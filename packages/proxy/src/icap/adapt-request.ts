import {
  isMessageFailure,
  parseRequestHead,
  parseResponseHead,
  type Framing,
  type RequestHead,
  type ResponseHead,
} from '@sallyport/wire'
import { refusal, type Refusal } from '../answers.ts'
import type { BodySource } from '../http/body.ts'
import type { ForwardedRequest } from '../http/answerer.ts'
import { requestHeadText } from '../http/forward-fields.ts'
import type { OpenRecord } from '../log/open-record.ts'
import type { ProxyCore } from '../proxy-core.ts'
import { askerFields } from './asker-fields.ts'
import type { Peer } from '../client/client.ts'

export type AdaptedRequest =
  | {
      readonly state: 'request'
      readonly request: ForwardedRequest
      readonly source: BodySource
      readonly release: () => void
    }
  /** The service answers in the place of the server. */
  | {
      readonly state: 'answered'
      readonly head: ResponseHead
      readonly framing: Framing
      readonly source: BodySource
      readonly release: () => void
    }
  | { readonly state: 'refused'; readonly refusal: Refusal }

/** Asks the service about a request that the policy lets through (REQMOD). */
export async function adaptRequest(
  core: ProxyCore,
  peer: Peer,
  request: ForwardedRequest,
  scheme: 'http' | 'https',
  source: BodySource,
  record: OpenRecord,
): Promise<AdaptedRequest> {
  const plain = { state: 'request', request, source, release: () => {} } as const
  const client = core.icap.request
  if (client === null) return plain
  const url = `${scheme}://${request.authority}${request.path}`
  const answer = await client.ask({
    heads: [['req-hdr', requestHeadText({ ...request, path: url, isBodyRead: true })]],
    framing: request.framing,
    source,
    fields: askerFields(peer, record),
  })
  record.set({ icap: answer.state })
  if (answer.state === 'unmodified') return { ...plain, source: answer.source }
  if (answer.state === 'failed') {
    core.counters.add('icapFailed')
    const mayPass = core.options.icap!.passesOnFailure && answer.source !== null
    return mayPass
      ? { ...plain, source: answer.source! }
      : { state: 'refused', refusal: refusal('icap-failed', answer.explain) }
  }
  core.counters.add('icapChanged')
  const { heads, hasBody, release } = answer
  const framing: Framing = hasBody ? { kind: 'chunked' } : { kind: 'none' }
  const failed = (why: string): AdaptedRequest => {
    release()
    core.counters.add('icapFailed')
    return { state: 'refused', refusal: refusal('icap-failed', why) }
  }
  const answered = heads.get('res-hdr')
  if (answered !== undefined) {
    const head = parseResponseHead(answered)
    if (isMessageFailure(head) || head.status < 200) return failed('the service answers with what is no answer')
    record.refused(refusal('icap-denied', `the content service answered with ${head.status}`))
    return { state: 'answered', head, framing, source: answer.source, release }
  }
  const head = parseRequestHead(heads.get('req-hdr') ?? '')
  if (isMessageFailure(head)) return failed('the service gives back what is no request')
  // Where it goes and what is asked for was judged: the service may change what is carried, not that.
  if (!isSameRequest(head, request, url)) return failed('the service changes where the request goes')
  const changed = { ...request, head: { ...head, target: request.head.target }, framing, isBodyRead: true }
  return { state: 'request', request: changed, source: answer.source, release }
}

function isSameRequest(head: RequestHead, request: ForwardedRequest, url: string): boolean {
  const hosts = head.fields.filter(({ name }) => name === 'host')
  const isSameHost = hosts.length === 1 && hosts[0]!.value.toLowerCase() === request.authority.toLowerCase()
  return head.method === request.head.method && isSameHost && (head.target === url || head.target === request.path)
}
