import type { Flow } from '@sallyport/policy'
import { fieldValues, listMembers, type RequestHead } from '@sallyport/wire'
import { allowanceFor } from '../allowance/flow-allowance.ts'
import { refusal, type Refusal } from '../answers.ts'
import { judgeAddresses } from '../connect/judge-addresses.ts'
import { wayTo } from '../connect/way.ts'
import { readContent } from '../content/judge-content.ts'
import { judgeBothWays } from '../decide/judge-both-ways.ts'
import { adaptRequest } from '../icap/adapt-request.ts'
import { identifyClient } from '../identity/identify-client.ts'
import { hostText, OpenRecord } from '../log/open-record.ts'
import type { ProxyCore } from '../proxy-core.ts'
import type { TunnelRoute } from '../tunnel/tunnel-route.ts'
import type { ForwardedRequest } from './answerer.ts'
import type { AfterRequest, Asker, HttpVersion } from './asker.ts'
import { readBody } from './body.ts'
import { exchange } from './exchange.ts'
import { finishExchange, finishWith } from './finish-request.ts'
import { isWebSocketUpgrade } from './forward-fields.ts'
import { headOctets } from './head-octets.ts'
import { judgedPath, otherPath } from './judged-path.ts'
import { judgeRequest, needsContent, NO_CONTENT } from './judge-request.ts'
import type { KeptUpstreams } from './kept-upstreams.ts'
import { loggedFields } from './logged-fields.ts'
import { keptBy, reachAnswerer } from './reach-answerer.ts'
import { authorityText, isRefusal } from './request-target.ts'
import { serveUpgraded, withoutExtensions } from './serve-upgraded.ts'
import { underOneRule, withHeaders } from './set-headers.ts'
import { checkMethod, pinned, requestFacts, wantedOf } from './wanted-request.ts'

