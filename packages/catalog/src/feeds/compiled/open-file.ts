import { closeSync, openSync, readSync } from 'node:fs'

/** Lists come and go with the policies that hold them; nobody tells when the last one let go. */
const closing = new FinalizationRegistry<number>((fd) => closeSync(fd))

/** A file that stays readable, also after it was removed, for as long as this object is held. */
export class OpenFile {
  readonly path: string
  readonly fd: number

  private constructor(path: string, fd: number) {
    this.path = path
    this.fd = fd
    closing.register(this, fd)
  }

  /** `null` when it cannot be opened. */
  static open(path: string): OpenFile | null {
    try {
      return new OpenFile(path, openSync(path, 'r'))
    } catch {
      return null
    }
  }

  /** Throws when the file is shorter. */
  read(from: number, length: number): Buffer<ArrayBuffer> {
    const octets = Buffer.allocUnsafeSlow(length)
    for (let at = 0; at < length;) {
      const count = readSync(this.fd, octets, at, length - at, from + at)
      if (count === 0) throw new Error('a compiled feed is shorter than it was')
      at += count
    }
    return octets
  }
}
