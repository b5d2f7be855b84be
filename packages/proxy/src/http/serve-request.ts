import { formatAddress, type Host } from '@sallyport/net'
import type { Flow } from '@sallyport/policy'
import { fieldValues, listMembers, type RequestHead } from '@sallyport/wire'
import { allowanceFor } from '../allowance/flow-allowance.ts'
import { refusal, type Refusal } from '../answers.ts'
import { clientFacts, type Peer } from '../client/client.ts'
import {
  judgeAddresses,
  judgeAgain,
  type JudgedAddress,
  type JudgedAddresses,
  type LookUpNames,
} from '../connect/judge-addresses.ts'
import { readContent, type JudgedContent } from '../content/judge-content.ts'
import { reachServer } from '../connect/reach-server.ts'
import { parentFor } from '../connect/parent-proxy.ts'
import { newUpstream } from '../connect/upstream-pool.ts'
import { adaptRequest, type AdaptedRequest } from '../icap/adapt-request.ts'
import { judgeBothWays } from '../decide/judge-both-ways.ts'
import type { ProxyJudge } from '../decide/proxy-judge.ts'
import { identifyClient } from '../identity/identify-client.ts'
import type { Identity } from '../identity/identity.ts'
import { hostText, OpenRecord } from '../log/open-record.ts'
import type { ProxyCore } from '../proxy-core.ts'
import type { TunnelRoute } from '../tunnel/tunnel-route.ts'
import type { Answerer, ForwardedRequest, KeptUpstream } from './answerer.ts'
import type { AfterRequest, Asker } from './asker.ts'
import { pumpBody, readBody } from './body.ts'
import { exchange, type Exchanged } from './exchange.ts'
import { isWebSocketUpgrade } from './forward-fields.ts'
import { headOctets } from './head-octets.ts'
import { Http1Answerer } from './http1-answerer.ts'
import { serveUpgraded, withoutExtensions } from './serve-upgraded.ts'
import { judgedPath, otherPath } from './judged-path.ts'
import { loggedFields } from './logged-fields.ts'
import type { KeptUpstreams } from './kept-upstreams.ts'
import { underOneRule, withHeaders } from './set-headers.ts'
import {
  authorityText,
  isRefusal,
  parseAbsoluteTarget,
  parseTunnelledTarget,
  type Destination,
} from './request-target.ts'

type Wanted = {
  readonly destination: Destination
  readonly target: string
  readonly path: string
  readonly said: Host | null
}

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
  record.set({
    method: head.method,
    httpVersion: version,
    protocol,
    inspected: protocol === 'tls',
    ...loggedFields(head),
  })
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
  record.set({ host: hostText(destination.host), port: destination.port, path: path.split('?', 1)[0]! })
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
  const judged = judgeWhole(judge, early, facts, content)
  if (needsContent(early)) record.addContent(content.findings)
  if (content.isTargetSecret) record.set({ path: '/[redacted]', referer: null })
  if (judged.state === 'refused') {
    if (judged.judged !== null) record.judged(judged.judged)
    return refuse(judged.refusal)
  }
  const addresses = underOneRule(judged.addresses, core.judge)
  const allowance = allowanceFor(core, addresses[0]!.judged, record)
  const limited = (await allowance?.begin(headOctets(head.fields, head.method, target), 0)) ?? null
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
  using _adapted = { [Symbol.dispose]: adapted.release }
  if (adapted.state === 'answered') return answerFor(core, asker, adapted, record)
  // Last, so that no content service takes them away.
  const set = core.judge.headersOf(addresses[0]!.judged)
  const request = {
    ...adapted.request,
    head: withHeaders(isGuarded ? withoutExtensions(adapted.request.head) : adapted.request.head, set),
  }
  const hasParent = parentFor(core.options.parents ?? [], destination.host) !== null
  // A parent decides by itself which host an address is: such a connection is for this request alone.
  for (let isFresh = hasParent; ; isFresh = true) {
    const mayReuse = isFresh ? null : kept
    const answerer = await reach(core, destination, addresses, mayReuse, kept, record, route?.open ?? null, head)
    if (isRefusal(answerer)) return refuse(answerer)
    const exchanged = await exchange(core, asker, answerer, request, adapted.source, record)
    // Nothing has been answered then (RFC 9112 §9.3.1).
    const mayRepeat = exchanged.state === 'refused' && exchanged.isStale && REPEATABLE.has(head.method)
    if (mayRepeat && !asker.isGone) continue
    const ended =
      exchanged.state === 'done' ? { ...exchanged, keeps: keptBy(exchanged.keeps, hasParent, route) } : exchanged
    if (ended.state !== 'upgraded') return finish(core, asker, answerer, record, ended, refuse)
    const flow: Flow = { ...facts, dst: addresses[0]!.address }
    return serveUpgraded(core, asker, answerer, { flow, isGuarded, head: ended.head }, record)
  }
}

/** The answer of a service that takes the server's place. */
async function answerFor(
  core: ProxyCore,
  asker: Asker,
  { head, framing, source }: Extract<AdaptedRequest, { state: 'answered' }>,
  record: OpenRecord,
): Promise<AfterRequest> {
  const shown = asker.head.method === 'HEAD' ? ({ kind: 'none' } as const) : framing
  const sink = await asker.answer(head, shown, '1.1')
  const sent =
    sink === null
      ? 'gone'
      : await pumpBody(source, sink, {
          mostOctets: core.limits.responseBodyBytes,
          idleMs: core.timeouts.bodyIdleMs,
          onOctets: (count) => record.addOctets(0, count),
          refuses: null,
        })
  record.set({ status: head.status })
  core.finish(record)
  if (sent === 'done') return asker.after(asker.body.isEnd)
  asker.cut()
  return 'taken'
}

