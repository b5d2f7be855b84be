import { setImmediate } from 'node:timers/promises'
import { detectFileType, detectInText } from './detectors.ts'
import { encodedRuns } from './encoded-runs.ts'
import type { Findings } from './findings.ts'
import { packedParts } from './form-parts.ts'
import { packedFile, type PackedFile } from './packed-file.ts'
import { tarEntries } from './tar-entries.ts'
import type { TextDetector } from './text-detector.ts'
import { textWindows } from './text-windows.ts'
import { CODINGS, unpackEntry, type Unpack } from './unpack.ts'
import { wideText } from './wide-text.ts'
import { withoutEscapes } from './without-escapes.ts'
import { endsAsZip, zipEntries } from './zip-entries.ts'

export type ScanLimits = {
  /** All that is unpacked from one content, together. */
  readonly unpackedBytes: number
  readonly depth: number
}

/** A turn; more than one pattern over a window takes is more than it. */
const LONGEST_MS = 10
const MOST_RUNS = 100_000
/** A part of a form that may be a program, by its first octet. */
// oxlint-disable-next-line no-control-regex
const PROGRAM_IN_FORM = /\r\n\r\n(?=[\x7fM\xcf\xca])/g
/** Entries that do not unpack: headers of a zip cost nothing to write. */
const MOST_UNREAD = 20
/** What it costs to begin, in octets that could be looked into meanwhile: an entry of a zip that holds nothing has 40 octets. */
const BEGINNING_OCTETS = 2048

/** Looks into octets, and into what is packed in them, each in each other up to a depth. */
export class DeepScan {
  readonly #limits: ScanLimits
  readonly #own: readonly TextDetector[]
  readonly #findings: Findings
  #left: number
  #opaque: string | null = null
  #sinceMs: number = performance.now()

  constructor(limits: ScanLimits, own: readonly TextDetector[], findings: Findings) {
    this.#findings = findings
    this.#limits = limits
    this.#own = own
    this.#left = limits.unpackedBytes
  }

  /** What could not be read. */
  get opaque(): string | null {
    return this.#opaque
  }