export async function serveRequest(
  core: ProxyCore,
  asker: Asker,
  route: TunnelRoute | null,
  kept: KeptUpstreams,
): Promise<AfterRequest> {
  core.counters.add(route === null ? 'requestsHttp' : 'requestsTunnelled')
  const { peer, head } = asker
  const record = new OpenRecord(peer.endpoint, route === null ? 'http' : 'tunnel')
  const refuse = (no: Refusal): Promise<AfterRequest> => asker.refuse(no, record)
  const protocol = route?.open ? 'tls' : 'http'
  const { version } = asker
  noteHead(record, head, version, protocol)
  const unfit = checkMethod(core, head)
  if (unfit !== null) return refuse(unfit)
  // RFC 6455 §4.1: the opening is a GET, and octets behind it would be a body to one reader and frames to another.
  const { framing } = asker
  const hasBody = framing.kind !== 'none' && !(framing.kind === 'length' && framing.octets === 0)
  if (hasBody && isWebSocketUpgrade(head)) return refuse(refusal('bad-request', 'a WebSocket that begins with a body'))
  const wanted = wantedOf(head, route)
  if (isRefusal(wanted)) return refuse(wanted)
  const { destination, path, target } = wanted
  const plainPath = judgedPath(path)
  if (plainPath === null) return refuse(refusal('bad-request', 'the path has an escape that is none'))
  record.facts.host = hostText(destination.host)
  record.facts.port = destination.port
  record.facts.path = path.split('?', 1)[0]!
  const identified = route?.identity ?? identifyClient(core, peer, head)
  const identity = identified instanceof Promise ? await identified : identified
  if (isRefusal(identity)) return refuse(identity)
  record.asker(identity)
  const facts = { ...requestFacts(peer, identity, head, wanted, plainPath), protocol } as const
  const names = route === null ? core.names : pinned(route)
  const other = otherPath(path)
  const judge = other === null ? core.judge : judgeBothWays(core.judge, other)
  const judging = judgeAddresses(destination, facts, judge, names, false)
  const early = judging instanceof Promise ? await judging : judging
  record.facts.resolveMs = early.resolveMs
  const content = needsContent(early) ? await readContent(core, asker) : NO_CONTENT
  if (isRefusal(content)) return refuse(content)
  const judged = judgeRequest(judge, early, facts, content)
  if (needsContent(early)) record.contentIs(content.findings)
  if (content.isTargetSecret) record.set({ path: '/[redacted]', referer: null })
  if (judged.state === 'refused') {
    if (judged.judged !== null) record.judged(judged.judged)
    return refuse(judged.refusal)
  }
  const addresses = underOneRule(judged.addresses, core.judge)
  const allowance = allowanceFor(core, addresses[0]!.judged, record)
  const limited = allowance === null ? null : await allowance.begin(headOctets(head.fields, head.method, target), 0)
  if (limited !== null) {
    record.judged(addresses[0]!.judged)
    return refuse(limited)
  }
  const { body } = content
  // No extension, so that frames can be read.
  const isGuarded = needsContent(early) && isWebSocketUpgrade(head)
  if (core.icap.request !== null && listMembers(head.fields, 'expect').includes('100-continue')) asker.sendContinue()
  const original: ForwardedRequest = {
    head,
    framing: body === null ? asker.framing : { kind: 'length', octets: body.length },
    version,
    // Inside a tunnel it is for the server to say which of its hosts is meant; what the request says was judged.
    authority: (route === null ? undefined : fieldValues(head.fields, 'host')[0]) ?? authorityText(destination, 80),
    path: target,
    via: core.via,
    isBodyRead: body !== null || core.icap.request !== null,
  }
  const source = body === null ? asker.body : readBody(body)
  const scheme = protocol === 'tls' ? 'https' : 'http'
  const adapted = await adaptRequest(core, peer, original, scheme, source, record)
  if (adapted.state === 'refused') return refuse(adapted.refusal)
  // Not by `using`, which V8 does in slow ways: microseconds of each request.
  try {
    if (adapted.state === 'answered') return finishWith(core, asker, adapted, record)
    // Last, so that no content service takes them away.
    const set = core.judge.headersOf(addresses[0]!.judged)
    const request = {
      ...adapted.request,
      head: withHeaders(isGuarded ? withoutExtensions(adapted.request.head) : adapted.request.head, set),
    }
    const way = wayTo(core, destination, addresses)
    const hasParent = way.parent !== null
    // A parent decides by itself which host an address is: such a connection is for this request alone.
    for (let isFresh = hasParent; ; isFresh = true) {
      const mayReuse = isFresh ? null : kept
      const answerer = await reachAnswerer(core, way, mayReuse, kept, record, route?.open ?? null, head)
      if (isRefusal(answerer)) return refuse(answerer)
      const exchanged = await exchange(core, asker, answerer, request, adapted.source, record)
      // Nothing has been answered then (RFC 9112 §9.3.1).
      const mayRepeat = exchanged.state === 'refused' && exchanged.isStale && REPEATABLE.has(head.method)
      if (mayRepeat && !asker.isGone) continue
      const ended =
        exchanged.state === 'done' ? { ...exchanged, keeps: keptBy(exchanged.keeps, hasParent, route) } : exchanged
      if (ended.state !== 'upgraded') return finishExchange(core, asker, answerer, record, ended)
      const flow: Flow = { ...facts, dst: addresses[0]!.address }
      return serveUpgraded(core, asker, answerer, { flow, isGuarded, head: ended.head }, record)
    }
  } finally {
    adapted.release()
  }
}

function noteHead({ facts }: OpenRecord, head: RequestHead, version: HttpVersion, protocol: 'http' | 'tls'): void {
  const { userAgent, referer, contentType } = loggedFields(head)
  facts.method = head.method
  facts.httpVersion = version
  facts.protocol = protocol
  facts.inspected = protocol === 'tls'
  facts.userAgent = userAgent
  facts.referer = referer
  facts.contentType = contentType
}

const REPEATABLE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])
