import { randomBytes, timingSafeEqual } from 'node:crypto'
import { cookieOf, cookieOption, ednsOf, RCODE, type EdnsOption, type Message } from '@sallyport/wire'

/** What a server's cookie says about an answer over UDP; `bad-cookie`: to be asked again, with the cookie it sent. */
export type CookieCheck = 'fits' | 'foreign' | 'missing' | 'bad-cookie'

/** Cookies between this resolver and one server (RFC 7873 §5.3): nobody off the path knows ours, so nobody can repeat it. */
export class UpstreamCookie {
  readonly #client: Uint8Array = new Uint8Array(randomBytes(8))
  #server: Uint8Array = new Uint8Array(0)
  #expected = false

  options(): readonly EdnsOption[] {
    return [cookieOption({ client: this.#client, server: this.#server })]
  }

  check(answer: Message): CookieCheck {
    const edns = ednsOf(answer)
    const options = edns === null || edns === 'bad' ? [] : edns.options
    const cookie = cookieOf(options)
    if (cookie === null) return this.#expected ? 'missing' : 'fits'
    if (cookie === 'bad' || !timingSafeEqual(cookie.client, this.#client)) return 'foreign'
    // RFC 7873 §5.3: a server cookie alone shows that the server has them.
    if (cookie.server.length > 0) {
      this.#server = cookie.server
      this.#expected = true
    }
    const rcode = edns === null || edns === 'bad' ? 0 : (edns.extendedRcode << 4) | answer.header.rcode
    return rcode === RCODE.BADCOOKIE ? 'bad-cookie' : 'fits'
  }

  /** Over TCP, where nobody could have taken it out, the server sent none: it has been replaced by one without. */
  forget(): void {
    this.#server = new Uint8Array(0)
    this.#expected = false
  }
}
