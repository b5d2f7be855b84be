export { startIdentification, DEFAULT_IDENTIFICATION_LIMITS } from './start-identification.ts'
export type { Identifier, IdentificationLimits, IdentificationOptions } from './start-identification.ts'
export type { Direction } from './recogniser.ts'
export type {
  Confidence,
  Ech,
  Evidence,
  Found,
  HandshakeCrypto,
  Identification,
  NameProblem,
} from './identification.ts'
export { parseClientHello, type ClientHello } from '../tls/client-hello.ts'
export { ja4 } from '../tls/ja4.ts'
