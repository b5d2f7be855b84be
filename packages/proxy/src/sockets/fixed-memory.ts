import type { SocketCalls } from './socket-calls.ts'

/** Memory that stays where it is. Its address is a number, which a call takes as it is; an array has to be looked into first. */
export type FixedMemory = { readonly octets: Buffer; readonly view: DataView; readonly address: number }

/** Whoever tells the address to a call keeps the memory. */
export function fixedMemory(calls: Pick<SocketCalls, 'addressOf'>, size: number): FixedMemory {
  // A small array may be where objects are, which are moved.
  const buffer = new ArrayBuffer(size)
  const octets = Buffer.from(buffer)
  return { octets, view: new DataView(buffer), address: calls.addressOf(octets) }
}
