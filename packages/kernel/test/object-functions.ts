import { readFileSync } from 'node:fs'

/** A function of an eBPF object: what its frame takes of the stack, and the functions that it calls or hands on to be called. */
export interface ObjectFunction {
  readonly name: string
  /** In octets, as compiled: the kernel rounds it up. */
  readonly frame: number
  readonly calls: readonly string[]
}

/** Of ELF64 in the byte order of little-endian machines (Tool Interface Standard: ELF 1.2; psABI of eBPF for relocations). */
export function objectFunctions(path: string): readonly ObjectFunction[] {
  const file = readFileSync(path)
  const sections = sectionsOf(file)
  const symbols = sections
    .filter(({ type }) => type === SYMBOLS)
    .flatMap((section) => symbolsOf(file, sections, section))
  const functions = symbols.filter(({ kind }) => kind === FUNCTION)
  const at = (section: number, offset: number): string | undefined =>
    functions.find((one) => one.section === section && one.value === offset)?.name
  return functions.map(({ name, section, value, size }) => {
    const body = file.subarray(sections[section]!.offset + value, sections[section]!.offset + value + size)
    const relocated = new Map(
      sections
        .filter(({ type, info }) => type === RELOCATIONS && info === section)
        .flatMap((each) => relocationsOf(file, each))
        .map(({ offset, symbol }) => [offset - value, symbols[symbol]!]),
    )
    const calls = references(body).flatMap(({ offset, imm, isCall }) => {
      const symbol = relocated.get(offset)
      // A call counts instructions from the one behind it, an address octets.
      const target = isCall
        ? symbol
          ? symbol.value + (imm + 1) * WORD
          : value + offset + (imm + 1) * WORD
        : symbol && symbol.value + imm
      const found = target === undefined ? undefined : at(symbol?.section ?? section, target)
      if (isCall && found === undefined) throw new Error(`${name}: a call leads to no function`)
      return found === undefined ? [] : [found]
    })
    return { name, frame: frameOf(body), calls: [...new Set(calls)] }
  })
}

const WORD = 8
const SYMBOLS = 2
const RELOCATIONS = 9
const FUNCTION = 2
const FRAME_POINTER = 10

interface Section {
  readonly type: number
  readonly offset: number
  readonly size: number
  readonly link: number
  readonly info: number
}

function sectionsOf(file: Buffer): readonly Section[] {
  const start = Number(file.readBigUInt64LE(40))
  const size = file.readUInt16LE(58)
  return Array.from({ length: file.readUInt16LE(60) }, (_, index) => {
    const header = file.subarray(start + index * size)
    return {
      type: header.readUInt32LE(4),
      offset: Number(header.readBigUInt64LE(24)),
      size: Number(header.readBigUInt64LE(32)),
      link: header.readUInt32LE(40),
      info: header.readUInt32LE(44),
    }
  })
}

function entries(file: Buffer, { offset, size }: Section, each: number): readonly Buffer[] {
  return Array.from({ length: size / each }, (_, index) =>
    file.subarray(offset + index * each, offset + (index + 1) * each),
  )
}

function symbolsOf(file: Buffer, sections: readonly Section[], table: Section) {
  const names = sections[table.link]!.offset
  return entries(file, table, 24).map((entry) => {
    const start = names + entry.readUInt32LE(0)
    return {
      name: file.toString('latin1', start, file.indexOf(0, start)),
      kind: entry[4]! & 15,
      section: entry.readUInt16LE(6),
      value: Number(entry.readBigUInt64LE(8)),
      size: Number(entry.readBigUInt64LE(16)),
    }
  })
}

function relocationsOf(file: Buffer, table: Section) {
  return entries(file, table, 16).map((entry) => ({
    offset: Number(entry.readBigUInt64LE(0)),
    symbol: entry.readUInt32LE(12),
  }))
}

const CALL = 0x85
const LOAD_ADDRESS = 0x18
const MOVE = 0xbf
const ADD = 0x07

function* instructions(body: Buffer) {
  for (let offset = 0; offset < body.length; offset += WORD) {
    const code = body[offset]!
    const registers = body[offset + 1]!
    yield {
      offset,
      code,
      to: registers & 15,
      from: registers >> 4,
      off: body.readInt16LE(offset + 2),
      imm: body.readInt32LE(offset + 4),
    }
    if (code === LOAD_ADDRESS) offset += WORD
  }
}

function references(body: Buffer) {
  return [...instructions(body)]
    .filter(({ code, from }) => (code === CALL && from === 1) || code === LOAD_ADDRESS)
    .map(({ offset, imm, code }) => ({ offset, imm, isCall: code === CALL }))
}

/** How far below the frame pointer it reads, writes, or points. */
function frameOf(body: Buffer): number {
  let lowest = 0
  const frames = new Set<number>()
  for (const { code, to, from, off, imm } of instructions(body)) {
    const kind = code & 7
    if ((kind === 1 && from === FRAME_POINTER) || ((kind === 2 || kind === 3) && to === FRAME_POINTER))
      lowest = Math.min(lowest, off)
    if (code === ADD && frames.delete(to)) lowest = Math.min(lowest, imm)
    if (code === MOVE) frames[from === FRAME_POINTER ? 'add' : 'delete'](to)
  }
  return -lowest
}
