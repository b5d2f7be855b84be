import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { cookieOption, type Cookie, type EdnsOption } from '@sallyport/wire'

/** RFC 9018 §4.3: a cookie is good for an hour, and a clock may be five minutes ahead; half an hour in, a new one is sent. */
const GOOD_SECONDS = 3600
const RENEW_SECONDS = 1800
const AHEAD_SECONDS = 300
const LENGTH = 16

/**
 * Cookies for clients (RFC 7873): who sends one back can hear what is sent to its address. Laid out as in RFC 9018 §4; the
 * hash is HMAC-SHA-256, because nobody else has to check it.
 */
export class ServerCookies {
  readonly #secret = randomBytes(32)
  readonly #nowSeconds: () => number

  constructor(nowSeconds: () => number) {
    this.#nowSeconds = nowSeconds
  }

  isGood({ client, server }: Cookie, address: string): boolean {
    if (server.length !== LENGTH) return false
    const made = new DataView(server.buffer, server.byteOffset).getUint32(4)
    const age = this.#nowSeconds() - made
    if (age > GOOD_SECONDS || age < -AHEAD_SECONDS) return false
    return timingSafeEqual(server, this.#make(client, address, made))
  }

  /** What goes into the answer. */
  option(cookie: Cookie, address: string): EdnsOption {
    const { client, server } = cookie
    const now = this.#nowSeconds()
    const keeps =
      this.isGood(cookie, address) && now - new DataView(server.buffer, server.byteOffset).getUint32(4) < RENEW_SECONDS
    return cookieOption({ client, server: keeps ? server : this.#make(client, address, now) })
  }

  #make(client: Uint8Array, address: string, seconds: number): Uint8Array {
    const server = new Uint8Array(LENGTH)
    server[0] = 1
    new DataView(server.buffer).setUint32(4, seconds)
    const hash = createHmac('sha256', this.#secret)
      .update(client)
      .update(server.subarray(0, 8))
      .update(address)
      .digest()
    server.set(hash.subarray(0, 8), 8)
    return server
  }
}
