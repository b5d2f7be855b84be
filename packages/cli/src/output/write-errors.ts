import { SallyportError } from '@sallyport/policy'

/** The system's words when what is kept between commands cannot be written. */
export async function writing<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (!/^E[A-Z]+$/.test(code) || !(error instanceof Error && 'path' in error)) throw error
    throw new SallyportError('file-not-writable', `${String(error.path)} cannot be written (${code})`, {
      cause: error,
      remedy: 'Run it as root, name another directory with --store, or set SALLYPORT_STATE.',
    })
  }
}
