export { startUnprivileged } from './start-unprivileged.ts'
export type { CommandEnd, UnprivilegedOptions, UnprivilegedRun } from './start-unprivileged.ts'
export { checkUnprivileged } from './check-unprivileged.ts'
export { UnprivilegedError } from './unprivileged-error.ts'
export type { UnprivilegedErrorCode } from './unprivileged-error.ts'
export type { Allowances } from './counted-flows.ts'
export { NamespaceHandshakes, type NamespaceTicket } from './namespace-handshakes.ts'
export type {
  AwaitsHandshake,
  CountsOctets,
  PacketFacts,
  PacketHeaders,
  PacketVerdict,
  SocketOwner,
  UnprivilegedEvent,
} from './packet-facts.ts'
