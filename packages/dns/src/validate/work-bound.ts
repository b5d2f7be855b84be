/** Signatures and hashes for one query: bad zones and answers can ask for millions (CVE-2023-50387, CVE-2023-50868). */
const MOST_SIGNATURES = 64
const MOST_HASHES = 4096
/** DS and DNSKEY look-ups for one query. */
const MOST_LOOKUPS = 48

export class WorkBound {
  #signatures = MOST_SIGNATURES
  #hashes = MOST_HASHES
  #lookups = MOST_LOOKUPS

  signature(): boolean {
    return this.#signatures-- > 0
  }

  hashes(count: number): boolean {
    this.#hashes -= count
    return this.#hashes >= 0
  }

  lookup(): boolean {
    return this.#lookups-- > 0
  }
}
