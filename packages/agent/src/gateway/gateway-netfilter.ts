import {
  failOpen,
  KeptRules,
  nft,
  removeTable,
  replaceTable,
  tableName,
  tableText,
  type GatewayTable,
} from '@sallyport/kernel'
import type { LocalForwarder } from '../run/local-forwarder.ts'

/** What a gateway has in netfilter: put there as a whole, put back when somebody else takes it away, removed at the end. */
export class GatewayNetfilter implements Disposable {
  readonly #lan: string
  readonly #wan: string
  readonly #rules: KeptRules
  #failOpen: Disposable | null = null
  #enforce: boolean | null = null

  constructor(
    { lan, wan }: Pick<GatewayTable, 'lan' | 'wan'>,
    tableFor: (enforce: boolean) => GatewayTable,
    onNotice: (text: string) => void,
  ) {
    this.#lan = lan
    this.#wan = wan
    this.#rules = new KeptRules({
      name: tableName(lan),
      install: () => nft(replaceTable(tableFor(this.#enforce === true))),
      text: () => tableText(lan),
      remove: () => nft(removeTable(lan)),
      onRestored: (problem) => onNotice(changed(problem)),
    })
  }

  /** How often somebody else had changed or removed the table. */
  get restored(): number {
    return this.#rules.restored
  }

  /** Throws, and leaves what was there, when netfilter takes none of it. */
  put(enforce: boolean): void {
    const before = this.#enforce
    if (before === enforce) return
    this.#enforce = enforce
    try {
      this.#rules.install()
    } catch (error) {
      this.#enforce = before
      throw error
    }
    this.#failOpen?.[Symbol.dispose]()
    this.#failOpen = enforce ? null : failOpen(this.#lan, this.#wan)
  }

  [Symbol.dispose](): void {
    this.#failOpen?.[Symbol.dispose]()
    this.#failOpen = null
    this.#rules[Symbol.dispose]()
  }
}

function changed(problem: unknown): string {
  const what = 'somebody else changed or removed the rules of this gateway in nftables'
  if (problem === null) return `${what}; they are back`
  return `${what}: ${problem instanceof Error ? problem.message : String(problem)}`
}

export function gatewayTable(
  { lan, wan, masquerade, ftp }: Pick<GatewayTable, 'lan' | 'wan' | 'masquerade' | 'ftp'>,
  enforce: boolean,
  { v4, v6, port }: Pick<LocalForwarder, 'v4' | 'v6' | 'port'>,
): GatewayTable {
  return { lan, wan, enforce, masquerade, ftp, resolver: { v4, v6, port } }
}
