import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

/** RFC 6238 as authenticators know it: SHA-1, six digits, a new code every half minute. */
const STEP_MS = 30_000
const DIGITS = 6
/** RFC 4226 §4: as long as the hash. */
const SECRET_BYTES = 20
/** RFC 6238 §5.2: clocks differ, and people type slowly. */
const STEPS_ASIDE = 1

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
const SECRET = /^[A-Z2-7]{32}$/

/** 160 bits as base32 (RFC 4648), as an authenticator takes them. */
export function newTotpSecret(): string {
  const bits = [...randomBytes(SECRET_BYTES)].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  return bits
    .match(/.{5}/g)!
    .map((five) => BASE32[parseInt(five, 2)])
    .join('')
}

export function isTotpSecret(text: string): boolean {
  return SECRET.test(text)
}

/** The step whose code this is, later than the last one that was used; null when there is none. */
export function totpStep(secret: string, code: string, nowMs: number, lastStep: number): number | null {
  if (!/^\d{6}$/.test(code)) return null
  const now = Math.floor(nowMs / STEP_MS)
  for (let step = Math.max(lastStep + 1, now - STEPS_ASIDE); step <= now + STEPS_ASIDE; step++)
    if (timingSafeEqual(Buffer.from(totpCode(secret, step)), Buffer.from(code))) return step
  return null
}

/** RFC 4226 §5.3. */
export function totpCode(secret: string, step: number): string {
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(step))
  const mac = createHmac('sha1', fromBase32(secret)).update(counter).digest()
  const value = mac.readUInt32BE(mac.at(-1)! & 15) & 0x7fff_ffff
  return String(value % 10 ** DIGITS).padStart(DIGITS, '0')
}

function fromBase32(text: string): Buffer {
  const bits = [...text].map((letter) => BASE32.indexOf(letter).toString(2).padStart(5, '0')).join('')
  return Buffer.from(bits.match(/.{8}/g)!.map((eight) => parseInt(eight, 2)))
}
