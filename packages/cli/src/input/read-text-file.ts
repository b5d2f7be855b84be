import { open } from 'node:fs/promises'
import { SallyportError, type ErrorCode } from '@sallyport/policy'

const FAILURES: Readonly<Record<string, ErrorCode>> = {
  ENOENT: 'file-not-found',
  ENOTDIR: 'file-not-found',
  EISDIR: 'file-is-directory',
}

/** The whole standard input, as a text file is read. */
export async function readStandardInput(maxBytes: number): Promise<string> {
  return decodeText('standard input', await readBounded('standard input', process.stdin, maxBytes))
}

/** The whole of a text file that a person wrote; what is no such file is refused before it is read. */
export async function readTextFile(path: string, maxBytes: number): Promise<string> {
  try {
    await using file = await open(path, 'r')
    const facts = await file.stat()
    if (facts.isDirectory()) throw new SallyportError('file-is-directory', `${path} is a directory, not a file`)
    if (facts.size > maxBytes) throw tooLarge(path, facts.size, maxBytes)
    return decodeText(path, await readBounded(path, file.createReadStream(), maxBytes))
  } catch (error) {
    throw fileError(path, error)
  }
}

async function readBounded(path: string, stream: AsyncIterable<unknown>, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of stream) {
    const bytes = chunk as Buffer
    size += bytes.length
    if (size > maxBytes) throw tooLarge(path, size, maxBytes)
    chunks.push(bytes)
  }
  return Buffer.concat(chunks)
}

function decodeText(path: string, bytes: Buffer): string {
  if (bytes.includes(0)) throw new SallyportError('file-not-text', `${path} is binary, not text`)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new SallyportError('file-not-text', `${path} is not UTF-8 text`)
  }
}

function tooLarge(path: string, size: number, maxBytes: number): SallyportError {
  const mib = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20)} MiB`
  return new SallyportError('file-too-large', `${path} has ${mib(size)}; at most ${mib(maxBytes)} are read`)
}

/** The system's words for what went wrong with a file, as one of ours. */
export function fileError(path: string, error: unknown, fallback: ErrorCode = 'file-not-readable'): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (error instanceof SallyportError || code === '') return error
  const known = FAILURES[code] ?? fallback
  const said: Partial<Record<ErrorCode, string>> = {
    'file-not-found': `${path} does not exist`,
    'file-is-directory': `${path} is a directory, not a file`,
    'file-not-writable': `${path} cannot be written (${code})`,
  }
  return new SallyportError(known, said[known] ?? `${path} cannot be read (${code})`, { cause: error })
}