  async unpack(bytes: Uint8Array, with_: Unpack | null, what: string): Promise<Buffer | null> {
    this.#left -= BEGINNING_OCTETS
    if (with_ === null || this.#left < 0) return this.#cannot(what)
    try {
      const unpacked = await with_(bytes, { maxOutputLength: Math.max(1, this.#left) })
      this.#left -= unpacked.length
      return unpacked
    } catch {
      return this.#cannot(what)
    }
  }

  async look(bytes: Buffer, depth: number = 0): Promise<void> {
    if (bytes.length === 0) return
    const text = bytes.toString('latin1')
    this.#noteType(text)
    await this.#detect(text)
    const packed = packedFile(text)
    if (packed !== null) await this.#lookIntoFile(bytes, packed, depth)
    // Whatever stands before it, a program that reads from the end finds a zip.
    if (packed !== 'zip' && endsAsZip(bytes)) await this.#lookIntoFile(bytes, 'zip', depth)
    if (packed === null || packed === 'tar') await this.#lookIntoText(text, depth)
  }

  /** What is the beginning of nothing, nor whole. */
  async lookIntoPart(text: string): Promise<void> {
    await this.#detect(text)
    await this.#lookIntoText(text, 0)
  }

  async #lookIntoFile(bytes: Buffer, packed: PackedFile, depth: number): Promise<void> {
    if (packed === 'unreadable') return void this.#cannot('a packed file')
    if (depth >= this.#limits.depth) return void this.#cannot('what is packed so deep')
    if (packed === 'zip') return this.#lookIntoZip(bytes, depth)
    if (packed === 'tar') return this.#lookIntoTar(bytes, depth)
    const unpacked = await this.unpack(bytes, CODINGS[packed]!, `a ${packed} file`)
    if (unpacked !== null) await this.look(unpacked, depth + 1)
  }

  async #detect(text: string): Promise<void> {
    const cards = new Set<string>()
    for (const window of textWindows(text)) {
      detectInText(window, this.#findings, cards)
      await this.#pause()
    }
    for (const { name, confidence, look } of this.#own) {
      await this.#pause()
      const seen = look(text)
      if (seen === 'too-much') this.#cannot(`as much text, for ${name}`)
      else if (seen > 0) this.#findings.addCount(name, confidence, seen)
    }
  }

  async #lookIntoText(text: string, depth: number): Promise<void> {
    const wide = wideText(text)
    if (wide !== '') {
      await this.#detect(wide)
      await this.#lookIntoText(wide, depth)
    }
    let unescaped = ''
    for (const part of withoutEscapes(text)) {
      unescaped += part
      await this.#pause()
    }
    if (unescaped !== text) await this.#detect(unescaped)
    await this.lookIntoRuns(unescaped, depth)
    for (const part of packedParts(text)) {
      this.#noteType(part)
      if (!(await this.#lookWithin(Buffer.from(part, 'latin1'), depth, 'parts of a form'))) break
    }
    for (const { index } of text.matchAll(PROGRAM_IN_FORM)) this.#noteType(text.slice(index + 4))
  }

  async lookIntoRuns(text: string, depth: number): Promise<void> {
    let runs = 0
    for (const decoded of encodedRuns(text)) {
      if (++runs > MOST_RUNS) return void this.#cannot('encoded runs')
      await this.#pause()
      if (decoded === null) continue
      if (depth >= this.#limits.depth) return void this.#cannot('what is packed so deep')
      if (!(await this.#lookWithin(decoded, depth, 'encoded runs'))) return
    }
  }

  async #lookIntoZip(bytes: Buffer, depth: number): Promise<void> {
    const { entries, isWhole } = zipEntries(bytes)
    if (!isWhole) this.#cannot('an entry of a zip')
    if (entries.length > 0) this.#findings.add('archive', 'high', `${bytes.length} zip`)
    let unread = 0
    for (const { method, isEncrypted, packed } of entries) {
      if (isEncrypted) return void this.#cannot('an encrypted entry of a zip')
      if (method === 0) {
        if (!(await this.#lookWithin(packed, depth, 'entries of a zip'))) return
        continue
      }
      const entry = await this.unpack(packed, method === 8 ? unpackEntry : null, 'an entry of a zip')
      if (entry !== null) await this.look(entry, depth + 1)
      else if (++unread > MOST_UNREAD) return
    }
  }

  /** What is not packed in it has been looked into as it stands. */
  async #lookIntoTar(bytes: Buffer, depth: number): Promise<void> {
    const entries = tarEntries(bytes)
    if (entries === null) return void this.#cannot('an entry of a tar')
    for (const entry of entries) {
      const isPacked = packedFile(entry.toString('latin1', 0, 300)) !== null || endsAsZip(entry)
      if (isPacked && !(await this.#lookWithin(entry, depth, 'entries of a tar'))) return
    }
  }

  /** Whoever else is served has his turn. */
  async #pause(): Promise<void> {
    if (performance.now() - this.#sinceMs < LONGEST_MS) return
    await setImmediate()
    this.#sinceMs = performance.now()
  }

  /** What needs no unpacking, counted like what does: parts that overlap would cost more than they are long. */
  async #lookWithin(bytes: Buffer, depth: number, what: string): Promise<boolean> {
    this.#left -= bytes.length
    if (this.#left < 0) {
      this.#cannot(what)
      return false
    }
    await this.look(bytes, depth + 1)
    return true
  }

  /** A file is told from others by its first octets. */
  #noteType(text: string): void {
    const type = detectFileType(text)
    if (type !== null) this.#findings.add(type, 'high', `${text.length} ${text.slice(0, 256)}`)
  }

  #cannot(what: string): null {
    this.#opaque ??= what
    return null
  }
}
