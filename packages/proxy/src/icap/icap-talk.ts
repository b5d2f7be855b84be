import {
  fieldValues,
  isMessageFailure,
  listMembers,
  parseEncapsulated,
  parseIcapHead,
  type IcapHead,
} from '@sallyport/wire'
import { readHead } from '../http/read-head.ts'
import type { IcapConnection } from './icap-connections.ts'

const MOST_HEAD_OCTETS = 65_536

/** What a server said, or why it is no answer. `octets`: how many had come of it. */
export type IcapSaid = IcapHead | { readonly problem: string; readonly octets: number }

export async function readIcapHead({ reader }: IcapConnection, timeoutMs: number): Promise<IcapSaid> {
  const read = await readHead(reader, MOST_HEAD_OCTETS, timeoutMs, timeoutMs)
  if (read.state === 'bad') return { problem: `its head: ${read.failure.problem}`, octets: 1 }
  if (read.state === 'timeout') return { problem: 'it did not answer in time', octets: read.octets }
  if (read.state === 'end') return { problem: 'it closed before it had answered', octets: read.octets }
  const head = parseIcapHead(read.text)
  return isMessageFailure(head) ? { problem: `its head: ${head.problem}`, octets: 1 } : head
}

export type EncapsulatedHeads = {
  readonly heads: ReadonlyMap<'req-hdr' | 'res-hdr', string>
  readonly hasBody: boolean
}

/** The heads that an answer holds, without their empty lines; what follows is the body, in chunks. */
export async function readEncapsulated(
  { reader }: IcapConnection,
  head: IcapHead,
  timeoutMs: number,
): Promise<EncapsulatedHeads | string> {
  const [value, ...others] = fieldValues(head.fields, 'encapsulated')
  const encapsulated = value === undefined || others.length > 0 ? null : parseEncapsulated(value)
  if (encapsulated === null) return 'its Encapsulated field is none'
  const deadlineMs = performance.now() + timeoutMs
  let bytes: Buffer = Buffer.alloc(0)
  while (bytes.length < encapsulated.octets) {
    const piece = await reader.read(Math.max(0, deadlineMs - performance.now()))
    if (typeof piece === 'string') return 'its answer is not whole'
    bytes = Buffer.concat([bytes, piece])
  }
  reader.unread(bytes.subarray(encapsulated.octets))
  const heads = new Map<'req-hdr' | 'res-hdr', string>()
  for (const { name, start, end } of encapsulated.heads) {
    const text = bytes.toString('latin1', start, end)
    if (!text.endsWith('\r\n\r\n') || text.indexOf('\r\n\r\n') !== text.length - 4) return `its ${name} is no head`
    heads.set(name, text.slice(0, -4))
  }
  return { heads, hasBody: encapsulated.hasBody }
}

export function closesAfter(head: IcapHead): boolean {
  return listMembers(head.fields, 'connection').includes('close')
}
