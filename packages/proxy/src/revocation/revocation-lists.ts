// @peculiar/x509 wants it before it is loaded.
// oxlint-disable-next-line import/no-unassigned-import
import 'reflect-metadata'
import type { X509Certificate } from 'node:crypto'
import { PublicKey, X509Certificate as Certificate, X509Crl } from '@peculiar/x509'

type List = { readonly crl: X509Crl; readonly serials: ReadonlySet<string>; readonly signers: Map<string, boolean> }

/**
 * Lists of revoked certificates (RFC 5280 §5) by their issuer. A list counts when its issuer's key has signed it. What a list that
 * is out of date revokes stays revoked: nobody takes a revocation back.
 */
export class RevocationLists {
  readonly #byIssuer = new Map<string, List[]>()

  /** Each in PEM or DER. Throws on what is no list. */
  constructor(lists: readonly (string | Uint8Array<ArrayBuffer>)[]) {
    for (const raw of lists) {
      const crl = new X509Crl(raw)
      const serials = new Set(crl.entries.map(({ serialNumber }) => canonical(serialNumber)))
      const known = this.#byIssuer.get(crl.issuer) ?? []
      known.push({ crl, serials, signers: new Map() })
      this.#byIssuer.set(crl.issuer, known)
    }
  }

  async isRevoked(certificate: X509Certificate, issuer: X509Certificate): Promise<boolean> {
    const name = new Certificate(new Uint8Array(certificate.raw)).issuer
    for (const list of this.#byIssuer.get(name) ?? []) {
      if (list.serials.has(canonical(certificate.serialNumber)) && (await isSignedBy(list, issuer))) return true
    }
    return false
  }
}

async function isSignedBy({ crl, signers }: List, issuer: X509Certificate): Promise<boolean> {
  const known = signers.get(issuer.fingerprint256)
  if (known !== undefined) return known
  const publicKey = new PublicKey(new Uint8Array(issuer.publicKey.export({ format: 'der', type: 'spki' })))
  const isSigned = await crl.verify({ publicKey }, crypto).catch(() => false)
  if (signers.size < MOST_SIGNERS) signers.set(issuer.fingerprint256, isSigned)
  return isSigned
}

/** Certificates of one name that may have been asked about; a name has few keys. */
const MOST_SIGNERS = 100

const canonical = (serial: string): string => serial.toLowerCase().replace(/^0+/, '')
