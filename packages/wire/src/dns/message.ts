import type { WireName } from './name.ts'
import type { RecordData } from './rdata.ts'

/** RFC 1035 §4.1.1; AD and CD from RFC 4035 §3.2. `rcode` holds the lower four bits, the rest is in the OPT record. */
export type Header = {
  readonly id: number
  readonly response: boolean
  readonly opcode: number
  readonly authoritative: boolean
  readonly truncated: boolean
  readonly recursionDesired: boolean
  readonly recursionAvailable: boolean
  readonly authenticData: boolean
  readonly checkingDisabled: boolean
  readonly rcode: number
}

export type Question = { readonly name: WireName; readonly type: number; readonly class: number }

export type ResourceRecord = {
  readonly name: WireName
  readonly type: number
  /** For OPT the largest UDP payload of the sender. */
  readonly class: number
  /** For OPT the upper bits of the response code, the version and the flags. */
  readonly ttl: number
  readonly data: RecordData
}

export type Message = {
  readonly header: Header
  readonly questions: readonly Question[]
  readonly answers: readonly ResourceRecord[]
  readonly authorities: readonly ResourceRecord[]
  readonly additionals: readonly ResourceRecord[]
}

export type ParsedMessage = Message

export const SECTIONS = ['answers', 'authorities', 'additionals'] as const
