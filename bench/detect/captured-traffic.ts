import { readFileSync } from 'node:fs'
import { parseAddress, parseDomainName } from '@sallyport/net'
import { PROTOCOLS } from '@sallyport/policy'
import { CaptureReader, parseMessage, presentName } from '@sallyport/wire'
import type { LookUp, ObservedFlow } from '@sallyport/detect'
import { readIpPacket } from '../../packages/wire/src/capture/ip-packet.ts'
import { ipOfFrame } from '../../packages/wire/src/capture/link-layer.ts'
import { readTransportPacket } from '../../packages/wire/src/capture/transport-packet.ts'
import { readFlows } from '../../packages/wire/test/identify/score-captures.ts'

/** Flows of a capture as far as a record says: what was carried each way is not known. */
export function capturedFlows(path: string): readonly ObservedFlow[] {
  return readFlows(path).map(({ transport, client, server, startMs, answer }) => {
    const known = answer.state === 'identified' ? answer : null
    const protocol = PROTOCOLS.find((word) => word === known?.protocol) ?? 'other'
    const name = known?.name === null || known?.name === undefined ? null : parseDomainName(known.name)
    const [src, dst] = [endpoint(client), endpoint(server)]
    const flow = {
      src: src.address,
      dst: dst.address,
      port: dst.port,
      transport: transport === 'udp' ? ('udp' as const) : ('tcp' as const),
      protocol,
      ...(name === null || protocol === 'dns' ? {} : { domain: name }),
    }
    return { flow, timeMs: startMs, denied: false, rule: null }
  })
}

export type CapturedLookUp = LookUp & { readonly timeMs: number }

/** Questions over UDP, each as a resolver would see it. */
export function capturedLookUps(path: string): readonly CapturedLookUp[] {
  const found: CapturedLookUp[] = []
  for (const { linkType, timeMs, bytes } of new CaptureReader().push(readFileSync(path))) {
    const outer = ipOfFrame(linkType, bytes)
    const ip = outer === null ? null : readIpPacket(outer)
    const packet = ip === null ? null : readTransportPacket(ip)
    if (packet === null || packet.transport !== 'udp' || packet.destinationPort !== 53) continue
    const message = parseMessage(packet.payload)
    if ('problem' in message || !('questions' in message) || message.header.response) continue
    for (const { name, type } of message.questions)
      found.push({
        client: packet.sourceKey.replace(/\D\d+$/, ''),
        name: presentName(name).toLowerCase().replace(/\.$/, ''),
        type,
        timeMs,
      })
  }
  return found
}

function endpoint(text: string): { readonly address: ReturnType<typeof parseAddress>; readonly port: number | null } {
  const [, bracketed, plain, port] = /^(?:\[(.*)\]|([^:]*|[^[]*?))(?::(\d+))?$/.exec(text) ?? []
  return { address: parseAddress(bracketed ?? plain ?? text), port: port === undefined ? null : Number(port) }
}
