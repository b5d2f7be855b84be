import { deflateRawSync } from 'node:zlib'

export type ZipFile = {
  readonly name: string
  readonly content: Buffer | string
  readonly isStored?: boolean
  /** What its local header says of its packed length, where that is a lie. */
  readonly localLength?: number
  /** Whether the directory leaves it out. */
  readonly isHidden?: boolean
  /** Octets between it and what follows. */
  readonly gap?: string
}

/** A zip with local headers and a directory. */
export function zipOf(files: readonly ZipFile[]): Buffer {
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const { name, content, isStored = false, localLength, isHidden = false, gap = '' } of files) {
    const plain = Buffer.from(content as string, 'latin1')
    const packed = isStored ? plain : deflateRawSync(plain)
    const method = isStored ? 0 : 8
    const local = Buffer.alloc(30)
    local.writeUInt32LE(0x04034b50, 0)
    local.writeUInt16LE(method, 8)
    local.writeUInt32LE(localLength ?? packed.length, 18)
    local.writeUInt32LE(plain.length, 22)
    local.writeUInt16LE(name.length, 26)
    const central = Buffer.alloc(46)
    central.writeUInt32LE(0x02014b50, 0)
    central.writeUInt16LE(method, 10)
    central.writeUInt32LE(packed.length, 20)
    central.writeUInt32LE(plain.length, 24)
    central.writeUInt16LE(name.length, 28)
    central.writeUInt32LE(offset, 42)
    const entry = Buffer.concat([local, Buffer.from(name), packed, Buffer.from(gap, 'latin1')])
    parts.push(entry)
    offset += entry.length
    if (!isHidden) directory.push(Buffer.concat([central, Buffer.from(name)]))
  }
  const end = Buffer.alloc(22)
  const size = directory.reduce((sum, { length }) => sum + length, 0)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(directory.length, 8)
  end.writeUInt16LE(directory.length, 10)
  end.writeUInt32LE(size, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...parts, ...directory, end])
}
