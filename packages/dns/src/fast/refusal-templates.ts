import { carriesCookie } from './carries-cookie.ts'

/** What makes names equal to the judge. With it, `judge` may look at nothing of a query but the set of its name and its type. */
export type NameSets = {
  /** The set of the name at `start` of a message; -1 when it has to be judged by its text. */
  readonly findWire: (bytes: Uint8Array, start: number) => number
  /** Another value as soon as the verdict of any set may be another one: new policy, new feed, rules that end. */
  readonly generation: () => unknown
}

type Template = {
  readonly set: number
  /** Of the query: all but id and name. */
  readonly askedHead: Uint8Array
  readonly askedTail: Uint8Array
  /** Of the response: all but id and name. */
  readonly head: Uint8Array
  readonly tail: Uint8Array
}

const HEADER = 12
const ID = 2
const TRUNCATED = 2
const UNDERSCORE = 0x5f
/** Whatever the name, the response keeps within the 512 octets that every client takes, so it is never cut. */
const LONGEST_TAIL = 512 - HEADER - 255
const MOST_TEMPLATES = 4096

/**
 * Refusals as the slow path wrote them, without id and name: the same for all names of a set, asked in the same way.
 * Records of a refusal point to the name of the question, so that no octet of them depends on it.
 */
export class RefusalTemplates {
  readonly #sets: NameSets
  readonly #templates = new Map<number, Template>()
  #generation: unknown
  /** Where the name of the query looked at last ends, and the hash of everything but id and name. */
  #nameEnd = 0
  #hash = 0
  #set = 0

  constructor(sets: NameSets) {
    this.#sets = sets
    this.#generation = sets.generation()
  }

  /** Before a batch: what was learned under another generation is forgotten; true when it was. */
  refresh(): boolean {
    const generation = this.#sets.generation()
    if (generation === this.#generation) return false
    this.#generation = generation
    this.#templates.clear()
    return true
  }

  /** Whether the name of the query is judged by its set: then everyone who asks gets the same answer. */
  isSettled(query: Uint8Array, generation: unknown): boolean {
    if (generation !== this.#sets.generation() || generation !== this.#generation) return false
    return this.#look(query, query.length)
  }

  get generation(): unknown {
    return this.#generation
  }

  /** Writes the refusal over the query that takes up the first `length` octets; its length, or 0 when it is not known. */
  refuse(bytes: Uint8Array, length: number): number {
    if (!this.#look(bytes, length)) return 0
    const template = this.#templates.get(this.#hash)
    if (template === undefined || !this.#fits(template, bytes, length)) return 0
    const { head, tail } = template
    for (let at = 0; at < head.length; at++) bytes[ID + at] = head[at]!
    for (let at = 0; at < tail.length; at++) bytes[this.#nameEnd + at] = tail[at]!
    return this.#nameEnd + tail.length
  }

  /** `response` is what the slow path answered under `generation`, because a rule denies the name. */
  learn(query: Uint8Array, response: Uint8Array, generation: unknown): void {
    // A cookie is for one address alone (RFC 7873 §5.2).
    if (carriesCookie(query)) return
    if (generation !== this.#sets.generation() || generation !== this.#generation) return
    if (!this.#look(query, query.length)) return
    const end = this.#nameEnd
    // A cut answer is that of a long name only.
    if ((response[2]! & TRUNCATED) !== 0) return
    // The name must come back octet by octet, in the place where the query has it.
    if (response.length < end || response.length - end > LONGEST_TAIL) return
    for (let at = HEADER; at < end; at++) if (query[at] !== response[at]) return
    if (this.#templates.size >= MOST_TEMPLATES) this.#templates.clear()
    this.#templates.set(this.#hash, {
      set: this.#set,
      askedHead: query.slice(ID, HEADER),
      askedTail: query.slice(end),
      head: response.slice(ID, HEADER),
      tail: response.slice(end),
    })
  }

  /** One plain question in a query; everything else is for the slow path. */
  #look(bytes: Uint8Array, length: number): boolean {
    if (length < HEADER + 6 || (bytes[2]! & 0xf8) !== 0 || bytes[4] !== 0 || bytes[5] !== 1) return false
    let end = HEADER
    while (end < length && bytes[end] !== 0) end += bytes[end]! + 1
    if (end + 5 > length || end - HEADER > 254) return false
    // A name of a service (RFC 8552) may be judged by the host that it is about.
    if (bytes[HEADER + 1] === UNDERSCORE) return false
    const set = this.#sets.findWire(bytes, HEADER)
    if (set < 0) return false
    this.#set = set
    this.#nameEnd = end + 1
    let hash = set | 0
    for (let at = ID; at < HEADER; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193)
    for (let at = this.#nameEnd; at < length; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193)
    this.#hash = hash
    return true
  }

  #fits({ set, askedHead, askedTail }: Template, bytes: Uint8Array, length: number): boolean {
    if (set !== this.#set || askedTail.length !== length - this.#nameEnd) return false
    for (let at = 0; at < askedHead.length; at++) if (askedHead[at] !== bytes[ID + at]) return false
    for (let at = 0; at < askedTail.length; at++) if (askedTail[at] !== bytes[this.#nameEnd + at]) return false
    return true
  }
}
