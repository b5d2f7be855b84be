import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { SeenDomains } from '@sallyport/dns'
import type { DomainName } from '@sallyport/net'
import { note } from '../output/print.ts'
import { printable } from '../output/style.ts'

const SAVE_MS = 60_000

/** Domains that the resolver has seen, kept between its runs; a crash loses the last minute. */
export class SeenDomainsFile implements AsyncDisposable {
  readonly #path: string
  readonly #seen: SeenDomains
  readonly #timer: NodeJS.Timeout
  #saving: Promise<void> = Promise.resolve()

  private constructor(path: string, seen: SeenDomains) {
    this.#path = path
    this.#seen = seen
    this.#timer = setInterval(() => void this.#save(), SAVE_MS).unref()
  }

  static async open(path: string, newForMs: number): Promise<SeenDomainsFile> {
    const bytes = await readFile(path).catch(() => null)
    const kept = bytes === null ? null : SeenDomains.decode(bytes)
    if (bytes !== null && kept === null) note(`sallyport: ${path} is damaged: what is usual is learned anew`)
    const seen = kept ?? SeenDomains.begin(Date.now())
    const until = seen.learningUntilMs(newForMs)
    if (until > Date.now()) {
      note(
        `sallyport: learning which domains are usual; none counts as newly seen before ${new Date(until).toISOString()}`,
      )
    }
    return new SeenDomainsFile(path, seen)
  }

  isNew(name: DomainName, newForMs: number): boolean {
    return this.#seen.isNew(name, newForMs, Date.now())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    await this.#save()
  }

  #save(): Promise<void> {
    this.#saving = this.#saving
      .then(() => this.#write())
      .catch((error: Error) => {
        note(`sallyport: the domains that were seen cannot be kept: ${printable(error.message)}`)
      })
    return this.#saving
  }

  async #write(): Promise<void> {
    if (!this.#seen.isDirty) return
    await mkdir(dirname(this.#path), { recursive: true })
    const temporary = `${this.#path}.${process.pid}.new`
    {
      // What a network asks for is nobody else's business.
      await using file = await open(temporary, 'w', 0o600)
      await file.writeFile(this.#seen.encode())
      await file.sync()
    }
    await rename(temporary, this.#path)
  }
}
