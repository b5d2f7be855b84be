// @peculiar/x509 wants it before it is loaded.
// oxlint-disable-next-line import/no-unassigned-import
import 'reflect-metadata'
import { createPublicKey, createPrivateKey, randomBytes, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate as Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'

/** Certificate and key of an authority, in PEM. */
export type AuthorityPem = { readonly cert: string; readonly key: string }

const DAY_MS = 86_400_000
const AUTHORITY_DAYS = 3650
/** Short, since nothing revokes a leaf. */
const LEAF_DAYS = 7
/** Clocks of clients differ. */
const BACKDATED_MS = DAY_MS

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const

/** A new authority that signs servers' certificates and nothing else. */
export async function createAuthority(name: string, nowMs: number): Promise<AuthorityPem> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
  const cert = await X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: serialNumber(),
      name: `CN=${name}`,
      notBefore: new Date(nowMs - BACKDATED_MS),
      notAfter: new Date(nowMs + AUTHORITY_DAYS * DAY_MS),
      signingAlgorithm: ALGORITHM,
      keys,
      extensions: [
        new BasicConstraintsExtension(true, 0, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
        await SubjectKeyIdentifierExtension.create(keys.publicKey, false, crypto),
      ],
    },
    crypto,
  )
  const key = PemConverter.encode(await crypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY')
  return { cert: `${cert.toString('pem')}\n`, key: `${key}\n` }
}

/** Makes certificates for servers in the name of one authority; all of them have one key, made anew for each process. */
export class CertificateAuthority {
  readonly #issuer: Certificate
  readonly #issuerKey: CryptoKey
  readonly #leafKeys: CryptoKeyPair
  readonly leafKeyPem: string
  readonly certPem: string

  private constructor(certPem: string, issuerKey: CryptoKey, leafKeys: CryptoKeyPair, leafKeyPem: string) {
    this.#issuer = new Certificate(certPem)
    this.#issuerKey = issuerKey
    this.#leafKeys = leafKeys
    this.leafKeyPem = leafKeyPem
    this.certPem = certPem
  }

  /** From then on no client takes what it signs. */
  get endsMs(): number {
    return this.#issuer.notAfter.getTime()
  }

  /** Rejects when the key is not that of the certificate, or when the certificate is none of an authority. */
  static async open({ cert, key }: AuthorityPem): Promise<CertificateAuthority> {
    const certificate = new X509Certificate(cert)
    const secret = createPrivateKey(key)
    if (!certificate.ca) throw new Error('the certificate is not that of an authority')
    if (!certificate.publicKey.equals(createPublicKey(secret)))
      throw new Error('the key is not that of the certificate')
    if (secret.asymmetricKeyType !== 'ec' || secret.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
      throw new Error('the key is not an ECDSA key on P-256')
    }
    const pkcs8 = secret.export({ format: 'der', type: 'pkcs8' })
    const issuerKey = await crypto.subtle.importKey('pkcs8', pkcs8, ALGORITHM, false, ['sign'])
    const leafKeys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
    const leafPem = PemConverter.encode(await crypto.subtle.exportKey('pkcs8', leafKeys.privateKey), 'PRIVATE KEY')
    return new CertificateAuthority(certificate.toString(), issuerKey, leafKeys, leafPem)
  }

  /** A certificate for the host, a name or an address, in PEM. */
  async issue(host: string, nowMs: number): Promise<string> {
    const leaf = await X509CertificateGenerator.create(
      {
        serialNumber: serialNumber(),
        // RFC 5280 §4.1.2.6: a common name has 64 characters at most; the alternative name is what counts.
        subject: host.length <= 64 ? [{ CN: [host] }] : [],
        issuer: this.#issuer.subjectName,
        notBefore: new Date(nowMs - BACKDATED_MS),
        notAfter: new Date(nowMs + LEAF_DAYS * DAY_MS),
        signingAlgorithm: ALGORITHM,
        publicKey: this.#leafKeys.publicKey,
        signingKey: this.#issuerKey,
        extensions: [
          new BasicConstraintsExtension(false, undefined, true),
          new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
          new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
          new SubjectAlternativeNameExtension(
            [{ type: isIP(host) === 0 ? 'dns' : 'ip', value: host }],
            host.length > 64,
          ),
          await AuthorityKeyIdentifierExtension.create(this.#issuer, false, crypto),
        ],
      },
      crypto,
    )
    return leaf.toString('pem')
  }
}

/** RFC 5280 §4.1.2.2: positive, at most 20 octets. */
function serialNumber(): string {
  const octets = randomBytes(16)
  octets[0]! &= 0x7f
  octets[0]! |= 0x40
  return octets.toString('hex')
}
