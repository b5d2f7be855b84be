import {
  fieldValues,
  isMessageFailure,
  parseRequestHead,
  requestFraming,
  type MessageFailure,
  type RequestHead,
} from '@sallyport/wire'
import { isAuthority, parseAuthority } from '@sallyport/net'
import { refusal, type AnswerReason } from '../answers.ts'
import { closeGently, type Client } from '../client/client.ts'
import { OpenRecord } from '../log/open-record.ts'
import type { ProxyCore } from '../proxy-core.ts'
import { serveConnect } from '../tunnel/serve-connect.ts'
import type { HttpInTunnel, TunnelRoute } from '../tunnel/tunnel-route.ts'
import { readHead, type HeadRead } from './read-head.ts'
import { PAC_PATHS, pacFile } from './pac-file.ts'
import { authorityText } from './request-target.ts'
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
  if (upstream !== null) kept.give(upstream, 'client')
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
  if (route === null && head.method === 'GET' && PAC_PATHS.includes(head.target)) return servePac(core, client, head)
  if (head.method === 'CONNECT' && route === null) return serveConnect(core, client, head)
  return serveRequest(core, client, head, framing, route, kept)
}

/** For browsers that are told where to find it, or find it by DHCP or the name `wpad`. The proxy is what the client calls it. */
async function servePac(core: ProxyCore, client: Client, head: RequestHead): Promise<AfterRequest> {
  const [said = ''] = fieldValues(head.fields, 'host')
  const authority = parseAuthority(said)
  const port = client.socket.localPort ?? 3128
  const host = isAuthority(authority)
    ? authorityText({ host: authority.host, port: authority.port ?? port }, null)
    : `${client.socket.localAddress}:${port}`
  const body = pacFile(core.judge.policy, `${client.isTls ? 'HTTPS' : 'PROXY'} ${host}`)
  const type = 'Content-Type: application/x-ns-proxy-autoconfig'
  const text = `HTTP/1.1 200 OK\r\n${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`
  closeGently(client, text)
  return 'taken'
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
