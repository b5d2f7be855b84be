import type { ListenTls } from '@sallyport/proxy'
import { SallyportError } from '@sallyport/policy'
import { MOST_PEM_BYTES, readCertificate } from './certificate.ts'
import { readTextFile } from './read-text-file.ts'

type TlsFiles = {
  readonly listen: readonly string[]
  readonly cert?: string
  readonly key?: string
  readonly clientCa?: string
}

/** What `https://` addresses need; `null` when there is none of them. */
export async function readListenTls({ listen, cert, key, clientCa }: TlsFiles): Promise<ListenTls | null> {
  if (!listen.some((text) => text.startsWith('https://'))) return null
  if (cert === undefined || key === undefined) {
    throw new SallyportError('usage', 'https:// addresses need a certificate', {
      remedy: 'Give --cert FILE and --key FILE.',
    })
  }
  const certificate = await readCertificate(cert, key)
  return { ...certificate, clientCa: clientCa === undefined ? null : await readTextFile(clientCa, MOST_PEM_BYTES) }
}
