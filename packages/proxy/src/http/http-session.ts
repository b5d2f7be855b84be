import {
  isMessageFailure,
  parseRequestHead,
  requestFraming,
  type MessageFailure,
  type RequestHead,
} from '@sallyport/wire'
import { refusal, type AnswerReason } from '../answers.ts'
import { closeGently, type Client } from '../client/client.ts'
import type { Upstream } from '../connect/upstream-pool.ts'
import { OpenRecord } from '../log/open-record.ts'
import type { ProxyCore } from '../proxy-core.ts'
import { serveConnect, type ConnectAnswers } from '../tunnel/serve-connect.ts'
import type { HttpInTunnel, TunnelRoute } from '../tunnel/tunnel-route.ts'
import { readHead, type HeadRead } from './read-head.ts'
import { PAC_PATHS, PAC_TYPE, pacFor } from './pac-file.ts'
import type { AfterRequest } from './asker.ts'
import { Http1Asker } from './http1-asker.ts'
import { refuseRequest } from './refuse-request.ts'
import { serveRequest } from './serve-request.ts'
import { KeptUpstreams } from './kept-upstreams.ts'

/**
 * Requests of one connection, one after another; inside a tunnel when `route` says where it leads, with the connection to its server.
 * Gives the tunnel in which HTTP is to be read from now on, where there is one.
 */
export async function serveHttp(
  core: ProxyCore,
  client: Client,
  route: TunnelRoute | null,
  upstream: Upstream | null,
): Promise<'done' | HttpInTunnel> {
  const { headBytes } = core.limits
  const { keepAliveMs, headMs } = core.timeouts
  const kept = new KeptUpstreams(core.pool)
  if (upstream !== null) kept.give(upstream, 'client')
  try {
    for (let after: AfterRequest | HttpInTunnel = 'keep'; after === 'keep';) {
      core.idle.add(client)
      const read = await readHead(client.reader, headBytes, core.isDraining ? 1 : keepAliveMs, headMs)
      core.idle.delete(client)
      after = await (read.state === 'head'
        ? serveHead(core, client, route, kept, read.text)
        : endSession(core, client, read))
      if (after === 'close') closeGently(client)
      else if (typeof after !== 'string') return after
    }
    return 'done'
  } finally {
    kept[Symbol.dispose]()
  }
}

function serveHead(
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
  if (!core.rates.take(client.address, performance.now())) {
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
  if (head.method === 'CONNECT' && route === null)
    return serveConnect(core, client, head, connectAnswers(core, client, head))
  return serveRequest(core, new Http1Asker(core, client, head, framing), route, kept)
}

function connectAnswers(core: ProxyCore, client: Client, head: RequestHead): ConnectAnswers {
  return {
    refuse: (no, record) => refuseRequest(core, client, head, record, no, true),
    accept: () => {
      const reply = client.login.takeReply()
      const proof = reply === null ? '' : `Proxy-Authenticate: ${reply}\r\n`
      client.socket.write(`HTTP/1.1 200 Connection established\r\n${proof}\r\n`, 'latin1')
      return client
    },
  }
}

/** For browsers that are told where to find it, or find it by DHCP or the name `wpad`. The proxy is what the client calls it. */
async function servePac(core: ProxyCore, client: Client, head: RequestHead): Promise<AfterRequest> {
  const body = pacFor(core, client, head)
  const type = `Content-Type: ${PAC_TYPE}`
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
