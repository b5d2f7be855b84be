import { createSocket } from 'node:dgram'
import { buildMessage, emptyResponse, isWireFailure, parseMessage, presentName, TYPE, wireName } from '@sallyport/wire'
import type { RecordData, ResourceRecord } from '@sallyport/wire'

// A name server for the lab's server namespace, whose answers are over soon.

type Answer = { readonly name: string; readonly type: number; readonly ttl: number; readonly data: RecordData }

const address = (text: string): RecordData => ({
  kind: 'address',
  octets: Uint8Array.from(text.split('.').map(Number)),
})
const a = (name: string, text: string, ttl: number): Answer => ({ name, type: TYPE.A, ttl, data: address(text) })
const https = (name: string, target: string, hint: string | null, ttl: number): Answer => {
  const hints =
    hint === null ? [] : [{ kind: 'ipv4hint' as const, addresses: [Uint8Array.from(hint.split('.').map(Number))] }]
  const params = [{ kind: 'alpn' as const, protocols: ['h2'] }, ...hints]
  return { name, type: TYPE.HTTPS, ttl, data: { kind: 'svcb', priority: 1, target: wireName(target)!, params } }
}

const ANSWERS: Readonly<Record<string, readonly Answer[]>> = {
  'short.test A': [a('short.test', '198.51.100.10', 2)],
  'long.test A': [a('long.test', '198.51.100.10', 4)],
  'once.test A': [a('once.test', '198.51.100.10', 1)],
  'never-stale.once.test A': [a('never-stale.once.test', '198.51.100.10', 1)],
  'alias.test A': [
    { name: 'alias.test', type: TYPE.CNAME, ttl: 60, data: { kind: 'name', name: wireName('pool.cdn.test')! } },
    a('pool.cdn.test', '198.51.100.10', 60),
  ],
  'pool.cdn.test A': [a('pool.cdn.test', '198.51.100.10', 60)],
  'led.test HTTPS': [https('led.test', 'pool.cdn.test', null, 60)],
  'service.test HTTPS': [https('service.test', '.', '198.51.100.10', 60)],
  'web.test A': [a('web.test', '198.51.100.50', 60)],
  'shell.test A': [a('shell.test', '198.51.100.50', 60)],
}
/** Answered once only: whoever asks again waits. */
const ONCE = /^(?:never-stale\.)?once\.test A$/
const asked = new Set<string>()

const socket = createSocket('udp4')
socket.on('message', (bytes, peer) => {
  const query = parseMessage(bytes)
  if (isWireFailure(query)) return
  const [question] = query.questions
  const key = `${presentName(question!.name)} ${question!.type === TYPE.HTTPS ? 'HTTPS' : 'A'}`
  if (ONCE.test(key) && asked.has(key)) return
  asked.add(key)
  const answers = (ANSWERS[key] ?? []).map(({ name, ...rest }): ResourceRecord => ({
    ...rest,
    name: wireName(name)!,
    class: 1,
  }))
  socket.send(buildMessage({ ...emptyResponse(query, 0, null), answers }), peer.port, peer.address)
})
socket.bind(5300, '198.51.100.1')
