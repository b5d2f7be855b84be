import { brotliDecompress, gunzip, inflate, inflateRaw, zstdDecompress } from 'node:zlib'
import { promisify } from 'node:util'
import { detectFileType, detectInText, type Detector } from './detectors.ts'
import { Findings, type Finding } from './findings.ts'
import type { TextDetector } from './text-detector.ts'

/** `findings`: what fired. `opaque`: something in it could not be read, so that nothing can be said of it. */
export type ContentScan = { readonly findings: readonly Finding[]; readonly opaque: string | null }

export type ScanLimits = {
  /** All that is unpacked from one body, together. */
  readonly unpackedBytes: number
  readonly depth: number
}

export const DEFAULT_SCAN_LIMITS: ScanLimits = { unpackedBytes: 64 * 2 ** 20, depth: 4 }

type Unpack = (bytes: Uint8Array, options: { readonly maxOutputLength: number }) => Promise<Buffer>

const CODINGS: Readonly<Record<string, Unpack>> = {
  gzip: promisify(gunzip) as Unpack,
  'x-gzip': promisify(gunzip) as Unpack,
  deflate: promisify(inflate) as Unpack,
  br: promisify(brotliDecompress) as Unpack,
  zstd: promisify(zstdDecompress) as Unpack,
}
const rawInflate = promisify(inflateRaw) as Unpack

/** A run of base64 that may hide something: long enough for the shortest token. */
const BASE64 = /[A-Za-z0-9+/_-]{24,}={0,2}(?:\r?\n[A-Za-z0-9+/]{1,76}={0,2})*/g
const MOST_RUNS = 100_000

/**
 * What is in a body: as it stands, unpacked (gzip, deflate, br, zstd), in the entries of a zip (OOXML too), in runs of base64, in
 * escapes of URLs and of JSON, each in each other up to a depth.
 */
export async function scanContent(
  body: Buffer,
  codings: readonly string[],
  limits: ScanLimits,
  own: readonly TextDetector[] = [],
  findings: Findings = new Findings(),
): Promise<ContentScan> {
  const scan = new Scan(limits, own, findings)
  let plain = body
  for (const coding of codings.toReversed()) {
    if (coding === 'identity') continue
    const unpacked = await scan.unpack(plain, CODINGS[coding] ?? null, `content coding ${coding}`)
    if (unpacked === null) return scan.result()
    plain = unpacked
  }
  await scan.look(plain, 0)
  return scan.result()
}

class Scan {
  readonly #limits: ScanLimits
  readonly #own: readonly TextDetector[]
  readonly #findings: Findings
  #left: number
  #opaque: string | null = null

  constructor(limits: ScanLimits, own: readonly TextDetector[], findings: Findings) {
    this.#findings = findings
    this.#limits = limits
    this.#own = own
    this.#left = limits.unpackedBytes
  }

  result(): ContentScan {
    return { findings: this.#findings.list(), opaque: this.#opaque }
  }

  async unpack(bytes: Uint8Array, with_: Unpack | null, what: string): Promise<Buffer | null> {
    if (with_ === null) return this.#cannot(what)
    try {
      const unpacked = await with_(bytes, { maxOutputLength: Math.max(1, this.#left) })
      this.#left -= unpacked.length
      return unpacked
    } catch {
      return this.#cannot(what)
    }
  }

  async look(bytes: Buffer, depth: number): Promise<void> {
    if (bytes.length === 0) return
    const text = bytes.toString('latin1')
    this.#noteType(text)
    this.#detect(text)
    if (depth >= this.#limits.depth) return
    if (text.startsWith('PK\x03\x04')) await this.#lookIntoZip(bytes, depth)
    else if (text.startsWith('\x1f\x8b\x08')) {
      const unpacked = await this.unpack(bytes, CODINGS['gzip']!, 'a gzip file')
      if (unpacked !== null) await this.look(unpacked, depth + 1)
    } else await this.#lookIntoText(text, depth)
  }

  #detect(text: string): void {
    detectInText(text, this.#findings)
    for (const { name, confidence, look } of this.#own) {
      const seen = look(text)
      if (seen === 'too-much') this.#cannot(`as much text, for ${name}`)
      else if (seen > 0) this.#findings.addCount(name, confidence, seen)
    }
  }

  async #lookIntoText(text: string, depth: number): Promise<void> {
    const unescaped = withoutEscapes(text)
    if (unescaped !== text) this.#detect(unescaped)
    let runs = 0
    for (const [run] of unescaped.matchAll(BASE64)) {
      if (++runs > MOST_RUNS) return void this.#cannot('runs of base64')
      const decoded = Buffer.from(run, 'base64')
      this.#left -= decoded.length
      if (this.#left < 0) return void this.#cannot('runs of base64')
      if (isWorthALook(decoded)) await this.look(decoded, depth + 1)
    }
    // Files in a form come between boundaries, after an empty line.
    for (const part of text.split('\r\n\r\n').slice(1, 1000)) {
      if (this.#noteType(part) === 'archive')
        await this.look(Buffer.from(part.replace(/\r\n--[^]*$/, ''), 'latin1'), depth + 1)
    }
  }

  /** Entries by their local headers, in order (PKWARE APPNOTE §4.3.7); what says nothing of its length is inflated to its end. */
  async #lookIntoZip(bytes: Buffer, depth: number): Promise<void> {
    for (let at = 0; at + 30 <= bytes.length && bytes.readUInt32LE(at) === 0x04034b50;) {
      const [flags, method] = [bytes.readUInt16LE(at + 6), bytes.readUInt16LE(at + 8)]
      const size = bytes.readUInt32LE(at + 18)
      const start = at + 30 + bytes.readUInt16LE(at + 26) + bytes.readUInt16LE(at + 28)
      if ((flags & 1) !== 0) return void this.#cannot('an encrypted entry of a zip')
      const hasLength = (flags & 8) === 0
      const next = hasLength ? start + size : bytes.indexOf('PK\x07\x08', start, 'latin1') + 16
      if (next <= start && size !== 0) return void this.#cannot('an entry of a zip')
      const packed = bytes.subarray(start, hasLength ? next : next - 16)
      const entry =
        method === 0 ? packed : await this.unpack(packed, method === 8 ? rawInflate : null, 'an entry of a zip')
      if (entry !== null) await this.look(entry, depth + 1)
      at = next
    }
  }

  /** A file is told from others by its first octets. */
  #noteType(text: string): Detector | null {
    const type = detectFileType(text)
    if (type !== null) this.#findings.add(type, 'high', `${text.length} ${text.slice(0, 256)}`)
    return type
  }

  #cannot(what: string): null {
    this.#opaque ??= what
    return null
  }
}

/** Text, or a packed file: the rest of what base64 can be decoded to is noise. */
function isWorthALook(decoded: Buffer): boolean {
  if (detectFileType(decoded.toString('latin1', 0, 300)) !== null) return true
  const head = decoded.subarray(0, 200)
  const printable = head.filter((octet) => (octet >= 32 && octet < 127) || octet === 9 || octet === 10 || octet === 13)
  return printable.length >= head.length * 0.9
}

function withoutEscapes(text: string): string {
  const plain = text.includes('%')
    ? text.replace(/%([0-9A-Fa-f]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)))
    : text
  if (!plain.includes('\\')) return plain
  return plain
    .replace(/\\u00([0-9A-Fa-f]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)))
    .replace(/\\n/g, '\n')
    .replace(/\\\//g, '/')
}
