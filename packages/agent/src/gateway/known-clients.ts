import { readFile, stat } from 'node:fs/promises'
import { SallyportError } from '@sallyport/policy'
import { parseClients, type ClientEntry } from './clients-file.ts'
import { parseLeases, type Lease } from './lease-file.ts'

const MOST_BYTES = 64 * 2 ** 20
const FOLLOW_MS = 1000

/** The files that say who is who, read again when they change. */
export class KnownClients {
  readonly #clientsFile: string | null
  readonly #leaseFiles: readonly string[]
  #entries: readonly ClientEntry[] = []
  #leases: readonly Lease[] = []
  #seen = ''

  private constructor(clientsFile: string | null, leaseFiles: readonly string[]) {
    this.#clientsFile = clientsFile
    this.#leaseFiles = leaseFiles
  }

  /** Throws when the file of clients cannot be read; a file of leases may come later. */
  static async read(clientsFile: string | null, leaseFiles: readonly string[]): Promise<KnownClients> {
    const known = new KnownClients(clientsFile, leaseFiles)
    await known.refresh()
    return known
  }

  get entries(): readonly ClientEntry[] {
    return this.#entries
  }

  get leases(): readonly Lease[] {
    return this.#leases
  }

  /** Whether something may have changed. When it throws, what was known before still is. */
  async refresh(): Promise<boolean> {
    const seen = (await Promise.all(this.#files().map(versionOf))).join('\n')
    const ends =
      this.#leaseFiles.length > 0 && this.#seen !== '' && (await this.#leasesNow()).length !== this.#leases.length
    if (seen === this.#seen && !ends) return false
    this.#seen = seen
    const entries = this.#clientsFile === null ? [] : parseClients(await textOf(this.#clientsFile), this.#clientsFile)
    this.#leases = await this.#leasesNow()
    this.#entries = entries
    return true
  }

  /** Looks each second, one look at a time, until it is disposed of. */
  follow(onChange: () => void, onNotice: (text: string) => void): Disposable {
    let busy = false
    const look = async (): Promise<void> => {
      if (busy) return
      busy = true
      try {
        if (await this.refresh()) onChange()
      } catch (error) {
        onNotice(`clients are as before: ${error instanceof Error ? error.message : String(error)}`)
      } finally {
        busy = false
      }
    }
    const timer = setInterval(() => void look(), FOLLOW_MS).unref()
    return { [Symbol.dispose]: () => clearInterval(timer) }
  }

  #files(): readonly string[] {
    return [...(this.#clientsFile === null ? [] : [this.#clientsFile]), ...this.#leaseFiles]
  }

  async #leasesNow(): Promise<readonly Lease[]> {
    const texts = await Promise.all(this.#leaseFiles.map((file) => textOf(file).catch(() => '')))
    return texts.flatMap((text) => parseLeases(text, Date.now()))
  }
}

async function versionOf(file: string): Promise<string> {
  const facts = await stat(file, { bigint: true }).catch(() => null)
  return facts === null ? '-' : `${facts.dev} ${facts.ino} ${facts.size} ${facts.mtimeNs}`
}

async function textOf(file: string): Promise<string> {
  const facts = await stat(file).catch((cause: unknown) => {
    throw new SallyportError('file-not-found', `${file} does not exist`, { cause })
  })
  if (facts.size > MOST_BYTES) throw new SallyportError('file-too-large', `${file} has more than ${MOST_BYTES} octets`)
  return readFile(file, 'utf8')
}
