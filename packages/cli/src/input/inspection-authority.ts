import cluster from 'node:cluster'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { CATEGORIES } from '@sallyport/catalog'
import { parseDomainPattern, type DomainPattern } from '@sallyport/net'
import {
  CertificateAuthority,
  createAuthority,
  PinnedHosts,
  RevocationLists,
  type InspectionOptions,
} from '@sallyport/proxy'
import { SallyportError } from '@sallyport/policy'
import { note } from '../output/print.ts'
import { MOST_PEM_BYTES } from './certificate.ts'
import { fileError, readTextFile } from './read-text-file.ts'

const TOLD_BEFORE_MS = 30 * 86_400_000
const AUTHORITY_NAME = 'Sallyport TLS inspection'

type Options = {
  readonly tlsInspect?: string
  readonly spare: readonly string[]
  readonly spareCategory: readonly string[]
  readonly sparePinned?: boolean
  readonly serverCa?: string
  readonly crl: readonly string[]
}

/** What people do with their bank and their doctor is nobody's business, unless somebody says otherwise. */
const PRIVATE_CATEGORIES = ['finance', 'health']

/** `null` when no tunnel is to be decrypted. */
export async function readInspection(options: Options): Promise<InspectionOptions | null> {
  const { tlsInspect, spare, spareCategory, sparePinned, serverCa, crl } = options
  if (tlsInspect === undefined) return null
  const named = spareCategory.filter((category) => category !== 'none')
  const categories = spareCategory.length === 0 ? PRIVATE_CATEGORIES : named
  return {
    authority: await readAuthority(tlsInspect),
    never: [...spare.map(parseSpared), ...categories.flatMap(domainsOfCategory)],
    pinned: sparePinned === true ? new PinnedHosts() : null,
    revoked: await readRevoked(crl),
    serverCa: serverCa === undefined ? null : await readTextFile(serverCa, MOST_PEM_BYTES),
  }
}

/**
 * Key and certificate of the authority from one file in PEM, which is made when it is not there; the certificate alone then stands
 * beside it, to be given to clients. Whoever reads the key can be any server to them, so nobody but its owner may.
 */
async function readAuthority(path: string): Promise<CertificateAuthority> {
  const mode = (await stat(path).catch(() => null))?.mode
  if (mode === undefined) await makeAuthority(path)
  else if ((mode & 0o077) !== 0) {
    throw new SallyportError('authority-invalid', `${path} can be read by others than its owner`, {
      remedy: `chmod 600 ${path}`,
    })
  }
  const pem = await readFile(path, 'utf8').catch((error: unknown) => {
    throw fileError(path, error)
  })
  const cert = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.exec(pem)?.[0]
  const key = /-----BEGIN (?:EC )?PRIVATE KEY-----[^-]+-----END (?:EC )?PRIVATE KEY-----/.exec(pem)?.[0]
  if (cert === undefined || key === undefined) {
    throw new SallyportError('authority-invalid', `${path} does not hold a certificate and its private key, in PEM`)
  }
  const authority = await CertificateAuthority.open({ cert, key }).catch((error: Error) => {
    throw new SallyportError('authority-invalid', `${path}: ${error.message}`, { cause: error })
  })
  noteEnd(path, authority.endsMs - Date.now(), new Date(authority.endsMs))
  return authority
}

/** What is not inspected goes on without it, so it is no error. */
function noteEnd(path: string, leftMs: number, end: Date): void {
  // Once, not by each worker.
  if (leftMs > TOLD_BEFORE_MS || (cluster.worker?.id ?? 1) > 1) return
  const day = end.toISOString().slice(0, 10)
  const ends = leftMs > 0 ? `ends on ${day}; from then on clients refuse` : `ended on ${day}; clients refuse`
  note(
    `sallyport: the authority in ${path} ${ends} what is inspected. For a new one, move the file away and start again`,
  )
}

async function makeAuthority(path: string): Promise<void> {
  const { cert, key } = await createAuthority(AUTHORITY_NAME, Date.now())
  try {
    await writeFile(`${path}.crt`, cert, { mode: 0o644 })
    // Last, and only where nothing is: what is there counts as complete.
    await writeFile(path, `${key}${cert}`, { mode: 0o600, flag: 'wx' })
  } catch (error) {
    throw fileError(path, error, 'file-not-writable')
  }
  note(`sallyport: made an authority for TLS inspection; clients must trust ${path}.crt`)
}

function parseSpared(text: string): DomainPattern {
  const pattern = parseDomainPattern(text)
  if (pattern !== null) return pattern
  throw new SallyportError('target-invalid', `--spare "${text}" is not a domain`, { remedy: 'Write .bank.example.' })
}

function domainsOfCategory(category: string): readonly DomainPattern[] {
  if (Object.hasOwn(CATEGORIES, category)) return CATEGORIES[category]!.domains.map(parseSpared)
  throw new SallyportError('name-unknown', `--spare-category "${category}" is not a category`, {
    remedy: `Categories: ${Object.keys(CATEGORIES).join(', ')}; none spares none.`,
  })
}

async function readRevoked(paths: readonly string[]): Promise<RevocationLists | null> {
  if (paths.length === 0) return null
  const lists = await Promise.all(
    paths.map(async (path) => {
      const bytes = await readFile(path).catch((error: unknown) => {
        throw fileError(path, error)
      })
      const text = bytes.toString('latin1')
      if (!text.includes('-----BEGIN')) return [new Uint8Array(bytes)]
      return text.match(/-----BEGIN X509 CRL-----[^-]+-----END X509 CRL-----/g) ?? [text]
    }),
  )
  try {
    return new RevocationLists(lists.flat())
  } catch (error) {
    throw new SallyportError('certificate-invalid', `--crl: not a list of revoked certificates`, { cause: error })
  }
}
