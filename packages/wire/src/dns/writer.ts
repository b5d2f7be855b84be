import type { WireName } from './name.ts'

/** Writes octets in order into a buffer that grows. */
export class Writer {
  #bytes = new Uint8Array(512)
  #view = new DataView(this.#bytes.buffer)
  #length = 0
  readonly #written = new Map<string, number>()

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }

  u8(value: number): void {
    const at = this.#reserve(1)
    this.#view.setUint8(at, value)
  }

  u16(value: number): void {
    const at = this.#reserve(2)
    this.#view.setUint16(at, value)
  }

  u32(value: number): void {
    const at = this.#reserve(4)
    this.#view.setUint32(at, value)
  }

  octets(value: Uint8Array): void {
    const at = this.#reserve(value.length)
    this.#bytes.set(value, at)
  }

  characterString(text: string): void {
    this.u8(text.length)
    for (let i = 0; i < text.length; i++) this.u8(text.charCodeAt(i))
  }

  /** A 16-bit length, then what `write` writes. */
  sized(write: () => void): void {
    const at = this.#reserve(2)
    write()
    this.#view.setUint16(at, this.#length - at - 2)
  }

  /** In full: RFC 3597 §4 forbids compression in the data of types that RFC 1035 did not define. */
  name(name: WireName): void {
    for (const label of name.labels) this.characterString(label)
    this.u8(0)
  }

  /** With a pointer to the longest tail already written in the same spelling. */
  compressedName(name: WireName): void {
    for (let i = 0; i < name.labels.length; i++) {
      // The length before each label keeps ['a.b'] and ['a', 'b'] apart.
      const tail = name.labels
        .slice(i)
        .map((label) => `${label.length}.${label}`)
        .join('')
      const known = this.#written.get(tail)
      if (known !== undefined) return this.u16(0xc000 | known)
      if (this.#length < 0x4000) this.#written.set(tail, this.#length)
      this.characterString(name.labels[i]!)
    }
    this.u8(0)
  }

  // Replaces the view when the buffer grows: call it before the view is looked at.
  #reserve(length: number): number {
    const at = this.#length
    this.#length += length
    if (this.#length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#length, this.#bytes.length * 2))
      grown.set(this.#bytes)
      this.#bytes = grown
      this.#view = new DataView(grown.buffer)
    }
    return at
  }
}
