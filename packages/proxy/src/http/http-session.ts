import {
  isMessageFailure,
  parseRequestHead,
  requestFraming,
  type MessageFailure,
  type RequestHead,
} from '@sallyport/wire'
import { refusal, type AnswerReason } from '../answers.ts'
import { closeGently, type Client } from '../client/client.ts'
import { OpenRecord } from '../log/open-record.ts'
import type { ProxyCore } from '../proxy-core.ts'
import { serveConnect } from '../tunnel/serve-connect.ts'
import type { HttpInTunnel, TunnelRoute } from '../tunnel/tunnel-route.ts'
import { readHead, type HeadRead } from './read-head.ts'
import { refuseRequest, type AfterRequest } from './refuse-request.ts'
import { serveRequest } from './serve-request.ts'
import { KeptUpstreams } from './kept-upstreams.ts'

/** Requests of one connection, one after another; inside a tunnel when `route` says where it leads. */
export async function serveHttp(
  core: ProxyCore,
  client: Client,
  route: TunnelRoute | null,
  kept: KeptUpstreams,
): Promise<void> {
  const { headBytes } = core.limits
  const { keepAliveMs, headMs } = core.timeouts
  for (let after: AfterRequest | HttpInTunnel = 'keep'; after === 'keep';) {
    core.idle.add(client)
    const read = await readHead(client.reader, headBytes, core.isDraining ? 1 : keepAliveMs, headMs)
    core.idle.delete(client)
    after =
      read.state === 'head'
        ? await serveHead(core, client, route, kept, read.text)
        : await endSession(core, client, read)
    if (after === 'close') closeGently(client)
    else if (typeof after !== 'string') await serveTunnelledHttp(core, after)
  }
}

/** Plain HTTP in a tunnel of CONNECT or SOCKS. */
export async function serveTunnelledHttp(core: ProxyCore, { client, route, upstream }: HttpInTunnel): Promise<void> {
  using kept = new KeptUpstreams(core.pool)
  kept.give(upstream, 'client')
  await serveHttp(core, client, route, kept)
}

async function serveHead(
  core: ProxyCore,
  client: Client,
  route: TunnelRoute | null,
  kept: KeptUpstreams,
  text: string,
): Promise<AfterRequest | HttpInTunnel> {
  const head = parseRequestHead(text)
  if (isMessageFailure(head)) return refuseMalformed(core, client, head)
  const framing = requestFraming(head)
  if (isMessageFailure(framing)) return refuseMalformed(core, client, framing, head)
  if (!core.rates.take(client.address, Date.now())) {
    return refuseRequest(
      core,
      client,
      head,
      new OpenRecord(client.endpoint, 'http'),
      refusal('too-many-requests'),
      false,
    )
  }
  if (head.method === 'CONNECT' && route === null) return serveConnect(core, client, head)
  return serveRequest(core, client, head, framing, route, kept)
}

/** Nothing or no whole head came. A client that says nothing is not answered. */
async function endSession(
  core: ProxyCore,
  client: Client,
  read: Exclude<HeadRead, { state: 'head' }>,
): Promise<AfterRequest> {
  if (read.state === 'bad') return refuseMalformed(core, client, read.failure)
  if (read.state === 'end' || read.octets === 0) return 'close'
  return refuseRequest(core, client, null, new OpenRecord(client.endpoint, 'http'), refusal('head-timeout'), false)
}

function refuseMalformed(
  core: ProxyCore,
  client: Client,
  failure: MessageFailure,
  head: RequestHead | null = null,
): Promise<AfterRequest> {
  const reason = REASONS[failure.problem] ?? 'bad-request'
  const explain = `${failure.problem} at octet ${failure.offset}`
  return refuseRequest(core, client, head, new OpenRecord(client.endpoint, 'http'), refusal(reason, explain), false)
}

const REASONS: Partial<Record<MessageFailure['problem'], AnswerReason>> = {
  'bad-version': 'unsupported-version',
  'head-too-large': 'head-too-large',
  'too-many-fields': 'head-too-large',
  'unknown-coding': 'bad-body',
}
