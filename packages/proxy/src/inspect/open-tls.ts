import { isIP, type Socket } from 'node:net'
import { connect, rootCertificates, type TLSSocket } from 'node:tls'
import { refusal, type Refusal } from '../answers.ts'
import type { RevocationLists } from '../revocation/revocation-lists.ts'
import { revocationProblem } from '../revocation/revocation-problem.ts'

/** What servers must show. */
export type ServerTrust = {
  /** Authorities in PEM, beside those that Node brings along; `null`: these alone. */
  readonly serverCa: string | null
  readonly revoked?: RevocationLists | null
}

/**
 * The server's side of an inspected tunnel. Its certificate must hold for the host, from an authority that is trusted, now: what a
 * browser would refuse is refused here, since the client sees our certificate and cannot.
 */
export function openTls(
  socket: Socket,
  host: string,
  { serverCa, revoked = null }: ServerTrust,
  protocols: readonly string[],
  timeoutMs: number,
): Promise<TLSSocket | Refusal> {
  const ca = serverCa === null ? {} : { ca: [...rootCertificates, serverCa] }
  const name = isIP(host) === 0 ? { servername: host } : {}
  const tls = connect({
    socket,
    host,
    ...name,
    ...ca,
    minVersion: 'TLSv1.2',
    requestOCSP: true,
    ALPNProtocols: [...protocols],
    rejectUnauthorized: true,
  })
  let staple: Buffer | null = null
  tls.on('OCSPResponse', (der: Buffer | null) => (staple = der))
  return new Promise((resolve) => {
    const done = (opened: TLSSocket | Refusal): void => {
      clearTimeout(late)
      tls.removeAllListeners('error')
      tls.off('close', onClose).on('error', () => tls.destroy())
      if (opened !== tls) tls.destroy()
      resolve(opened)
    }
    const onClose = (): void => done(refusal('server-tls-failed', `${host} closed within the handshake`))
    const late = setTimeout(() => done(refusal('server-tls-failed', `${host} did not end the handshake`)), timeoutMs)
    tls.on('error', (error: NodeJS.ErrnoException) => done(failure(host, error)))
    tls.on('close', onClose).once('secureConnect', () => {
      void revocationProblem(tls, staple, revoked, Date.now()).then(
        (problem) => done(problem === null ? tls : refusal('bad-certificate', `${host}: ${problem}`)),
        (error: Error) => done(refusal('bad-certificate', `${host}: ${error.message}`)),
      )
    })
  })
}

const CERTIFICATE_ERROR = /^(CERT_|ERR_TLS_CERT_|DEPTH_|SELF_|UNABLE_|HOSTNAME_|INVALID_|ERR_SSL_(EE|CA)_KEY)/

function failure(host: string, { code, message }: NodeJS.ErrnoException): Refusal {
  const reason = CERTIFICATE_ERROR.test(code ?? '') ? 'bad-certificate' : 'server-tls-failed'
  return refusal(reason, `${host}: ${code ?? message}`)
}
