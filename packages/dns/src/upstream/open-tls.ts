import { createHash, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { connect, getCACertificates, type TLSSocket } from 'node:tls'
import type { UpstreamServer } from './upstream-server.ts'

/** A connection whose peer is the server meant, or an `error` event whose error `isCertificateError` tells. */
export function openTls(server: UpstreamServer, protocols: readonly string[], session: Buffer | null): TLSSocket {
  const { address, port, serverName = null, pins = [], ca } = server
  const name = serverName ?? address
  const socket = connect({
    host: address,
    port,
    // RFC 6066 §3: an address is no server name.
    servername: isIP(name) === 0 ? name : '',
    ALPNProtocols: [...protocols],
    minVersion: 'TLSv1.2',
    ca: ca ?? authorities(),
    // With pins it is the key that is checked, right after the handshake and before anything is sent.
    rejectUnauthorized: pins.length === 0,
    ...(session === null ? {} : { session }),
    // RFC 9110 §4.3.5: an address must be in the certificate as one.
    ...(isIP(name) === 0 ? {} : { checkServerIdentity: (_: string, certificate) => addressProblem(name, certificate) }),
  })
  if (pins.length > 0) socket.once('secureConnect', () => checkPin(socket, pins))
  return socket
}

function addressProblem(address: string, { raw }: { raw: Buffer }): Error | undefined {
  if (new X509Certificate(raw).checkIP(address) !== undefined) return undefined
  return Object.assign(new Error(`the certificate is not for ${address}`), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
}

function checkPin(socket: TLSSocket, pins: readonly string[]): void {
  const certificate = socket.getPeerX509Certificate()
  const pin = certificate === undefined ? '' : publicKeyPin(certificate)
  if (!pins.includes(pin)) socket.destroy(new PinMismatch(pin))
}

/** SHA-256 over the SubjectPublicKeyInfo, in base64. */
export function publicKeyPin({ publicKey }: X509Certificate): string {
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64')
}

class PinMismatch extends Error {
  readonly code = 'ERR_TLS_PIN_MISMATCH'

  constructor(found: string) {
    super(`the certificate's key is ${found}, which no pin names`)
    this.name = 'PinMismatch'
  }
}

/** Those of the system; where it has none, those that Node brings along. */
function authorities(): string[] {
  const system = getCACertificates('system')
  return system.length > 0 ? system : getCACertificates('bundled')
}

const CERTIFICATE_ERROR =
  /^(ERR_TLS_(CERT_|PIN_)|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_(GET_ISSUER|VERIFY)|INVALID_(CA|PURPOSE)|HOSTNAME_MISMATCH|ERR_SSL_.*CERT)/

export function isCertificateError(error: Error): boolean {
  return 'code' in error && CERTIFICATE_ERROR.test(String(error.code))
}
