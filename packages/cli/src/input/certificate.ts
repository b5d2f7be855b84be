import { createSecureContext } from 'node:tls'
import type { Certificate } from '@sallyport/dns'
import { SallyportError } from '@sallyport/policy'
import { readTextFile } from './read-text-file.ts'

export const MOST_PEM_BYTES: number = 4 << 20

/** Certificate chain and key, known to belong together. */
export async function readCertificate(certFile: string, keyFile: string): Promise<Certificate> {
  const certificate = {
    cert: await readTextFile(certFile, MOST_PEM_BYTES),
    key: await readTextFile(keyFile, MOST_PEM_BYTES),
  }
  try {
    createSecureContext(certificate)
    return certificate
  } catch (error) {
    throw new SallyportError('certificate-invalid', `${certFile} with ${keyFile}: ${(error as Error).message}`, {
      cause: error,
    })
  }
}
