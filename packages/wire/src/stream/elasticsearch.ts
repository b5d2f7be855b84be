import { found, more, type Sight } from '../identify/identification.ts'
import { startsWith, u32, u8 } from '../identify/octets.ts'
import type { StreamView } from '../identify/recogniser.ts'

const PING = 0xffffffff

/** What the nodes of a cluster speak, beside HTTP: marker, length, request id, status, version. */
export function elasticsearchTransport({ bytes }: StreamView): Sight {
  const begins = startsWith(bytes, 'ES')
  if (begins !== true) return begins === false ? 'no' : more(2)
  if (bytes.length < 6) return more(6)
  if (u32(bytes, 2) === PING) return found('elasticsearch', 0, 6, 'ping of Elasticsearch transport')
  if (bytes.length < 19) return more(19)
  const isMessage = u32(bytes, 2) >= 13 && u32(bytes, 2) <= 0x7fffffff && u8(bytes, 14) < 16 && u32(bytes, 15) > 0
  return isMessage ? found('elasticsearch', 0, 19, 'Elasticsearch transport header') : 'no'
}