const NO_CONTENT: JudgedContent = { findings: [], opaque: null, body: null, isTargetSecret: false }

/** Whether some address may be reached or not by what the request carries. */
function needsContent(early: JudgedAddresses): boolean {
  return (
    early.state === 'open' &&
    early.addresses.some(
      ({ judged: { verdict } }) => verdict?.verdict === 'undetermined' && verdict.needs.includes('content'),
    )
  )
}

/** The last word on a request. What could not be read is no evidence against it, and never enough to let it through. */
function judgeWhole(
  judge: Pick<ProxyJudge, 'judge'>,
  early: JudgedAddresses,
  facts: Flow,
  content: JudgedContent,
): JudgedAddresses {
  if (early.state === 'refused' || early.addresses.every(({ judged }) => judged.outcome === 'allow')) return early
  if (!needsContent(early)) return judgeAgain(early.addresses, facts, judge)
  const judged = judgeAgain(
    early.addresses,
    { ...facts, content: content.findings.map(({ detector }) => detector) },
    judge,
  )
  if (content.opaque === null || judged.state === 'refused') return judged
  const isMonitored = judged.addresses.every(({ judged: { verdict } }) => verdict?.mode === 'monitor')
  if (isMonitored) return judged
  const no = refusal('content-opaque', `not readable: ${content.opaque}`)
  return { state: 'refused', refusal: no, judged: judged.addresses[0]!.judged, resolveMs: null }
}

/** Nobody else gets a connection over TLS: its host was checked for this client's tunnel. */
function keptBy(keeps: KeptUpstream, hasParent: boolean, route: TunnelRoute | null): KeptUpstream {
  if (route?.open) return keeps === 'no' ? 'no' : 'client'
  return hasParent ? 'no' : keeps
}

const REPEATABLE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

async function finish(
  core: ProxyCore,
  asker: Asker,
  answerer: Answerer,
  record: OpenRecord,
  exchanged: Exclude<Exchanged, { readonly state: 'upgraded' }>,
  refuse: (no: Refusal) => Promise<AfterRequest>,
): Promise<AfterRequest> {
  switch (exchanged.state) {
    case 'done':
      answerer.release(exchanged.keeps)
      core.finish(record)
      return asker.after(exchanged.isWhole)
    case 'refused':
      answerer.destroy()
      return refuse(exchanged.refusal)
    case 'broken':
      answerer.destroy()
      asker.cut()
      if (exchanged.refusal !== null) record.refused(exchanged.refusal)
      core.finish(record)
      return 'taken'
  }
}

function checkMethod(core: ProxyCore, head: RequestHead): Refusal | null {
  if (head.method === 'TRACE' || head.method === 'CONNECT')
    return refusal('unsupported-method', `${head.method} is not passed on`)
  if (listMembers(head.fields, 'via').some((hop) => hop.split(/\s+/)[1] === core.via)) return refusal('loop')
  return null
}

function wantedOf(head: RequestHead, route: TunnelRoute | null): Wanted | Refusal {
  if (route === null) {
    const target = parseAbsoluteTarget(head)
    return isRefusal(target)
      ? target
      : { destination: target, target: target.path, path: target.path, said: target.host }
  }
  const origin = parseTunnelledTarget(head)
  return isRefusal(origin)
    ? origin
    : { destination: route.destination, target: origin.target, path: origin.path, said: origin.host }
}

/** The name is what the request says; only the name that the address was looked up for is bound to it. */
function requestFacts(
  peer: Peer,
  identity: Identity,
  head: RequestHead,
  { destination, said }: Wanted,
  path: string,
): Flow {
  const { host, port } = destination
  const stated = said ?? host
  const [contentType] = fieldValues(head.fields, 'content-type')
  return {
    ...clientFacts(peer, identity),
    port,
    domain: stated.kind === 'name' ? stated.name : null,
    boundNames: host.kind === 'name' ? [host.name] : [],
    http: {
      host: hostText(stated),
      path,
      method: head.method,
      contentType: contentType?.split(';', 1)[0]!.trim().toLowerCase() ?? null,
    },
  }
}

/** A tunnel leads to one address, whatever its name has become since. */
function pinned(route: TunnelRoute): LookUpNames {
  const answer = { kind: 'addresses', addresses: [route.address], ttlSeconds: 0 } as const
  return { lookUp: async () => answer }
}

async function reach(
  core: ProxyCore,
  destination: Destination,
  addresses: readonly JudgedAddress[],
  reusable: KeptUpstreams | null,
  kept: KeptUpstreams,
  record: OpenRecord,
  open: TunnelRoute['open'],
  head: RequestHead,
): Promise<Answerer | Refusal> {
  const { port } = destination
  const all = addresses.map(({ address }) => address)
  if (open !== null) {
    noteAddress(record, addresses[0]!)
    return open(kept, { mustBeHttp1: isWebSocketUpgrade(head), mayReuse: reusable !== null })
  }
  const idle = reusable?.take(all, port) ?? null
  if (idle !== null) {
    core.counters.add('upstreamReused')
    const used = addresses.find(({ address }) => idle.key.startsWith(`${formatAddress(address)} `))
    if (used !== undefined) noteAddress(record, used)
    return new Http1Answerer(core, idle, kept)
  }
  const opened = await reachServer(core, destination, addresses, record)
  if (isRefusal(opened)) return opened
  noteAddress(record, opened.to)
  return new Http1Answerer(core, newUpstream(opened.socket, opened.to.address, port), kept)
}

function noteAddress(record: OpenRecord, { address, judged }: JudgedAddress): void {
  record.judged(judged)
  record.facts.dst = formatAddress(address)
}
