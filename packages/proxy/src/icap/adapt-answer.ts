import { isMessageFailure, parseResponseHead, type Framing, type ResponseHead } from '@sallyport/wire'
import { refusal, type Refusal } from '../answers.ts'
import type { Peer } from '../client/client.ts'
import type { ForwardedRequest } from '../http/answerer.ts'
import type { HttpVersion } from '../http/asker.ts'
import type { BodySource } from '../http/body.ts'
import { requestHeadText, responseHeadText } from '../http/forward-fields.ts'
import type { OpenRecord } from '../log/open-record.ts'
import type { ProxyCore } from '../proxy-core.ts'
import { askerFields } from './asker-fields.ts'

export type AdaptedAnswer = {
  readonly state: 'answer'
  readonly head: ResponseHead
  readonly framing: Framing
  readonly source: BodySource
  readonly release: () => void
}

/** Asks the service about what a server answers (RESPMOD). Answers without a body have nothing to look into. */
export async function adaptAnswer(
  core: ProxyCore,
  peer: Peer,
  request: ForwardedRequest,
  answer: {
    readonly head: ResponseHead
    readonly framing: Framing
    readonly source: BodySource
    readonly version: HttpVersion
  },
  record: OpenRecord,
): Promise<AdaptedAnswer | { readonly state: 'refused'; readonly refusal: Refusal }> {
  const { head, framing, source, version } = answer
  const plain = { state: 'answer', head, framing, source, release: () => {} } as const
  const client = core.icap.response
  if (client === null || framing.kind === 'none') return plain
  const via = `${version} ${core.via}`
  const said = await client.ask({
    heads: [
      ['req-hdr', requestHeadText({ ...request, framing: { kind: 'none' }, isBodyRead: true })],
      ['res-hdr', responseHeadText(head, framing, { connection: null, authenticate: null, via, isHead: false })],
    ],
    framing,
    source,
    fields: askerFields(peer, record),
  })
  record.set({ icap: said.state })
  if (said.state === 'unmodified') return { ...plain, source: said.source }
  if (said.state === 'failed') {
    core.counters.add('icapFailed')
    const mayPass = core.options.icap!.passesOnFailure && said.source !== null
    return mayPass
      ? { ...plain, source: said.source! }
      : { state: 'refused', refusal: refusal('icap-failed', said.explain) }
  }
  core.counters.add('icapChanged')
  const changed = parseResponseHead(said.heads.get('res-hdr') ?? '')
  if (isMessageFailure(changed) || changed.status < 200) {
    said.release()
    core.counters.add('icapFailed')
    return { state: 'refused', refusal: refusal('icap-failed', 'the service gives back what is no answer') }
  }
  if (changed.status >= 400 && head.status < 400) {
    record.refused(refusal('icap-denied', `the content service answered with ${changed.status}`))
  }
  // A length would be that of the body that was changed.
  const shown: Framing = said.hasBody ? { kind: 'chunked' } : { kind: 'length', octets: 0 }
  return { state: 'answer', head: changed, framing: shown, source: said.source, release: said.release }
}
